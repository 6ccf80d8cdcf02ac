use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identity of a server: never changes, whatever its name and address become.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub Uuid);

impl ServerId {
    /// The one that comes with this program, which is always there.
    pub const BUNDLED: ServerId = ServerId(Uuid::nil());

    /// Whether it is the one that comes with this program.
    pub fn is_bundled(&self) -> bool {
        *self == ServerId::BUNDLED
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ServerId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(ServerId)
    }
}
