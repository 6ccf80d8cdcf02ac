use serde::{Deserialize, Serialize};

use crate::{Error, StreamId, UnixMillis};

/// How far the prepared file of a stream is, where the stream is to be sent from one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preparation {
    /// Others are made first.
    Waiting {
        /// How many.
        before: u32,
    },
    /// It is being made.
    Making {
        /// Of 100, and below.
        percent: u8,
    },
    /// It is there. A stream that runs moves to it as soon as no viewer notices: at the end of a pass, or at once where
    /// nobody watches.
    Ready,
    /// It is there. The stream moves to it when nobody watches: its viewers would have to connect again.
    Unwatched,
    /// It could not be made.
    Failed {
        /// Why.
        error: Box<Error>,
    },
}

/// A prepared file on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedFile {
    /// Tells it from every other.
    pub key: String,
    /// The path of what it was made of; empty for the test pattern.
    pub source: String,
    /// Bytes.
    pub size: u64,
    /// Seconds.
    pub duration: f64,
    /// When it was made.
    pub made: UnixMillis,
    /// When it was last used.
    pub used: UnixMillis,
    /// Streams that are on air with it, or about to be: as long as there is one, it is not removed.
    pub streams: Vec<StreamId>,
}

/// Bytes: the least room that prepared files may be given, which holds some minutes of one.
pub const LEAST_PREPARED_ROOM: u64 = 100 << 20;
