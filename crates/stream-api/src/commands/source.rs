use serde::{Deserialize, Serialize};

use crate::{Encoding, MediaEntry, Playback, Secret, ServerId, Source, StreamId};

/// What a file holds and how it would be sent; changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceProbe {
    /// Absolute path.
    pub path: String,
    /// What happens at its end, for the command shown.
    #[serde(default)]
    pub playback: Playback,
    /// How it is to be sent; automatic when absent.
    #[serde(default, skip_serializing_if = "Encoding::is_automatic")]
    pub encoding: Encoding,
    /// The server that it is to go to; the bundled one when absent.
    #[serde(default, skip_serializing_if = "ServerId::is_bundled")]
    pub server: ServerId,
    /// The name that the command shown publishes to; the proposed one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Fetches a network source for a moment and says how far that gets, within 25 s; changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceTest {
    /// A network source.
    pub source: Source,
    /// Its password; one in its address counts as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Whose password is used when none is given and host and user are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamId>,
    /// How it is to be sent where it may be converted; automatic when absent.
    #[serde(default, skip_serializing_if = "Encoding::is_automatic")]
    pub encoding: Encoding,
}

/// The folders and video files in a folder that the headless host may use.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MediaBrowse {
    /// A folder inside a root; absent: the roots themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A folder's content.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MediaFolder {
    /// The folder; absent for the list of roots.
    pub path: Option<String>,
    /// The folder above; absent at a root.
    pub parent: Option<String>,
    /// Folders first, then files, each by name.
    pub entries: Vec<MediaEntry>,
}
