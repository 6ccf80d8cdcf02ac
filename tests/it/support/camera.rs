//! Somebody else's server with a stream, to be fetched: a real MediaMTX fed by a real FFmpeg, with a password.

use std::{
    fs::File,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use testkit::{free_port, media::Fixtures};

use super::{certificate, until};

pub const USER: &str = "viewer";
pub const PASSWORD: &str = "c4mera-s3cret";
/// What an address has to encode: of SRT's path `odd`, with [`ODD_USER`].
pub const ODD_USER: &str = "o+d.d";
pub const ODD_PASSWORD: &str = "p&q#r+s;t";
/// The passphrase of that path.
pub const ODD_PASSPHRASE: &str = "a&b c%d?e#f+g;h";

/// Ended with its FFmpeg when dropped.
pub struct Camera {
    dir: tempfile::TempDir,
    ports: [u16; 9],
    fixture: &'static str,
    children: Vec<Child>,
}

impl Camera {
    /// On air at `cam`, by RTSP, RTSPS, RTMP, SRT, HLS, WHEP and, to whoever listens, MPEG-TS over UDP.
    pub async fn on_air() -> Camera {
        Camera::of("clip_bf0.mp4").await
    }

    /// The same with another of the fixtures.
    pub async fn of(fixture: &'static str) -> Camera {
        let ports = std::array::from_fn(|_| free_port());
        let dir = tempfile::Builder::new().prefix("stream-manager-camera-").tempdir().unwrap();
        let mut camera = Camera { dir, ports, fixture, children: Vec::new() };
        certificate::make(camera.dir.path(), "camera");
        camera.start().await;
        camera
    }

    /// SHA-256 of its certificate, as people give it.
    pub fn fingerprint(&self) -> String {
        certificate::fingerprint(&self.dir.path().join("cert.pem"))
    }

    /// After [`Camera::stop`], at the same addresses.
    #[expect(clippy::disallowed_methods, reason = "somebody else's programs, ended on drop")]
    pub async fn start(&mut self) {
        let [rtsp, rtmp, hls, webrtc, api, rtsps, webrtc_udp, srt, udp] = self.ports;
        let at = |port: u16| format!("127.0.0.1:{port}");
        let may = |action: &str| json!({ "action": action, "path": "cam" });
        let config = json!({
            "api": true, "apiAddress": at(api), "rtspTransports": ["tcp"], "rtspAddress": at(rtsp),
            "rtspEncryption": "optional", "rtspsAddress": at(rtsps), "rtspServerCert": "cert.pem",
            "rtspServerKey": "key.pem", "rtmpAddress": at(rtmp), "hlsAddress": at(hls), "hlsAlwaysRemux": true, "webrtcAddress": at(webrtc),
            "webrtcLocalUDPAddress": at(webrtc_udp), "srtAddress": at(srt), "moq": false,
            "authInternalUsers": [
                { "user": "any", "permissions": [may("publish"), { "action": "api" }] },
                { "user": USER, "pass": PASSWORD, "permissions": [may("read"), { "action": "read", "path": "empty" }] },
                { "user": ODD_USER, "pass": ODD_PASSWORD, "permissions": [{ "action": "read", "path": "odd" }] },
            ],
            "paths": {
                "cam": {}, "empty": {},
                "odd": { "source": self.url("rtsp"), "sourceOnDemand": true, "srtReadPassphrase": ODD_PASSPHRASE },
            },
        });
        let file = self.dir.path().join("mediamtx.yml");
        std::fs::write(&file, config.to_string()).unwrap();
        let log = File::create(self.dir.path().join("log")).unwrap();
        let mut server = Command::new(testkit::fixtures::mediamtx());
        server.arg(&file).current_dir(self.dir.path()).stdin(Stdio::null()).stderr(Stdio::null()).stdout(log);
        self.children.push(server.spawn().unwrap());
        until("the camera's server is up", async || reqwest::get(self.api()).await.ok()).await;
        let mut sender = Command::new(testkit::fixtures::ffmpeg());
        sender.args(["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"]);
        sender.arg(Fixtures::cached().file(self.fixture)).args(["-c", "copy", "-f", "rtsp"]);
        sender.args(["-rtsp_transport", "tcp", &format!("rtsp://127.0.0.1:{rtsp}/cam")]);
        sender.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        // Whoever listens gets it; else it is lost.
        sender.args(["-c", "copy", "-f", "mpegts", &format!("udp://127.0.0.1:{udp}?pkt_size=1316")]);
        self.children.push(sender.spawn().unwrap());
        until("the camera is on air", async || {
            let path = reqwest::get(self.api()).await.ok()?.text().await.ok()?;
            path.contains("\"ready\":true").then_some(())
        })
        .await;
    }

    fn api(&self) -> String {
        format!("http://127.0.0.1:{}/v3/paths/get/cam", self.ports[4])
    }

    /// Ends it as a power cut would.
    pub fn stop(&mut self) {
        for mut child in self.children.drain(..) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The address of its path by `rtsp`, `rtsps`, `rtmp`, `srt`, `hls`, `whep` or `udp`, with user and password as
    /// people type them.
    pub fn url(&self, protocol: &str) -> String {
        self.path(protocol, "cam", USER, PASSWORD)
    }

    /// The same of any path, for anybody.
    pub fn path(&self, protocol: &str, path: &str, user: &str, password: &str) -> String {
        let [rtsp, rtmp, hls, webrtc, _, rtsps, _, srt, udp] = self.ports;
        match protocol {
            "rtsp" => format!("rtsp://{user}:{password}@127.0.0.1:{rtsp}/{path}"),
            "rtsps" => format!("rtsps://{user}:{password}@127.0.0.1:{rtsps}/{path}"),
            "whep" => format!("whep://{user}:{password}@127.0.0.1:{webrtc}/{path}/whep"),
            "udp" => format!("udp://127.0.0.1:{udp}"),
            "rtmp" => format!("rtmp://{user}:{password}@127.0.0.1:{rtmp}/{path}"),
            "hls" => format!("http://{user}:{password}@127.0.0.1:{hls}/{path}/index.m3u8"),
            _ => format!("srt://127.0.0.1:{srt}?streamid=read:{path}:{user}:{password}"),
        }
    }

    /// The port of SRT.
    pub fn srt_port(&self) -> u16 {
        self.ports[7]
    }

    /// The port of RTSP.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An FFmpeg that publishes to a stream, as OBS or a camera would; ended on drop.
pub struct Sender(Child);

impl Sender {
    /// Publishes in `format` (`rtsp`, `flv`, `mpegts`) to `url`.
    #[expect(clippy::disallowed_methods, reason = "an outside publisher, ended on drop")]
    pub fn to(url: &str, format: &str) -> Sender {
        let mut sender = Command::new(testkit::fixtures::ffmpeg());
        sender.args(["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"]);
        sender.arg(Fixtures::cached().file("clip_bf0.mp4")).args(["-c", "copy", "-f", format]);
        match format {
            "rtsp" => sender.args(["-rtsp_transport", "tcp"]),
            "mpegts" => sender.args(testkit::readers::PATIENT_SRT),
            _ => &mut sender,
        };
        sender.arg(url).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        Sender(sender.spawn().unwrap())
    }

    /// Waits until it was refused or sent away.
    pub async fn until_ended(mut self) {
        until("the publisher ends", async || self.0.try_wait().unwrap().map(drop)).await;
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A viewer by WebRTC, as a browser would be: another MediaMTX that fetches a stream by WHEP, and comes back 5 s
/// after it was sent away. Ended on drop.
pub struct Whep {
    _dir: tempfile::TempDir,
    api: u16,
    child: Child,
    /// Since when media comes.
    since: Value,
}

impl Whep {
    /// Watches `url` (`wheps://…/whep`), whose certificate has this fingerprint; media comes when this returns.
    #[expect(clippy::disallowed_methods, reason = "somebody else's program, ended on drop")]
    pub async fn of(url: &str, fingerprint: &str) -> Whep {
        let dir = tempfile::Builder::new().prefix("stream-manager-whep-").tempdir().unwrap();
        let api = free_port();
        let config = json!({
            "api": true, "apiAddress": format!("127.0.0.1:{api}"), "rtsp": false, "rtmp": false, "hls": false,
            "webrtc": false, "srt": false, "moq": false,
            "paths": { "seen": { "source": url, "sourceFingerprint": fingerprint } },
        });
        let file = dir.path().join("mediamtx.yml");
        std::fs::write(&file, config.to_string()).unwrap();
        let mut server = Command::new(testkit::fixtures::mediamtx());
        server.arg(&file).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::null());
        let mut viewer = Whep { _dir: dir, api, child: server.spawn().unwrap(), since: Value::Null };
        let seen = async || Some(viewer.seen().await["readyTime"].take()).filter(|since| since.is_string());
        viewer.since = until(&format!("{url} is watched"), seen).await;
        viewer
    }

    /// Whether media has come without a break since [`Whep::of`].
    pub async fn is_connected(&self) -> bool {
        self.seen().await["ready"] == true
    }

    /// Waits until more media has come, by the connection that it had from the first.
    pub async fn gets_more(&self) {
        let bytes = |seen: &Value| seen["bytesReceived"].as_u64().unwrap_or(0);
        let before = self.seen().await;
        let now = until("WebRTC is watched on", async || {
            Some(self.seen().await).filter(|now| bytes(now) > bytes(&before) || now["ready"] != true)
        })
        .await;
        assert_eq!(now["ready"], true, "it was let go: {now:#}");
        assert_eq!(now["readyTime"], self.since, "it was let go, and came back: {now:#}");
    }

    /// What its server says of what it fetches; nothing while it does not answer.
    async fn seen(&self) -> Value {
        match reqwest::get(format!("http://127.0.0.1:{}/v3/paths/get/seen", self.api)).await {
            Ok(seen) => seen.json().await.unwrap_or_default(),
            Err(_) => Value::Null,
        }
    }
}

impl Drop for Whep {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
