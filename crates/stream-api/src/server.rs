use serde::{Deserialize, Serialize};

use crate::{Fault, UnixMillis};

/// The MediaMTX server as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// Whose process it is.
    pub kind: ServerKind,
    /// What it does.
    pub state: ServerState,
    /// Such as `1.20.1`, once it answered.
    pub version: Option<String>,
    /// When its process started.
    pub started: Option<UnixMillis>,
    /// Why it is not running.
    pub fault: Option<Fault>,
    /// The ports in use.
    pub ports: Ports,
    /// Ports that differ from the usual because those were taken at first start: (key, usual, chosen).
    pub moved_ports: Vec<(String, u16, u16)>,
    /// Times it came back by itself since the engine started.
    pub restarts: u32,
    /// Bits per second sent to all viewers.
    pub outbound_bps: u64,
    /// Free bytes where recordings go.
    pub disk_free: Option<u64>,
    /// All bytes there.
    pub disk_total: Option<u64>,
}

/// Whose process a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// Ours: started, watched and stopped with the engine.
    Bundled,
}

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// Being started.
    Starting,
    /// Its control API answers with our password.
    Running,
    /// It ended or does not answer, and is being started again.
    Restarting,
    /// It can't be started; `fault` says why.
    Failed,
    /// Stopped with the engine.
    Stopped,
}

/// TCP and UDP ports of a server. Stored in `config.json` and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// RTSP, TCP.
    pub rtsp: u16,
    /// RTMP, TCP.
    pub rtmp: u16,
    /// HLS, TCP.
    pub hls: u16,
    /// WebRTC's HTTP part, TCP.
    pub webrtc: u16,
    /// WebRTC's media part, UDP.
    pub webrtc_udp: u16,
    /// SRT, UDP.
    pub srt: u16,
    /// Control API, TCP, loopback only.
    pub api: u16,
    /// Metrics, TCP, loopback only.
    pub metrics: u16,
}

impl Ports {
    /// MediaMTX's usual ports (its own defaults, as in the root `mediamtx.yml`).
    pub const USUAL: Ports = Ports {
        rtsp: 8554,
        rtmp: 1935,
        hls: 8888,
        webrtc: 8889,
        webrtc_udp: 8189,
        srt: 8890,
        api: 9997,
        metrics: 9998,
    };
}

/// A line of a log, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was read.
    pub at: UnixMillis,
    /// Who wrote it.
    pub origin: LogOrigin,
    /// `error`, `warning`, `info` or `debug`.
    pub level: String,
    /// Without credentials.
    pub text: String,
}

/// Who wrote a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogOrigin {
    /// FFmpeg's standard error.
    Ffmpeg,
    /// This program.
    Manager,
    /// MediaMTX.
    Server,
}
