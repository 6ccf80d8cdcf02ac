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
    Dir, Server, media, process,
    server::{command, command_at, run_to_end},
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

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_the_start_is_not_lost() {
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    let interrupted: Value = server.get("/healthz").await;
    assert_eq!(interrupted["status"], "ok");
    process::signal(server.pid(), Signal::SIGINT);
    assert_eq!(server.stop().await, Some(0), "SIGINT ends it as SIGTERM does, and both at once too");
    process::none_left(dir.path()).await;
}
