//! FFmpeg or MediaMTX is missing, too old or not executable: said, and cured without a restart of the program.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::{Value, json};

use crate::support::{
    Dir, Server, media,
    server::{command, file_source},
};

/// A program in the test's folder that prints `says`.
fn script(dir: &Dir, name: &str, says: &str, mode: u32) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_that_cannot_be_used() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let old = "ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2000-2021 the FFmpeg developers";
    let old_probe = old.replace("ffmpeg version", "ffprobe version");
    let cases = [
        (dir.path().join("missing"), dir.path().join("missing"), vec!["ffmpeg_missing"]),
        (
            script(&dir, "old", old, 0o755),
            script(&dir, "old-probe", &old_probe, 0o755),
            vec!["ffmpeg_too_old"],
        ),
        (script(&dir, "dead", "", 0o644), script(&dir, "dead-probe", "", 0o644), vec!["ffmpeg_unusable"]),
        (
            script(&dir, "mute", "hello", 0o755),
            script(&dir, "mute-probe", "hello", 0o755),
            vec!["ffmpeg_unusable"],
        ),
    ];
    for (ffmpeg, ffprobe, codes) in cases {
        let mut command = command(&dir);
        command.arg("--ffmpeg").arg(&ffmpeg).arg("--ffprobe").arg(&ffprobe);
        let server = Server::run(command).await;
        let made =
            server.post("/api/v1/streams", json!({ "source": file_source(&file), "start": true })).await;
        assert!((400..500).contains(&made.status), "{made:?}");
        let code = made.code();
        assert!(codes.contains(&code.as_str()), "{}: {code}", ffmpeg.display());
        assert_eq!(server.streams().await, Vec::<Value>::new(), "nothing was created");
        let host = &server.get("/api/v1/snapshot").await["host"];
        for tool in ["ffmpeg", "ffprobe"] {
            assert_eq!(host[tool]["state"], "unusable", "{host:#}");
            assert!(codes.contains(&host[tool]["fault"]["code"].as_str().unwrap()), "{host:#}");
        }
        assert_eq!(server.stop().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_that_is_installed_later_is_found() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let place = dir.path().join("ffmpeg");
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(&place);
    let server = Server::run(command).await;
    let id =
        async || server.post("/api/v1/streams", json!({ "source": file_source(&file), "start": true })).await;
    let first = id().await;
    if first.status == 201 {
        // Probing needs ffprobe alone, which is there: the stream itself says what is missing.
        let stream = server.until_state(first.body["id"].as_str().unwrap(), "failed").await;
        assert_eq!(stream["fault"]["code"], "ffmpeg_missing", "{stream:#}");
    } else {
        assert_eq!(first.code(), "ffmpeg_missing");
    }
    fs::write(&place, "#!/bin/sh\nexec ffmpeg \"$@\"\n").unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    server.ask("POST", "/api/v1/tools/check", None).await.ok();
    let streams = server.streams().await;
    let id = match streams.first() {
        Some(stream) => stream["id"].as_str().unwrap().to_owned(),
        None => id().await.ok()["id"].as_str().unwrap().to_owned(),
    };
    server.until(&id, "on air", |stream| stream["on_air"] == true).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn mediamtx_that_cannot_be_used() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let cases = [
        (dir.path().join("missing"), "server_missing"),
        (script(&dir, "old", "v1.18.0", 0o755), "server_too_old"),
        (script(&dir, "dead", "v1.20.1", 0o644), "server_unusable"),
    ];
    for (mediamtx, code) in cases {
        let mut command = command(&dir);
        command.arg("--mediamtx").arg(&mediamtx);
        let server = Server::run(command).await;
        let status = server.until_server("failed").await;
        assert_eq!(status["fault"]["code"], code, "{status:#}");
        let host = &server.get("/api/v1/snapshot").await["host"];
        assert_eq!(host["mediamtx"]["state"], "unusable", "{host:#}");
        // A stream can still be set up; it waits for the server.
        let made =
            server.post("/api/v1/streams", json!({ "source": file_source(&file), "start": true })).await;
        if made.status == 201 {
            let id = made.body["id"].as_str().unwrap().to_owned();
            let stream = server.until(&id, "says why", |stream| !stream["fault"].is_null()).await;
            assert_eq!(stream["on_air"], false);
            server.ask("DELETE", &format!("/api/v1/streams/{id}"), None).await.ok();
        } else {
            assert_eq!(made.code(), code);
        }
        assert!(server.children("ffmpeg").is_empty(), "nothing publishes into nowhere");
        assert_eq!(server.stop().await, Some(0));
    }
}
