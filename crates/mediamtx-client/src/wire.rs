//! The Control API's objects. Every field is optional on the wire and known under its old and its new name
//! (`internal/defs/api_*.go`: `ready` became `available` and `online` in 1.16, `bytesReceived` became
//! `inboundBytes` in 1.17; deprecated names are still sent beside the new ones, so both may be present).

use serde::Deserialize;

use crate::SessionKind;

/// What the server says of itself (`/v3/info`, 1.15.2 and newer).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct About {
    /// As sent, trimmed: `v1.20.1`, perhaps with `-3-gabc`, or `v0.0.0` when self-built.
    pub version: String,
    /// When the process started, RFC 3339; a reload of its file doesn't change it.
    pub started: Option<String>,
}

/// What a path does right now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WirePath")]
pub struct PathState {
    /// The path's name.
    pub name: String,
    /// Media comes in; a slate does not count. (A path whose source MediaMTX fetches says `online` before it has it:
    /// 1.20.1. Only `available` too means so.)
    pub online: bool,
    /// Since when, RFC 3339.
    pub online_since: Option<String>,
    /// Payload bytes of what readers get, a slate's too; starts again with each publisher where there is none.
    pub inbound_bytes: u64,
    /// Payload bytes to readers.
    pub outbound_bytes: u64,
    /// Who publishes.
    pub source: Option<Peer>,
    /// Who reads; neither the recorder nor forwards are among them.
    pub readers: Vec<Peer>,
    /// What comes in, in order.
    pub tracks: Vec<Track>,
}

/// A track as MediaMTX knows it. What is unknown is 0, which it all is before 1.17.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Track {
    /// MediaMTX's label, such as `H264` and `MPEG-4 Audio`.
    pub codec: String,
    /// Such as `High`; empty when unknown.
    pub profile: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Hertz.
    pub sample_rate: u32,
    /// Of sound.
    pub channels: u32,
}

impl Track {
    /// FFmpeg's name of the codec; none of one that is neither picture nor sound.
    pub fn ffmpeg_codec(&self) -> Option<&'static str> {
        Some(match self.codec.as_str() {
            "H264" => "h264",
            "H265" => "hevc",
            "AV1" => "av1",
            "VP9" => "vp9",
            "VP8" => "vp8",
            "MPEG-4 Video" => "mpeg4",
            "MPEG-1/2 Video" => "mpeg2video",
            "M-JPEG" => "mjpeg",
            "Opus" => "opus",
            "FLAC" => "flac",
            "Vorbis" => "vorbis",
            "MPEG-4 Audio" | "MPEG-4 Audio LATM" => "aac",
            "MPEG-1/2 Audio" => "mp3",
            "AC3" => "ac3",
            "Speex" => "speex",
            "G726" => "adpcm_g726",
            "G722" => "adpcm_g722",
            "G711" => "pcm_mulaw",
            "LPCM" => "pcm_s16be",
            _ => return None,
        })
    }

    /// Whether it is a picture.
    pub fn is_video(&self) -> bool {
        matches!(
            self.ffmpeg_codec(),
            Some("h264" | "hevc" | "av1" | "vp9" | "vp8" | "mpeg4" | "mpeg2video" | "mjpeg")
        )
    }
}

/// A publisher or reader, as a path names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Peer {
    /// `rtspSession`, `hlsSession`, `webRTCSession`…; spelling of capitals varies between versions.
    #[serde(rename = "type", alias = "kind")]
    pub kind: String,
    /// The session's id; empty for `hlsMuxer` (1.17 and older).
    pub id: String,
}

impl Peer {
    /// Which list it is in; none for what can't be kicked, such as a muxer or a source that the server pulls.
    pub fn session(&self) -> Option<SessionKind> {
        SessionKind::of(&self.kind)
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(crate) items: Vec<T>,
    #[serde(default, rename = "pageCount")]
    pub(crate) page_count: u32,
}

/// An entry of the list of configured paths, of which only the name matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub(crate) name: String,
}

/// What was recorded of a path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Recording {
    /// The path's name.
    pub name: String,
    /// Its files, the oldest first.
    pub segments: Vec<Segment>,
}

/// A file of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Segment {
    /// When it begins, RFC 3339. To delete it, give back exactly this text: MediaMTX makes the file's name of it.
    pub start: String,
}

/// A place to which a path is sent (1.20 and newer).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ForwardState {
    /// Its id.
    pub id: String,
    /// Its place in the path's list, from 0.
    #[serde(rename = "pos")]
    pub position: usize,
    /// `idle`, `forwarding` (from the start of each attempt, before there is a connection) or `error`.
    pub state: String,
    /// Why the last attempt ended, in MediaMTX's words.
    pub last_error: Option<String>,
    /// Bytes sent: they rise while it works.
    pub outbound_bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WirePath {
    name: Option<String>,
    online: Option<bool>,
    available: Option<bool>,
    ready: Option<bool>,
    online_time: Option<String>,
    available_time: Option<String>,
    ready_time: Option<String>,
    inbound_bytes: Option<u64>,
    bytes_received: Option<u64>,
    outbound_bytes: Option<u64>,
    bytes_sent: Option<u64>,
    source: Option<Peer>,
    readers: Option<Vec<Peer>>,
    tracks2: Option<Vec<WireTrack>>,
    tracks: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
#[serde(rename_all = "camelCase")]
struct WireTrack {
    codec: Option<String>,
    codec_props: Option<WireProps>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireProps {
    width: u32,
    height: u32,
    // Of AV1 and VP9 it is a number.
    profile: serde_json::Value,
    sample_rate: u32,
    channel_count: u32,
}

impl From<WireTrack> for Track {
    fn from(wire: WireTrack) -> Self {
        let props = wire.codec_props.unwrap_or_default();
        Track {
            codec: wire.codec.unwrap_or_default(),
            profile: props.profile.as_str().unwrap_or_default().to_owned(),
            width: props.width,
            height: props.height,
            sample_rate: props.sample_rate,
            channels: props.channel_count,
        }
    }
}

impl From<WirePath> for PathState {
    fn from(wire: WirePath) -> Self {
        let new_tracks: Option<Vec<Track>> =
            wire.tracks2.map(|tracks| tracks.into_iter().map(Track::from).collect());
        let named = |codec: String| Track { codec, ..Track::default() };
        let old_tracks = wire.tracks.map(|tracks| tracks.into_iter().map(named).collect());
        PathState {
            name: wire.name.unwrap_or_default(),
            online: match wire.online.zip(wire.available) {
                Some((online, available)) => online && available,
                None => wire.online.or(wire.available).or(wire.ready).unwrap_or_default(),
            },
            online_since: wire.online_time.or(wire.available_time).or(wire.ready_time),
            inbound_bytes: wire.inbound_bytes.or(wire.bytes_received).unwrap_or_default(),
            outbound_bytes: wire.outbound_bytes.or(wire.bytes_sent).unwrap_or_default(),
            source: wire.source,
            readers: wire.readers.unwrap_or_default(),
            tracks: new_tracks.or(old_tracks).unwrap_or_default(),
        }
    }
}
