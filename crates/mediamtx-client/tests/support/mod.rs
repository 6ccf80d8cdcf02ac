//! A real MediaMTX on free ports, and children that end with the test.
#![expect(
    clippy::disallowed_methods,
    reason = "tests of this crate start the real programs; each ends on drop"
)]

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mediamtx_client::{Api, ServerConfig, log};
use stream_api::Ports;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// Polls until `done`, and fails the test when that takes too long.
pub(crate) async fn wait_until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < deadline, "waited too long for: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Ports that nobody used a moment ago, for TCP and UDP alike.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let mut held = Vec::new();
    while held.len() < N {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            held.push((tcp, udp));
        }
    }
    std::array::from_fn(|at| held[at].0.local_addr().unwrap().port())
}

/// Bytes of all files in a folder; 0 without the folder.
pub(crate) fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// A process with its output in files; killed on drop.
pub(crate) struct Child {
    process: std::process::Child,
    folder: TempDir,
}

impl Child {
    fn spawn(mut command: Command, folder: TempDir) -> Child {
        let file = |name: &str| fs::File::create(folder.path().join(name)).unwrap();
        command.stdin(Stdio::null()).stdout(file("stdout")).stderr(file("stderr"));
        let process = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        Child { process, folder }
    }

    /// What it wrote to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    /// Its exit code; `None` when a signal ended it. Fails the test when it goes on.
    pub(crate) fn exit_within(&mut self, patience: Duration) -> Option<i32> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code().or(Some(-1));
            }
            assert!(Instant::now() < deadline, "it still runs:\n{}", self.stderr());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A real FFmpeg, quiet but for faults.
pub(crate) fn ffmpeg(args: &[&str]) -> Child {
    let mut command =
        Command::new(std::env::var_os("STREAM_MANAGER_FFMPEG").unwrap_or_else(|| "ffmpeg".into()));
    command.args(["-hide_banner", "-loglevel", "warning"]).args(args);
    Child::spawn(command, TempDir::new().unwrap())
}

/// A real MediaMTX with a written configuration in a folder of its own.
pub(crate) struct Server {
    /// What it was started with.
    pub(crate) config: ServerConfig,
    child: Child,
}

impl Server {
    /// Starts one, changed by `edit`, and waits for its API.
    pub(crate) async fn start(edit: impl FnOnce(&mut ServerConfig)) -> Server {
        Server::spawn(edit).ready().await
    }

    /// Waits for its API.
    pub(crate) async fn ready(self) -> Server {
        let api = self.api();
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = api.info().await {
            assert!(Instant::now() < deadline, "MediaMTX does not come up: {error}\n{:#?}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self
    }

    /// Starts one and does not wait.
    pub(crate) fn spawn(edit: impl FnOnce(&mut ServerConfig)) -> Server {
        Server::spawn_with(edit, |text| text)
    }

    /// Starts one whose file is changed once more by `edit_text`.
    pub(crate) fn spawn_with(
        edit: impl FnOnce(&mut ServerConfig),
        edit_text: impl FnOnce(String) -> String,
    ) -> Server {
        let folder = TempDir::new().unwrap();
        let mut config = free_config(folder.path());
        edit(&mut config);
        let text = edit_text(config.render().unwrap());
        Server::run(config, folder, &text, &[])
    }

    /// Starts one from the root `mediamtx.yml` as it is, with ports and passwords from the environment, as the
    /// compose file gives them.
    pub(crate) fn from_root_file() -> Server {
        let folder = TempDir::new().unwrap();
        let config = free_config(folder.path());
        let ports = &config.ports;
        let mut env: Vec<(&str, String)> = [
            ("MTX_RTSPADDRESS", ports.rtsp),
            ("MTX_RTMPADDRESS", ports.rtmp),
            ("MTX_HLSADDRESS", ports.hls),
            ("MTX_WEBRTCADDRESS", ports.webrtc),
            ("MTX_WEBRTCLOCALUDPADDRESS", ports.webrtc_udp),
            ("MTX_SRTADDRESS", ports.srt),
            ("MTX_APIADDRESS", ports.api),
            ("MTX_METRICSADDRESS", ports.metrics),
        ]
        .map(|(key, port)| (key, format!("127.0.0.1:{port}")))
        .to_vec();
        env.push(("MTX_AUTHINTERNALUSERS_1_PASS", config.publish_pass.clone()));
        env.push(("MTX_AUTHINTERNALUSERS_2_PASS", config.api_pass.clone()));
        Server::run(config, folder, mediamtx_client::config::BASE, &env)
    }

    fn run(config: ServerConfig, folder: TempDir, text: &str, env: &[(&str, String)]) -> Server {
        let file = folder.path().join("mediamtx.yml");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(mediamtx());
        command.arg(&file).current_dir(folder.path());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("MTX_") || text.starts_with("RTSP_") {
                command.env_remove(&name);
            }
        }
        command.envs(env.iter().map(|(key, value)| (key, value)));
        Server { config, child: Child::spawn(command, folder) }
    }

    /// Its Control API with our password.
    pub(crate) fn api(&self) -> Api {
        self.api_as(&self.config.api_user, &self.config.api_pass)
    }

    /// Its Control API as somebody else.
    pub(crate) fn api_as(&self, user: &str, pass: &str) -> Api {
        Api::new(&format!("http://127.0.0.1:{}", self.config.ports.api), user, pass)
    }

    /// Its log so far, parsed.
    pub(crate) fn log(&self) -> Vec<(&'static str, String)> {
        self.lines().iter().map(|line| log::parse(line)).collect()
    }

    /// Writes its file again, as it is.
    pub(crate) fn touch_file(&self) {
        let file = self.child.folder.path().join("mediamtx.yml");
        let text = fs::read(&file).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Why it ended.
    pub(crate) fn fatal(&self) -> Option<log::Fatal> {
        log::fatal(self.lines())
    }

    /// Its exit code; fails the test when it goes on.
    pub(crate) fn exit_within(&mut self, patience: Duration) -> Option<i32> {
        self.child.exit_within(patience)
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.child.folder.path().join("stdout")).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn free_config(folder: &Path) -> ServerConfig {
    let [rtsp, rtmp, hls, webrtc, webrtc_udp, srt, api, metrics] = free_ports();
    ServerConfig {
        ports: Ports { rtsp, rtmp, hls, webrtc, webrtc_udp, srt, api, metrics },
        api_user: "control".to_owned(),
        api_pass: "api-Pass_1".to_owned(),
        publish_user: "publisher".to_owned(),
        publish_pass: "publish-Pass_1".to_owned(),
        recordings: folder.join("recordings"),
        paths: std::collections::BTreeMap::new(),
    }
}

/// From `STREAM_MANAGER_MEDIAMTX`, else where `cargo xtask sidecars` puts it, else from PATH.
fn mediamtx() -> PathBuf {
    let exe = if cfg!(windows) { "mediamtx.exe" } else { "mediamtx" };
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let folder = format!("stream-manager/sidecars/mediamtx-1.20.1-{os}_{arch}");
    let given = std::env::var_os("STREAM_MANAGER_MEDIAMTX").map(PathBuf::from);
    let cached = dirs::cache_dir().map(|cache| cache.join(folder).join(exe));
    let on_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(exe))
        .find(|file| file.is_file());
    let found = given.or_else(|| cached.filter(|file| file.is_file())).or(on_path);
    found.expect("no MediaMTX 1.20.1: run `cargo xtask sidecars`, or set STREAM_MANAGER_MEDIAMTX to its path")
}
