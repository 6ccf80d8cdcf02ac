//! Viewers stay while a stream starts anew, and go when it is stopped.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use stream_api::Code;

use crate::{
    faults::told,
    support::{
        Dir, PATIENCE, Server, media, process,
        reader::Reader,
        server::{command, file_source},
        until, until_within,
    },
};

fn url<'a>(stream: &'a Value, protocol: &str) -> &'a str {
    stream["urls"][protocol].as_str().unwrap()
}

/// One that ends again and again is started after 36 s at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(36);

/// Kills the only FFmpeg, and waits until the next one is on air.
async fn kill_encoder(server: &Server, id: &str) {
    let before = server.children("ffmpeg");
    assert_eq!(before.len(), 1, "{before:?}");
    process::signal(before[0].pid, Signal::SIGKILL);
    until_within(LONGEST_PAUSE + PATIENCE, "another FFmpeg runs", async || {
        let now = server.children("ffmpeg");
        (now.len() == 1 && now[0].pid != before[0].pid).then_some(())
    })
    .await;
    server.until_on_air(id).await;
}

async fn viewers_stay_over(kills: u32) {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let same_tracks = media::copy("clip.mkv", &dir.media("same.mkv"));
    let other_tracks = media::copy("no_audio.mp4", &dir.media("other.mp4"));
    let server = Server::ready(&dir).await;
    let began = Instant::now();
    let id = server.create("kept", &file, true).await;
    let stream = server.until_on_air(&id).await;
    eprintln!("on air {} ms after it was made", began.elapsed().as_millis());
    assert_eq!(stream["kept"], json!({ "state": "on" }), "{stream:#}");
    assert_eq!(stream["keep_viewers"], true, "on unless asked otherwise");

    let (mut rtsp, mut hls) = join(Reader::of(url(&stream, "rtsp")), Reader::of(url(&stream, "hls"))).await;
    let began = Instant::now();
    for _ in 0..kills {
        kill_encoder(&server, &id).await;
        join(rtsp.gets_more(), hls.gets_more()).await;
    }
    eprintln!("{kills} kills in {} ms", began.elapsed().as_millis());

    let path = format!("/api/v1/streams/{id}");
    let ffmpeg = server.children("ffmpeg");
    server.ask("PATCH", &path, Some(json!({ "source": file_source(&same_tracks) }))).await.ok();
    until("the other file is sent", async || {
        server.children("ffmpeg").iter().any(|now| now.command.contains("same.mkv")).then_some(())
    })
    .await;
    assert_ne!(server.children("ffmpeg"), ffmpeg);
    server.until_on_air(&id).await;
    join(rtsp.gets_more(), hls.gets_more()).await;

    server.ask("PATCH", &path, Some(json!({ "source": file_source(&other_tracks) }))).await.ok();
    rtsp.until_let_go().await;
    let stream =
        server.until(&id, "without sound", |s| s["on_air"] == true && s["plan"]["audio"].is_null()).await;
    assert_eq!(stream["kept"], json!({ "state": "on" }), "{stream:#}");

    let rtsp = Reader::of(url(&stream, "rtsp")).await;
    let stopped = server.order(&id, "stop").await;
    rtsp.until_let_go().await;
    assert_eq!(stopped["order"], "stop");
    assert_eq!(server.until_state(&id, "stopped").await["kept"], json!({ "state": "off" }));
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_stay_over_crashes_and_edits_and_go_at_a_stop() {
    viewers_stay_over(5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_viewers_stay_over_twenty_crashes() {
    viewers_stay_over(20).await;
}

/// With the FFmpeg of this path, which makes the slates and sends the streams, else the system's.
async fn every_kind_of_tracks_is_kept_by(ffmpeg: Option<PathBuf>) {
    let dir = Dir::new();
    let clip = media::plain(&dir.media("stereo.mp4"));
    let files = [
        ("mono-44100", media::made(&clip, "-c:v copy -c:a aac -ar 44100 -ac 1", &dir.media("mono.mp4"))),
        ("opus", media::made(&clip, "-c:v copy -c:a libopus -ac 2", &dir.media("opus.mkv"))),
        ("silent", media::copy("no_audio.mp4", &dir.media("silent.mp4"))),
        ("sound-only", media::made(&clip, "-vn -c:a copy", &dir.media("sound.m4a"))),
        ("encoded", media::made(&clip, "-s 320x240 -c:v mpeg4 -c:a mp3 -ar 32000", &dir.media("old.avi"))),
    ];
    let mut command = command(&dir);
    if let Some(ffmpeg) = ffmpeg {
        command.arg("--ffmpeg").arg(ffmpeg);
    }
    let server = Server::run(command).await;
    server.until_server("running").await;
    let mut streams = Vec::new();
    for (name, file) in &files {
        streams.push(server.create(name, file, true).await);
    }
    let mut watched = Vec::new();
    for id in &streams {
        let stream = server.until_on_air(id).await;
        assert_eq!(stream["kept"], json!({ "state": "on" }), "{stream:#}");
        watched.push(stream);
    }
    let mut readers = join_all(watched.iter().map(|stream| Reader::of(url(stream, "rtsp")))).await;
    let before = server.children("ffmpeg");
    assert_eq!(before.len(), files.len(), "{before:?}");
    for ffmpeg in &before {
        process::signal(ffmpeg.pid, Signal::SIGKILL);
    }
    until("each has another FFmpeg", async || {
        let now = server.children("ffmpeg");
        let anew = now.iter().all(|ffmpeg| before.iter().all(|old| old.pid != ffmpeg.pid));
        (anew && now.len() == files.len()).then_some(())
    })
    .await;
    for id in &streams {
        server.until_on_air(id).await;
    }
    join_all(readers.iter_mut().map(Reader::gets_more)).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tracks_is_kept() {
    every_kind_of_tracks_is_kept_by(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tracks_is_kept_by_ffmpeg_7() {
    if let Some(ffmpeg) = testkit::fixtures::ffmpeg_version("7.0.2") {
        every_kind_of_tracks_is_kept_by(Some(ffmpeg)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tracks_is_kept_by_ffmpeg_9() {
    if let Some(ffmpeg) = testkit::fixtures::ffmpeg_version("9.0.2") {
        every_kind_of_tracks_is_kept_by(Some(ffmpeg)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_slate_harms_neither_server_nor_viewers() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("first", &file, true).await;
    let stream = server.until_on_air(&id).await;
    let mut reader = Reader::of(url(&stream, "rtsp")).await;
    let mediamtx = server.children("mediamtx");
    let slates = || fs::read_dir(dir.data().join("slates")).unwrap().flatten().map(|e| e.path());
    let before: Vec<_> = slates().collect();
    assert_eq!(before.len(), 1, "one slate, nothing half-made: {before:?}");
    assert!(fs::metadata(&before[0]).unwrap().permissions().readonly());
    fs::remove_file(&before[0]).unwrap();

    let second = server.create("second", &file, true).await;
    server.until_on_air(&second).await;
    assert_eq!(slates().collect::<Vec<_>>(), before, "it was made again");

    // Cut short, which a server finds out when it plays it.
    fs::remove_file(&before[0]).unwrap();
    fs::write(&before[0], b"cut").unwrap();
    server.ask("PATCH", &format!("/api/v1/streams/{second}"), Some(json!({ "record": true }))).await.ok();
    let is_whole = || fs::metadata(&before[0]).is_ok_and(|slate| slate.len() > 1000);
    until("it was made again", async || is_whole().then_some(())).await;

    server.order(&second, "stop").await;
    server.until_state(&second, "stopped").await;
    kill_encoder(&server, &id).await;
    reader.gets_more().await;
    assert_eq!(server.children("mediamtx"), mediamtx, "the server never ended");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_encoder_is_noticed_behind_its_slate() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("frozen", &file, true).await;
    let stream = server.until_on_air(&id).await;
    let mut reader = Reader::of(url(&stream, "rtsp")).await;
    let ffmpeg = server.children("ffmpeg");
    let began = Instant::now();
    process::signal(ffmpeg[0].pid, Signal::SIGSTOP);
    server.until_faulted(&id, "stalled").await;
    eprintln!("noticed after {} ms", began.elapsed().as_millis());
    until_within(LONGEST_PAUSE + PATIENCE, "another FFmpeg runs", async || {
        let now = server.children("ffmpeg");
        (now.len() == 1 && now[0].pid != ffmpeg[0].pid).then_some(())
    })
    .await;
    server.until_on_air(&id).await;
    reader.gets_more().await;

    // Switched off, it is as it was without: who watches is let go when FFmpeg ends.
    let path = format!("/api/v1/streams/{id}");
    let off = server.ask("PATCH", &path, Some(json!({ "keep_viewers": false }))).await.ok();
    assert_eq!(off["keep_viewers"], false);
    reader.until_let_go().await;
    let stream = server.until(&id, "not kept", |s| s["on_air"] == true && s["kept"]["state"] == "off").await;
    let reader = Reader::of(url(&stream, "rtsp")).await;
    kill_encoder(&server, &id).await;
    reader.until_let_go().await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_the_server_refuses_with_its_slate_goes_on_air_without() {
    let dir = Dir::new();
    let clip = media::plain(&dir.media("stereo.mp4"));
    // A layout that AAC spells out, where a slate of as many channels has a number for it.
    let odd = "-c:v copy -af aformat=channel_layouts=5.1(side) -c:a aac";
    let file = media::made(&clip, odd, &dir.media("odd.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("odd", &file, true).await;
    let refused = json!({ "state": "unable", "reason": "refused" });
    let without = |stream: &Value| stream["on_air"] == true && stream["kept"] == refused;
    server.until(&id, "on air without a slate", without).await;
    let refusals =
        async || told(&server, Code::PublishMismatch).await.iter().filter(|kind| *kind == "faulted").count();
    assert_eq!(refusals().await, 1);
    // Another run of the server may take it: it is asked once more, and not for ever.
    process::signal(server.children("mediamtx")[0].pid, Signal::SIGKILL);
    until("it was tried with its slate again", async || (refusals().await == 2).then_some(())).await;
    server.until(&id, "on air without a slate", without).await;
    assert_eq!(server.stop().await, Some(0));
}
