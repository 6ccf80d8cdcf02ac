//! What happens when a process is killed.

use nix::sys::signal::Signal;

use crate::support::{Dir, Server, media, process, until};

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_comes_back_or_goes_with_the_program() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("steady", &file, true).await;
    server.until_on_air(&id).await;

    let ffmpeg = server.children("ffmpeg");
    assert_eq!(ffmpeg.len(), 1, "{ffmpeg:?}");
    process::signal(ffmpeg[0].pid, Signal::SIGKILL);
    until("another FFmpeg runs", async || {
        let now = server.children("ffmpeg");
        (now.len() == 1 && now[0].pid != ffmpeg[0].pid).then_some(())
    })
    .await;
    server.until_on_air(&id).await;

    let mediamtx = server.children("mediamtx");
    assert_eq!(mediamtx.len(), 1, "{mediamtx:?}");
    let restarts = server.get("/api/v1/server").await["restarts"].as_u64().unwrap();
    process::signal(mediamtx[0].pid, Signal::SIGKILL);
    until("MediaMTX is back", async || {
        let status = server.get("/api/v1/server").await;
        (status["restarts"].as_u64() > Some(restarts) && status["state"] == "running").then_some(())
    })
    .await;
    let stream = server.until_on_air(&id).await;
    media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    assert_eq!(server.stream(&id).await["order"], "run", "crashes change no order");

    server.kill().await;
    process::none_left_soon(|| process::about(dir.path())).await;

    let server = Server::start(&dir).await;
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_went_away_is_a_fault_until_it_is_back() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("gone", &file, true).await;
    server.until_on_air(&id).await;
    server.order(&id, "stop").await;
    server.until_state(&id, "stopped").await;
    let away = dir.path().join("away.mp4");
    std::fs::rename(&file, &away).unwrap();
    server.ask("POST", &format!("/api/v1/streams/{id}/start"), None).await;
    let stream = server.until_state(&id, "failed").await;
    assert_eq!(stream["fault"]["code"], "source_missing", "{stream:#}");
    assert_eq!(stream["fault"]["action"], "locate_file");
    std::fs::rename(&away, &file).unwrap();
    server.until(&id, "on air once the file is back", |s| s["on_air"] == true).await;
    assert_eq!(server.stop().await, Some(0));
}
