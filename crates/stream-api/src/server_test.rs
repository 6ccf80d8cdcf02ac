use serde::{Deserialize, Serialize};

use crate::{Error, Lack, Outcome};

/// How far a server that is to be added, or edited, can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerTested {
    /// In order; all of [`ServerStep::ALL`].
    pub steps: Vec<ServerTestStep>,
    /// The certificate that its API shows and that is not believed; a person may agree to it, as
    /// [`ServerSpec::fingerprint`](crate::ServerSpec::fingerprint).
    pub fingerprint: Option<String>,
    /// The same of what streams are sent to, as
    /// [`ServerSpec::publish_fingerprint`](crate::ServerSpec::publish_fingerprint).
    pub publish_fingerprint: Option<String>,
    /// Its version, once it is known.
    pub version: Option<String>,
    /// What it can't do, once that is known.
    pub lacks: Vec<Lack>,
    /// How many paths it has that are not ours, once that is known.
    pub foreign: u32,
}

impl ServerTested {
    /// What went wrong first.
    pub fn error(&self) -> Option<&Error> {
        let mut failed = self.steps.iter().filter(|step| step.outcome == Outcome::Failed);
        failed.find_map(|step| step.error.as_ref())
    }
}

/// A step of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerTestStep {
    /// Which.
    pub step: ServerStep,
    /// How it went.
    pub outcome: Outcome,
    /// Why it failed, or could not be tried, and the cure; or what to know of it although it passed.
    pub error: Option<Error>,
}

/// The steps of the test, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerStep {
    /// Somebody listens there.
    Reach,
    /// Its certificate can be believed; skipped where nothing is encrypted.
    Certificate,
    /// It is the Control API of a MediaMTX.
    Identity,
    /// User and password are right.
    Password,
    /// The user may control the server.
    Permission,
    /// It is new enough.
    Version,
    /// Streams can be sent to it.
    Publish,
    /// The folder is there and can be written; skipped for a server without one.
    Folder,
}

impl ServerStep {
    /// All of them, in order.
    pub const ALL: [ServerStep; 8] = [
        ServerStep::Reach,
        ServerStep::Certificate,
        ServerStep::Identity,
        ServerStep::Password,
        ServerStep::Permission,
        ServerStep::Version,
        ServerStep::Publish,
        ServerStep::Folder,
    ];
}
