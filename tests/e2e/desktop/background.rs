//! Processes that a test keeps around, ended with their groups when dropped, and the stand-ins of `fakes/`, which
//! tell what they see.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, Command},
};

use crate::it::until_within;

/// The services of a desktop answer at once, unless the computer is very busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process in a group of its own, which says things by the line.
pub struct Background {
    child: Child,
    stdin: ChildStdin,
    said: Arc<Mutex<Vec<String>>>,
}

impl Background {
    #[expect(clippy::disallowed_methods, reason = "a test's own process, killed with its group on drop")]
    pub fn start(mut command: Command) -> Background {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                heard.lock().unwrap().push(line);
            }
        });
        Background { child, stdin, said }
    }

    /// All lines so far.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Ends it and whatever is in its group.
    pub fn end(&mut self) {
        if let Some(pid) = self.child.id() {
            let _ = killpg(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL);
        }
    }

    /// Its first line.
    pub async fn first_line(&self) -> String {
        until_within(PATIENCE, "its first line", async || self.said().into_iter().next()).await
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end();
    }
}

/// A stand-in that runs.
pub struct Fake(Background);

impl Fake {
    /// Starts `fakes/SCRIPT` by a Python with the environment of the desktop, and waits until it is up.
    pub async fn start(mut python: Command, script: &str, arguments: &[PathBuf]) -> Fake {
        python.arg(fakes().join(script)).args(arguments);
        let fake = Fake(Background::start(python));
        fake.next("up", 0).await;
        fake
    }

    /// Ends it.
    pub fn end(&mut self) {
        self.0.end();
    }

    /// What it told of one kind of event.
    pub fn heard(&self, event: &str) -> Vec<Value> {
        let events = self.0.said().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        events.filter(|told| told["event"] == event).collect()
    }

    /// The event of this kind after the first `known` ones.
    pub async fn next(&self, event: &str, known: usize) -> Value {
        until_within(PATIENCE, event, async || self.heard(event).get(known).cloned()).await
    }

    /// Orders something and gives the event that follows; an error when it fails.
    pub async fn order(&mut self, line: &str, event: &str) -> Result<Value, String> {
        let (known, failed) = (self.heard(event).len(), self.heard("failed").len());
        self.0.stdin.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        until_within(PATIENCE, line, async || {
            let failure = self.heard("failed").get(failed).map(|told| Err(told["error"].to_string()));
            failure.or_else(|| self.heard(event).get(known).cloned().map(Ok))
        })
        .await
    }
}

/// The folder of the stand-ins.
pub fn fakes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/e2e/fakes").canonicalize().unwrap()
}
