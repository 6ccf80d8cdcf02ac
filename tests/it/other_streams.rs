//! Streams on servers of somebody else, of three versions.

use serde_json::json;

use crate::support::{
    Dir, Server, files_below,
    hall::{Hall, OWNER_PASSWORD, PUBLISH_PASSWORD, until_other},
    media, process,
    server::file_source,
    until,
};

/// Sent and fetched, and all back after a power cut.
async fn streams_run_there(version: &str) {
    let Some(mut hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    let mut command = crate::support::server::command(&dir);
    command.env("RUST_LOG", "trace,hyper=info,hyper_util=info");
    let server = Server::run(command).await;
    server.until_server("running").await;
    let file = media::plain(&dir.media("a.mp4"));
    let origin = server.create("origin", &file, true).await;
    let id = hall.added_to(&server, "Hall").await;
    let sent = json!({ "server": id, "name": "sent", "source": file_source(&file), "start": true });
    let sent = server.post("/api/v1/streams", sent).await.ok()["id"].as_str().unwrap().to_owned();
    let origin = server.until_on_air(&origin).await["urls"]["rtsp"].as_str().unwrap().to_owned();
    let source = json!({ "type": "network", "url": origin, "transport": "tcp" });
    let pulled =
        json!({ "server": id, "name": "church/pulled", "source": source, "record": true, "start": true });
    let pulled = server.post("/api/v1/streams", pulled).await.ok()["id"].as_str().unwrap().to_owned();
    for (stream, name) in [(&sent, "sent"), (&pulled, "church/pulled")] {
        let stream = server.until_on_air(stream).await;
        assert_eq!(stream["urls"]["rtsp"], format!("rtsp://127.0.0.1:{}/{name}", hall.rtsp()), "{stream:#}");
        assert_eq!(media::watched(&hall.watch(name)).await, ["h264", "aac"], "{name}");
    }
    let kept = server.stream(&sent).await;
    assert_eq!(kept["kept"], json!({ "state": "unable", "reason": "remote" }), "{kept:#}");
    server.until(&pulled, "recorded there", |stream| stream["recording"] == "elsewhere").await;
    server.until(&sent, "measured", |stream| stream["metrics"]["inbound_bps"].as_u64() > Some(0)).await;

    hall.kill();
    until_other(&server, &id, "away", |other| other["state"] == "unreachable").await;
    hall.start().await;
    let began = std::time::Instant::now();
    until("its paths are back", async || {
        let there = hall.path("sent").await.is_some() && hall.path("church/pulled").await.is_some();
        there.then_some(())
    })
    .await;
    eprintln!("{version}: paths back after {:?}", began.elapsed());
    for (stream, name) in [(&sent, "sent"), (&pulled, "church/pulled")] {
        server.until_on_air(stream).await;
        assert_eq!(media::watched(&hall.watch(name)).await, ["h264", "aac"], "{name}");
    }

    // Who may watch can't be limited without the owner's list.
    let restricted = json!({ "viewers": "restricted", "password": { "set": "Viewers-only_9" } });
    let access = format!("/api/v1/streams/{sent}/access");
    assert_eq!(server.post(&access, restricted).await.code(), "access_unenforced");

    // Nobody is told a password of it.
    let mut told = vec![server.get("/api/v1/snapshot").await.to_string(), server.said()];
    told.extend(process::below(server.pid()).into_iter().map(|process| process.command));
    for file in ["config.json", "paths.json"] {
        told.push(std::fs::read_to_string(dir.data().join(file)).unwrap());
    }
    let mut logs = Vec::new();
    files_below(&dir.data().join("logs"), &mut logs);
    assert!(logs.iter().any(|(place, text)| place.contains("/app.") && !text.is_empty()), "its log is there");
    told.extend(logs.into_iter().map(|(_, text)| text));
    told.push(server.get(&format!("/api/v1/streams/{sent}/log")).await.to_string());
    for text in told {
        assert!(!text.contains(OWNER_PASSWORD) && !text.contains(PUBLISH_PASSWORD), "{text}");
    }
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(
        (hall.path("sent").await, hall.path("church/pulled").await),
        (None, None),
        "nothing is left there"
    );
    assert!(hall.path("theirs").await.is_some());
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_run_on_mediamtx_1_12() {
    streams_run_there("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_run_on_mediamtx_1_20() {
    streams_run_there("1.20.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_run_on_mediamtx_1_21() {
    streams_run_there("1.21.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_publish_password_is_said() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let secrets = json!({ "password": { "set": OWNER_PASSWORD }, "publish_password": { "set": "wrong" } });
    let added =
        server.post("/api/v1/servers", json!({ "spec": hall.spec("Hall"), "secrets": secrets })).await.ok();
    let id = added["id"].as_str().unwrap();
    let source = file_source(&media::plain(&dir.media("a.mp4")));
    let stream = json!({ "server": id, "name": "a", "source": source, "start": true });
    let stream = server.post("/api/v1/streams", stream).await.ok();
    let stream = stream["id"].as_str().unwrap();
    server.until(stream, "refused", |stream| stream["fault"]["code"] == "remote_publish_login").await;
    let warned = until_other(&server, id, "warned", |other| other["warnings"] != json!([])).await;
    assert_eq!(warned["warnings"][0]["code"], "remote_publish_login", "{warned:#}");
    let better = json!({ "spec": hall.spec("Hall"), "secrets": Hall::secrets() });
    server.ask("PATCH", &format!("/api/v1/servers/{id}"), Some(better)).await.ok();
    server.until_on_air(stream).await;
    until_other(&server, id, "well", |other| other["warnings"] == json!([])).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_are_kept_and_recordings_seen_through_a_shared_folder() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let shared = dir.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let server = Server::ready(&dir).await;
    let mut spec = hall.spec("Shared");
    spec["kind"] = "shared_folder".into();
    spec["folder"] = json!({ "here": dir.path().join("not there") });
    let body = |spec: &serde_json::Value| json!({ "spec": spec, "secrets": Hall::secrets() });
    assert_eq!(server.post("/api/v1/servers", body(&spec)).await.code(), "folder_unusable");
    spec["folder"] = json!({ "here": shared });
    let id = server.post("/api/v1/servers", body(&spec)).await.ok()["id"].as_str().unwrap().to_owned();
    let source = file_source(&media::plain(&dir.media("a.mp4")));
    let stream = json!({ "server": id, "name": "kept", "source": source, "record": true, "start": true });
    let stream = server.post("/api/v1/streams", stream).await.ok()["id"].as_str().unwrap().to_owned();
    let on_air = server.until_on_air(&stream).await;
    assert_eq!(on_air["kept"]["state"], "on", "{on_air:#}");
    let slate = hall.path("kept").await.unwrap()["alwaysAvailableFile"].as_str().unwrap().to_owned();
    assert!(slate.starts_with(shared.to_str().unwrap()), "{slate}");
    server.until(&stream, "recorded", |stream| stream["recording"] == "writing").await;
    assert!(std::fs::read_dir(shared.join("recordings/kept")).unwrap().count() > 0);
    assert_eq!(server.stop().await, Some(0));
}
