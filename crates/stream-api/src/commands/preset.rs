//! Settings that are kept under a name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Encoding, Error, StreamId};

/// Keeps settings under a name; those that had it before are replaced. Without what belongs to one stream alone, see
/// [`Encoding::as_preset`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetSave {
    /// See [`check_preset_name`](crate::check_preset_name).
    pub name: String,
    /// The settings.
    pub encoding: Encoding,
}

/// Removes settings that were kept. Streams go on with what they have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PresetRemove {
    /// Which.
    pub name: String,
}

/// Has streams sent by these settings, each as if it were edited: one that is live starts anew where that changes
/// anything.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresetApply {
    /// Which.
    pub name: String,
    /// Streams of files.
    pub streams: Vec<StreamId>,
    /// Refuse with `would_overload` where this machine has no room for what those that are live take then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_full: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PresetApplied {
    /// Streams that stay as they were, each with its reason.
    pub refused: BTreeMap<StreamId, Error>,
}
