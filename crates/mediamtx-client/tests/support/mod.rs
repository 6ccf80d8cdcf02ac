//! A real MediaMTX on free ports, and children that end with the test.
#![allow(dead_code, reason = "each test program uses another part")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests of this crate start the real programs; each ends on drop"
)]

pub(crate) mod fake;
pub(crate) mod shapes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mediamtx_client::{Action, Api, ApiAddress, Pass, Permission, Secret, ServerConfig, User, log};
use stream_api::{Ports, ServerSettings};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// Of the user `control`.
pub(crate) const API_PASS: &str = "api-Pass_1";
/// Of the user `publisher`.
pub(crate) const PUBLISH_PASS: &str = "publish-Pass_1";

/// Everybody watches, `publisher` publishes, `control` controls.
pub(crate) fn users() -> Vec<User> {
    let [watch, publish, control, measure] =
        [Action::Read, Action::Publish, Action::Api, Action::Metrics].map(Permission::everywhere);
    let plain = |text: &str| Pass::Plain(Secret::new(text));
    vec![
        User::anybody(vec![watch]),
        User::new("publisher", plain(PUBLISH_PASS), vec![publish]).from_this_computer(),
        User::new("control", plain(API_PASS), vec![control, measure]).from_this_computer(),
    ]
}

/// Polls until `done`, and fails the test when that takes too long.
pub(crate) async fn wait_until(what: &str, done: impl AsyncFnMut() -> bool) {
    testkit::wait_until(PATIENCE, what, done).await;
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
    pub(crate) fn exit(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
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

/// Publishes a moving picture to `url` in a format, as fast as it plays.
pub(crate) fn picture(format: &str, url: &str) -> Child {
    let input = ["-re", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=25"];
    let codec = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "25", "-bf", "0"];
    let transport: &[&str] = if format == "rtsp" { &["-rtsp_transport", "tcp"] } else { &[] };
    let output = ["-f", format, url];
    ffmpeg(&[&input[..], &codec[..], &["-pix_fmt", "yuv420p"], transport, &output[..]].concat())
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
        let ports = &config.settings.ports;
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
        env.push(("MTX_AUTHINTERNALUSERS_1_PASS", PUBLISH_PASS.to_owned()));
        env.push(("MTX_AUTHINTERNALUSERS_2_PASS", API_PASS.to_owned()));
        Server::run(config, folder, mediamtx_client::config::BASE, &env)
    }

    /// Starts another version with the users of [`users`], RTSP by TCP alone and the paths of others allowed, and
    /// waits for it. None, and said, where the version isn't in the cache.
    pub(crate) async fn of_version(version: &str) -> Option<Server> {
        let program = cached(version)?;
        let folder = TempDir::new().unwrap();
        let config = free_config(folder.path());
        let ports = &config.settings.ports;
        let mut keys = serde_json::json!({
            "api": true, "rtspTransports": ["tcp"], "authInternalUsers": config.users,
            "pathDefaults": { "recordPath": mediamtx_client::config::record_path(&config.recordings).unwrap() },
        });
        for (key, port) in [
            ("apiAddress", ports.api),
            ("rtspAddress", ports.rtsp),
            ("rtmpAddress", ports.rtmp),
            ("hlsAddress", ports.hls),
            ("webrtcAddress", ports.webrtc),
            ("webrtcLocalUDPAddress", ports.webrtc_udp),
            ("srtAddress", ports.srt),
        ] {
            keys[key] = format!("127.0.0.1:{port}").into();
        }
        if version != "1.12.3" {
            keys["moq"] = false.into(); // unknown before 1.19, and then on
        }
        let server = Server::run_program(&program, config, folder, &keys.to_string(), &[]);
        let api = server.api();
        wait_until("the API answers", async || api.global().await.is_ok()).await;
        Some(server)
    }

    fn run(config: ServerConfig, folder: TempDir, text: &str, env: &[(&str, String)]) -> Server {
        Server::run_program(&mediamtx(), config, folder, text, env)
    }

    fn run_program(
        program: &Path,
        config: ServerConfig,
        folder: TempDir,
        text: &str,
        env: &[(&str, String)],
    ) -> Server {
        let file = folder.path().join("mediamtx.yml");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
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
        self.api_as("control", API_PASS)
    }

    /// Its Control API as somebody else.
    pub(crate) fn api_as(&self, user: &str, pass: &str) -> Api {
        let address: ApiAddress =
            format!("http://127.0.0.1:{}", self.config.settings.ports.api).parse().unwrap();
        Api::new(address.with_credentials(user, pass))
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
    pub(crate) fn exit(&mut self) -> Option<i32> {
        self.child.exit()
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.child.folder.path().join("stdout")).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn free_config(folder: &Path) -> ServerConfig {
    let [rtsp, rtmp, hls, webrtc, webrtc_udp, srt, api, metrics] =
        std::array::from_fn(|_| testkit::free_port());
    ServerConfig {
        settings: ServerSettings {
            ports: Ports { rtsp, rtmp, hls, webrtc, webrtc_udp, srt, api, metrics, ..Ports::USUAL },
            ..ServerSettings::default()
        },
        tls: None,
        pages: Vec::new(),
        users: users(),
        recordings: folder.join("recordings"),
        paths: std::collections::BTreeMap::new(),
    }
}

/// From `STREAM_MANAGER_MEDIAMTX`, else where `cargo xtask sidecars` puts it, else from PATH.
fn mediamtx() -> PathBuf {
    let exe = format!("mediamtx{}", std::env::consts::EXE_SUFFIX);
    let given = std::env::var_os("STREAM_MANAGER_MEDIAMTX").map(PathBuf::from);
    let on_path = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(&exe))
        .find(|file| file.is_file());
    let found = given.or_else(|| cached("1.20.1")).or(on_path);
    found.expect("no MediaMTX 1.20.1: run `cargo xtask sidecars`, or set STREAM_MANAGER_MEDIAMTX to its path")
}

/// Where `cargo xtask sidecars` puts a version.
fn cached(version: &str) -> Option<PathBuf> {
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let folder = format!("stream-manager/sidecars/mediamtx-{version}-{os}_{arch}");
    let file = dirs::cache_dir()?.join(folder).join(format!("mediamtx{}", std::env::consts::EXE_SUFFIX));
    if !file.is_file() {
        // Not by a macro, whose words the harness keeps to itself.
        let words =
            format!("skipped: no MediaMTX {version}; `cargo xtask sidecars` builds it where there is Go");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{words}\n").as_bytes());
        return None;
    }
    Some(file)
}
