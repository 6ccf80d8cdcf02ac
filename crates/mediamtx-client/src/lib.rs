//! MediaMTX seen from outside: its Control API, the configuration file it starts with, its log lines, its URLs.
//!
//! The only crate that knows a MediaMTX URL, JSON field or log line. It starts no process, keeps no state and
//! decides nothing: one writer per server, and the order of its writes, are the engine's business.
//! Facts were read in and measured on MediaMTX 1.20.1; old and new field names are both understood.

mod api;
pub mod config;
mod error;
pub mod log;
mod path_config;
mod urls;
mod version;
mod viewers;
mod wire;

pub use api::Api;
pub use config::ServerConfig;
pub use error::ApiError;
pub use path_config::PathConfig;
pub use urls::{publish_url, urls};
pub use version::{MINIMUM, Version};
pub use viewers::{PROBE_QUERY, viewers};
pub use wire::{About, PathState, Peer, Session};
