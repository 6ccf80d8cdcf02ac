//! FFmpeg or MediaMTX is missing, too old or not executable: said, and cured without a restart of the program.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::support::{
    Dir, Server, media, process,
    server::{command, file_source},
};

/// A program in the test's folder that prints `says`.
fn script(dir: &Dir, name: &str, says: &str, mode: u32) -> PathBuf {
    let path = dir.path().join(name);
    process::put(&path, format!("#!/bin/sh\necho '{says}'\n").as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

/// The program on a computer that has none of the others.
fn nothing_installed(dir: &Dir) -> Command {
    let mut command = command(dir);
    command.env("PATH", dir.path()).env("HOME", dir.path()).env("XDG_CACHE_HOME", dir.path());
    for program in ["FFMPEG", "FFPROBE", "MEDIAMTX"] {
        command.env_remove(format!("STREAM_MANAGER_{program}"));
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_that_cannot_be_used() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let old = "ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright (c) 2000-2021 the FFmpeg developers";
    let old_probe = old.replace("ffmpeg version", "ffprobe version");
    let named = |ffmpeg: PathBuf, ffprobe: PathBuf| {
        let mut command = command(&dir);
        command.arg("--ffmpeg").arg(ffmpeg).arg("--ffprobe").arg(ffprobe);
        command
    };
    let scripts = |name: &str, says: &str, probe_says: &str, mode| {
        named(script(&dir, name, says, mode), script(&dir, &format!("{name}-probe"), probe_says, mode))
    };
    let cases = [
        (nothing_installed(&dir), "ffmpeg_missing"),
        (named(dir.path().join("missing"), dir.path().join("missing")), "ffmpeg_not_there"),
        (scripts("old", old, &old_probe, 0o755), "ffmpeg_too_old"),
        (scripts("dead", "", "", 0o644), "ffmpeg_not_executable"),
        (scripts("mute", "hello", "hello", 0o755), "ffmpeg_unusable"),
    ];
    for (command, code) in cases {
        let server = Server::run(command).await;
        let made =
            server.post("/api/v1/streams", json!({ "source": file_source(&file), "start": true })).await;
        assert!((400..500).contains(&made.status), "{made:?}");
        assert_eq!(made.code(), code);
        assert_eq!(server.streams().await, Vec::<Value>::new(), "nothing was created");
        let host = &server.get("/api/v1/snapshot").await["host"];
        for tool in ["ffmpeg", "ffprobe"] {
            assert_eq!(host[tool]["state"], "unusable", "{host:#}");
            assert_eq!(host[tool]["fault"]["code"], code, "{host:#}");
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
    // Probing needs ffprobe alone, which is there: the stream itself says what is missing.
    let id = server.create("later", &file, true).await;
    let stream = server.until_state(&id, "failed").await;
    assert_eq!(stream["fault"]["code"], "ffmpeg_not_there", "{stream:#}");
    process::put(&place, b"#!/bin/sh\nexec ffmpeg \"$@\"\n");
    server.ask("POST", "/api/v1/tools/check", None).await.ok();
    server.until(&id, "on air", |stream| stream["on_air"] == true).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn mediamtx_that_cannot_be_used() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let named = |mediamtx: PathBuf| {
        let mut command = command(&dir);
        command.arg("--mediamtx").arg(mediamtx);
        command
    };
    let mut nothing = nothing_installed(&dir);
    nothing
        .arg("--ffmpeg")
        .arg(testkit::fixtures::ffmpeg())
        .arg("--ffprobe")
        .arg(testkit::fixtures::ffprobe());
    let cases = [
        (nothing, "server_missing"),
        (named(dir.path().join("missing")), "server_not_there"),
        (named(script(&dir, "old", "v1.18.0", 0o755)), "server_too_old"),
        (named(script(&dir, "dead", "v1.20.1", 0o644)), "server_not_executable"),
    ];
    for (command, code) in cases {
        let server = Server::run(command).await;
        let status = server.until_server("failed").await;
        assert_eq!(status["fault"]["code"], code, "{status:#}");
        let host = &server.get("/api/v1/snapshot").await["host"];
        assert_eq!(host["mediamtx"]["state"], "unusable", "{host:#}");
        // A stream can still be set up; it waits for the server.
        let id = server.create("waits", &file, true).await;
        let stream = server.until(&id, "says why", |stream| !stream["fault"].is_null()).await;
        assert_eq!(
            (&stream["fault"]["code"], &stream["on_air"]),
            (&json!(code), &json!(false)),
            "{stream:#}"
        );
        server.ask("DELETE", &format!("/api/v1/streams/{id}"), None).await.ok();
        // The one that makes the slate ends by itself.
        server.until_no_ffmpeg().await;
        assert_eq!(server.stop().await, Some(0));
    }
}
