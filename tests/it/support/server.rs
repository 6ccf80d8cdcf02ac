//! One `stream-manager-server` and its folders.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use testkit::free_port;

use super::{
    PATIENCE,
    process::{self, Process},
    until,
};

/// A test's own folder: `data/` for the server, `media/` for videos.
pub struct Dir(tempfile::TempDir);

impl Dir {
    /// Empty, with free ports laid down, so that servers of tests side by side don't meet.
    pub fn new() -> Dir {
        let dir = Dir::bare();
        let config = json!({ "schema_version": 1, "server": free_ports(), "streams": [] });
        fs::create_dir(dir.data()).unwrap();
        fs::write(dir.data().join("config.json"), config.to_string()).unwrap();
        dir
    }

    /// Empty, without a data folder.
    pub fn bare() -> Dir {
        let dir = Dir(tempfile::Builder::new().prefix("stream-manager-it-").tempdir().unwrap());
        fs::create_dir(dir.path().join("media")).unwrap();
        dir
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// A file's place among the media.
    pub fn media(&self, name: &str) -> PathBuf {
        self.path().join("media").join(name)
    }
}

fn free_ports() -> Value {
    let names = ["rtsp", "rtmp", "hls", "webrtc", "api", "metrics", "webrtc_udp", "srt"];
    let ports: serde_json::Map<String, Value> =
        names.into_iter().map(|name| (name.to_owned(), free_port().into())).collect();
    json!({ "ports": ports, "guest_port": free_port() })
}

/// A server that runs. Ended with everything below it when dropped.
pub struct Server {
    child: Child,
    /// What it says, shown when a test fails.
    said: tempfile::NamedTempFile,
    pub url: String,
    http: reqwest::Client,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.body
    }

    /// The code of an error, which has words too.
    #[track_caller]
    pub fn code(self) -> String {
        assert!(self.status >= 400, "an error was expected: {self:?}");
        assert!(self.body["message"].as_str().is_some_and(|text| text.len() > 5), "{self:?}");
        assert!(self.body["hint"].is_string(), "{self:?}");
        self.body["code"].as_str().expect("errors have codes").to_owned()
    }
}

/// The program with the folders of `dir`, on a free port.
pub fn command(dir: &Dir) -> Command {
    command_at(dir, "127.0.0.1:0")
}

/// The same on an address of the test's choice.
pub fn command_at(dir: &Dir, address: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stream-manager-server"));
    command.arg("--data-dir").arg(dir.data()).args(["--listen", address]);
    command.arg("--media").arg(dir.path().join("media"));
    command
}

impl Server {
    /// Starts and waits until it says that it listens.
    pub async fn start(dir: &Dir) -> Server {
        Server::run(command(dir)).await
    }

    /// Starts, and waits until its MediaMTX runs too.
    pub async fn ready(dir: &Dir) -> Server {
        let server = Server::start(dir).await;
        server.until_server("running").await;
        server
    }

    pub async fn run(command: Command) -> Server {
        let said = tempfile::NamedTempFile::new().unwrap();
        let stderr = said.reopen().unwrap().into();
        Server::run_saying(command, stderr, said).await
    }

    /// The same with another standard error than `said`.
    #[expect(clippy::disallowed_methods, reason = "the program under test, ended on drop")]
    pub async fn run_saying(mut command: Command, stderr: Stdio, said: tempfile::NamedTempFile) -> Server {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line
        });
        // A server that does not answer fails a test, and holds up no others.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let mut server = Server { child, said, url: String::new(), http };
        let line = tokio::time::timeout(PATIENCE, line).await.expect("it starts").unwrap();
        let url = line.trim_end().strip_prefix("listening on ");
        server.url = url.unwrap_or_else(|| panic!("it said {line:?}")).to_owned();
        server
    }

    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// What it has said to standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(self.said.path()).unwrap()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Its FFmpeg (or MediaMTX) processes, but for those that try an encoder or paint a picture, which come and go.
    pub fn children(&self, name: &str) -> Vec<Process> {
        let mut found = process::below(self.pid());
        found.retain(|process| process.name == name && !process.command.contains(" lavfi "));
        found
    }

    /// A request with its body, as a client of the API makes it.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        let body =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path} answers JSON, not {text:?}"));
        Answer { status, body }
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask("GET", path, None).await.ok()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(body)).await
    }

    /// Orders by a POST without a body, such as `/api/v1/streams/{id}/start`.
    pub async fn order(&self, id: &str, order: &str) -> Value {
        self.ask("POST", &format!("/api/v1/streams/{id}/{order}"), None).await.ok()
    }

    /// Creates a stream of a file under `name` and gives its id.
    pub async fn create(&self, name: &str, file: &Path, start: bool) -> String {
        let body = json!({ "name": name, "source": file_source(file), "start": start });
        let answer = self.post("/api/v1/streams", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub async fn stream(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/streams/{id}")).await
    }

    pub async fn streams(&self) -> Vec<Value> {
        self.get("/api/v1/streams").await["streams"].as_array().unwrap().clone()
    }

    /// Waits until the stream is as `check` wants it.
    pub async fn until(&self, id: &str, what: &str, mut check: impl FnMut(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stream = self.stream(id).await;
            if check(&stream) {
                return stream;
            }
            assert!(Instant::now() < deadline, "the stream is not {what} within {PATIENCE:?}: {stream:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn until_on_air(&self, id: &str) -> Value {
        self.until(id, "on air", |stream| {
            assert_ne!(stream["state"], "failed", "{stream:#}");
            stream["on_air"] == true
        })
        .await
    }

    /// Waits until this fault of the stream was told, however short it was: what is kept of it.
    pub async fn until_faulted(&self, id: &str, code: &str) -> Value {
        until(&format!("{code} is told"), async || {
            let told = self.get(&format!("/api/v1/activity?streams={id}&kinds=faulted")).await;
            told["activities"]
                .as_array()?
                .iter()
                .map(|one| &one["cause"])
                .find(|cause| cause["code"] == code)
                .cloned()
        })
        .await
    }

    /// Waits until the server of this process is gone and its successor runs.
    pub async fn until_another_mediamtx(&self, before: i32) {
        until("another MediaMTX", async || {
            let now = self.children("mediamtx");
            (now.len() == 1 && now[0].pid != before).then_some(())
        })
        .await;
        self.until_server("running").await;
    }

    /// Waits until it has no FFmpeg.
    pub async fn until_no_ffmpeg(&self) {
        until("no FFmpeg", async || self.children("ffmpeg").is_empty().then_some(())).await;
    }

    pub async fn until_state(&self, id: &str, state: &str) -> Value {
        self.until(id, state, |stream| stream["state"] == state).await
    }

    /// Waits until MediaMTX is in `state`.
    pub async fn until_server(&self, state: &str) -> Value {
        until(&format!("server {state}"), async || {
            let status = self.get("/api/v1/server").await;
            (status["state"] == state).then_some(status)
        })
        .await
    }

    /// Asks it to end by SIGTERM, and gives its exit code.
    pub async fn stop(self) -> Option<i32> {
        self.stop_by(Signal::SIGTERM).await
    }

    /// The same by another signal.
    pub async fn stop_by(mut self, signal: Signal) -> Option<i32> {
        process::signal(self.pid(), signal);
        let code = self.ended().await;
        assert!(!self.said().contains("panicked"), "it ended in order");
        code
    }

    /// Ends it as a crash would.
    pub async fn kill(mut self) {
        process::signal(self.pid(), Signal::SIGKILL);
        self.ended().await;
    }

    async fn ended(&mut self) -> Option<i32> {
        let child = &mut self.child;
        until("the program ends", async || child.try_wait().unwrap()).await.code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the server said:\n{}", self.said());
        }
        end(&mut self.child);
    }
}

/// Ends a program, if it runs, and everything below it.
fn end(child: &mut Child) {
    if child.try_wait().ok().flatten().is_none() {
        let below = process::below(child.id().cast_signed());
        let _ = child.kill();
        let _ = child.wait();
        for process in below {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process.pid), Signal::SIGKILL);
        }
    }
}

/// The program from its first moment on, before it has said anything. Ended with everything below it when dropped.
pub struct Start {
    child: Child,
    said: tempfile::NamedTempFile,
}

impl Start {
    #[expect(clippy::disallowed_methods, reason = "the program under test, ended on drop")]
    pub fn now(mut command: Command) -> Start {
        let said = tempfile::NamedTempFile::new().unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.reopen().unwrap());
        Start { child: command.spawn().unwrap(), said }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, once it has ended; -1 when a signal ended it.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1))
    }

    /// What it has said to standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(self.said.path()).unwrap()
    }
}

impl Drop for Start {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

pub fn file_source(file: &Path) -> Value {
    json!({ "type": "file", "path": file.to_str().unwrap() })
}

/// The program as a terminal starts it, also where the tests run under `nohup`.
pub fn heedful(dir: &Dir) -> Command {
    let program = command(dir);
    if !cfg!(target_os = "linux") {
        return program;
    }
    let mut heedful = Command::new("env");
    heedful.arg("--default-signal=HUP").arg(program.get_program()).args(program.get_args());
    heedful
}

/// Runs a command that ends by itself: its exit code and what it wrote to standard error.
pub async fn run_to_end(command: Command) -> (Option<i32>, String) {
    run_within(PATIENCE, command).await
}

/// The same with another limit.
#[expect(clippy::disallowed_methods, reason = "the program under test, which must end by itself")]
pub async fn run_within(limit: Duration, mut command: Command) -> (Option<i32>, String) {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let reader = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let status = tokio::time::timeout(limit, async {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let Ok(status) = status else {
        let _ = child.kill();
        let _ = child.wait();
        panic!("the program did not end by itself");
    };
    (status.code(), reader.await.unwrap())
}
