//! A real browser against the headless host, and the desktop app in a real window: `cargo test -p stream-server
//! --test e2e`.
//!
//! Needs the built interface (`cargo xtask ui`), chromium and chromedriver. Linux only for now.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a test program: a panic says what is wrong, and nothing is exported"
)]

mod browser;
mod desktop;
mod guests;
mod parts;
mod screenshots;
mod servers;
mod settings;
mod support;
mod walk;

// The server of the integration tests, with its folders.
#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod it;
