//! Files that are made once so that they loop without a seam and without encoding.

use serde::{Deserialize, Serialize};

use crate::{PreparedFile, StreamId};

/// Wants a stream to be sent from a prepared file (`prepare` in its spec), and makes that file if it is not there. The
/// stream goes on meanwhile, and moves to the file when it is ready and no viewer notices.
///
/// Refused with `prepare_unfit` for a stream that does not loop a file, and with `prepare_too_large` for a file that
/// has no room.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrepareStart {
    /// Which.
    pub id: StreamId,
    /// Start the stream, which is stopped, once the file is there: over restarts of the program too, until somebody
    /// starts or stops it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub start: bool,
}

/// Wants a stream to be sent without a prepared file. What is being made for it alone is given up; a stream that is
/// sent from one goes on so until it starts anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrepareCancel {
    /// Which.
    pub id: StreamId,
}

/// The prepared files on disk. Asked for while somebody looks at them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PreparedList {}

/// The prepared files on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedFiles {
    /// The one used last comes first.
    pub files: Vec<PreparedFile>,
    /// Bytes of all of them.
    pub size: u64,
    /// Bytes that they may have.
    pub room: u64,
}

/// Removes a prepared file. Refused with `prepared_in_use` while a stream is on air with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreparedRemove {
    /// Its key.
    pub key: String,
}

/// Gives prepared files so much room on disk. Those used longest ago go first where it is too small; what is on air
/// stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedRoomSet {
    /// Bytes, at least [`LEAST_PREPARED_ROOM`](crate::LEAST_PREPARED_ROOM).
    pub room: u64,
}
