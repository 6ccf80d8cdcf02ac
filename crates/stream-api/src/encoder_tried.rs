use serde::{Deserialize, Serialize};

use crate::{Encoder, VideoCodec};

/// An encoder that was tried on the engine's computer with frames of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderTried {
    /// Which.
    pub encoder: Encoder,
    /// What it was to make.
    pub codec: VideoCodec,
    /// On which device, where there may be several.
    #[serde(default)]
    pub device: Option<String>,
    /// What FFmpeg said, where it does not work.
    #[serde(default)]
    pub failure: Option<String>,
}
