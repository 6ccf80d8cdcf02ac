//! Servers besides the bundled one.

use serde::{Deserialize, Serialize};

use super::PasswordChange;
use crate::{OtherServer, ServerId, ServerSpec, StreamId};

/// What is kept of a server apart from its spec. What is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSecrets {
    /// Of the API's user.
    #[serde(default)]
    pub password: PasswordChange,
    /// Of the publishing user.
    #[serde(default)]
    pub publish_password: PasswordChange,
    /// The owner's complete list of users, as `authInternalUsers` has it: YAML or JSON, also a whole `mediamtx.yml`.
    /// What the server itself tells of it can't be used, since it hides passwords.
    #[serde(default)]
    pub users: PasswordChange,
}

/// Tests a server step by step, within about 15 s; changes nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerTest {
    /// The one that is being edited, whose passwords count where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerId>,
    /// What is to be tested.
    pub spec: ServerSpec,
    /// Its passwords.
    #[serde(default)]
    pub secrets: ServerSecrets,
}

/// Adds a server. Nobody is asked there first: [`ServerTest`] does that, and one that can't be reached now is added all
/// the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerAdd {
    /// All of it.
    pub spec: ServerSpec,
    /// Its passwords.
    #[serde(default)]
    pub secrets: ServerSecrets,
}

/// Replaces what is set of an added server. Its streams go on where nothing changes for them. A kept password is
/// forgotten when its address or user is another one and none is given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerEdit {
    /// Which.
    pub id: ServerId,
    /// All of it.
    pub spec: ServerSpec,
    /// What changes of its passwords.
    #[serde(default)]
    pub secrets: ServerSecrets,
}

/// Forgets an added server, and takes our paths away there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerRemove {
    /// Which.
    pub id: ServerId,
    /// What becomes of the streams that belong to it.
    #[serde(default)]
    pub streams: LeftStreams,
}

/// What becomes of streams whose server is removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftStreams {
    /// The server is not removed while there are some.
    #[default]
    Refuse,
    /// They go to the bundled server, under another name where theirs is taken there.
    Move,
    /// They are deleted.
    Delete,
}

/// All servers but the bundled one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OtherList {}

/// Servers, sorted by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Others {
    /// Sorted by name.
    pub servers: Vec<OtherServer>,
}

/// Asks a server at once that did not answer or refused us.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServerRetry {
    /// Which.
    pub id: ServerId,
}

/// Makes paths that somebody else changed as we want them again. Who watches or sends may be disconnected.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftApply {
    /// On which server.
    pub id: ServerId,
    /// Whose path; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamId>,
    /// Who may use the server instead, and no path: whom somebody else added is gone then.
    #[serde(default)]
    pub users: bool,
}

/// Takes a path as ours that was made there, as far as is known, by somebody else, and is as we would make it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathTake {
    /// On which server.
    pub id: ServerId,
    /// Whose it is from then on.
    pub stream: StreamId,
}

/// Sets a stream as somebody else changed its path, as far as a stream has a setting for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftAdopt {
    /// On which server.
    pub id: ServerId,
    /// Whose path.
    pub stream: StreamId,
}

/// What became of a drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// Keys that the stream has now as the server does.
    pub adopted: Vec<String>,
    /// Keys for which a stream has no setting: they stay different.
    pub left: Vec<String>,
}
