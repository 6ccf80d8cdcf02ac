//! Recording is switched while the stream is live.

use std::{fs, path::Path};

use serde_json::json;

use crate::support::{Dir, Server, media, until};

fn bytes(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn recording_is_switched_without_a_restart() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("tape", &file, true).await;
    server.until_on_air(&id).await;
    let recordings = dir.data().join("recordings");
    assert_eq!(bytes(&recordings), 0, "nothing is recorded unasked");
    let ffmpeg = server.children("ffmpeg")[0].pid;

    let path = format!("/api/v1/streams/{id}");
    server.ask("PATCH", &path, Some(json!({ "record": true }))).await.ok();
    until("bytes are written", async || (bytes(&recordings) > 0).then_some(())).await;
    server.until(&id, "recording", |stream| stream["recording"] == "writing").await;

    server.ask("PATCH", &path, Some(json!({ "record": false }))).await.ok();
    server.until(&id, "no longer recording", |stream| stream["recording"] == "off").await;
    let mut last = bytes(&recordings);
    until("the file is finished", async || {
        // Two looks a second apart that find the same.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let now = bytes(&recordings);
        let same = now == last;
        last = now;
        same.then_some(())
    })
    .await;
    assert_eq!(server.children("ffmpeg")[0].pid, ffmpeg, "the stream was not interrupted");

    server.order(&id, "stop").await;
    server.ask("DELETE", &path, None).await.ok();
    assert!(bytes(&recordings) > 0, "recordings outlive their stream");
    assert_eq!(server.stop().await, Some(0));
}
