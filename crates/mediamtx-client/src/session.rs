//! Clients of a server in one form, whatever the protocol and the version.

use serde::Deserialize;

/// Kinds of sessions, each with a list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// RTSP.
    Rtsp,
    /// RTSP, encrypted.
    Rtsps,
    /// RTMP.
    Rtmp,
    /// RTMP, encrypted.
    Rtmps,
    /// SRT.
    Srt,
    /// WebRTC: a browser, or WHIP and WHEP.
    WebRtc,
    /// HLS, one a viewer (1.18 and newer).
    Hls,
    /// Media over QUIC (1.19 and newer).
    Moq,
}

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// It sends.
    Publish,
    /// It watches.
    Read,
    /// It has not chosen yet.
    #[default]
    Idle,
}

/// A client's session or connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// By which protocol.
    pub kind: SessionKind,
    /// As [`crate::Peer::id`].
    pub id: String,
    /// The path's name; empty before the client chose one.
    pub path: String,
    /// What it does.
    pub role: Role,
    /// `address:port`; of a proxy, if there is one that MediaMTX does not trust.
    pub remote_addr: String,
    /// The name that the client sent (1.17 and newer). No proof: a path open to everybody takes any name.
    pub user: String,
    /// The query of the client's URL, without `?`.
    pub query: String,
    /// The client's program in its own words (1.19 and newer; never by SRT).
    pub user_agent: String,
    /// Since when, RFC 3339.
    pub created: String,
    /// Payload bytes that the client sent.
    pub inbound_bytes: u64,
    /// Payload bytes that the client got.
    pub outbound_bytes: u64,
}

/// What serves all viewers of a path by HLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WireMuxer")]
pub struct HlsMuxer {
    /// The path's name.
    pub path: String,
    /// Since when, RFC 3339.
    pub created: String,
    /// When a viewer last asked for something, RFC 3339.
    pub last_request: String,
    /// Bytes to all viewers together.
    pub outbound_bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireMuxer {
    path: String,
    created: String,
    last_request: String,
    outbound_bytes: Option<u64>,
    bytes_sent: Option<u64>,
}

impl From<WireMuxer> for HlsMuxer {
    fn from(wire: WireMuxer) -> Self {
        let outbound_bytes = wire.outbound_bytes.or(wire.bytes_sent).unwrap_or_default();
        HlsMuxer { path: wire.path, created: wire.created, last_request: wire.last_request, outbound_bytes }
    }
}

/// A TCP connection of RTSP; it may carry a session, and can't be kicked itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RtspConnection {
    /// Its id.
    pub id: String,
    /// Since when, RFC 3339.
    pub created: String,
    /// `address:port`.
    pub remote_addr: String,
    /// The session that it carries (1.11 and newer).
    pub session: Option<String>,
}

impl SessionKind {
    /// All of them.
    pub const ALL: [SessionKind; 8] = [
        SessionKind::Rtsp,
        SessionKind::Rtsps,
        SessionKind::Rtmp,
        SessionKind::Rtmps,
        SessionKind::Srt,
        SessionKind::WebRtc,
        SessionKind::Hls,
        SessionKind::Moq,
    ];

    /// By the name that paths use for readers and sources, such as `webRTCSession`. Capitals vary between versions.
    /// None for what is no session: a source that the server pulls, a muxer.
    pub fn of(name: &str) -> Option<SessionKind> {
        SessionKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// As paths name it.
    fn name(self) -> &'static str {
        match self {
            SessionKind::Rtsp => "rtspSession",
            SessionKind::Rtsps => "rtspsSession",
            SessionKind::Rtmp => "rtmpConn",
            SessionKind::Rtmps => "rtmpsConn",
            SessionKind::Srt => "srtConn",
            SessionKind::WebRtc => "webRTCSession",
            SessionKind::Hls => "hlsSession",
            SessionKind::Moq => "moqSession",
        }
    }
}

/// `bytesReceived` and `bytesSent` were renamed in 1.17, except for SRT; both names are sent since.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct WireSession {
    id: Option<String>,
    path: Option<String>,
    state: Option<String>,
    remote_addr: Option<String>,
    user: Option<String>,
    query: Option<String>,
    user_agent: Option<String>,
    created: Option<String>,
    inbound_bytes: Option<u64>,
    bytes_received: Option<u64>,
    outbound_bytes: Option<u64>,
    bytes_sent: Option<u64>,
}

impl WireSession {
    /// The list it came from says its kind, not the object.
    pub(crate) fn of_kind(self, kind: SessionKind) -> Session {
        let role = match self.state.as_deref() {
            Some("publish") => Role::Publish,
            Some("read") => Role::Read,
            // HLS has no state: it only reads.
            None if kind == SessionKind::Hls => Role::Read,
            _ => Role::Idle,
        };
        Session {
            kind,
            id: self.id.unwrap_or_default(),
            path: self.path.unwrap_or_default(),
            role,
            remote_addr: self.remote_addr.unwrap_or_default(),
            user: self.user.unwrap_or_default(),
            query: self.query.unwrap_or_default(),
            user_agent: self.user_agent.unwrap_or_default(),
            created: self.created.unwrap_or_default(),
            inbound_bytes: self.inbound_bytes.or(self.bytes_received).unwrap_or_default(),
            outbound_bytes: self.outbound_bytes.or(self.bytes_sent).unwrap_or_default(),
        }
    }
}
