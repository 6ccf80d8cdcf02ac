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

/// Somebody else changed who may use a server whose owner's list we write. It stays as it is until a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDrift {
    /// Whom the list has and the owner's, as it was given, has not; `***` stands for a name that is not told.
    pub added: Vec<String>,
    /// Of the owner's list as it was given, who is not in it any more, or otherwise.
    pub gone: Vec<String>,
    /// What is set here of who may watch and send is not all in it.
    pub behind: bool,
}

/// A path that this program did not make, as far as it knows, and that is just as it would make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// Whose name it has.
    pub stream: StreamId,
    /// Its name.
    pub path: String,
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
