//! The programs that are measured: ours, and the bare ones beside it.

use std::{
    io::{BufRead as _, BufReader},
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use fs_err as fs;
use serde_json::{Value, json};

use super::{http::Api, usage, wait};
use crate::process::{self, Background};

/// Name and password of both users of the plain server; it listens on the loopback for the time of the measurement.
const PASSWORD: &str = "bench";

/// `control:bench`.
const BASIC: &str = "Basic Y29udHJvbDpiZW5jaA==";

/// What the measurements share.
pub(crate) struct Rig {
    /// Kept for the time of the measurement, then removed with everything in it.
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: PathBuf,
    pub(crate) mediamtx: PathBuf,
    /// The commented configuration at the root of the checkout.
    pub(crate) configuration: PathBuf,
}

impl Rig {
    /// H.264 1280x720 at 30 fps with AAC, 10 s: what the tests stream too. Made when it is not there yet.
    pub(crate) fn clip(&self) -> Result<PathBuf> {
        self.clip_of("clip.mp4", "1280x720")
    }

    /// The same in 320x180.
    pub(crate) fn tiny_clip(&self) -> Result<PathBuf> {
        self.clip_of("tiny.mp4", "320x180")
    }

    fn clip_of(&self, name: &str, size: &str) -> Result<PathBuf> {
        let clip = self.folder.path().join(name);
        if !clip.is_file() {
            let picture = format!(
                "-f lavfi -i testsrc2=size={size}:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000"
            );
            let coding =
                "-t 10 -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 30 -bf 0 -c:a aac -b:a 96k -ac 2";
            let mut ffmpeg = Command::new("ffmpeg");
            ffmpeg
                .args(["-nostdin", "-v", "error"])
                .args(picture.split(' '))
                .args(coding.split(' '))
                .arg(&clip);
            process::output(&mut ffmpeg)?;
        }
        Ok(clip)
    }

    /// A data folder of that name, with free ports laid down in it when it is new.
    pub(crate) fn data_dir(&self, name: &str) -> Result<PathBuf> {
        let data = self.folder.path().join(name);
        if !data.is_dir() {
            let ports = free_ports()?;
            let names = ["rtsp", "rtmp", "hls", "webrtc", "api", "metrics", "webrtc_udp", "srt"];
            let ports: Value =
                names.into_iter().zip(ports).map(|(name, port)| (name.to_owned(), json!(port))).collect();
            fs::create_dir_all(&data)?;
            let config = json!({ "schema_version": 1, "server": { "ports": ports }, "streams": [] });
            fs::write(data.join("config.json"), config.to_string())?;
        }
        Ok(data)
    }
}

/// Eight ports of the loopback that are free for TCP and UDP. All are held at once, so that they differ.
fn free_ports() -> Result<Vec<u16>> {
    let mut held = Vec::new();
    while held.len() < 8 {
        let tcp = TcpListener::bind("127.0.0.1:0")?;
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr()?) {
            held.push((tcp, udp));
        }
    }
    held.iter().map(|(tcp, _)| Ok(tcp.local_addr()?.port())).collect()
}

/// `stream-manager-server`, ended with everything below it when dropped.
pub(crate) struct Server {
    process: Background,
    pub(crate) api: Api,
}

impl Server {
    /// Starts it and waits until it says that it listens.
    pub(crate) fn start(rig: &Rig, data: &Path) -> Result<Self> {
        let mut command = Background::command(&rig.server);
        command
            .arg("--data-dir")
            .arg(data)
            .args(["--listen", "127.0.0.1:0", "--mediamtx"])
            .arg(&rig.mediamtx);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Background::start(&mut command)?;
        let mut line = String::new();
        BufReader::new(process.stdout().context("its output is piped")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").context("the server doesn't start")?;
        let api = Api::new(address);
        Ok(Self { process, api })
    }

    /// The same, and waits until its MediaMTX runs.
    pub(crate) fn ready(rig: &Rig, data: &Path) -> Result<Self> {
        let server = Self::start(rig, data)?;
        wait::until("MediaMTX runs", || {
            Ok((server.api.get("/api/v1/server")?["state"] == "running").then_some(()))
        })?;
        Ok(server)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(self) -> Result<()> {
        self.process.kill()
    }

    /// Asks it to end, and gives its exit code.
    pub(crate) fn stop(self) -> Result<Option<i32>> {
        self.process.stop()
    }

    /// Its processes of that name.
    pub(crate) fn children(&self, name: &str) -> Result<Vec<u32>> {
        let below = usage::below(self.pid())?;
        Ok(below.into_iter().filter(|(_, found)| found == name).map(|(pid, _)| pid).collect())
    }

    /// Creates a stream of a file, and gives its id.
    pub(crate) fn create(&self, name: &str, file: &Path, start: bool) -> Result<String> {
        self.create_of(name, &json!({ "type": "file", "path": file }), start)
    }

    /// Creates a stream of that source, and gives its id.
    pub(crate) fn create_of(&self, name: &str, source: &Value, start: bool) -> Result<String> {
        let stream = json!({ "name": name, "source": source, "start": start });
        let stream = self.api.post("/api/v1/streams", Some(&stream))?;
        Ok(stream["id"].as_str().context("a stream has an id")?.to_owned())
    }

    /// Where its MediaMTX listens for RTSP.
    pub(crate) fn rtsp(&self) -> Result<u16> {
        let ports = &self.api.get("/api/v1/server")?["ports"];
        ports["rtsp"].as_u64().and_then(|port| port.try_into().ok()).context("a server has a port for RTSP")
    }

    /// Whether the stream is on air.
    pub(crate) fn on_air(&self, id: &str) -> Result<Option<()>> {
        let stream = self.api.get(&format!("/api/v1/streams/{id}"))?;
        ensure!(stream["state"] != "failed", "the stream failed: {stream}");
        Ok((stream["on_air"] == true).then_some(()))
    }
}

/// A MediaMTX of its own, with the configuration that ours is made from.
pub(crate) struct Plain {
    process: Background,
    api: Api,
    rtsp: u16,
}

impl Plain {
    /// Starts it and waits until its API answers.
    pub(crate) fn start(rig: &Rig) -> Result<Self> {
        Self::start_by(rig, &rig.configuration, |command| command)
    }

    /// The same with paths of these names listed in its file; with a `slate`, an MP4 file, they keep their viewers.
    pub(crate) fn with_paths(rig: &Rig, names: &[String], slate: Option<&Path>) -> Result<Self> {
        let kept = slate.map(|file| json!({ "alwaysAvailable": true, "alwaysAvailableFile": file }));
        let path = kept.unwrap_or_else(|| json!({}));
        let paths: String = names.iter().map(|name| format!("  {name}: {path}\n")).collect();
        Self::start_by(rig, &Self::listing(rig, "paths.yml", &paths)?, |command| command)
    }

    /// The path of [`Plain::fetching`].
    pub(crate) const FETCHED: &str = "fetched";

    /// The same with one path, which it fetches from `url`: with `whep://` as a browser would.
    pub(crate) fn fetching(rig: &Rig, url: &str) -> Result<Self> {
        let path = format!("  {}: {}\n", Self::FETCHED, json!({ "source": url }));
        Self::start_by(rig, &Self::listing(rig, "fetching.yml", &path)?, |command| command)
    }

    /// The configuration as a file of that name, with these paths alone.
    fn listing(rig: &Rig, name: &str, paths: &str) -> Result<PathBuf> {
        let text = fs::read_to_string(&rig.configuration)?;
        let (head, _) = text.rsplit_once("  all_others:").context("the configuration ends with its paths")?;
        let file = rig.folder.path().join(name);
        fs::write(&file, format!("{head}{paths}"))?;
        Ok(file)
    }

    /// The same in a shell's endless loop, which starts it again whenever it ends.
    pub(crate) fn start_forever(rig: &Rig) -> Result<Self> {
        Self::start_by(rig, &rig.configuration, |command| Background::forever(&command))
    }

    fn start_by(rig: &Rig, configuration: &Path, way: impl FnOnce(Command) -> Command) -> Result<Self> {
        let ports = free_ports()?;
        let names = ["RTSP", "RTMP", "HLS", "WEBRTC", "API", "METRICS", "WEBRTCLOCALUDP", "SRT"];
        let mut command = Background::command(&rig.mediamtx);
        command.arg(configuration).current_dir(rig.folder.path());
        for (name, port) in names.into_iter().zip(&ports) {
            command.env(format!("MTX_{name}ADDRESS"), format!("127.0.0.1:{port}"));
        }
        for user in [1, 2] {
            command.env(format!("MTX_AUTHINTERNALUSERS_{user}_PASS"), PASSWORD);
        }
        let api = Api::new(&format!("http://127.0.0.1:{}", ports[4])).with_authorization(BASIC);
        let mut command = way(command);
        let process = Background::start(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
        let mut plain = Self { process, api, rtsp: ports[0] };
        wait::until("the plain MediaMTX answers", || {
            plain.process.must_run()?;
            // Refused until it listens.
            Ok(plain.api.try_get("/v3/paths/list").ok().flatten())
        })?;
        Ok(plain)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Starts the bare FFmpeg that publishes `file` without end.
    pub(crate) fn publish(&self, name: &str, file: &Path) -> Result<Background> {
        self.publish_by(name, file, "-c copy")
    }

    /// The same with these codecs, which hold no spaces of their own.
    pub(crate) fn publish_by(&self, name: &str, file: &Path, codecs: &str) -> Result<Background> {
        let mut command = self.publisher(name, file, codecs);
        Background::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    /// The same in a shell's endless loop. It is killed with its loop only when asked to; see [`usage::below`].
    pub(crate) fn publish_forever(&self, name: &str, file: &Path) -> Result<Background> {
        let mut command = Background::forever(&self.publisher(name, file, "-c copy"));
        Background::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    /// Where it listens for RTSP.
    pub(crate) fn rtsp(&self) -> u16 {
        self.rtsp
    }

    fn publisher(&self, name: &str, file: &Path, codecs: &str) -> Command {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i"]).arg(file);
        command.args(codecs.split_whitespace()).args(["-f", "rtsp", "-rtsp_transport", "tcp"]);
        command.arg(format!("rtsp://publisher:{PASSWORD}@127.0.0.1:{}/{name}", self.rtsp));
        command
    }

    /// Changes its global configuration by its API, until it is started anew.
    pub(crate) fn patch(&self, change: &Value) -> Result<()> {
        let (is_changed, answer) = self.api.send("PATCH", "/v3/config/global/patch", Some(change))?;
        ensure!(is_changed, "MediaMTX does not take {change}: {answer}");
        Ok(())
    }

    /// Whether the path has a publisher.
    pub(crate) fn online(&self, name: &str) -> Result<Option<()>> {
        let path = self.api.try_get(&format!("/v3/paths/get/{name}"))?;
        Ok(path.filter(|path| path["online"] == true).map(drop))
    }

    /// Waits until the path has none.
    pub(crate) fn until_offline(&self, name: &str) -> Result<Duration> {
        wait::time_until("the path is free", || Ok(self.online(name)?.is_none().then_some(())))
    }
}
