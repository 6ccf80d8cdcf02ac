use serde::{Deserialize, Serialize};

use crate::{Address, Certificate, Fault, Protocol, ServerSettings, UnixMillis};

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
    /// What the run in sight was started with, or would be.
    pub settings: ServerSettings,
    /// Whether a person ever chose from where it can be watched.
    #[serde(default)]
    pub reach_chosen: bool,
    /// The addresses under which it is reached, the best for viewers first; never empty while it runs.
    #[serde(default)]
    pub addresses: Vec<Address>,
    /// The certificate that it shows, where connections are encrypted.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// The ports in use.
    pub ports: Ports,
    /// Ports that differ from the usual because those were taken at first start: (key, usual, chosen).
    pub moved_ports: Vec<(String, u16, u16)>,
    /// Times it came back by itself since the engine started.
    pub restarts: u32,
    /// Bits per second sent to all viewers.
    pub outbound_bps: u64,
    /// How fast the connection to the viewers is, in megabits per second, when the user said so.
    #[serde(default)]
    pub uplink_mbps: Option<u32>,
    /// What is wrong although it runs, and the cure: too many watch, the connection to them is full.
    #[serde(default)]
    pub warnings: Vec<Fault>,
    /// Why guest links can't be opened: the port of their page is taken, mostly.
    #[serde(default)]
    pub guest_fault: Option<Fault>,
    /// Free bytes where recordings go.
    pub disk_free: Option<u64>,
    /// All bytes there.
    pub disk_total: Option<u64>,
}

impl ServerStatus {
    /// A bundled server that is about to start.
    pub fn starting(settings: ServerSettings) -> ServerStatus {
        ServerStatus {
            kind: ServerKind::Bundled,
            state: ServerState::Starting,
            version: None,
            started: None,
            fault: None,
            ports: settings.ports,
            settings,
            reach_chosen: false,
            addresses: Vec::new(),
            certificate: None,
            moved_ports: Vec::new(),
            restarts: 0,
            outbound_bps: 0,
            uplink_mbps: None,
            warnings: Vec::new(),
            guest_fault: None,
            disk_free: None,
            disk_total: None,
        }
    }
}

/// Whose process a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// Ours: started, watched and stopped with the engine.
    Bundled,
    /// Somebody else's, on this computer or in a container on it: it sees a folder that we see too.
    SharedFolder,
    /// Somebody else's, anywhere: it is reached through its Control API alone.
    Remote,
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
    /// RTSP over TLS, TCP.
    #[serde(default = "usual_rtsps")]
    pub rtsps: u16,
    /// RTMP, TCP.
    pub rtmp: u16,
    /// RTMP over TLS, TCP.
    #[serde(default = "usual_rtmps")]
    pub rtmps: u16,
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
        rtsps: 8322,
        rtmp: 1935,
        rtmps: 1936,
        hls: 8888,
        webrtc: 8889,
        webrtc_udp: 8189,
        srt: 8890,
        api: 9997,
        metrics: 9998,
    };
}

impl Default for Ports {
    fn default() -> Self {
        Ports::USUAL
    }
}

impl Ports {
    /// The port of a listener.
    pub fn of(mut self, listener: Listener) -> u16 {
        *self.slot(listener)
    }

    /// Gives a listener another port.
    pub fn set(&mut self, listener: Listener, port: u16) {
        *self.slot(listener) = port;
    }

    fn slot(&mut self, listener: Listener) -> &mut u16 {
        match listener {
            Listener::Rtsp => &mut self.rtsp,
            Listener::Rtsps => &mut self.rtsps,
            Listener::Rtmp => &mut self.rtmp,
            Listener::Rtmps => &mut self.rtmps,
            Listener::Hls => &mut self.hls,
            Listener::Webrtc => &mut self.webrtc,
            Listener::WebrtcUdp => &mut self.webrtc_udp,
            Listener::Srt => &mut self.srt,
            Listener::Api => &mut self.api,
            Listener::Metrics => &mut self.metrics,
        }
    }
}

const fn usual_rtsps() -> u16 {
    Ports::USUAL.rtsps
}

const fn usual_rtmps() -> u16 {
    Ports::USUAL.rtmps
}

/// What a server listens for, each on a port of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// RTSP.
    Rtsp,
    /// RTSP over TLS.
    Rtsps,
    /// RTMP.
    Rtmp,
    /// RTMP over TLS.
    Rtmps,
    /// HLS, plain or over TLS.
    Hls,
    /// The HTTP part of WebRTC, plain or over TLS.
    Webrtc,
    /// The media of WebRTC.
    WebrtcUdp,
    /// SRT.
    Srt,
    /// Control API.
    Api,
    /// Metrics.
    Metrics,
}

impl Listener {
    /// Every one, in the order people look for them.
    pub const ALL: [Listener; 10] = [
        Listener::Rtsp,
        Listener::Rtsps,
        Listener::Rtmp,
        Listener::Rtmps,
        Listener::Hls,
        Listener::Webrtc,
        Listener::WebrtcUdp,
        Listener::Srt,
        Listener::Api,
        Listener::Metrics,
    ];

    /// Its name on the wire: a field of [`Ports`].
    pub const fn key(self) -> &'static str {
        match self {
            Listener::Rtsp => "rtsp",
            Listener::Rtsps => "rtsps",
            Listener::Rtmp => "rtmp",
            Listener::Rtmps => "rtmps",
            Listener::Hls => "hls",
            Listener::Webrtc => "webrtc",
            Listener::WebrtcUdp => "webrtc_udp",
            Listener::Srt => "srt",
            Listener::Api => "api",
            Listener::Metrics => "metrics",
        }
    }

    /// As people write it.
    pub const fn label(self) -> &'static str {
        match self {
            Listener::Rtsp => "RTSP",
            Listener::Rtsps => "RTSPS",
            Listener::Rtmp => "RTMP",
            Listener::Rtmps => "RTMPS",
            Listener::Hls => "HLS",
            Listener::Webrtc => "WebRTC",
            Listener::WebrtcUdp => "WebRTC/UDP",
            Listener::Srt => "SRT",
            Listener::Api => t!("port.api"),
            Listener::Metrics => t!("port.metrics"),
        }
    }

    /// Whether its port is a UDP one.
    pub const fn is_udp(self) -> bool {
        matches!(self, Listener::WebrtcUdp | Listener::Srt)
    }

    /// What viewers watch by through it.
    pub const fn protocol(self) -> Option<Protocol> {
        match self {
            Listener::Rtsp | Listener::Rtsps => Some(Protocol::Rtsp),
            Listener::Rtmp | Listener::Rtmps => Some(Protocol::Rtmp),
            Listener::Hls => Some(Protocol::Hls),
            Listener::Webrtc | Listener::WebrtcUdp => Some(Protocol::Webrtc),
            Listener::Srt => Some(Protocol::Srt),
            Listener::Api | Listener::Metrics => None,
        }
    }
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
