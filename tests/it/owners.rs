//! One data folder has one owner.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use nix::sys::signal::Signal;
use serde_json::Value;
use stream_server::door::Client;

use crate::support::{
    Dir, PATIENCE, Server, media, process,
    server::{Start, command, command_at, heedful, run_to_end, run_within},
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_is_told_who_the_first_is_and_can_reach_it() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;

    let (code, said) = run_to_end(command(&dir)).await;
    assert_eq!(code, Some(1));
    assert!(said.contains(&server.pid().to_string()), "the owner is named: {said}");
    let same_port = format!("127.0.0.1:{}", server.port());
    let (code, said) = run_to_end(command_at(&dir, &same_port)).await;
    assert_eq!(code, Some(1));
    assert!(said.contains(&server.pid().to_string()), "also when the port is taken too: {said}");

    // Files on its command line are streamed by the first.
    let mut with_file = command(&dir);
    with_file.arg(media::plain(&dir.media("second start.mp4")));
    let (code, said) = run_to_end(with_file).await;
    assert_eq!(code, Some(0), "{said}");
    let of_second = |streams: Vec<Value>| streams.into_iter().find(|stream| stream["name"] == "second-start");
    let id = of_second(server.streams().await).unwrap()["id"].as_str().unwrap().to_owned();
    server.until_on_air(&id).await;
    server.ask("DELETE", &format!("/api/v1/streams/{id}"), None).await.ok();

    let owner_file = dir.data().join("owner.json");
    assert_eq!(fs::metadata(&owner_file).unwrap().mode() & 0o777, 0o600, "the token is for its user alone");
    let owner = stream_engine::owner::read(&dir.data()).unwrap();
    assert_eq!((owner.pid.cast_signed(), owner.port), (server.pid(), Some(server.port())));
    let shown = Client::of(&owner).unwrap().show(vec![file.to_str().unwrap().to_owned()]).await.unwrap();
    assert_eq!(shown.kind, stream_api::HostKind::Headless);
    let id = server.streams().await[0]["id"].as_str().unwrap().to_owned();
    server.until_on_air(&id).await;

    let stranger = stream_engine::owner::Owner { token: Some("guess".to_owned()), ..owner };
    let refused = Client::of(&stranger).unwrap().show(vec![]).await.unwrap_err();
    assert_eq!(refused.code, stream_api::Code::Unauthorized);
    assert_eq!(server.stop().await, Some(0));
    assert!(!owner_file.exists(), "who left owns nothing");
}

/// A file takes the owner longer than it has to say that it is there, and another can't be streamed.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_waits_for_its_files_and_tells_which_are_refused() {
    let dir = Dir::new();
    let slow = dir.path().join("ffprobe");
    let script = "case \"$*\" in *-version*) ;; *) mkdir \"$0.waited\" 2> /dev/null && sleep 6;; esac";
    let ffprobe = testkit::fixtures::ffprobe();
    process::put(&slow, format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", ffprobe.display()).as_bytes());
    let mut first = command(&dir);
    first.arg("--ffprobe").arg(&slow);
    let server = Server::run(first).await;
    server.until_server("running").await;

    let letter = dir.media("letter.mp4");
    fs::write(&letter, "Dear Sir or Madam").unwrap();
    let mut second = command(&dir);
    second.arg(media::plain(&dir.media("film.mp4"))).arg(&letter).arg(dir.media("none.mp4"));
    let (code, said) = run_within(PATIENCE, second).await;
    assert_eq!(code, Some(1), "{said}");
    for refused in ["letter.mp4 is not a video", "none.mp4 does not exist"] {
        assert!(said.contains(refused), "{said}");
    }
    assert!(!said.contains("in use"), "{said}");
    let streams = server.streams().await;
    assert_eq!(streams.len(), 1, "{streams:?}");
    server.until_on_air(streams[0]["id"].as_str().unwrap()).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_starts_at_the_same_moment_one_streams_the_files_of_both() {
    let dir = Dir::new();
    let start = |name: &str| {
        let mut command = command(&dir);
        command.arg(media::plain(&dir.media(name)));
        Start::now(command)
    };
    let mut starts = vec![start("one.mp4"), start("two.mp4")];
    let at = until("one hands its file over", async || {
        starts.iter_mut().position(|start| start.ended().is_some())
    })
    .await;
    let mut second = starts.remove(at);
    assert_eq!(second.ended(), Some(0), "{}", second.said());
    let first = starts.remove(0);
    let owner = until("the other has a door", async || {
        stream_engine::owner::read(&dir.data()).filter(|owner| owner.port.is_some())
    })
    .await;
    assert_eq!(owner.pid, first.id());
    let names = |streams: Value| {
        let name = |stream: &Value| stream["name"].as_str().unwrap().to_owned();
        let mut names: Vec<String> = streams["streams"].as_array().unwrap().iter().map(name).collect();
        names.sort();
        names
    };
    let streams = format!("http://127.0.0.1:{}/api/v1/streams", owner.port.unwrap());
    until("both files are streamed", async || {
        let answer: Value = reqwest::get(&streams).await.ok()?.json().await.ok()?;
        (names(answer) == ["one", "two"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_data_folders_live_side_by_side() {
    let (one, two) = (Dir::new(), Dir::new());
    let (first, second) = tokio::join!(Server::ready(&one), Server::ready(&two));
    let a = first.create("same", &media::plain(&one.media("a.mp4")), true).await;
    let b = second.create("same", &media::plain(&two.media("b.mp4")), true).await;
    let (a, b) = (first.until_on_air(&a).await, second.until_on_air(&b).await);
    assert_ne!(a["urls"]["rtsp"], b["urls"]["rtsp"]);
    assert_eq!(first.stop().await, Some(0));
    process::none_left(one.path()).await;
    assert_eq!(second.stream(b["id"].as_str().unwrap()).await["on_air"], true, "the other one goes on");
    assert_eq!(second.stop().await, Some(0));
}

/// Every file and folder below `folder`: its name, its mode, when it was changed, and what it holds.
fn all_of(folder: &Path) -> Vec<(PathBuf, u32, i64, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.metadata().unwrap();
        if meta.is_dir() {
            all.extend(all_of(&path));
        }
        let content = fs::read(&path).unwrap_or_default();
        all.push((path, meta.mode(), meta.mtime_nsec(), content));
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn data_folders_that_cannot_be_used_are_refused_untouched() {
    for (text, says) in [
        (r#"{ "schema_version": 999, "streams": "who knows" }"#, "newer"),
        ("{ \"schema_version\": 1, \"streams\": [", "can't be read"),
    ] {
        for was_owned in [false, true] {
            let dir = Dir::new();
            if was_owned {
                // Left by an owner that did not end in order, and shared by a person.
                fs::write(dir.data().join("lock"), "").unwrap();
                fs::write(dir.data().join("owner.json"), "{}").unwrap();
                fs::create_dir(dir.data().join("logs")).unwrap();
                fs::set_permissions(dir.data().join("logs"), fs::Permissions::from_mode(0o755)).unwrap();
            }
            fs::write(dir.data().join("config.json"), text).unwrap();
            let before = all_of(&dir.data());
            let (code, said) = run_to_end(command(&dir)).await;
            assert_eq!(code, Some(1));
            assert!(said.contains(says), "{said}");
            assert_eq!(all_of(&dir.data()), before, "nothing was changed");
        }
    }

    let dir = Dir::bare();
    fs::write(dir.data(), "a file in the way").unwrap();
    let (code, said) = run_to_end(command(&dir)).await;
    assert_eq!(code, Some(1));
    assert!(said.contains(dir.data().to_str().unwrap()), "{said}");
    assert_eq!(fs::read_to_string(dir.data()).unwrap(), "a file in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_is_restored_from_the_last_backup() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("kept", &file, false).await;
    server.create("newest", &file, false).await;
    assert_eq!(server.stop().await, Some(0));
    fs::write(dir.data().join("config.json"), "{ \"schema_version\": 1, \"streams\": [").unwrap();

    let server = Server::start(&dir).await;
    assert!(server.streams().await.iter().any(|stream| stream["id"] == id.as_str()), "the backup counts");
    let snapshot = server.get("/api/v1/snapshot").await;
    assert!(!snapshot["host"]["notes"].as_array().unwrap().is_empty(), "and it is said");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_loopback_addresses_are_listened_on() {
    let dir = Dir::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:5000"] {
        let (code, said) = run_to_end(command_at(&dir, address)).await;
        assert_eq!(code, Some(1), "{address}");
        assert!(said.contains("other computers"), "{said}");
    }
    assert!(!dir.data().join("lock").exists(), "nothing was touched");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = run_to_end(command_at(&dir, &address)).await;
    assert_eq!(code, Some(1));
    assert!(said.contains(&address), "{said}");
}

/// Nor one that comes before it has said that it listens.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_the_start_is_not_lost() {
    // In the order in which they are made, the first right after it began to listen to signals.
    for (made, signal) in
        [("lock", Signal::SIGINT), ("history.sqlite", Signal::SIGTERM), ("owner.json", Signal::SIGHUP)]
    {
        let dir = Dir::new();
        let mut start = Start::now(heedful(&dir));
        until(made, async || dir.data().join(made).exists().then_some(())).await;
        process::signal(start.id().cast_signed(), signal);
        let code = until("it ends", async || start.ended()).await;
        assert_eq!(code, 0, "{}", start.said());
        assert!(!start.said().contains("panicked"), "{}", start.said());
        process::none_left(dir.path()).await;
        assert!(!dir.data().join("owner.json").exists(), "in order");
    }
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    process::signal(server.pid(), Signal::SIGINT);
    assert_eq!(server.stop().await, Some(0), "SIGINT ends it as SIGTERM does, and both at once too");
    process::none_left(dir.path()).await;
}
