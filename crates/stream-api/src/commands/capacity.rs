//! How much more this machine can do.

use serde::{Deserialize, Serialize};

use crate::{Encoding, Playback, StreamId};

/// What this machine has left, and for how many more streams like this one: a stream, or a file. Without either, what
/// it has left.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityGet {
    /// A stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<StreamId>,
    /// The path of a file, which is examined first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What happens at that file's end.
    #[serde(default)]
    pub playback: Playback,
    /// How that file is to be sent; automatic when absent.
    #[serde(default, skip_serializing_if = "Encoding::is_automatic")]
    pub encoding: Encoding,
}
