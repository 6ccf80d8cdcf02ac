use serde::{Deserialize, Serialize};
use stream_api::{Error, Secret, ServerId, ServerSpec};

use crate::secrets::{self, Secrets};

/// A server that was added, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredOther {
    pub(crate) id: ServerId,
    pub(crate) spec: ServerSpec,
}

impl StoredOther {
    /// Whether anything is kept of it apart.
    pub(crate) fn has_secrets(&self) -> bool {
        self.spec.has_password || self.spec.has_publish_password || self.spec.has_users
    }

    /// What is kept of it apart. Where nothing is, nothing is asked.
    ///
    /// # Errors
    /// `keychain_locked` when it can't be had.
    pub(crate) async fn secrets(&self, secrets: &Secrets) -> Result<OtherSecrets, Error> {
        match self.has_secrets() {
            true => Ok(secrets.find(self.id, secrets::SERVER).await?.unwrap_or_default()),
            false => Ok(OtherSecrets::default()),
        }
    }
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

#[cfg(test)]
mod tests {
    use stream_api::{Code, ServerId};
    use uuid::Uuid;

    use super::*;
    use crate::secrets::tests::{Fake, Mood};

    /// Who took them for none would write that down at the next edit.
    #[tokio::test]
    async fn secrets_in_a_locked_keychain_are_not_taken_for_none() {
        let dir = tempfile::tempdir().unwrap();
        let fake = Fake::new(Mood::Open);
        let secrets = fake.secrets(&dir.path().join("secrets.json"));
        let spec = ServerSpec { has_password: true, ..ServerSpec::remote("a", "h") };
        let (stored, kept) = (
            StoredOther { id: ServerId(Uuid::now_v7()), spec },
            OtherSecrets { password: Some(Secret::new("one")), ..OtherSecrets::default() },
        );
        secrets.set(stored.id, secrets::SERVER, Some(&kept)).await.unwrap();
        assert_eq!(stored.secrets(&secrets).await, Ok(kept));
        fake.be(Mood::Refuses);
        let locked = stored.secrets(&secrets).await.map_err(|error| error.code);
        assert_eq!(locked, Err(Code::KeychainLocked));
        let spec = ServerSpec { has_password: false, ..stored.spec };
        let without = StoredOther { spec, ..stored };
        assert_eq!(without.secrets(&secrets).await, Ok(OtherSecrets::default()), "nothing is asked");
    }
}
