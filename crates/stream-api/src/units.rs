use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01 UTC. The interface formats it with the browser's own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Milliseconds from `earlier` to `self`, never negative.
    pub fn since(self, earlier: UnixMillis) -> i64 {
        (self.0 - earlier.0).max(0)
    }
}
