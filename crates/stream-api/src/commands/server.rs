//! The server, and what a person sets of it.

use serde::{Deserialize, Serialize};

use crate::ServerSettings;

/// The server.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServerGet {}

/// The newest lines of the server's log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServerLog {}

/// Tries again to start a server that failed; restarts one that runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServerRestart {}

/// For a server that can't be started because of its ports: chooses free ones instead of those that can't be used,
/// stores them and starts the server. Viewers' addresses change. A server that runs keeps its ports.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServerPortsRenew {}

/// What settings would do, and what is wrong with them; changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettingsCheck {
    /// All of them.
    pub settings: ServerSettings,
}

/// Sets all settings of a server and starts it anew with them. Answers when that run is up; where it does not come
/// up, the error says why, and the settings from before are back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettingsSet {
    /// All of them.
    pub settings: ServerSettings,
}

/// The configuration that the server has, as a `mediamtx.yml` without passwords.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ServerConfigExport {}

/// A `mediamtx.yml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfigFile {
    /// Proposed name.
    pub file_name: String,
    /// YAML with comments.
    pub content: String,
}

/// What could be taken over of somebody's `mediamtx.yml`; changes nothing. [`ServerSettingsSet`] then sets it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfigRead {
    /// The whole file.
    pub content: String,
}
