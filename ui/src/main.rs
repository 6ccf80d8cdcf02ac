//! The interface: draws what the host tells and sends commands, nothing else. It decides nothing about streams and
//! holds no state of its own that a reload would lose, except what is being typed.
#![allow(unreachable_pub, reason = "`#[component]` makes every component `pub`")]

mod app;
mod browser;
mod client;
mod components;
mod format;
mod later;
mod pages;
mod store;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::Root);
}
