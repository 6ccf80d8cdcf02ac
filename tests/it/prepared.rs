//! Files that are prepared once, and streams that are sent from them.

use std::fs;

use serde_json::{Value, json};

use crate::support::{
    Dir, PATIENCE, Server, media, process, reader::Reader, server::file_source, until, until_within,
};

async fn prepared(server: &Server) -> Vec<Value> {
    server.get("/api/v1/prepared").await["files"].as_array().unwrap().clone()
}

async fn until_prepared(server: &Server, id: &str) -> Value {
    until_within(3 * PATIENCE, "it is sent from the prepared file", async || {
        let stream = server.stream(id).await;
        (stream["on_air"] == true && stream["plan"]["mode"] == "prepared").then_some(stream)
    })
    .await
}

/// Of the only FFmpeg.
fn command(server: &Server) -> String {
    server.children("ffmpeg").first().map(|ffmpeg| ffmpeg.command.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_moves_to_its_prepared_file_and_its_viewers_stay() {
    let dir = Dir::new();
    // Encoded while it plays: H.264, AAC and Opus.
    let file = media::made(
        &media::plain(&dir.media("a.mp4")),
        "-s 320x180 -c:v mpeg4 -q:v 5 -c:a pcm_s16le -ar 44100",
        &dir.media("old.avi"),
    );
    let server = Server::ready(&dir).await;
    let id = server.create("old", &file, true).await;
    let stream = server.until_on_air(&id).await;
    assert_eq!((&stream["plan"]["mode"], &stream["preparation"]), (&json!("transcode"), &Value::Null));
    assert_eq!(stream["plan"]["gains"][0]["code"], "gains_processor", "{stream:#}");
    let mut viewer = Reader::of(stream["urls"]["rtsp"].as_str().unwrap()).await;

    let asked = server.post(&format!("/api/v1/streams/{id}/prepare"), json!({})).await.ok();
    assert_eq!(asked["prepare"], true);
    let stream = until_prepared(&server, &id).await;
    assert_eq!(stream["preparation"], "ready", "{stream:#}");
    viewer.gets_more().await;
    assert_eq!(
        media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await,
        ["h264", "aac", "opus"],
        "what the viewer had"
    );

    let files = prepared(&server).await;
    assert_eq!((files.len(), &files[0]["source"]), (1, &json!(file.to_str().unwrap())), "{files:#?}");
    assert_eq!(files[0]["streams"], json!([id]), "it is on air with it");
    let sent = dir.data().join(format!("cache/prepared/{}.mp4", files[0]["key"].as_str().unwrap()));
    assert!(command(&server).contains(sent.to_str().unwrap()), "{}", command(&server));
    let key = files[0]["key"].as_str().unwrap();
    let refused = server.ask("DELETE", &format!("/api/v1/prepared/{key}"), None).await;
    assert_eq!(refused.code(), "prepared_in_use");
    drop(viewer);

    // Another stream of the same file uses the same prepared one, with sound for every protocol.
    server.order(&id, "stop").await;
    server.until_state(&id, "stopped").await;
    let another = json!({ "name": "again", "source": file_source(&file), "start": true, "prepare": true });
    let another = server.post("/api/v1/streams", another).await.ok()["id"].as_str().unwrap().to_owned();
    let stream = until_prepared(&server, &another).await;
    assert_eq!(media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await, ["h264", "aac", "opus"]);
    assert_eq!(stream["plan"]["warnings"], json!([]), "{stream:#}");
    assert_eq!(stream["kept"], json!({ "state": "on" }), "{stream:#}");
    for protocol in ["hls", "rtmp", "srt"] {
        let seen = media::watched(stream["urls"][protocol].as_str().unwrap()).await;
        assert!(
            seen.contains(&"h264".to_owned()) && seen.contains(&"aac".to_owned()),
            "{protocol}: {seen:?}"
        );
    }
    assert_eq!(prepared(&server).await.len(), 1);

    // A restart of the program finds it.
    assert_eq!(server.stop().await, Some(0));
    let server = Server::ready(&dir).await;
    until_prepared(&server, &another).await;
    server.order(&another, "stop").await;
    server.until_state(&another, "stopped").await;
    server.ask("DELETE", &format!("/api/v1/prepared/{key}"), None).await.ok();
    assert!(!sent.exists() && prepared(&server).await.is_empty());
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

/// A prepared file has sound at 48 kHz: who has another would have to connect again.
#[tokio::test(flavor = "multi_thread")]
async fn viewers_with_another_sound_are_not_sent_away() {
    let dir = Dir::new();
    let aac = "-s 320x180 -c:v mpeg4 -q:v 5 -c:a aac -ar 44100 -ac 2";
    let file = media::made(&media::plain(&dir.media("a.mp4")), aac, &dir.media("rate.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("rate", &file, true).await;
    let stream = server.until_on_air(&id).await;
    assert_eq!(stream["plan"]["sent"]["audio"]["sample_rate"], 44_100, "{stream:#}");
    let mut viewer = Reader::of(stream["urls"]["rtsp"].as_str().unwrap()).await;
    server.post(&format!("/api/v1/streams/{id}/prepare"), json!({})).await.ok();
    let waits = until_within(3 * PATIENCE, "it waits until nobody watches", async || {
        let stream = server.stream(&id).await;
        (stream["preparation"] == "unwatched").then_some(stream)
    });
    assert_eq!(waits.await["plan"]["mode"], "transcode");
    viewer.gets_more().await;
    drop(viewer);
    let stream = until_prepared(&server, &id).await;
    assert_eq!(media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await, ["h264", "aac", "opus"]);
    assert_eq!((&stream["plan"]["cost"]["megabytes"], &stream["preparation"]), (&json!(9), &json!("ready")));

    // Stopped, it starts by itself as soon as there is another prepared file.
    server.order(&id, "stop").await;
    server.until_state(&id, "stopped").await;
    let key = prepared(&server).await[0]["key"].as_str().unwrap().to_owned();
    server.ask("DELETE", &format!("/api/v1/prepared/{key}"), None).await.ok();
    let asked = server.post(&format!("/api/v1/streams/{id}/prepare"), json!({ "start": true })).await.ok();
    assert_eq!((&asked["starts_prepared"], &asked["order"]), (&json!(true), &json!("stop")), "{asked:#}");
    let stream = until_prepared(&server, &id).await;
    assert_eq!((&stream["attempt"], &stream["starts_prepared"]), (&json!(1), &Value::Null));
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preparing_can_be_cancelled_and_fails_clearly() {
    let dir = Dir::new();
    let clip = media::plain(&dir.media("a.mp4"));
    // Long enough not to be ready at once.
    let long = media::made(&clip, "-t 1 -c copy", &dir.media("short.mp4"));
    let long = media::looped(&long, 300, &dir.media("long.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("long", &long, false).await;
    let (path, folder) = (format!("/api/v1/streams/{id}/prepare"), dir.data().join("cache/prepared"));
    server.post(&path, json!({})).await.ok();
    server.until(&id, "it is being prepared", |s| s["preparation"]["making"]["percent"].is_number()).await;
    until("FFmpeg works", async || (!command(&server).is_empty()).then_some(())).await;
    let cancelled = server.ask("DELETE", &path, None).await.ok();
    assert_eq!(cancelled["prepare"], false);
    server.until(&id, "nothing is prepared", |s| s["preparation"].is_null()).await;
    until("FFmpeg ends and leaves nothing", async || {
        let left = fs::read_dir(&folder).map_or(0, Iterator::count);
        (server.children("ffmpeg").is_empty() && left == 0).then_some(())
    })
    .await;

    // After a restart it waits still, and says for what.
    let asked = server.post(&path, json!({ "start": true })).await.ok();
    assert_eq!((&asked["starts_prepared"], &asked["order"]), (&json!(true), &json!("stop")), "{asked:#}");
    assert_eq!(server.stop().await, Some(0));
    let away = dir.media("away.mp4");
    fs::rename(&long, &away).unwrap();
    let server = Server::ready(&dir).await;
    let told = |s: &Value| s["preparation"]["failed"]["error"]["code"] == "source_missing";
    let waits = server.until(&id, "it tells why nothing is prepared", told).await;
    assert_eq!((&waits["starts_prepared"], &waits["state"]), (&json!(true), &json!("stopped")), "{waits:#}");
    fs::rename(&away, &long).unwrap();

    // Edited meanwhile, it starts with the file that it wants now.
    let again = server.post(&path, json!({})).await.ok();
    assert_eq!(again["starts_prepared"], true, "{again:#}");
    let other = json!({ "source": file_source(&clip) });
    let edited = server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(other)).await.ok();
    assert_eq!(edited["starts_prepared"], true, "{edited:#}");
    let stream = until_prepared(&server, &id).await;
    assert_eq!((&stream["attempt"], prepared(&server).await.len()), (&json!(1), 1), "{stream:#}");

    let once = json!({ "name": "once", "source": file_source(&clip), "playback": "once" });
    let once = server.post("/api/v1/streams", once).await.ok()["id"].as_str().unwrap().to_owned();
    let refused = server.post(&format!("/api/v1/streams/{once}/prepare"), json!({})).await;
    assert_eq!(refused.code(), "prepare_unfit");
    let room = server.post("/api/v1/prepared/room", json!({ "room": 1000 })).await;
    assert_eq!(room.code(), "prepared_room_unfit");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_pattern_is_sent_from_a_prepared_file() {
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let made = json!({ "source": { "type": "test_pattern" }, "start": true });
    let stream = server.post("/api/v1/streams", made).await.ok();
    assert_eq!(stream["name"], "test-pattern");
    let stream = until_prepared(&server, stream["id"].as_str().unwrap()).await;
    let url = stream["urls"]["rtsp"].as_str().unwrap();
    assert_eq!(media::watched(url).await, ["h264", "aac", "opus"]);
    let picture = testkit::readers::picture(url, PATIENCE).await.unwrap();
    let distinct: std::collections::BTreeSet<u8> = picture.iter().map(|grey| grey / 16).collect();
    assert!(distinct.len() >= 6, "bars of many shades: {distinct:?}");
    assert!(stream["warnings"].as_array().unwrap().is_empty(), "{stream:#}");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
