//! What a person sets of a server: who reaches it, by which protocols, on which ports.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Code, Error, Listener, Ports, Protocol, UnixMillis};

/// What a person sets of a server. Every change but [`guest_port`](Self::guest_port) needs a new start of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// From where it can be watched.
    pub reach: Reach,
    /// By which protocols.
    pub protocols: Protocols,
    /// On which ports; those of a protocol that is off are kept for later.
    pub ports: Ports,
    /// Which kind of HLS.
    pub hls_variant: HlsVariant,
    /// More addresses under which browsers find the media of WebRTC: those of a router or a tunnel.
    pub webrtc_hosts: Vec<String>,
    /// Whether viewers' connections are encrypted.
    pub encryption: Encryption,
    /// The port of the page that guest links open (TCP), which is ours; as it is when absent. Links name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_port: Option<u16>,
}

/// What [`Problem::field`] calls the port of the guests' page.
pub const GUESTS: &str = "guests";

/// From where a server can be watched. Its control API and its metrics never leave the computer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// From its own computer alone.
    #[default]
    ThisComputer,
    /// From every computer that has a way to it.
    LocalNetwork,
}

/// The protocols by which viewers watch: whether each is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Protocols {
    /// RTSP. On its own computer it is always there: our FFmpeg publishes by it.
    pub rtsp: bool,
    /// RTMP.
    pub rtmp: bool,
    /// HLS.
    pub hls: bool,
    /// WebRTC.
    pub webrtc: bool,
    /// SRT.
    pub srt: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Protocols { rtsp: true, rtmp: true, hls: true, webrtc: true, srt: true }
    }
}

impl Protocols {
    /// Whether it is on.
    pub const fn is_on(&self, protocol: Protocol) -> bool {
        match protocol {
            Protocol::Rtsp => self.rtsp,
            Protocol::Hls => self.hls,
            Protocol::Webrtc => self.webrtc,
            Protocol::Rtmp => self.rtmp,
            Protocol::Srt => self.srt,
        }
    }

    /// Switches it.
    pub const fn set(&mut self, protocol: Protocol, on: bool) {
        match protocol {
            Protocol::Rtsp => self.rtsp = on,
            Protocol::Hls => self.hls = on,
            Protocol::Webrtc => self.webrtc = on,
            Protocol::Rtmp => self.rtmp = on,
            Protocol::Srt => self.srt = on,
        }
    }
}

/// Which kind of HLS a server makes (`hlsVariant`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HlsVariant {
    /// About a second late. Apple's players want it encrypted.
    #[default]
    LowLatency,
    /// Some seconds late, in MP4 fragments.
    Fmp4,
    /// Some seconds late, in transport streams, for old players; H.264 and AAC only.
    Mpegts,
}

/// Whether viewers' connections are encrypted: RTSPS, RTMPS and HTTPS for HLS and WebRTC. SRT is not, and the media
/// of WebRTC always is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// They are not.
    #[default]
    Off,
    /// By a certificate of our own making, at which browsers warn.
    SelfSigned,
    /// By a certificate that the user has.
    Given {
        /// PEM file with the certificate and those that it needs; absolute.
        certificate: String,
        /// PEM file with its private key; absolute.
        key: String,
    },
}

/// The certificate that a server shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// SHA-256 of it, as browsers show it: `AB:CD:…`.
    pub fingerprint: String,
    /// When it ends.
    pub expires: UnixMillis,
}

/// An address of the server's computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The network interface, or what it stands for.
    pub label: String,
    /// An IP address without brackets, or a name.
    pub host: String,
}

/// What settings would do to a server, asked before they are set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// The server starts anew.
    pub restarts: bool,
    /// Streams that pause meanwhile.
    pub streams: u32,
    /// Viewers who watch now and have to connect again.
    pub viewers: u32,
    /// About how many seconds.
    pub seconds: u32,
    /// Guest links that lead nowhere from then on.
    #[serde(default)]
    pub links: u32,
    /// What is wrong with the settings.
    pub problems: Vec<Problem>,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which: the key of a [`Listener`], [`GUESTS`], `webrtc_hosts`, `certificate` or `key`.
    pub field: String,
    /// What.
    pub error: Error,
    /// It can be set all the same.
    #[serde(default)]
    pub mild: bool,
}

/// What could be taken over of a `mediamtx.yml`: nothing is set yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The settings with what it says.
    pub settings: ServerSettings,
    /// What is taken over.
    pub taken: Vec<ImportLine>,
    /// What is not, and why.
    pub left: Vec<ImportLine>,
}

/// Something in a `mediamtx.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// Its key, or the name of a path.
    pub key: String,
    /// Its value, or why it stays behind. Never a secret.
    pub words: String,
}

impl Problem {
    /// Something that must be mended first.
    pub fn new(field: &str, error: Error) -> Problem {
        Problem { field: field.to_owned(), error, mild: false }
    }
}

impl ServerSettings {
    /// From where this listener is reached; `None` when it is not there at all.
    pub fn reach_of(&self, listener: Listener) -> Option<Reach> {
        let encrypted = self.is_encrypted();
        let on = |protocol| self.protocols.is_on(protocol).then_some(self.reach);
        match listener {
            // Our FFmpeg publishes by it.
            Listener::Rtsp => on(Protocol::Rtsp).filter(|_| !encrypted).or(Some(Reach::ThisComputer)),
            Listener::Rtsps => on(Protocol::Rtsp).filter(|_| encrypted),
            Listener::Rtmp => on(Protocol::Rtmp).filter(|_| !encrypted),
            Listener::Rtmps => on(Protocol::Rtmp).filter(|_| encrypted),
            Listener::Hls => on(Protocol::Hls),
            Listener::Webrtc | Listener::WebrtcUdp => on(Protocol::Webrtc),
            Listener::Srt => on(Protocol::Srt),
            Listener::Api | Listener::Metrics => Some(Reach::ThisComputer),
        }
    }

    /// The listeners that are there, each with where it is reached from.
    pub fn listeners(&self) -> impl Iterator<Item = (Listener, Reach)> {
        Listener::ALL.into_iter().filter_map(|listener| Some((listener, self.reach_of(listener)?)))
    }

    /// Whether viewers' connections are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encryption != Encryption::Off
    }

    /// Whether a server that runs with `now` goes on as it is: the guests' page is not its own.
    pub fn keeps_server(&self, now: &ServerSettings) -> bool {
        *self == ServerSettings { guest_port: self.guest_port, ..now.clone() }
    }

    /// What can be seen to be wrong without looking at the computer.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut taken: Vec<(u16, bool, Listener)> = Vec::new();
        for (listener, _) in self.listeners() {
            let (port, udp) = (self.ports.of(listener), listener.is_udp());
            let what = listener.label();
            if port == 0 {
                problems.push(Problem::new(listener.key(), Error::new(Code::PortInvalid).with("what", what)));
            } else if let Some((.., other)) = taken.iter().find(|(p, u, _)| (*p, *u) == (port, udp)) {
                let twice = Error::new(Code::PortTwice).with("port", port).with("what", what);
                problems.push(Problem::new(listener.key(), twice.with("other", other.label())));
            }
            taken.push((port, udp, listener));
        }
        problems.extend(self.problems_of_guests(&taken));
        for host in self.webrtc_hosts.iter().filter(|host| !is_host(host)) {
            problems.push(Problem::new("webrtc_hosts", Error::new(Code::HostInvalid).with("host", host)));
        }
        problems
    }

    /// The same of the port of the guests' page, besides those that are `taken`: told at both.
    fn problems_of_guests(&self, taken: &[(u16, bool, Listener)]) -> Vec<Problem> {
        let what = t!("port.guests");
        let Some(port) = self.guest_port else { return Vec::new() };
        if port == 0 {
            return vec![Problem::new(GUESTS, Error::new(Code::PortInvalid).with("what", what))];
        }
        let Some((.., other)) = taken.iter().find(|(p, udp, _)| (*p, *udp) == (port, false)) else {
            return Vec::new();
        };
        let twice = |what, other| {
            Error::new(Code::PortTwice).with("port", port).with("what", what).with("other", other)
        };
        vec![
            Problem::new(other.key(), twice(other.label(), what)),
            Problem::new(GUESTS, twice(what, other.label())),
        ]
    }
}

/// An IP address or a name, without port or scheme.
fn is_host(text: &str) -> bool {
    let part = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let looks_like_v4 = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse::<IpAddr>().is_ok() || (!looks_like_v4 && text.len() <= 253 && text.split('.').all(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared() -> ServerSettings {
        ServerSettings { reach: Reach::LocalNetwork, ..ServerSettings::default() }
    }

    #[test]
    fn control_and_metrics_never_leave_the_computer() {
        for settings in [shared(), ServerSettings { encryption: Encryption::SelfSigned, ..shared() }] {
            for own in [Listener::Api, Listener::Metrics] {
                assert_eq!(settings.reach_of(own), Some(Reach::ThisComputer));
            }
            assert_eq!(settings.reach_of(Listener::Hls), Some(Reach::LocalNetwork));
        }
    }

    #[test]
    fn plain_rtsp_stays_for_our_own_publishers() {
        let mut off = shared();
        off.protocols.set(Protocol::Rtsp, false);
        assert_eq!(off.reach_of(Listener::Rtsp), Some(Reach::ThisComputer));
        assert_eq!(off.reach_of(Listener::Rtsps), None);
        let encrypted = ServerSettings { encryption: Encryption::SelfSigned, ..shared() };
        assert_eq!(encrypted.reach_of(Listener::Rtsp), Some(Reach::ThisComputer));
        assert_eq!(encrypted.reach_of(Listener::Rtsps), Some(Reach::LocalNetwork));
        assert_eq!((encrypted.reach_of(Listener::Rtmp), shared().reach_of(Listener::Rtmps)), (None, None));
    }

    #[test]
    fn what_can_not_be_is_named_by_its_field() {
        assert!(shared().problems().is_empty());
        let mut settings = shared();
        settings.ports.rtmp = settings.ports.rtsp;
        settings.ports.hls = 0;
        // Of another layer, and of a protocol that is off: both may be.
        settings.ports.srt = settings.ports.webrtc;
        settings.ports.rtmps = settings.ports.rtsp;
        settings.webrtc_hosts = vec!["http://x".into()];
        let problems = settings.problems();
        let found: Vec<(&str, Code)> = problems.iter().map(|p| (p.field.as_str(), p.error.code)).collect();
        let expected =
            [("rtmp", Code::PortTwice), ("hls", Code::PortInvalid), ("webrtc_hosts", Code::HostInvalid)];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_guests_page_has_a_port_of_its_own() {
        let found = |guest_port| {
            let problems = ServerSettings { guest_port, ..shared() }.problems();
            problems.into_iter().map(|p| (p.field, p.error.code)).collect::<Vec<_>>()
        };
        let named = |field: &str, code| (field.to_owned(), code);
        assert!(found(None).is_empty());
        // SRT's is a UDP one; that of RTMPS is not used.
        for free in [8891, Ports::USUAL.srt, Ports::USUAL.rtmps] {
            assert!(found(Some(free)).is_empty(), "{free}");
        }
        assert_eq!(found(Some(0)), [named(GUESTS, Code::PortInvalid)]);
        let twice = Code::PortTwice;
        assert_eq!(found(Some(Ports::USUAL.hls)), [named("hls", twice), named(GUESTS, twice)]);
        let (page, other) = (ServerSettings { guest_port: Some(1), ..shared() }, ServerSettings::default());
        assert!(page.keeps_server(&shared()) && !page.keeps_server(&other));
    }

    #[test]
    fn hosts_are_addresses_or_names() {
        for good in ["192.0.2.1", "::1", "fd00::2", "example.org", "my-pc.local", "host", "a_b"] {
            assert!(is_host(good), "{good}");
        }
        for bad in ["", "1.2.3", "256.1.1.1", "host:80", "http://x", "a..b", "-a", "a b", "[::1]", "x/y"] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
