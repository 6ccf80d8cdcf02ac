//! What a person's own `mediamtx.yml` says that we can take over, and what we leave.

use std::net::IpAddr;

use serde_json::{Map, Value};
use stream_api::{Encryption, HlsVariant, Import, ImportLine, Listener, Protocol, Reach, ServerSettings, t};

use crate::{config::BASE, users::yaml};

/// Where each listener's address stands.
const ADDRESSES: [(&str, Listener); 10] = [
    ("rtspAddress", Listener::Rtsp),
    ("rtspsAddress", Listener::Rtsps),
    ("rtmpAddress", Listener::Rtmp),
    ("rtmpsAddress", Listener::Rtmps),
    ("hlsAddress", Listener::Hls),
    ("webrtcAddress", Listener::Webrtc),
    ("webrtcLocalUDPAddress", Listener::WebrtcUdp),
    ("srtAddress", Listener::Srt),
    ("apiAddress", Listener::Api),
    ("metricsAddress", Listener::Metrics),
];

const SWITCHES: [(&str, Protocol); 5] = [
    ("rtsp", Protocol::Rtsp),
    ("rtmp", Protocol::Rtmp),
    ("hls", Protocol::Hls),
    ("webrtc", Protocol::Webrtc),
    ("srt", Protocol::Srt),
];

/// Whether connections are encrypted; all other names since 1.0 are older ones of these.
const ENCRYPTIONS: [&str; 5] =
    ["rtspEncryption", "encryption", "rtmpEncryption", "hlsEncryption", "webrtcEncryption"];

const CERTIFICATES: [(&str, &str); 5] = [
    ("rtspServerCert", "rtspServerKey"),
    ("serverCert", "serverKey"),
    ("rtmpServerCert", "rtmpServerKey"),
    ("hlsServerCert", "hlsServerKey"),
    ("webrtcServerCert", "webrtcServerKey"),
];

/// The text is no such file: why, in the parser's words.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ImportError(pub String);

/// Reads the text of a `mediamtx.yml`, of any version since 1.0. What it does not say stays as in `now`.
///
/// # Errors
/// [`ImportError`] when it is no YAML, or holds something else than settings.
pub fn import(text: &str, now: &ServerSettings) -> Result<Import, ImportError> {
    let value = yaml(text).map_err(ImportError)?;
    let Value::Object(keys) = value else { return Err(ImportError(t!("import.no_settings").to_owned())) };
    let import = Import { settings: now.clone(), taken: Vec::new(), left: Vec::new() };
    let mut reading = Reading { keys, import };
    reading.addresses();
    reading.switches();
    reading.variant();
    reading.hosts();
    reading.encryption();
    reading.paths();
    reading.rest();
    Ok(reading.import)
}

struct Reading {
    /// What was not looked at yet.
    keys: Map<String, Value>,
    import: Import,
}

impl Reading {
    fn take(&mut self, key: &str) -> Option<Value> {
        self.keys.remove(key)
    }

    fn taken(&mut self, key: &str, words: impl Into<String>) {
        self.import.taken.push(ImportLine { key: key.to_owned(), words: words.into() });
    }

    fn left(&mut self, key: &str, words: impl Into<String>) {
        self.import.left.push(ImportLine { key: key.to_owned(), words: words.into() });
    }

    fn addresses(&mut self) {
        let mut reach = None;
        for (key, listener) in ADDRESSES {
            let Some(value) = self.take(key) else { continue };
            match value.as_str().and_then(address) {
                Some((local, port)) => {
                    if listener.protocol().is_some() {
                        let open = reach == Some(Reach::LocalNetwork) || !local;
                        reach = Some(if open { Reach::LocalNetwork } else { Reach::ThisComputer });
                    }
                    self.import.settings.ports.set(listener, port);
                    self.taken(key, port.to_string());
                }
                None => self.left(key, t!("import.address")),
            }
        }
        if let Some(reach) = reach {
            self.import.settings.reach = reach;
            let words = match reach {
                Reach::ThisComputer => t!("reach.this_computer"),
                Reach::LocalNetwork => t!("reach.local_network"),
            };
            self.taken(t!("reach.title"), words);
        }
    }

    fn switches(&mut self) {
        for (key, protocol) in SWITCHES {
            let Some(on) = self.take(key).as_ref().and_then(truth) else { continue };
            self.import.settings.protocols.set(protocol, on);
            self.taken(key, if on { t!("import.on") } else { t!("import.off") });
        }
    }

    fn variant(&mut self) {
        let Some(value) = self.take("hlsVariant") else { return };
        let variant = match value.as_str() {
            Some("lowLatency") => HlsVariant::LowLatency,
            Some("fmp4") => HlsVariant::Fmp4,
            Some("mpegts") => HlsVariant::Mpegts,
            _ => return self.left("hlsVariant", t!("import.unknown")),
        };
        self.import.settings.hls_variant = variant;
        self.taken("hlsVariant", value.as_str().unwrap_or_default());
    }

    fn hosts(&mut self) {
        for key in ["webrtcAdditionalHosts", "webrtcICEHostNAT1To1IPs"] {
            let Some(Value::Array(hosts)) = self.take(key) else { continue };
            let local = |host: &str| host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
            let hosts = hosts.iter().filter_map(Value::as_str).filter(|host| !local(host)).map(str::to_owned);
            let hosts: Vec<String> = hosts.collect();
            if !hosts.is_empty() {
                self.taken(key, hosts.join(" "));
                self.import.settings.webrtc_hosts = hosts;
            }
        }
        self.take("webrtcIPsFromInterfaces");
    }

    fn encryption(&mut self) {
        let on = |value: &Value| truth(value).unwrap_or_else(|| value.as_str() != Some("no"));
        let (mut named, mut encrypts) = (None, None);
        for key in ENCRYPTIONS {
            let Some(value) = self.take(key) else { continue };
            named.get_or_insert(key);
            if on(&value) {
                encrypts.get_or_insert(key);
            }
        }
        let mut files = None;
        for (certificate, key) in CERTIFICATES {
            if let (Some(certificate), Some(key)) = (self.take(certificate), self.take(key)) {
                files = files.or_else(|| Some((text(&certificate)?, text(&key)?)));
            }
        }
        let Some(encrypts) = encrypts else {
            if let Some(named) = named {
                self.taken(named, "no");
                self.import.settings.encryption = Encryption::Off;
            }
            return;
        };
        let absolute = |path: &String| path.starts_with('/') || path.get(1..2) == Some(":");
        match files.filter(|(certificate, key)| absolute(certificate) && absolute(key)) {
            Some((certificate, key)) => {
                self.taken(encrypts, certificate.clone());
                self.import.settings.encryption = Encryption::Given { certificate, key };
            }
            None => {
                self.left(encrypts, t!("import.certificate"));
                self.import.settings.encryption = Encryption::SelfSigned;
            }
        }
    }

    fn paths(&mut self) {
        let Some(Value::Object(paths)) = self.take("paths") else { return };
        for (name, config) in paths {
            let source = config.get("source").and_then(Value::as_str).unwrap_or("publisher");
            let words = match source {
                "publisher" if matches!(name.as_str(), "all" | "all_others" | "~^.*$") => {
                    t!("import.path.any")
                }
                "publisher" => t!("import.path.publisher"),
                _ => t!("import.path.source"),
            };
            self.left(&name, words);
        }
    }

    /// Everything else stays behind; what is as with us is not worth a word.
    fn rest(&mut self) {
        let ours: Value = serde_saphyr::from_str(BASE).unwrap_or_default();
        let mut rest = std::mem::take(&mut self.keys);
        if let Some(Value::Object(defaults)) = rest.remove("pathDefaults") {
            let same = |key: &String, value: &Value| ours["pathDefaults"].get(key) == Some(value);
            rest.extend(defaults.into_iter().filter(|(key, value)| !same(key, value)));
        }
        // By name: what was taken out has left them in disorder.
        rest.sort_keys();
        for (key, value) in rest {
            if ours.get(&key) == Some(&value) || is_nothing(&value) {
                continue;
            }
            let words = match key.as_str() {
                key if key.starts_with("runOn") => t!("import.hooks"),
                key if key.starts_with("record") => t!("import.recording"),
                key if key.starts_with("auth") || key.ends_with("User") || key.ends_with("Pass") => {
                    t!("import.users")
                }
                "moq" | "playback" | "pprof" => t!("import.not_offered"),
                key if ours.get(key).is_some() || ours["pathDefaults"].get(key).is_some() => t!("import.own"),
                _ => t!("import.unknown_key"),
            };
            self.left(&key, words);
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        other => truth(other) == Some(false),
    }
}

/// Booleans as YAML 1.1 writes them too.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(on) => Some(*on),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "true" => Some(true),
            "no" | "off" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Whether it is of loopback alone, and the port.
fn address(text: &str) -> Option<(bool, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    Some((host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback()), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(lines: &[ImportLine]) -> Vec<&str> {
        lines.iter().map(|line| line.key.as_str()).collect()
    }

    #[test]
    fn our_own_file_says_what_is_set() {
        let read = import(BASE, &ServerSettings::default()).unwrap();
        assert_eq!(read.settings, ServerSettings::default());
        assert_eq!(keys(&read.left), ["all_others"], "{:?}", read.left);
    }

    #[test]
    fn what_fits_is_taken_and_the_rest_is_named() {
        let read = import(
            "logLevel: debug\nrtspAddress: :9554\nrtmp: no\nhlsVariant: fmp4\nhlsAddress: 10.0.0.1:9888\n\
             api: yes\napiAddress: 127.0.0.1:9000\nwebrtcAdditionalHosts: [203.0.113.4, 127.0.0.1]\n\
             rtspEncryption: optional\nrtspServerCert: /etc/a.crt\nrtspServerKey: /etc/a.key\nplayback: true\n\
             runOnConnect: ./hook.sh\npaths:\n  cam:\n    source: rtsp://user:secret@cam/1\n  obs:\n",
            &ServerSettings::default(),
        )
        .unwrap();
        let settings = &read.settings;
        assert_eq!((settings.ports.rtsp, settings.ports.hls, settings.ports.api), (9554, 9888, 9000));
        assert_eq!((settings.reach, settings.protocols.rtmp), (Reach::LocalNetwork, false));
        assert_eq!(
            (settings.hls_variant, &*settings.webrtc_hosts),
            (HlsVariant::Fmp4, &["203.0.113.4".to_owned()][..])
        );
        let given = Encryption::Given { certificate: "/etc/a.crt".into(), key: "/etc/a.key".into() };
        assert_eq!(settings.encryption, given);
        assert_eq!(keys(&read.left), ["cam", "obs", "logLevel", "playback", "runOnConnect"]);
        assert!(!format!("{read:?}").contains("secret"), "no password is told");
    }

    #[test]
    fn what_nobody_knows_is_not_said_to_be_set_from_here() {
        let read = import("logLevel: debug\nrtspAdress: :9554\n", &ServerSettings::default()).unwrap();
        let said: Vec<_> = read.left.iter().map(|line| (line.key.as_str(), line.words.as_str())).collect();
        assert_eq!(said, [("logLevel", t!("import.own")), ("rtspAdress", t!("import.unknown_key"))]);
    }

    #[test]
    fn a_certificate_of_an_unknown_folder_becomes_ours() {
        let read = import(
            "hlsEncryption: yes\nhlsServerCert: server.crt\nhlsServerKey: server.key\n",
            &ServerSettings::default(),
        )
        .unwrap();
        assert_eq!(read.settings.encryption, Encryption::SelfSigned);
        assert_eq!(keys(&read.left), ["hlsEncryption"]);
    }

    #[test]
    fn a_file_without_a_word_on_encryption_leaves_it_alone() {
        let given = Encryption::Given { certificate: "/etc/a.crt".into(), key: "/etc/a.key".into() };
        for encryption in [Encryption::Off, Encryption::SelfSigned, given] {
            let now = ServerSettings { encryption: encryption.clone(), ..ServerSettings::default() };
            assert_eq!(import("rtmp: no\n", &now).unwrap().settings.encryption, encryption);
            // A certificate alone, as every sample file names one, says nothing of encryption.
            let named = import("rtspServerCert: /b.crt\nrtspServerKey: /b.key\n", &now).unwrap();
            assert_eq!(named.settings.encryption, encryption);
            assert_eq!(import("rtspEncryption: no\n", &now).unwrap().settings.encryption, Encryption::Off);
        }
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in ["", "- a\n- b\n", "just words", "a: [", "\u{0}"] {
            assert!(import(text, &ServerSettings::default()).is_err(), "{text:?}");
        }
    }
}
