//! A stream's whole life: made, watched, changed, copied, stopped, restored, removed.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Dir, Server, media, process, server::file_source, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_made_watched_changed_and_removed() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("lobby loop.mp4"));
    let other = media::copy("clip.mkv", &dir.media("other.mkv"));
    let server = Server::ready(&dir).await;

    let made = server.post("/api/v1/streams", json!({ "source": file_source(&file), "start": true })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(made.body["name"], "lobby-loop", "the name comes from the file's");
    let stream = server.until_on_air(id).await;
    assert_eq!(stream["plan"]["mode"], "copy", "{stream:#}");

    let protocols = ["rtsp", "rtmp", "hls", "srt"];
    let all =
        join_all(protocols.map(|protocol| media::watched(stream["urls"][protocol].as_str().unwrap()))).await;
    for (protocol, codecs) in protocols.iter().zip(all) {
        assert!(codecs.contains(&"h264".to_owned()), "{protocol} shows the picture: {codecs:?}");
        assert!(codecs.contains(&"aac".to_owned()), "{protocol} plays the sound: {codecs:?}");
    }

    // A name and a source are changed while it is live: it comes back by itself.
    let old_url = stream["urls"]["rtsp"].as_str().unwrap();
    let path = format!("/api/v1/streams/{id}");
    let renamed = server.ask("PATCH", &path, Some(json!({ "name": "church/main" }))).await.ok();
    assert_eq!(renamed["id"], id, "the identity stays");
    let stream =
        server.until(id, "on air again", |s| s["on_air"] == true && s["name"] == "church/main").await;
    media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    assert_eq!(media::watch(old_url).await, Vec::<String>::new(), "the old name is gone");
    let before = server.children("ffmpeg");
    server.ask("PATCH", &path, Some(json!({ "source": file_source(&other) }))).await.ok();
    until("the new file is sent", async || {
        let now = server.children("ffmpeg");
        now.iter().any(|p| p.command.contains("other.mkv") && !before.contains(p)).then_some(())
    })
    .await;
    server.until_on_air(id).await;

    let copy = server.ask("POST", &format!("{path}/duplicate"), None).await;
    assert_eq!(copy.status, 201, "{copy:?}");
    assert_eq!(copy.body["state"], "stopped");
    assert_ne!(copy.body["name"], "church/main");
    assert_eq!(copy.body["source"], json!(file_source(&other)));
    assert_eq!(server.streams().await.len(), 2);

    server.order(id, "stop").await;
    server.until_state(id, "stopped").await;
    server.until_no_ffmpeg().await;
    let stream = server.stream(id).await;
    assert_eq!(media::watch(stream["urls"]["rtsp"].as_str().unwrap()).await, Vec::<String>::new());

    server.ask("DELETE", &path, None).await.ok();
    assert_eq!(server.ask("GET", &path, None).await.code(), "no_such_stream");
    assert_eq!(server.ask("DELETE", &path, None).await.code(), "no_such_stream");
    assert_eq!(server.streams().await.len(), 1, "the copy stays");

    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_restores_what_was_ordered() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let live = server.create("live", &file, true).await;
    let idle = server.create("idle", &file, false).await;
    let before = server.until_on_air(&live).await;
    assert_eq!(server.stop().await, Some(0), "SIGTERM ends it in order");
    process::none_left(dir.path()).await;

    let server = Server::start(&dir).await;
    let after = server.until_on_air(&live).await;
    assert_eq!(after["name"], before["name"]);
    assert_eq!(after["urls"], before["urls"], "viewers' addresses stay");
    assert_eq!(server.stream(&idle).await["state"], "stopped");
    assert_eq!(server.children("ffmpeg").len(), 1);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_starts_and_stops_leave_nothing() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("quick", &file, false).await;
    for _ in 0..20 {
        server.order(&id, "start").await;
        server.order(&id, "stop").await;
    }
    server.until_state(&id, "stopped").await;
    server.until_no_ffmpeg().await;
    server.order(&id, "start").await;
    server.until_on_air(&id).await;
    assert_eq!(server.children("ffmpeg").len(), 1, "one stream, one FFmpeg");
    server.ask("POST", "/api/v1/stop-all", None).await.ok();
    server.until_state(&id, "stopped").await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_plays_once_ends_by_itself() {
    let dir = Dir::new();
    let file = media::looped(&media::plain(&dir.media("a.mp4")), 2, &dir.media("b.mp4"));
    let server = Server::ready(&dir).await;
    let body = json!({ "name": "once", "source": file_source(&file), "playback": "once", "start": true });
    let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    // It is on air for no longer than the file lasts: what is told of it stays.
    let told = until("it has ended", async || {
        let told = server.get(&format!("/api/v1/activity?streams={id}")).await;
        let kinds =
            told["activities"].as_array()?.iter().rev().map(|one| one["kind"].as_str().unwrap().to_owned());
        let kinds: Vec<String> = kinds.collect();
        kinds.iter().any(|kind| kind == "completed").then_some(kinds)
    })
    .await;
    assert_eq!(told, ["created", "ordered", "live", "completed"]);
    let ended = server.until_state(&id, "stopped").await;
    assert_eq!(ended["fault"], json!(null), "an end is no fault: {ended:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_command_line_are_streamed() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let mut command = crate::support::server::command(&dir);
    command.arg(&file).arg(dir.media("missing.mp4"));
    let server = Server::run(command).await;
    let id = until("the stream is made", async || {
        let streams = server.streams().await;
        Some(streams.first()?["id"].as_str()?.to_owned())
    })
    .await;
    server.until_on_air(&id).await;
    let again = server.post("/api/v1/open", json!({ "paths": [&file] })).await.ok();
    assert_eq!(
        again["streams"][0]["id"],
        id.as_str(),
        "a file that is streamed already gets no second stream"
    );
    assert_eq!(server.streams().await.len(), 1, "a missing file makes no stream");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_meet_a_delete_leave_nothing_behind() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(server.create(&format!("s{n}"), &file, n % 2 == 0).await);
    }
    let at_once = ids.iter().map(|id| {
        let path = format!("/api/v1/streams/{id}");
        let (start, stop) = (format!("{path}/start"), format!("{path}/stop"));
        let (server, edit) = (&server, json!({ "record": true }));
        async move {
            tokio::join!(
                server.ask("POST", &start, Some(json!({}))),
                server.ask("POST", &stop, Some(json!({}))),
                server.ask("PATCH", &path, Some(edit)),
                server.ask("DELETE", &path, None),
                server.ask("POST", &start, Some(json!({}))),
                server.ask("POST", &stop, Some(json!({}))),
                server.ask("DELETE", &path, None),
            )
        }
    });
    for (start, stop, edit, delete, late_start, late_stop, again) in join_all(at_once).await {
        let deletes = [delete.status, again.status];
        assert!(deletes.contains(&200), "one of them deletes it: {deletes:?}");
        for answer in [start, stop, edit, late_start, late_stop] {
            assert!(
                answer.status == 200 || answer.code() == "no_such_stream",
                "it was there, or not any more"
            );
        }
    }
    assert_eq!(server.streams().await, Vec::<Value>::new());
    server.until_no_ffmpeg().await;
    assert_eq!(server.stop().await, Some(0));
    let server = Server::start(&dir).await;
    assert_eq!(server.streams().await, Vec::<Value>::new(), "not after a restart either");
    assert_eq!(server.stop().await, Some(0));
}
