//! FFmpeg or MediaMTX is missing, too old or not executable: said, and cured without a restart of the program. And where
//! they are looked for.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use stream_api::{Code, Origin};

use crate::{
    clocks::{self, Dials},
    support::{
        Dir, Server, media, process,
        server::{command, file_source},
    },
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

#[tokio::test(flavor = "multi_thread")]
async fn mediamtx_beside_the_app_comes_first_then_the_path_then_the_kept_one() {
    let dir = Dir::new();
    // In the target folder, so that the program is there by one more name.
    let beside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let ours = beside.path().join("server");
    let program = env!("CARGO_BIN_EXE_stream-manager-server");
    fs::hard_link(program, &ours).or_else(|_| fs::copy(program, &ours).map(drop)).unwrap();
    let system = match cfg!(target_arch = "aarch64") {
        true => "linux_arm64",
        false => "linux_amd64",
    };
    let kept = dir.path().join("stream-manager/sidecars").join(format!("mediamtx-1.20.1-{system}"));
    let on_path = dir.path().join("bin");
    fs::create_dir_all(&kept).unwrap();
    fs::create_dir(&on_path).unwrap();
    let put = |folder: &Path, version: &str| {
        let path = folder.join("mediamtx");
        process::put(&path, format!("#!/bin/sh\necho v{version}\n").as_bytes());
        path
    };
    let places: [&Path; 3] = [beside.path(), &on_path, &kept];
    // The first that can be used; where none can, the first is told.
    for (versions, taken, state) in [
        (["1.19.0", "1.20.1", "1.20.1"], 0, "ready"),
        (["1.18.0", "1.19.0", "1.20.1"], 1, "ready"),
        (["1.18.0", "1.18.1", "1.20.1"], 2, "ready"),
        (["1.18.0", "1.18.1", "1.18.2"], 0, "unusable"),
    ] {
        let programs: Vec<PathBuf> =
            places.iter().zip(versions).map(|(place, version)| put(place, version)).collect();
        let like = nothing_installed(&dir);
        let mut command = Command::new(&ours);
        command.args(like.get_args()).env("PATH", &on_path);
        for (name, value) in like.get_envs().filter(|(name, _)| *name != "PATH") {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let server = Server::run(command).await;
        let found = server.get("/api/v1/snapshot").await["host"]["mediamtx"].take();
        assert_eq!(found["path"], programs[taken].to_str().unwrap(), "{versions:?}: {found:#}");
        assert_eq!(found["state"], state, "{versions:?}: {found:#}");
        assert_eq!(server.stop().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ffmpeg_that_was_located_is_kept_told_and_given_up() {
    let dir = Dir::new();
    let engine = clocks::start(&dir, &Dials::default()).await;
    let host = async |engine: &stream_engine::Engine| {
        clocks::ask(engine, "snapshot_get", json!({})).await["host"].take()
    };
    let locate = async |engine: &stream_engine::Engine, by: Origin, path: Option<&Path>| {
        engine.dispatch(by, "ffmpeg_locate", json!({ "path": path })).await.map_err(|error| error.code)
    };
    let found = host(&engine).await["ffmpeg"]["path"].clone();
    let mine = dir.path().join("ffmpeg");
    process::put(&mine, b"#!/bin/sh\nexec ffmpeg \"$@\"\n");

    assert_eq!(locate(&engine, Origin::Api, Some(&mine)).await, Err(Code::BadRequest), "it would be run");
    let none = dir.path().join("none");
    assert_eq!(locate(&engine, Origin::Window, Some(&none)).await, Err(Code::FfmpegNotThere));
    assert_eq!(host(&engine).await["ffmpeg"]["path"], found, "what can't be used is not taken");
    // Whoever chooses the other program of the folder means the folder.
    locate(&engine, Origin::Window, Some(&dir.path().join("ffprobe"))).await.unwrap();
    assert_eq!(host(&engine).await["ffmpeg"]["path"], mine.to_str().unwrap());
    engine.shutdown().await;
    drop(engine);

    // It is kept, and when it is gone that is told.
    fs::remove_file(&mine).unwrap();
    let engine = clocks::start(&dir, &Dials::default()).await;
    let told = host(&engine).await;
    assert_eq!(told["located"], mine.to_str().unwrap(), "{told:#}");
    assert_eq!(told["ffmpeg"]["fault"]["code"], "ffmpeg_not_there", "{told:#}");
    assert_eq!(told["ffmpeg"]["fault"]["action"], "install_ffmpeg", "the way to another one");
    locate(&engine, Origin::Window, None).await.unwrap();
    let told = host(&engine).await;
    assert_eq!((&told["located"], &told["ffmpeg"]["path"]), (&Value::Null, &found), "{told:#}");
    engine.shutdown().await;
    drop(engine);

    // One that the start names was not located, and is there again when another one is given up.
    let named = dir.path().join("named");
    for program in [&mine, &named] {
        process::put(program, b"#!/bin/sh\nexec ffmpeg \"$@\"\n");
    }
    let mut options = clocks::options(&dir);
    options.tools.ffmpeg = Some(named.clone());
    let engine = stream_engine::Engine::start_by(options, Dials::default().clocks()).await.unwrap();
    for (located, used) in [(None, &named), (Some(&mine), &mine), (None, &named)] {
        locate(&engine, Origin::Window, located.map(PathBuf::as_path)).await.unwrap();
        let told = host(&engine).await;
        assert_eq!(told["located"].as_str(), located.and_then(|path| path.to_str()), "{told:#}");
        assert_eq!(told["ffmpeg"]["path"], used.to_str().unwrap(), "{told:#}");
    }
    engine.shutdown().await;
}
