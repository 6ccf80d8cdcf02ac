use serde::{Deserialize, Serialize};

use crate::EncoderTried;

/// What encodes on the engine's computer. Tried once for each FFmpeg and driver, which takes some seconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncodersTry {
    /// Try again, whatever is known.
    #[serde(default)]
    pub again: bool,
}

/// All that were tried, in the order in which they are picked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodersTried {
    /// Each with what came of it.
    pub tried: Vec<EncoderTried>,
}
