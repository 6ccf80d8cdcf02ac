//! The engine: one actor a stream, one writer a server, the stores, the event hub and the body of every command.
//!
//! Hosts (desktop, headless, tests) build one [`Engine`] each and hand it requests by name; it knows neither
//! windows nor HTTP. Every decision about a stream is made in [`lifecycle::step`], which is pure.

mod access;
mod capacity;
mod clock;
mod clocks;
mod commands;
mod data_dir;
mod drives;
mod encoder_trials;
mod engine;
mod guests;
mod history;
mod hub;
mod journal;
pub mod lifecycle;
mod media_root;
mod notices;
mod options;
pub mod owner;
mod ports;
mod prepare;
mod prober;
pub mod qr;
mod recording;
mod room;
mod secrets;
mod server;
mod server_look;
mod sessions;
mod slates;
mod store;
mod stored_other;
mod stored_server;
mod stream;
mod support;
mod tool_fault;
mod tools;
mod wanted;

pub use clocks::{Clocks, Reading};
pub use data_dir::{DataDir, default_path};
pub use engine::Engine;
pub use guests::{Guest, GuestPage, GuestTls, guest_agent};
pub use hub::Subscription;
pub use mediamtx_client::Media;
pub use options::{Options, ToolPaths};
