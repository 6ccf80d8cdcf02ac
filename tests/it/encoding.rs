//! Streams that are sent as somebody chose.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::support::{Dir, Server, media, process, server::file_source, until};

/// A stream of `file` with such a choice, on air.
async fn on_air(server: &Server, name: &str, file: &Path, encoding: Value) -> Value {
    let request = json!({ "name": name, "source": file_source(file), "encoding": encoding, "start": true });
    let made = server.post("/api/v1/streams", request).await.ok();
    server.until_on_air(made["id"].as_str().unwrap()).await
}

async fn codecs(stream: &Value, protocol: &str) -> Vec<String> {
    media::watched(stream["urls"][protocol].as_str().unwrap()).await
}

/// The command that publishes.
fn publisher(server: &Server) -> String {
    server.children("ffmpeg").into_iter().map(|ffmpeg| ffmpeg.command).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_sent_stored_and_taken_back() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let chosen = json!({ "height": 120, "kilobits": 400, "fps": 10, "volume": 50 });
    let stream = on_air(&server, "small", &file, chosen.clone()).await;
    let id = stream["id"].as_str().unwrap().to_owned();
    assert_eq!((&stream["encoding"], &stream["plan"]["mode"]), (&chosen, &json!("transcode")), "{stream:#}");
    let picture = &stream["plan"]["picture"];
    assert_eq!((&picture["height"], &picture["kilobits"]), (&json!(120), &json!(400)), "{picture:#}");
    assert!(stream["plan"]["cost"]["cores"].as_f64().unwrap() > 0.0, "{stream:#}");
    assert_eq!(stream["kept"], json!({ "state": "on" }), "{stream:#}");
    assert_eq!(codecs(&stream, "rtsp").await, ["h264", "aac", "opus"], "sound for every protocol");
    let command = publisher(&server);
    for word in ["fps=10", ":120", "400k", "volume=0.5", "libopus"] {
        assert!(command.contains(word), "{word}: {command}");
    }
    assert_eq!(server.stop().await, Some(0));

    let server = Server::ready(&dir).await;
    let stream = server.until_on_air(&id).await;
    assert_eq!(stream["encoding"], chosen, "it was stored");
    let path = format!("/api/v1/streams/{id}");
    server.ask("PATCH", &path, Some(json!({ "encoding": {} }))).await.ok();
    let stream =
        server.until(&id, "it is copied again", |s| s["on_air"] == true && s["plan"]["mode"] == "copy").await;
    assert_eq!(stream["encoding"], Value::Null, "what is automatic is absent");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_and_ffmpegs_own_arguments_are_not_for_the_network() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("fine", &file, false).await;
    for (encoding, playback, code) in [
        (json!({ "kilobits": 10 }), "loop", "setting_unfit"),
        (json!({ "start": 1000, "end": 1500 }), "loop", "setting_unfit"),
        (json!({ "start": 3_600_000 }), "loop", "setting_unfit"),
        (json!({ "device": "/etc/passwd", "encoder": "vaapi" }), "loop", "setting_unfit"),
        (json!({ "publish": "rtmp", "audio": "opus" }), "loop", "setting_unfit"),
        (json!({ "extra": "-f mp4 /tmp/stolen.mp4" }), "loop", "setting_unfit"),
        (json!({ "bitrate": 1 }), "loop", "bad_request"),
        (json!({ "video": "av1" }), "loop", "ffmpeg_no_encoder"),
    ] {
        let request = json!({ "source": file_source(&file), "encoding": encoding, "playback": playback });
        let refused = server.post("/api/v1/streams", request).await;
        assert_eq!(refused.code(), code, "{encoding}");
        let change = json!({ "encoding": encoding });
        let refused = server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(change)).await;
        assert_eq!(refused.code(), code, "{encoding}");
    }
    let camera = json!({ "type": "network", "url": "rtsp://127.0.0.1:1/a" });
    for (source, encoding, code) in [
        (json!({ "type": "incoming" }), json!({ "height": 120 }), "encoding_unfit"),
        (camera.clone(), json!({ "start": 1000 }), "setting_unfit"),
        (camera, json!({ "publish": "rtmp" }), "setting_unfit"),
    ] {
        let made = json!({ "name": "other", "source": source, "encoding": encoding });
        assert_eq!(server.post("/api/v1/streams", made).await.code(), code, "{source} {encoding}");
    }
    assert_eq!(server.streams().await.len(), 1);
    assert_eq!(server.stream(&id).await["encoding"], Value::Null);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_desktop_added_to_a_command_goes_with_no_other_source() {
    let dir = Dir::new();
    let (one, other) = (media::plain(&dir.media("a.mp4")), media::plain(&dir.media("b.mp4")));
    let server = Server::ready(&dir).await;
    let id = server.create("own", &one, false).await;
    assert_eq!(server.stop().await, Some(0));
    // As the window of the desktop would have stored it.
    let file = dir.data().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    // The rest is more than is allowed today: it keeps nobody from changing something else.
    let extra = json!({ "height": 2880, "fps": 120, "extra": "-metadata title=ours" });
    config["streams"][0]["encoding"] = extra.clone();
    fs::write(&file, config.to_string()).unwrap();

    let server = Server::ready(&dir).await;
    let path = format!("/api/v1/streams/{id}");
    let patch = async |change: Value| server.ask("PATCH", &path, Some(change)).await;
    assert_eq!(patch(json!({ "source": file_source(&other) })).await.code(), "setting_unfit");
    assert_eq!(patch(json!({ "encoding": { "extra": "-t 1" } })).await.code(), "setting_unfit");
    assert_eq!(patch(json!({ "encoding": { "fps": 120 } })).await.code(), "setting_unfit");
    let stream = server.stream(&id).await;
    assert_eq!((&stream["encoding"], &stream["source"]), (&extra, &file_source(&one)), "{stream:#}");
    patch(json!({ "playback": "once" })).await.ok();
    let copy = server.post(&format!("{path}/duplicate"), json!({})).await.ok();
    assert_eq!(copy["encoding"], json!({ "height": 2880, "fps": 120 }), "{copy:#}");
    patch(json!({ "encoding": {}, "source": file_source(&other) })).await.ok();
    assert_eq!(server.stream(&id).await["source"], file_source(&other));
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_published_by_each_protocol() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    for (way, scheme) in [("rtmp", "rtmp://127.0.0.1"), ("srt", "srt://127.0.0.1")] {
        let stream = on_air(&server, way, &file, json!({ "publish": way })).await;
        assert_eq!(codecs(&stream, "rtsp").await, ["h264", "aac"], "{way}");
        let command = publisher(&server);
        assert!(command.contains(scheme), "{command}");
        let id = stream["id"].as_str().unwrap();
        assert!(server.stream(id).await["fault"].is_null(), "{way}");
        server.order(id, "stop").await;
        server.until_state(id, "stopped").await;
    }

    // What is not possible any more is stood in for, and said.
    let stream = on_air(&server, "later", &file, json!({ "publish": "rtmp" })).await;
    let id = stream["id"].as_str().unwrap();
    let mut settings = server.get("/api/v1/server").await["settings"].clone();
    settings["protocols"]["rtmp"] = json!(false);
    server.post("/api/v1/server/settings", json!({ "settings": settings })).await.ok();
    let is_said = |stream: &Value| {
        let warnings = stream["plan"]["warnings"].as_array().cloned().unwrap_or_default();
        stream["on_air"] == true && warnings.iter().any(|one| one["code"] == "published_instead")
    };
    server.until(id, "it is published by RTSP", is_said).await;
    let command = publisher(&server);
    assert!(command.contains(" -f rtsp "), "{command}");

    // Nobody chooses it anew, and who has it may change something else.
    let made = json!({ "source": file_source(&file), "encoding": { "publish": "rtmp" } });
    assert_eq!(server.post("/api/v1/streams", made).await.code(), "setting_unfit");
    let change = json!({ "encoding": { "publish": "rtmp", "height": 120 } });
    server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(change)).await.ok();
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_plays_so_many_times_and_a_part_of_it_once() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let twice =
        json!({ "name": "twice", "source": file_source(&file), "playback": { "times": 2 }, "start": true });
    let twice = server.post("/api/v1/streams", twice).await.ok()["id"].as_str().unwrap().to_owned();
    server.until_on_air(&twice).await;
    let command = publisher(&server);
    assert!(command.contains("-stream_loop 1 "), "{command}");
    let part = json!({ "start": 1000, "end": 3000 });
    let part = json!({ "name": "part", "source": file_source(&file), "playback": "once", "encoding": part, "start": true });
    let part = server.post("/api/v1/streams", part).await.ok()["id"].as_str().unwrap().to_owned();
    for id in [&part, &twice] {
        let ended =
            server.until(id, "it ends by itself", |s| s["state"] == "stopped" && s["order"] == "stop").await;
        assert!(ended["fault"].is_null(), "{ended:#}");
    }
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_file_plays_again_and_again() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let stream = on_air(&server, "part", &file, json!({ "start": 500, "end": 1500 })).await;
    let id = stream["id"].as_str().unwrap();
    assert_eq!(stream["plan"]["mode"], "transcode", "{stream:#}");
    assert!(publisher(&server).contains("-f concat"), "{}", publisher(&server));
    assert_eq!(codecs(&stream, "rtsp").await, ["h264", "aac", "opus"]);
    let since = stream["on_air_since"].as_i64().unwrap();
    // Some passes of one second each.
    until("it plays on", async || {
        let now = server.get("/api/v1/snapshot").await["now"].as_i64().unwrap();
        (now - since > 5000).then_some(())
    })
    .await;
    let stream = server.stream(id).await;
    assert_eq!((&stream["on_air"], &stream["attempt"]), (&json!(true), &json!(1)), "{stream:#}");

    // Prepared, it is that part alone.
    server.post(&format!("/api/v1/streams/{id}/prepare"), json!({})).await.ok();
    let moved =
        server.until(id, "it is sent from a prepared file", |s| s["plan"]["mode"] == "prepared").await;
    let seconds = moved["media"]["duration"].as_f64().unwrap();
    assert!((1.0..1.4).contains(&seconds), "{moved:#}");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
