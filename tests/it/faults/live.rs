//! Streams that hang or end although they should not.

use nix::sys::signal::Signal;
use serde_json::json;
use stream_api::Code;

use super::{
    Made::{Fake, Real},
    Row, bench,
};
use crate::support::{
    Dir, Server, process,
    server::{command, file_source},
};

pub const ROWS: &[Row] = &[
    (Code::Stalled, Real),
    // By its own test among those of viewers.
    (Code::PublishMismatch, Real),
    (Code::NoProgress, Fake("the real FFmpeg, stopped before its first frame")),
    (Code::FfmpegEndedEarly, Fake("the real FFmpeg, whose -stream_loop is taken away")),
];

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_that_freezes() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let id = server.create("frozen", &dir.media("good.mp4"), true).await;
    server.until_on_air(&id).await;
    process::signal(server.children("ffmpeg")[0].pid, Signal::SIGSTOP);
    server.until_faulted(&id, Code::Stalled.as_str()).await;
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
}

/// A server whose FFmpeg is the real one behind these lines of shell.
async fn behind(dir: &Dir, before: &str, arguments: &str) -> (Server, String) {
    bench::fill(dir);
    let real = testkit::fixtures::ffmpeg();
    let text = format!(
        "[ \"$1\" = -version ] && exec {real} \"$@\"; {before} exec {real} {arguments}",
        real = real.display()
    );
    let mut command = command(dir);
    command.arg("--ffmpeg").arg(bench::script(dir, "ffmpeg", &text));
    let server = Server::run(command).await;
    server.until_server("running").await;
    // Without a slate, which the same FFmpeg would have to make.
    let source = file_source(&dir.media("good.mp4"));
    let body = json!({ "name": "odd", "source": source, "start": true, "keep_viewers": false });
    let made = server.post("/api/v1/streams", body).await.ok();
    (server, made["id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_that_sends_nothing() {
    let dir = Dir::new();
    let (server, id) = behind(&dir, "kill -STOP $$;", "\"$@\"").await;
    let stream = server.until(&id, "told why", |stream| !stream["fault"].is_null()).await;
    assert_eq!(stream["fault"]["code"], Code::NoProgress.as_str(), "{stream:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_that_ends_too_early() {
    let dir = Dir::new();
    let before = "for a in \"$@\"; do shift; if [ \"$skip\" ]; then skip=; \
                  elif [ \"$a\" = -stream_loop ]; then skip=1; else set -- \"$@\" \"$a\"; fi; done;";
    let (server, id) = behind(&dir, before, "\"$@\"").await;
    server.until_faulted(&id, Code::FfmpegEndedEarly.as_str()).await;
    assert_eq!(server.stop().await, Some(0));
}
