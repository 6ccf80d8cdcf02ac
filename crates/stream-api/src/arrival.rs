//! How media arrives at a stream without a program of ours: from a publisher, or fetched by the server.

use serde::{Deserialize, Serialize};

use crate::{Error, UnixMillis};

/// Who publishes to an incoming stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// How, as people write it: `RTSP`, `RTMP`, `SRT`, `WebRTC`. A proper name, the same in every language.
    pub protocol: String,
    /// `address:port`.
    pub address: String,
    /// The name that it gave.
    pub user: Option<String>,
    /// Since when.
    pub since: Option<UnixMillis>,
}

/// A stream that runs and has nothing to send yet, or any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// For what.
    pub of: Awaited,
    /// It was there before, and left by itself.
    pub lost: bool,
    /// Why the last try failed.
    pub error: Option<Error>,
    /// When that was.
    pub tried: Option<UnixMillis>,
}

/// What a stream waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaited {
    /// Somebody who publishes.
    Publisher,
    /// The camera or server; tried again every 5 s.
    Source,
    /// A viewer: it is fetched only while somebody watches.
    Viewer,
}
