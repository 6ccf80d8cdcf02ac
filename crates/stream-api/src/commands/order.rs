//! What streams are ordered to do.

use serde::{Deserialize, Serialize};

use crate::StreamId;

/// Orders a stream to run; in `backoff` or `failed` it is tried at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamStart {
    /// Which.
    pub id: StreamId,
    /// Refuse with `would_overload` where this machine has no room for it, as far as that is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_full: bool,
}

/// Orders a stream to stop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamStop {
    /// Which.
    pub id: StreamId,
}

/// Orders a stream to run, and one that runs to start anew: with what its source holds now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamRestart {
    /// Which.
    pub id: StreamId,
}

/// Orders all streams to run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamStartAll {
    /// Refuse with `would_overload` where this machine has no room for all of them, as far as that is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_full: bool,
}

/// Orders all streams to stop.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StreamStopAll {}
