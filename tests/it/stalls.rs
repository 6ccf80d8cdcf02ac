//! A stream that hangs where FFmpeg can't see it: what it sends does not reach the server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stream_api::Code;

use crate::support::{
    Dir, Server, media,
    proxy::Proxy,
    server::{command, file_source},
    until,
};

/// FFmpeg sends to a proxy that goes on taking its bytes and gives none of them on: its output time moves, nothing of
/// it ends, and the server keeps the session. That no bytes arrive there is the only sign.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_do_not_reach_the_server_are_missed() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let config: Value =
        serde_json::from_str(&std::fs::read_to_string(dir.data().join("config.json")).unwrap()).unwrap();
    let rtsp = u16::try_from(config["server"]["ports"]["rtsp"].as_u64().unwrap()).unwrap();
    let proxy = Proxy::to(rtsp).await;
    let text = format!(
        "for a in \"$@\"; do shift; set -- \"$@\" \"$(printf %s \"$a\" | sed 's/@127.0.0.1:{rtsp}/@127.0.0.1:{}/')\"; \
         done; exec {} \"$@\"",
        proxy.port(),
        testkit::fixtures::ffmpeg().display()
    );
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(crate::faults::script(&dir, "ffmpeg", &text));
    let server = Server::run(command).await;
    server.until_server("running").await;
    let body = json!({ "name": "swallowed", "source": file_source(&file), "start": true });
    let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    server.until_on_air(&id).await;
    let ffmpeg = server.children("ffmpeg");
    assert_eq!(ffmpeg.len(), 1, "{ffmpeg:?}");
    let began = Instant::now();
    let sent = proxy.swallow();
    server.until_faulted(&id, "stalled").await;
    let seen = began.elapsed();
    assert!(seen < Duration::from_secs(30), "seen after {seen:?}");
    assert!(proxy.swallowed() > sent, "FFmpeg sent on all the time");
    let message = Code::Stalled.message().split('{').next().unwrap();
    let log = server.get(&format!("/api/v1/streams/{id}/log")).await;
    let lines = log["lines"].as_array().unwrap();
    let why = |line: &&Value| line["origin"] == "manager" && line["text"].as_str().unwrap().contains(message);
    assert_eq!(lines.iter().filter(why).count(), 1, "the log says why FFmpeg was ended: {log:#}");
    // Another FFmpeg, another connection.
    let began = Instant::now();
    until("another FFmpeg runs", async || {
        let now = server.children("ffmpeg");
        (now.len() == 1 && now[0].pid != ffmpeg[0].pid).then_some(())
    })
    .await;
    let stream = server.until_on_air(&id).await;
    eprintln!("swallowed bytes: seen after {seen:?}, on air {:?} later", began.elapsed());
    media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    assert_eq!(server.stop().await, Some(0));
}
