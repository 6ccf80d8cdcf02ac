use serde::{Deserialize, Serialize};

/// The tracks that viewers get, as far as a player can't take a change of them.
///
/// A server that keeps viewers refuses a publisher with other tracks, so streams with equal ones can follow each
/// other without a viewer noticing; the picture's size and frame rate may differ (MediaMTX, `mediasAreCompatible`
/// in `internal/stream/sub_stream.go`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tracks {
    /// FFmpeg's name of the video codec; absent without video.
    pub video: Option<String>,
    /// The sound; absent without.
    pub audio: Option<SentAudio>,
    /// The same sound once more, for viewers who can't play the first: prepared files have AAC and Opus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_audio: Option<SentAudio>,
}

/// A sound track as viewers get it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SentAudio {
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// Hertz; Opus always has 48000.
    pub sample_rate: u32,
    /// Channels; Opus always has 2 (RFC 7587).
    pub channels: u32,
}

/// Whether viewers stay connected while the stream starts anew: they see a still picture until it is back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Kept {
    /// Not wanted, or the stream is stopped.
    #[default]
    Off,
    /// They stay.
    On,
    /// Wanted, and it can't be done.
    Unable {
        /// Why.
        reason: Unkept,
    },
}

read_tagged! {
    Kept by state { reason: Unkept }
    "off" => Off,
    "on" => On,
    "unable" => Unable { reason },
}

/// Why viewers can't be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unkept {
    /// There is no silence of the same kind as this sound.
    Sound,
    /// There is no still picture in the codec of this one.
    Picture,
    /// The still picture could not be made: FFmpeg lacks an encoder, or the disk is full.
    NotMade,
    /// The server did not take the stream together with the still picture.
    Refused,
    /// Nobody knows in advance what will be sent.
    Unknown,
    /// The server does not see our files.
    Remote,
}

impl Unkept {
    /// One sentence, with what happens instead.
    pub fn words(self) -> &'static str {
        match self {
            Unkept::Sound => t!("unkept.sound"),
            Unkept::Picture => t!("unkept.picture"),
            Unkept::NotMade => t!("unkept.not_made"),
            Unkept::Refused => t!("unkept.refused"),
            Unkept::Unknown => t!("unkept.unknown"),
            Unkept::Remote => t!("unkept.remote"),
        }
    }
}
