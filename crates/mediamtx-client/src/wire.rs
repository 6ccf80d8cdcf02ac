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
    /// A publisher is there; a slate does not count.
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
    /// Codec labels in order, such as `H264` and `MPEG-4 Audio`.
    pub tracks: Vec<String>,
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
struct WireTrack {
    codec: Option<String>,
}

impl From<WirePath> for PathState {
    fn from(wire: WirePath) -> Self {
        let new_tracks =
            wire.tracks2.map(|tracks| tracks.into_iter().filter_map(|track| track.codec).collect());
        PathState {
            name: wire.name.unwrap_or_default(),
            online: wire.online.or(wire.available).or(wire.ready).unwrap_or_default(),
            online_since: wire.online_time.or(wire.available_time).or(wire.ready_time),
            inbound_bytes: wire.inbound_bytes.or(wire.bytes_received).unwrap_or_default(),
            outbound_bytes: wire.outbound_bytes.or(wire.bytes_sent).unwrap_or_default(),
            source: wire.source,
            readers: wire.readers.unwrap_or_default(),
            tracks: new_tracks.or(wire.tracks).unwrap_or_default(),
        }
    }
}
