//! Recording is switched while the stream is live.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::support::{Dir, Server, control::Control, media, until};

/// The files below `folder` and their bytes, sorted.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => found.extend(files(&entry.path())),
            Ok(meta) => found.push((entry.path(), meta.len())),
            Err(_) => {}
        }
    }
    found.sort();
    found
}

/// Whether the process has a file below `folder` open.
fn writes_in(pid: i32, folder: &Path) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let mut open = open.filter_map(|entry| fs::read_link(entry.path()).ok());
    open.any(|file| file.starts_with(folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn recording_is_switched_without_a_restart() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("tape", &file, true).await;
    server.until_on_air(&id).await;
    let recordings = dir.data().join("recordings");
    assert!(files(&recordings).is_empty(), "nothing is recorded unasked");
    let ffmpeg = server.children("ffmpeg")[0].pid;
    let mediamtx = server.children("mediamtx")[0].pid;

    let path = format!("/api/v1/streams/{id}");
    server.ask("PATCH", &path, Some(json!({ "record": true }))).await.ok();
    let written = until("bytes are written", async || {
        files(&recordings).into_iter().find(|(_, bytes)| *bytes > 0).map(|(file, _)| file)
    })
    .await;
    server.until(&id, "recording", |stream| stream["recording"] == "writing").await;
    assert!(writes_in(mediamtx, &recordings), "by the server");
    let kept = Control::of(&dir).path("tape").await;
    assert_eq!(
        (&kept["recordDeleteAfter"], &kept["record"]),
        // How MediaMTX 1.20 prints a duration of none (internal/conf/duration.go); it would delete after "1d".
        (&json!(""), &json!(true)),
        "nothing is deleted"
    );

    server.ask("PATCH", &path, Some(json!({ "record": false }))).await.ok();
    server.until(&id, "no longer recording", |stream| stream["recording"] == "off").await;
    until("the file is finished", async || (!writes_in(mediamtx, &recordings)).then_some(())).await;
    assert_eq!(server.children("ffmpeg")[0].pid, ffmpeg, "the stream was not interrupted");
    let finished = files(&recordings);
    assert_eq!(finished.len(), 1, "{finished:?}");
    assert_eq!(
        (written.parent(), written.extension()),
        (Some(&*recordings.join("tape")), Some("mp4".as_ref()))
    );
    let codecs = media::watched(written.to_str().unwrap()).await;
    assert_eq!(codecs.first().map(String::as_str), Some("h264"), "a player reads it: {codecs:?}");

    // From a new name on, recordings are in a folder of that name; those from before stay where they are.
    server.ask("PATCH", &path, Some(json!({ "name": "hall/reel", "record": true }))).await.ok();
    until("bytes are written under the new name", async || {
        files(&recordings.join("hall/reel")).into_iter().find(|(_, bytes)| *bytes > 0)
    })
    .await;
    assert_eq!(files(&recordings.join("tape")), finished);

    server.order(&id, "stop").await;
    server.ask("DELETE", &path, None).await.ok();
    assert!(files(&recordings.join("hall")).iter().any(|(_, bytes)| *bytes > 0), "they outlive their stream");
    assert_eq!(files(&recordings.join("tape")), finished);
    assert_eq!(server.stop().await, Some(0));
}
