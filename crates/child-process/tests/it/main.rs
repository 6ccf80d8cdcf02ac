//! Real children: programs of this system, and the fakes of `testkit`.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod endings;
mod ffmpeg;
#[cfg(unix)]
mod groups;
mod orphans;
mod output;
mod short;
mod starts;

use std::{path::Path, time::Duration};

use child_process::{Child, Exit, Line, Spawner, Spec};
use testkit::fake;

/// Longest time that anything here may take.
const LIMIT: Duration = Duration::from_secs(60);

fn spawner() -> Spawner {
    Spawner::start(None).expect("a spawner")
}

/// `sh -c SCRIPT`.
fn shell(script: &str) -> Spec {
    Spec::new("sh").with_args(["-c", script])
}

/// A `fake-ffmpeg` that has shown its first progress, so that its signal handlers stand.
async fn playing(spawner: &Spawner, dir: &Path, mode: &str) -> Child {
    let program = fake::install("fake-ffmpeg", dir, "ffmpeg", mode);
    let mut child = spawner.spawn(Spec::new(program)).await.expect("it starts");
    next_out(&mut child, "progress=continue").await;
    child
}

/// Reads on until this line comes on standard output.
async fn next_out(child: &mut Child, wanted: &str) {
    next(child, &Line::Out(wanted.into())).await;
}

/// Reads on until this line comes.
async fn next(child: &mut Child, wanted: &Line) {
    let found = async { while child.lines.recv().await.expect("more lines") != *wanted {} };
    tokio::time::timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("never printed {wanted:?}"));
}

async fn exit_of(child: &Child) -> Exit {
    tokio::time::timeout(LIMIT, child.exit()).await.expect("it ends in time")
}

/// Whether it is still running after this time.
async fn survives(child: &Child, time: Duration) -> bool {
    tokio::time::timeout(time, child.exit()).await.is_err()
}
