use serde::{Deserialize, Serialize};

use crate::StreamId;

/// A path of ours that somebody else changed on its server. It stays as it is until a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Whose path.
    pub stream: StreamId,
    /// Its name.
    pub path: String,
    /// What differs, by key; never empty.
    pub differences: Vec<Difference>,
}

/// A key of a path that has another value on the server than we want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// MediaMTX's name for it, such as `record`.
    pub key: String,
    /// Ours, as JSON; absent where the server's default is fine. `***` stands for what is secret.
    pub ours: Option<String>,
    /// The server's, as JSON. `***` stands for what is secret.
    pub theirs: String,
    /// Whether the stream can be set so that it is the same.
    pub adoptable: bool,
}
