//! The file that a bundled server starts with.

#[path = "config/public.rs"]
mod public;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stream_api::{HlsVariant, Listener, Reach, ServerSettings};

use crate::{PathConfig, User, UserFault, check_users};

/// The root `mediamtx.yml`, which every written file is made from.
pub const BASE: &str = include_str!("../../../mediamtx.yml");

/// What MediaMTX puts behind the folder of recordings: a folder per path, a file per segment, to the microsecond.
pub const RECORD_TEMPLATE: &str = "%path/%Y-%m-%d_%H-%M-%S-%f";

/// Where the desktop app's window comes from: macOS and Linux, then Windows.
const WINDOW_ORIGINS: [&str; 2] = ["tauri://localhost", "http://tauri.localhost"];

/// What the written file says instead of the base: there it speaks of using that file by itself.
const HEAD: &[&str] = &[
    "Written by MediaMTX Stream Manager at each start of its server. Changes made here are lost.",
    "All keys that MediaMTX knows: https://mediamtx.org/docs/references/configuration-file",
];
const HEAD_PUBLIC: &[&str] = &[
    "Exported from MediaMTX Stream Manager, without passwords: where there was one, there is a digest that belongs to",
    "no known password. Put your own there.",
];
const ABOUT_USERS: &[&str] = &[
    "Whoever watches, whoever sends streams, and the app. The passwords are made anew at each start of the server;",
    "keep them to yourself.",
];
const ABOUT_ENCRYPTION: &[&str] = &["Whether connections are encrypted."];
const ABOUT_INTERFACES: &[&str] = &["Whether the addresses of network interfaces are offered to browsers."];
const ABOUT_HOSTS: &[&str] = &["Addresses that are offered besides."];
const ABOUT_RECORDINGS: &[&str] = &["Where recordings go: %path is the path's name, %f microseconds."];
const ABOUT_PATHS: &[&str] = &[
    "The streams that were to be live when the server was started. Later changes come over the Control API.",
];

/// The keys of the listeners that the root file has.
const ADDRESSES: [(Listener, &str); 8] = [
    (Listener::Rtsp, "rtspAddress"),
    (Listener::Rtmp, "rtmpAddress"),
    (Listener::Hls, "hlsAddress"),
    (Listener::Webrtc, "webrtcAddress"),
    (Listener::WebrtcUdp, "webrtcLocalUDPAddress"),
    (Listener::Srt, "srtAddress"),
    (Listener::Api, "apiAddress"),
    (Listener::Metrics, "metricsAddress"),
];

/// What differs from the root `mediamtx.yml` in the configuration of one bundled server.
#[derive(Clone)]
pub struct ServerConfig {
    /// What the user set.
    pub settings: ServerSettings,
    /// The certificate, where viewers' connections are encrypted.
    pub tls: Option<TlsFiles>,
    /// Web pages (`http://127.0.0.1:8080`) whose scripts may read streams by HLS and WebRTC, besides the desktop
    /// app's own window. Exact: MediaMTX knows no wildcard for ports.
    pub pages: Vec<String>,
    /// Everybody who may do something; the first that fits lets a client in.
    pub users: Vec<User>,
    /// Folder of recordings, absolute.
    pub recordings: PathBuf,
    /// The paths that exist from the start.
    pub paths: BTreeMap<String, PathConfig>,
}

/// A certificate and its key, as PEM files; absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that it needs.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl std::fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("ServerConfig");
        shown
            .field("settings", &self.settings)
            .field("recordings", &self.recordings)
            .field("paths", &self.paths);
        shown.finish_non_exhaustive()
    }
}

/// Why a configuration was not written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A user that would open the server, or that it would refuse.
    #[error(transparent)]
    Users(#[from] UserFault),
    /// MediaMTX would resolve it against its own working folder.
    #[error("the folder of recordings is not absolute: {0}")]
    RelativeRecordings(PathBuf),
    /// Encryption without a certificate.
    #[error("encryption needs a certificate in files with plain names")]
    NoCertificate,
    /// MediaMTX would take `%` for the start of a placeholder.
    #[error("the folder of recordings must be plain text without `%`: {0}")]
    UnfitRecordings(PathBuf),
    /// The base file lost a key.
    #[error("the base configuration has no `{0}`")]
    MissingKey(&'static str),
}

impl ServerConfig {
    /// The whole file, comments included. A secret: it holds passwords, so write it for its owner alone.
    ///
    /// Written while the server is stopped: a running one reloads a changed file and forgets what the API set.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn render(&self) -> Result<String, ConfigError> {
        Ok(self.file()?.finish(HEAD))
    }

    /// As [`render`](Self::render), for other eyes: nobody knows its passwords, and addresses of sources are without
    /// theirs.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn render_public(&self) -> Result<String, ConfigError> {
        let mut file = self.file()?;
        for line in &mut file.lines {
            public::hide_secrets(line);
        }
        Ok(file.finish(HEAD_PUBLIC))
    }

    fn file(&self) -> Result<File, ConfigError> {
        check_users(&self.users)?;
        let record_path = record_path(&self.recordings)?;
        let mut file = File::new(BASE);
        self.listen(&mut file)?;
        self.encrypt(&mut file)?;
        file.set("authInternalUsers", &json!(self.users))?;
        file.set_in("pathDefaults", "recordPath", &json!(record_path))?;
        file.set("paths", &json!(self.paths))?;
        for key in ["rtspEncryption", "rtmpEncryption", "hlsEncryption", "webrtcEncryption"] {
            file.say("", key, ABOUT_ENCRYPTION)?;
        }
        file.say("", "webrtcIPsFromInterfaces", ABOUT_INTERFACES)?;
        file.say("", "webrtcAdditionalHosts", ABOUT_HOSTS)?;
        file.say("", "authInternalUsers", ABOUT_USERS)?;
        file.say("  ", "recordPath", ABOUT_RECORDINGS)?;
        file.say("", "paths", ABOUT_PATHS)?;
        Ok(file)
    }

    /// Who is listened to, where, and what is offered.
    fn listen(&self, file: &mut File) -> Result<(), ConfigError> {
        let settings = &self.settings;
        for (listener, key) in ADDRESSES {
            file.set(key, &json!(self.address(listener)))?;
        }
        let on = &settings.protocols;
        for (key, on) in [("rtmp", on.rtmp), ("hls", on.hls), ("webrtc", on.webrtc), ("srt", on.srt)] {
            file.set(key, &json!(on))?;
        }
        let variant = match settings.hls_variant {
            HlsVariant::LowLatency => "lowLatency",
            HlsVariant::Fmp4 => "fmp4",
            HlsVariant::Mpegts => "mpegts",
        };
        file.set("hlsVariant", &json!(variant))?;
        file.set("webrtcIPsFromInterfaces", &json!(settings.reach == Reach::LocalNetwork))?;
        // This computer's own browsers have no other where there is no network.
        let own = std::iter::once("127.0.0.1");
        let hosts: Vec<&str> = own.chain(settings.webrtc_hosts.iter().map(String::as_str)).collect();
        file.set("webrtcAdditionalHosts", &json!(hosts))?;
        if !self.pages.is_empty() {
            let all: Vec<&str> =
                WINDOW_ORIGINS.into_iter().chain(self.pages.iter().map(String::as_str)).collect();
            file.set("hlsAllowOrigins", &json!(all))?;
            file.set("webrtcAllowOrigins", &json!(all))?;
        }
        Ok(())
    }

    /// Plain RTSP stays: our own FFmpeg publishes by it, on loopback.
    fn encrypt(&self, file: &mut File) -> Result<(), ConfigError> {
        if !self.settings.is_encrypted() {
            return Ok(());
        }
        let tls = self.tls.as_ref().ok_or(ConfigError::NoCertificate)?;
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or(ConfigError::NoCertificate);
        let (certificate, key) = (text(&tls.certificate)?, text(&tls.key)?);
        if self.settings.protocols.rtsp {
            file.set("rtspEncryption", &json!("optional"))?;
        }
        file.set("rtmpEncryption", &json!("strict"))?;
        file.set("hlsEncryption", &json!(true))?;
        file.set("webrtcEncryption", &json!(true))?;
        file.add("rtspAddress", "rtspsAddress", &json!(self.address(Listener::Rtsps)))?;
        file.add("rtmpAddress", "rtmpsAddress", &json!(self.address(Listener::Rtmps)))?;
        for [after, cert_key, key_key] in [
            ["rtspsAddress", "rtspServerCert", "rtspServerKey"],
            ["rtmpsAddress", "rtmpServerCert", "rtmpServerKey"],
            ["hlsEncryption", "hlsServerCert", "hlsServerKey"],
            ["webrtcEncryption", "webrtcServerCert", "webrtcServerKey"],
        ] {
            file.add(after, cert_key, &json!(certificate))?;
            file.add(cert_key, key_key, &json!(key))?;
        }
        Ok(())
    }

    /// `:p` is every interface, IPv4 and IPv6.
    fn address(&self, listener: Listener) -> String {
        let port = self.settings.ports.of(listener);
        match self.settings.reach_of(listener) {
            Some(Reach::LocalNetwork) => format!(":{port}"),
            Some(Reach::ThisComputer) | None => format!("127.0.0.1:{port}"),
        }
    }
}

/// `recordPath` for a folder of recordings.
///
/// # Errors
/// [`ConfigError::RelativeRecordings`], [`ConfigError::UnfitRecordings`].
pub fn record_path(folder: &Path) -> Result<String, ConfigError> {
    let unfit = || ConfigError::UnfitRecordings(folder.to_owned());
    let text = folder.to_str().filter(|text| !text.contains('%')).ok_or_else(unfit)?;
    if !folder.is_absolute() && !is_windows_absolute(text) {
        return Err(ConfigError::RelativeRecordings(folder.to_owned()));
    }
    Ok(format!("{}/{RECORD_TEMPLATE}", text.trim_end_matches(['/', '\\'])))
}

/// `C:\…` and `\\server\…`, whatever the system we run on.
fn is_windows_absolute(text: &str) -> bool {
    text.starts_with(r"\\")
        || matches!(text.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

/// The base file as lines, whose values are replaced in place so that the comments stay. New values are JSON,
/// which is YAML too, and quotes whatever needs it.
struct File {
    lines: Vec<String>,
}

impl File {
    fn new(base: &str) -> File {
        File { lines: base.lines().map(str::to_owned).collect() }
    }

    /// Replaces the value of a key of the first level, with all lines that belong to it.
    fn set(&mut self, key: &'static str, value: &Value) -> Result<(), ConfigError> {
        let at = self.find(0, key, "").ok_or(ConfigError::MissingKey(key))?;
        let end = self.end_of_block(at);
        self.lines.splice(at..end, lines_of(key, value));
        Ok(())
    }

    /// Adds a key of the first level behind another one.
    fn add(&mut self, after: &'static str, key: &str, value: &Value) -> Result<(), ConfigError> {
        let at = self.find(0, after, "").ok_or(ConfigError::MissingKey(after))?;
        let end = self.end_of_block(at);
        self.lines.splice(end..end, lines_of(key, value));
        Ok(())
    }

    /// Replaces the value of a key of the second level.
    fn set_in(&mut self, parent: &'static str, key: &'static str, value: &Value) -> Result<(), ConfigError> {
        let start = self.find(0, parent, "").ok_or(ConfigError::MissingKey(parent))?;
        let at = self.find(start + 1, key, "  ").filter(|at| *at < self.end_of_block(start));
        let at = at.ok_or(ConfigError::MissingKey(key))?;
        self.lines[at] = format!("  {key}: {value}");
        Ok(())
    }

    /// Replaces the comment above a key.
    fn say(&mut self, indent: &str, key: &'static str, words: &[&str]) -> Result<(), ConfigError> {
        let at = self.find(0, key, indent).ok_or(ConfigError::MissingKey(key))?;
        let above =
            self.lines[..at].iter().rev().take_while(|line| line.trim_start().starts_with('#')).count();
        self.lines.splice(at - above..at, comment(indent, words));
        Ok(())
    }

    fn find(&self, from: usize, key: &str, indent: &str) -> Option<usize> {
        let is_key = |line: &String| {
            line.strip_prefix(indent)
                .and_then(|line| line.strip_prefix(key))
                .is_some_and(|rest| rest.starts_with(':'))
        };
        self.lines.iter().skip(from).position(is_key).map(|at| at + from)
    }

    fn end_of_block(&self, at: usize) -> usize {
        let inside = self.lines[at + 1..].iter().take_while(|line| line.starts_with(' ')).count();
        at + 1 + inside
    }

    /// With a head of its own.
    fn finish(mut self, words: &[&str]) -> String {
        let head = self.lines.iter().take_while(|line| line.starts_with('#')).count();
        self.lines.splice(..head, comment("", words));
        self.lines.join("\n") + "\n"
    }
}

fn comment(indent: &str, words: &[&str]) -> Vec<String> {
    words.iter().map(|line| format!("{indent}# {line}")).collect()
}

/// `key: value`, with one line per member when the value has members.
fn lines_of(key: &str, value: &Value) -> Vec<String> {
    let members: Vec<String> = match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("  {}: {value}", json!(name))).collect()
        }
        Value::Array(items) => items.iter().map(|item| format!("  - {item}")).collect(),
        _ => Vec::new(),
    };
    if members.is_empty() {
        return vec![format!("{key}: {value}")];
    }
    std::iter::once(format!("{key}:")).chain(members).collect()
}
