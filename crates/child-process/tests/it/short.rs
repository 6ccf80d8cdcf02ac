//! `run`: short programs.
#![cfg(unix)]

use std::time::{Duration, Instant};

use child_process::{SpawnError, Spec, run};
use testkit::processes::matching;

use crate::{LIMIT, shell, spawner};

#[tokio::test]
async fn raw_bytes_and_the_code_come_back() {
    let spec = shell(r"printf '\377\r\n'; printf err >&2; exit 5");
    let finished = run(&spawner(), spec, LIMIT, 1000).await.unwrap();
    assert_eq!(finished.stdout, b"\xff\r\n");
    assert_eq!(finished.stderr, b"err");
    assert_eq!(finished.exit.code, Some(5));
    assert!(!finished.timed_out);
}

#[tokio::test]
async fn output_is_cut_and_the_program_still_ends() {
    let finished = run(&spawner(), shell("yes | head -c 1000000"), LIMIT, 1000).await.unwrap();
    assert_eq!(finished.stdout.len(), 1000);
    assert!(finished.exit.success());
}

#[tokio::test]
async fn the_limit_kills_the_group() {
    let begun = Instant::now();
    let grandchild = format!("sleep 4242.{}", std::process::id());
    let spec = shell(&format!("echo first; {grandchild} & wait"));
    // Long enough for its first word.
    let finished = run(&spawner(), spec, Duration::from_secs(3), 1000).await.unwrap();
    assert!(finished.timed_out);
    assert_eq!(finished.exit.signal, Some(9));
    assert_eq!(finished.stdout, b"first\n", "what came before the limit is kept");
    assert!(begun.elapsed() < LIMIT);
    testkit::wait_until(LIMIT, "the grandchild is dead", async || matching(&grandchild).is_empty()).await;
}

#[tokio::test]
async fn a_version_that_never_comes_times_out() {
    let dir = tempfile::tempdir().unwrap();
    let program = testkit::fake::install("fake-ffmpeg", dir.path(), "ffmpeg", "hang-version");
    let spec = Spec::new(program).with_args(["-version"]);
    let finished = run(&spawner(), spec, Duration::from_millis(300), 1000).await.unwrap();
    assert!(finished.timed_out);
}

#[tokio::test]
async fn a_missing_program_is_an_error() {
    let error = run(&spawner(), Spec::new("no-such-program-here"), LIMIT, 10).await.unwrap_err();
    assert!(matches!(error, SpawnError::NotFound { .. }), "got {error:?}");
}
