//! A healthy stream is never restarted, however strange it looks: few pictures, few key frames, a short pause of FFmpeg
//! or of all.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::support::{Dir, Server, media, process};

/// A video of that many frames a second, without sound, made anew: seconds, distance of key frames in frames.
fn video(dir: &Dir, name: &str, rate: &str, seconds: u32, keyframes: u32) -> PathBuf {
    let to = dir.media(name);
    let source = format!("testsrc2=size=320x180:rate={rate}");
    let mut command = Command::new(testkit::fixtures::ffmpeg());
    command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", &source, "-t", &seconds.to_string()]);
    command.args("-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 0 -g".split(' '));
    command.arg(keyframes.to_string()).arg(&to);
    #[expect(clippy::disallowed_methods, reason = "makes a test's file and ends")]
    let made = command.output().unwrap();
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_stream_is_not_restarted() {
    let dir = Dir::new();
    let files = [
        ("one-a-second", video(&dir, "one.mp4", "1", 20, 2)),
        ("one-in-five-seconds", video(&dir, "fifth.mp4", "1/5", 40, 1)),
        ("few-keyframes", video(&dir, "gop.mp4", "25", 20, 250)),
        ("paused", media::plain(&dir.media("plain.mp4"))),
    ];
    let server = Server::ready(&dir).await;
    let mut ids = Vec::new();
    for (name, file) in &files {
        ids.push(server.create(name, file, true).await);
    }
    for tries in 1.. {
        if short_pauses_harm_nothing(&server, &ids).await {
            break;
        }
        assert!(tries < 5, "no pause was short");
    }
    assert_eq!(server.stop().await, Some(0));
}

/// False where this computer is so busy that a pause was a long one, which says nothing.
async fn short_pauses_harm_nothing(server: &Server, ids: &[String]) -> bool {
    for id in ids {
        server.until_on_air(id).await;
    }
    let before = server.children("ffmpeg");
    let mediamtx = server.children("mediamtx");
    assert_eq!((before.len(), mediamtx.len()), (ids.len(), 1));
    let paused =
        before.iter().find(|child| child.command.trim_end().ends_with("/paused")).expect("it runs").pid;

    // FFmpeg alone, then FFmpeg and MediaMTX.
    for pids in [vec![paused], vec![paused, mediamtx[0].pid]] {
        let began = Instant::now();
        for pid in &pids {
            process::signal(*pid, Signal::SIGSTOP);
        }
        stay(3).await;
        for pid in &pids {
            process::signal(*pid, Signal::SIGCONT);
        }
        if began.elapsed() > Duration::from_secs(4) {
            stay(10).await;
            return false;
        }
        stay(2).await;
    }
    stay(4).await;

    assert_eq!(server.children("ffmpeg"), before, "the same processes");
    assert_eq!(server.children("mediamtx"), mediamtx);
    for id in ids {
        let stream = server.stream(id).await;
        assert!(stream["on_air"] == true && stream["fault"].is_null(), "{stream:#}");
    }
    true
}

/// What must *not* happen has no event to wait for: only time tells.
async fn stay(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
