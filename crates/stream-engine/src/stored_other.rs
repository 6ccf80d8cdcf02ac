use serde::{Deserialize, Serialize};
use stream_api::{Secret, ServerId, ServerSpec};

/// A server that was added, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredOther {
    pub(crate) id: ServerId,
    pub(crate) spec: ServerSpec,
}

/// What is kept of it apart, where secrets are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OtherSecrets {
    /// Of the API's user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Secret>,
    /// Of the publishing user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) publish_password: Option<Secret>,
    /// The owner's complete list of users, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) users: Option<Secret>,
}

impl OtherSecrets {
    pub(crate) fn is_empty(&self) -> bool {
        *self == OtherSecrets::default()
    }
}
