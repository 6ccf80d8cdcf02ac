//! The desktop app in a [`Rig`].

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};

use super::{
    background::{Background, fakes},
    rig::Rig,
};
use crate::{
    it::{Dir, PATIENCE, process, until, until_within},
    support::webdriver::{Driver, WebDriver},
};

/// The app that runs, with a data folder of the test's. Killed when dropped.
pub struct App {
    data: PathBuf,
    /// What it leaves; see `fakes/run.sh`.
    traces: tempfile::TempDir,
    http: reqwest::Client,
    _shell: Option<Background>,
}

/// From now on the page notes what it throws, and what our program in it says as it breaks.
const NOTE_ERRORS: &str = "const errors = window.__errors = []; const say = console.error; \
    addEventListener('error', (event) => errors.push(String(event.message))); \
    addEventListener('unhandledrejection', (event) => errors.push(String(event.reason))); \
    console.error = (...words) => { errors.push(words.join(' ')); say.apply(console, words); };";

/// The app with a driver for its page. The driver keeps the web process, so look at processes without one.
pub struct Driven {
    pub app: App,
    pub page: WebDriver,
    _driver: Driver,
}

impl Driven {
    /// What the page threw since it was there.
    pub async fn errors(&self) -> Result<Value> {
        self.page.js("return window.__errors", json!([])).await
    }
}

impl App {
    /// Starts the app as a person would, and waits until it owns its data folder.
    pub async fn start(rig: &Rig, dir: &Dir, arguments: &[&str]) -> App {
        App::start_program(rig, dir, &program(), arguments).await
    }

    /// The same of a program that stands elsewhere.
    pub async fn start_program(rig: &Rig, dir: &Dir, program: &Path, arguments: &[&str]) -> App {
        let mut app = App::new(rig, dir);
        let mut shell = rig.command("/bin/sh");
        shell.args(app.line(program, arguments)).envs(rig.env());
        app._shell = Some(Background::start(shell));
        app.until_up().await;
        app
    }

    /// Starts the app with a driver in its window, and waits until its page shows the streams.
    pub async fn driven(rig: &Rig, dir: &Dir) -> Result<Driven> {
        let driven = App::driven_anyway(rig, dir, &[]).await?;
        driven.app.until_up().await;
        driven.page.find("body[data-ready=true]").await?;
        driven.page.js(NOTE_ERRORS, json!([])).await?;
        Ok(driven)
    }

    /// The same for a start that may not get as far as the streams.
    pub async fn driven_anyway(rig: &Rig, dir: &Dir, arguments: &[&str]) -> Result<Driven> {
        let app = App::new(rig, dir);
        let env = rig.env();
        let mut env: Vec<(&str, &str)> = env.iter().map(|(key, value)| (*key, value.as_str())).collect();
        env.push(("TAURI_WEBVIEW_AUTOMATION", "true"));
        let driver = Driver::start("/usr/bin/WebKitWebDriver", testkit::free_port(), &env).await?;
        let options = json!({ "binary": "/bin/sh", "args": app.line(&program(), arguments) });
        let page = driver.session(json!({ "webkitgtk:browserOptions": options })).await?;
        Ok(Driven { app, page, _driver: driver })
    }

    /// Starts the app on a data folder that an app owns already: it must hand over and end. Its exit code and
    /// what it said.
    #[expect(clippy::disallowed_methods, reason = "the program under test, which must end by itself")]
    pub async fn start_again(rig: &Rig, dir: &Dir, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = rig.command(program().to_str().unwrap());
        command.arg("--data-dir").arg(dir.data()).args(arguments).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await;
        let output = output.expect("a second start ends by itself").unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn new(rig: &Rig, dir: &Dir) -> App {
        let traces = tempfile::Builder::new().prefix("app-").tempdir_in(rig.home()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        App { data: dir.data(), traces, http, _shell: None }
    }

    /// The arguments of `sh`.
    fn line(&self, program: &Path, arguments: &[&str]) -> Vec<String> {
        let own = [
            fakes().join("run.sh"),
            self.traces.path().to_owned(),
            program.to_owned(),
            "--data-dir".into(),
            self.data.clone(),
        ];
        let own = own.iter().map(|part| part.to_str().unwrap().to_owned());
        own.chain(arguments.iter().map(|&part| part.to_owned())).collect()
    }

    async fn until_up(&self) {
        until("the app is up", async || {
            assert!(!self.traces.path().join("code").exists(), "it ended: {}", self.said());
            let pid = u64::try_from(self.pid()?).ok()?;
            let owner = self.owner()?;
            (owner["pid"] == pid && owner["port"].is_number()).then_some(())
        })
        .await;
    }

    /// Its process.
    pub fn pid(&self) -> Option<i32> {
        fs::read_to_string(self.traces.path().join("pid")).ok()?.trim().parse().ok()
    }

    /// What it wrote to standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(self.traces.path().join("stderr")).unwrap_or_default()
    }

    /// Waits until it ended, and gives its exit code.
    pub async fn ended(&self) -> i32 {
        let code = self.traces.path().join("code");
        until("the app ends", async || fs::read_to_string(&code).ok()?.trim().parse().ok()).await
    }

    /// Its processes whose program is called so, but for those that try an encoder or paint a picture, which come and go.
    pub fn children(&self, name: &str) -> Vec<process::Process> {
        let mut found = process::below(self.pid().expect("it runs"));
        found.retain(|process| process.name.starts_with(name) && !process.command.contains(" lavfi "));
        found
    }

    /// The FFmpeg that sends: there may be others for a moment, which look at something.
    pub fn sender(&self) -> i32 {
        let mut all = self.children("ffmpeg").into_iter();
        all.find(|one| one.command.contains(" rtsp://")).expect("one sends").pid
    }

    /// What it takes with its window, in MiB, without the programs that it supervises. Each page counts for its
    /// share (`Pss`, proc_pid_smaps_rollup(5)).
    pub fn memory(&self) -> f64 {
        let kib = |pid: i32| -> Option<f64> {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        let own = self.pid().expect("it runs");
        let mut all = process::below(own);
        all.retain(|process| !process.name.starts_with("ffmpeg") && !process.name.starts_with("mediamtx"));
        all.iter().map(|process| process.pid).chain([own]).filter_map(kib).sum::<f64>() / 1024.0
    }

    fn owner(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.data.join("owner.json")).ok()?).ok()
    }

    /// All streams, asked by the app's own door: it needs no window.
    pub async fn streams(&self) -> Vec<Value> {
        let owner = self.owner().expect("it owns its folder");
        let (port, token) = (&owner["port"], owner["token"].as_str().unwrap());
        let request = self.http.get(format!("http://127.0.0.1:{port}/api/v1/streams")).bearer_auth(token);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["streams"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Waits until the stream is as `check` wants it.
    pub async fn until(&self, name: &str, what: &str, check: impl Fn(&Value) -> bool) -> Value {
        until(&format!("{name} is {what}"), async || {
            self.streams().await.into_iter().find(|stream| stream["name"] == name && check(stream))
        })
        .await
    }

    pub async fn until_on_air(&self, name: &str) -> Value {
        self.until(name, "on air", |stream| stream["on_air"] == true).await
    }

    /// Nothing of it is left: what was told to end needs a moment, and what nobody told stays for good.
    pub async fn none_left(&self, dir: &Dir) {
        until_within(Duration::from_secs(30), "no process is left", async || {
            let left = left(dir);
            if !left.is_empty() {
                eprintln!("still there: {left:?}");
            }
            left.is_empty().then_some(())
        })
        .await;
    }
}

/// What works in the test's folder and is not the test's own: the shell that waits for the app's end, and the driver.
pub fn left(dir: &Dir) -> Vec<process::Process> {
    let mut left = process::about(dir.path());
    left.retain(|process| !process.command.contains("run.sh") && !process.command.contains("WebDriver"));
    left
}

impl Drop for App {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the app said:\n{}", self.said());
        }
        let Some(pid) = self.pid().filter(|_| !self.traces.path().join("code").exists()) else { return };
        let below = process::below(pid);
        for pid in below.iter().map(|process| process.pid).chain([pid]) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

/// The program under test, which is built apart since it links the web view.
pub fn program() -> PathBuf {
    let program = std::env::var_os("STREAM_MANAGER_APP").map(PathBuf::from).unwrap_or_else(|| {
        Path::new(env!("CARGO_BIN_EXE_stream-manager-server")).with_file_name("stream-manager")
    });
    assert!(program.is_file(), "{}: run `cargo build` first, or set STREAM_MANAGER_APP", program.display());
    program
}
