//! Streams with other versions of FFmpeg than the system's: they take other arguments and obey other rungs.

use nix::sys::signal::Signal;

use crate::support::{Dir, Server, media, process, server::command, until};

async fn streams_live_and_stop_with(version: &str) {
    let Some(ffmpeg) = testkit::fixtures::ffmpeg_version(version) else { return };
    let dir = Dir::new();
    let copied = media::plain(&dir.media("copied.mp4"));
    let encoded = media::copy("clip.avi", &dir.media("encoded.avi"));
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(ffmpeg);
    let server = Server::run(command).await;
    server.until_server("running").await;
    let copied = server.create("copied", &copied, true).await;
    let encoded = server.create("encoded", &encoded, true).await;
    for id in [&copied, &encoded] {
        let stream = server.until_on_air(id).await;
        media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    }
    let before = server.children("ffmpeg");
    process::signal(before[0].pid, Signal::SIGKILL);
    until("another FFmpeg runs", async || {
        let now = server.children("ffmpeg");
        (now.len() == 2 && !now.contains(&before[0])).then_some(())
    })
    .await;
    for id in [&copied, &encoded] {
        server.until_on_air(id).await;
        server.order(id, "stop").await;
        server.until_state(id, "stopped").await;
    }
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_7_sends_streams() {
    streams_live_and_stop_with("7.0.2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_9_sends_streams() {
    streams_live_and_stop_with("9.0.2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_4_is_refused_as_too_old() {
    let Some(ffmpeg) = testkit::fixtures::ffmpeg_version("4.2.2") else { return };
    let dir = Dir::new();
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(ffmpeg);
    let server = Server::run(command).await;
    let tool = &server.get("/api/v1/snapshot").await["host"]["ffmpeg"];
    assert_eq!(
        (&tool["state"], &tool["fault"]["code"]),
        (&"unusable".into(), &"ffmpeg_too_old".into()),
        "{tool:#}"
    );
    assert_eq!(tool["fault"]["args"]["version"], "4.2.2");
    assert_eq!(server.stop().await, Some(0));
}
