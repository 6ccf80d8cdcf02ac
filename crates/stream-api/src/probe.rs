use serde::{Deserialize, Serialize};

use crate::{Encoder, Remark, Tracks, Unkept};

/// What the form shows before a stream of a file is created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// The file's absolute path.
    pub path: String,
    /// A name for the stream, made from the file's name, allowed and not taken.
    pub proposed_name: String,
    /// What the file holds.
    pub media: SourceMedia,
    /// How it would be sent.
    pub plan: Plan,
    /// The FFmpeg command, quoted for a shell, without credentials.
    pub command: String,
    /// The same of a file that is prepared of it; absent where none can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepared: Option<Box<PreparedReport>>,
}

/// What a prepared file would hold, and how it would be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedReport {
    /// What it would hold.
    pub media: SourceMedia,
    /// How it would be sent.
    pub plan: Plan,
    /// The FFmpeg command, as that of the report.
    pub command: String,
}

/// What a source holds, in the units people use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceMedia {
    /// FFmpeg's name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Seconds; absent when the container doesn't say.
    pub duration: Option<f64>,
    /// Bytes on disk.
    pub size: u64,
    /// Bits per second of all tracks; absent when unknown.
    pub bitrate_bps: Option<u64>,
    /// The video track that is sent; absent in an audio-only file.
    pub video: Option<VideoTrack>,
    /// The audio track that is sent.
    pub audio: Option<AudioTrack>,
    /// How many audio tracks there are.
    #[serde(default)]
    pub audio_tracks: u32,
    /// Seconds that the sound lasts longer than the picture, below 0 where it ends earlier; absent when the container
    /// doesn't say.
    #[serde(default)]
    pub sound_longer_by: Option<f64>,
    /// Seconds at which it begins by its container's own clock: in MPEG-TS any moment.
    #[serde(default)]
    pub begins: f64,
}

/// A video track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoTrack {
    /// FFmpeg's codec name, such as `h264`.
    pub codec: String,
    /// Such as `High`; absent when unknown.
    pub profile: Option<String>,
    /// Pixels, as displayed (rotation applied).
    pub width: u32,
    /// Pixels, as displayed (rotation applied).
    pub height: u32,
    /// Frames per second, average.
    pub fps: f64,
    /// FFmpeg's name, such as `yuv420p`.
    pub pixel_format: String,
    /// Clockwise degrees that a player must turn it: 0, 90, 180 or 270.
    pub rotation: u16,
    /// Frames that refer to later frames.
    pub b_frames: bool,
    /// Fields instead of frames.
    pub interlaced: bool,
    /// Longest distance between key frames in the first 30 s, in seconds; absent when unknown.
    pub keyframe_interval: Option<f64>,
    /// Frames are not evenly spaced.
    pub variable_fps: bool,
    /// High dynamic range (PQ or HLG), which looks pale where it is shown without.
    #[serde(default)]
    pub hdr: bool,
}

/// An audio track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// FFmpeg's codec name, such as `aac`.
    pub codec: String,
    /// Such as `LC`; absent when unknown.
    pub profile: Option<String>,
    /// Hertz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
}

/// How a source is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As it is: no re-encoding.
    Copy,
    /// A file that was made of it once, which loops without a seam; copied as that is.
    Prepared,
    /// Re-encoded while it plays.
    Transcode,
}

/// What an encoder makes of a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Frames per second.
    pub fps: f64,
    /// Kilobits a second; at most so many where there is a `quality`.
    pub kilobits: u32,
    /// The quantiser, instead of a steady bitrate.
    pub quality: Option<u32>,
    /// What encodes.
    pub encoder: Encoder,
    /// On which device, where there are several.
    pub device: Option<String>,
}

/// What a stream takes while it plays, as was measured with FFmpeg 5.1 to 9.0 on a server's processor (Intel Sapphire
/// Rapids) with natural pictures, for H.265 and AV1 with noisy ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Cores of the processor, without the server's share.
    pub cores: f64,
    /// Megabytes of memory.
    pub megabytes: u32,
}

/// The decision how to send a source, with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// `copy` when no track is re-encoded.
    pub mode: Mode,
    /// FFmpeg's name of the codec that viewers get, such as `h264`; absent without video.
    pub video: Option<String>,
    /// FFmpeg's name of the codec that viewers get, such as `aac` or `opus`; absent without audio.
    pub audio: Option<String>,
    /// Whether the video is re-encoded.
    pub encodes_video: bool,
    /// Whether the audio is re-encoded.
    pub encodes_audio: bool,
    /// Whether the second sound track is, where there is one.
    #[serde(default)]
    pub encodes_second_audio: bool,
    /// What is made of the picture; absent where it is not encoded.
    #[serde(default)]
    pub picture: Option<Picture>,
    /// What it takes while it plays; absent where that was never measured.
    #[serde(default)]
    pub cost: Option<Cost>,
    /// Why; empty for a plain copy.
    pub reasons: Vec<Remark>,
    /// What viewers of some protocol will miss, such as sound over WebRTC.
    pub warnings: Vec<Remark>,
    /// What preparing the source once would gain; empty where that gains nothing.
    #[serde(default)]
    pub gains: Vec<Remark>,
    /// What viewers get. As long as it stays, viewers that are kept need not connect again.
    pub sent: Tracks,
    /// Why viewers of it can't be kept; absent when they can.
    pub unkept: Option<Unkept>,
}
