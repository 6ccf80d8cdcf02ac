//! The tools of the tests, tried on the real programs.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]
#![allow(clippy::disallowed_methods, reason = "testkit looks at the world from outside")]

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use testkit::{fixtures, free_port, media::Fixtures, readers};

const PATIENCE: Duration = Duration::from_secs(60);

/// Killed at the end of the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_published_clip_is_seen_and_an_empty_path_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = format!(
        "rtspAddress: 127.0.0.1:{port}\nrtspTransports: [tcp]\nrtmp: no\nhls: no\nwebrtc: no\nsrt: no\nmoq: no\npaths: {{all_others: {{}}}}\n"
    );
    let file = dir.path().join("mediamtx.yml");
    fs::write(&file, config).unwrap();
    let _server = Running::start(Command::new(fixtures::mediamtx()).arg(&file));
    testkit::wait_until(PATIENCE, "the server listens", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
    })
    .await;
    let url = format!("rtsp://127.0.0.1:{port}/clip");
    let _publisher = Running::start(
        Command::new(fixtures::ffmpeg())
            .args(["-re", "-stream_loop", "-1", "-i"])
            .arg(Fixtures::cached().file("clip_bf0.mp4"))
            .args(["-c", "copy", "-f", "rtsp", "-rtsp_transport", "tcp", &url]),
    );
    readers::reads_picture(&url, PATIENCE).await.expect("the clip is seen");
    let picture = readers::picture(&url, PATIENCE).await.unwrap();
    assert!(picture.iter().max() > picture.iter().min(), "the test picture isn't one flat colour");

    let empty = format!("rtsp://127.0.0.1:{port}/nothing");
    let why = readers::reads_picture(&empty, Duration::from_secs(5)).await.unwrap_err();
    assert!(why.contains("404"), "FFmpeg says why: {why}");
}

#[test]
fn a_portrait_clip_says_that_it_is_turned() {
    let shown = probe("portrait.mp4", "stream_side_data=rotation");
    assert!(shown.contains("90"), "got {shown}");
}

#[test]
fn ten_bits_are_ten_bits() {
    assert_eq!(probe("ten_bit.mp4", "stream=pix_fmt").lines().next(), Some("yuv420p10le"));
}

#[test]
fn b_frames_are_there_only_where_the_name_says_so() {
    assert!(probe("clip_bframes.mp4", "stream=has_b_frames").lines().next() > Some("0"));
    assert_eq!(probe("clip_bf0.mp4", "stream=has_b_frames").lines().next(), Some("0"));
}

#[test]
fn a_variable_rate_varies() {
    let shown = probe("vfr.mp4", "packet=duration_time");
    let durations: std::collections::HashSet<_> =
        shown.lines().filter(|line| line.starts_with("0.0")).collect();
    assert!(durations.len() > 1, "got {durations:?}");
}

fn probe(name: &str, entries: &str) -> String {
    let probed = Command::new(fixtures::ffprobe())
        .args(["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0", "-show_entries", entries])
        .arg(Fixtures::cached().file(name))
        .output()
        .unwrap();
    String::from_utf8(probed.stdout).unwrap()
}
