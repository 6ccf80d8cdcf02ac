//! The Control API's objects. Every field is optional on the wire and known under its old and its new name
//! (`internal/defs/api_*.go`: `ready` became `available` and `online` in 1.16, `bytesReceived` became
//! `inboundBytes` in 1.17; deprecated names are still sent beside the new ones, so both may be present).

use serde::Deserialize;

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

/// A client's session or connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireSession")]
pub struct Session {
    /// As [`Peer::kind`].
    pub kind: String,
    /// As [`Peer::id`].
    pub id: String,
    /// The path's name; empty before the client chose one.
    pub path: String,
    /// The query of the client's URL, without `?`.
    pub query: String,
    /// `address:port`.
    pub remote_addr: String,
    /// `idle`, `read` or `publish`; empty for HLS, which only reads.
    pub state: String,
    /// Payload bytes that the client sent.
    pub inbound_bytes: u64,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    #[serde(default = "Vec::new")]
    pub(crate) items: Vec<T>,
}

/// An entry of the list of configured paths, of which only the name matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub(crate) name: String,
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

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSession {
    id: Option<String>,
    path: Option<String>,
    query: Option<String>,
    remote_addr: Option<String>,
    state: Option<String>,
    inbound_bytes: Option<u64>,
    bytes_received: Option<u64>,
}

impl From<WireSession> for Session {
    fn from(wire: WireSession) -> Self {
        Session {
            kind: String::new(), // the list it came from says it, not the object
            id: wire.id.unwrap_or_default(),
            path: wire.path.unwrap_or_default(),
            query: wire.query.unwrap_or_default(),
            remote_addr: wire.remote_addr.unwrap_or_default(),
            state: wire.state.unwrap_or_default(),
            inbound_bytes: wire.inbound_bytes.or(wire.bytes_received).unwrap_or_default(),
        }
    }
}
