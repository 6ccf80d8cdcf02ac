use serde::{Deserialize, Serialize};

/// A file to be saved by the user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObsFile {
    /// Proposed file name.
    pub file_name: String,
    /// The scene collection, as OBS Studio imports it.
    pub content: serde_json::Value,
}
