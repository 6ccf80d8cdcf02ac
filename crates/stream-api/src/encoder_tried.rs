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

/// What encodes on the engine's computer, as far as is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodersTried {
    /// Each that was tried with what came of it, in the order in which they are picked.
    pub tried: Vec<EncoderTried>,
    /// They are being tried: there may be more, or what there is may change.
    pub trying: bool,
}
