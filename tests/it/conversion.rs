//! Cameras that browsers can't play: FFmpeg encodes what must be, the camera's password stays with the server, and
//! everything comes back by itself.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Dir, Server,
    camera::{Camera, PASSWORD},
    media,
    process::{self, Process},
    reader::Reader,
    until,
};

async fn create(server: &Server, name: &str, source: Value) -> String {
    let body = json!({ "name": name, "source": source, "start": true });
    server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn until_converted(server: &Server, id: &str) -> Value {
    server.until(id, "converted", |s| s["on_air"] == true && s["plan"]["mode"] == "transcode").await
}

fn reasons(stream: &Value) -> Vec<&str> {
    let reasons = stream["plan"]["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_browsers_can_not_play_is_converted_and_comes_back_with_its_camera() {
    let mut camera = Camera::of("hevc.mkv").await;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let id = create(&server, "door", json!({ "type": "network", "url": camera.url("rtsp") })).await;
    let stream = until_converted(&server, &id).await;
    assert_eq!(reasons(&stream), ["video_codec", "audio_codec"], "{stream:#}");
    assert_eq!((&stream["plan"]["video"], &stream["plan"]["audio"]), (&json!("h264"), &json!("opus")));
    assert_eq!(
        (&stream["media"]["video"]["codec"], &stream["media"]["video"]["width"]),
        (&json!("hevc"), &json!(640))
    );
    let url = stream["urls"]["rtsp"].as_str().unwrap().to_owned();
    let mut codecs = media::watched(&url).await;
    codecs.sort();
    assert_eq!(codecs, ["h264", "opus"]);

    // What the server fetches for FFmpeg is nobody else's, is counted nowhere and shown nowhere.
    let [ffmpeg] = &server.children("ffmpeg")[..] else {
        panic!("one FFmpeg: {:?}", server.children("ffmpeg"))
    };
    let inner = format!(".source/{id}");
    assert!(ffmpeg.command.contains(&inner) && !ffmpeg.command.contains(PASSWORD), "{}", ffmpeg.command);
    assert_eq!(
        media::watch(&url.replace("/door", &format!("/{inner}"))).await,
        [""; 0],
        "no viewer may read it"
    );
    let nobody =
        |viewers: &Value| viewers.as_object().is_some_and(|all| all.values().all(|count| *count == 0));
    // The viewers of this test are seen a moment longer.
    let counts =
        |s: &Value| s["metrics"]["inbound_bps"].as_u64() > Some(0) && nobody(&s["metrics"]["viewers"]);
    server.until(&id, "counted without viewers", counts).await;
    assert_eq!(server.get("/api/v1/viewers").await["viewers"], json!([]));
    let exported = server.get("/api/v1/server/config").await["content"].as_str().unwrap().to_owned();
    assert!(exported.contains("door") && !exported.contains(".source/"), "{exported}");
    let shown = server.get("/api/v1/snapshot").await.to_string();
    assert!(!shown.contains(".source/") && !shown.contains(PASSWORD), "{shown}");

    // A power cut at the camera. Who watches stays, and the stream waits without an FFmpeg.
    let mut viewer = Reader::of(&url).await;
    camera.stop();
    let lost = server.until(&id, "lost and told why", |s| s["wait"]["error"]["code"].is_string()).await;
    assert_eq!((&lost["wait"]["of"], &lost["wait"]["lost"]), (&json!("source"), &json!(true)), "{lost:#}");
    assert_eq!((&lost["state"], &lost["on_air"]), (&json!("running"), &json!(false)), "{lost:#}");
    server.until_no_ffmpeg().await;
    viewer.gets_more().await;
    camera.start().await;
    let back = until_converted(&server, &id).await;
    assert_eq!((&back["wait"], &back["fault"]), (&Value::Null, &Value::Null));
    viewer.gets_more().await;

    // FFmpeg, MediaMTX and the program itself end in turn.
    let killed = ffmpeg_of(&server);
    process::signal(killed.pid, nix::sys::signal::Signal::SIGKILL);
    until("another FFmpeg", async || {
        server.children("ffmpeg").iter().any(|one| one.pid != killed.pid).then_some(())
    })
    .await;
    until_converted(&server, &id).await;
    viewer.gets_more().await;
    let mediamtx = server.children("mediamtx")[0].pid;
    let encoder = ffmpeg_of(&server);
    process::signal(mediamtx, nix::sys::signal::Signal::SIGKILL);
    server.until_another_mediamtx(mediamtx).await;
    until("another FFmpeg", async || {
        server.children("ffmpeg").iter().any(|one| one.pid != encoder.pid).then_some(())
    })
    .await;
    until_converted(&server, &id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
    let server = Server::ready(&dir).await;
    let stream = server.until_on_air(&id).await;
    assert_eq!(stream["plan"]["mode"], "transcode", "never shown as it comes: {stream:#}");

    // As it comes, and converted again.
    let mut source = stream["source"].clone();
    source["conversion"] = json!("never");
    let path = format!("/api/v1/streams/{id}");
    server.ask("PATCH", &path, Some(json!({ "source": source }))).await.ok();
    let plain =
        server.until(&id, "as it comes", |s| s["on_air"] == true && s["plan"]["mode"] == "copy").await;
    assert!(plain["plan"]["warnings"].to_string().contains("H.265"), "{plain:#}");
    server.until_no_ffmpeg().await;
    assert!(media::watched(&url).await.contains(&"hevc".to_owned()));
    source["conversion"] = json!("where_needed");
    server.ask("PATCH", &path, Some(json!({ "source": source }))).await.ok();
    until_converted(&server, &id).await;
    server.order(&id, "stop").await;
    server.until_state(&id, "stopped").await;
    server.until_no_ffmpeg().await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
    let log = fs::read_to_string(dir.data().join("logs/mediamtx.log")).unwrap();
    assert!(!log.contains(PASSWORD));
}

fn ffmpeg_of(server: &Server) -> Process {
    server.children("ffmpeg").first().cloned().expect("it runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_must_be_is_converted_and_nothing_on_demand() {
    let (old, plays) = (Camera::of("clip.avi").await, Camera::on_air().await);
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let network = |camera: &Camera| json!({ "type": "network", "url": camera.url("rtsp") });
    until("the form says it before", async || {
        let tested = server.post("/api/v1/source-test", json!({ "source": network(&old) })).await.ok();
        (tested["plan"]["mode"] == "transcode").then_some(())
    })
    .await;
    let old_id = create(&server, "old", network(&old)).await;
    let plays_id = create(&server, "plays", network(&plays)).await;
    let mut lazy = network(&old);
    lazy["when"] = json!("on_demand");
    let lazy_id = create(&server, "lazy", lazy).await;
    let stream = until_converted(&server, &old_id).await;
    assert_eq!(reasons(&stream), ["video_codec", "audio_codec"], "MPEG-4 and MP3: {stream:#}");
    assert!(media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await.contains(&"h264".to_owned()));
    let stream = server.until(&plays_id, "known", |s| s["on_air"] == true && !s["plan"].is_null()).await;
    assert_eq!(stream["plan"]["mode"], "copy", "{stream:#}");
    let stream = server.until(&lazy_id, "idle", |s| s["wait"]["of"] == "viewer").await;
    let watched = media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    assert!(watched.contains(&"mpeg4".to_owned()), "as it comes: {watched:?}");
    assert_eq!(server.children("ffmpeg").len(), 1, "{:?}", server.children("ffmpeg"));
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_sent_as_somebody_chose() {
    let camera = Camera::on_air().await;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let id = create(&server, "hall", json!({ "type": "network", "url": camera.url("rtsp") })).await;
    let as_it_comes = |s: &Value| s["on_air"] == true && s["plan"]["mode"] == "copy";
    let stream = server.until(&id, "as it comes", as_it_comes).await;
    let url = stream["urls"]["rtsp"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/streams/{id}");
    let chosen = json!({ "encoding": { "height": 120, "audio": "none" } });
    server.ask("PATCH", &path, Some(chosen)).await.ok();
    let stream = until_converted(&server, &id).await;
    assert_eq!(stream["plan"]["picture"]["height"], 120, "{stream:#}");
    assert_eq!(media::watched(&url).await, ["h264"]);
    server.ask("PATCH", &path, Some(json!({ "encoding": {} }))).await.ok();
    server.until(&id, "as it comes again", as_it_comes).await;
    server.until_no_ffmpeg().await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
