//! Every input of the list gets on air.

use std::path::PathBuf;

use futures_util::future::join_all;
use testkit::media::Fixtures;

use crate::support::{Dir, PATIENCE, Server, media};

/// Starts all, waits until all are on air, and perhaps until a viewer sees a picture of each, and removes them again: a
/// few at a time.
async fn all_get_on_air(server: &Server, files: &[PathBuf], seen: bool) {
    for few in files.chunks(5) {
        let ids = join_all(few.iter().map(async |file| {
            let body =
                serde_json::json!({ "source": crate::support::server::file_source(file), "start": true });
            let made = server.post("/api/v1/streams", body).await;
            assert_eq!(made.status, 201, "{}: {made:?}", file.display());
            made.body["id"].as_str().unwrap().to_owned()
        }))
        .await;
        for (id, file) in ids.iter().zip(few) {
            eprintln!("waiting for {}", file.display());
            server.until_on_air(id).await;
        }
        join_all(ids.iter().filter(|_| seen).map(async |id| {
            let url = server.stream(id).await["urls"]["rtsp"].as_str().unwrap().to_owned();
            testkit::readers::reads_picture(&url, PATIENCE).await.unwrap();
        }))
        .await;
        for id in ids {
            server.ask("DELETE", &format!("/api/v1/streams/{id}"), None).await.ok();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_container_and_codec() {
    let dir = Dir::new();
    let files: Vec<PathBuf> =
        Fixtures::NAMES.iter().map(|name| media::copy(name, &dir.media(name))).collect();
    let server = Server::ready(&dir).await;
    all_get_on_air(&server, &files, false).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_name() {
    let dir = Dir::new();
    let long = format!("{}.mp4", "x".repeat(196));
    let names = [
        "with spaces.mp4",
        "it's \"quoted\".mp4",
        "100% sure %d %05d.mp4",
        "12:30:00.mp4",
        "-leading.mp4",
        "🎬 Ünïcode.mp4",
        "[brackets] (1) & $HOME `x`;|.mp4",
        "back\\slash.mp4",
        long.as_str(),
    ];
    let files: Vec<PathBuf> = names.iter().map(|name| media::plain(&dir.media(name))).collect();
    let server = Server::ready(&dir).await;
    all_get_on_air(&server, &files, true).await;
    assert_eq!(server.stop().await, Some(0));
}
