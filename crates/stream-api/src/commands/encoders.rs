use serde::{Deserialize, Serialize};

/// What encodes on the engine's computer, as far as is known. Tried once for each FFmpeg and driver, which takes some
/// seconds: [`HostStatus::encoders`](crate::HostStatus::encoders) tells what comes of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncodersTry {
    /// Try again, whatever is known.
    #[serde(default)]
    pub again: bool,
}
