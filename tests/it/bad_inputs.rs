//! Every bad input gets the right error and changes nothing.

use std::{fs, os::unix::fs::symlink};

use serde_json::{Value, json};

use crate::support::{
    Dir, Server, media, process,
    server::{command, file_source},
};

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_streamed() {
    let dir = Dir::new();
    let good = media::plain(&dir.media("good.mp4"));
    let write = |name: &str, content: &[u8]| {
        fs::write(dir.media(name), content).unwrap();
        dir.media(name)
    };
    let playlist =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n", good.display());
    let outside = dir.path().join("outside.mp4");
    fs::copy(&good, &outside).unwrap();
    symlink(&outside, dir.media("link-out.mp4")).unwrap();
    fs::create_dir(dir.media("folder.mp4")).unwrap();
    let head = fs::read(&good).unwrap();
    let pipe = dir.media("pipe.mp4");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let cases = [
        (write("letter.mp4", b"Dear Sir or Madam,\n"), vec!["source_not_media"]),
        (write("noise.mp4", &[0x5a; 4096]), vec!["source_not_media"]),
        (write("empty.mp4", b""), vec!["source_empty"]),
        (write("list.mp4", playlist.as_bytes()), vec!["source_is_playlist"]),
        (
            write("script.mp4", format!("ffconcat version 1.0\nfile '{}'\n", good.display()).as_bytes()),
            vec!["source_is_playlist"],
        ),
        (write("cut.mp4", &head[..600]), vec!["source_incomplete"]),
        (dir.media("folder.mp4"), vec!["source_is_folder"]),
        (dir.media("missing.mp4"), vec!["source_missing"]),
        (outside, vec!["source_outside_media"]),
        (dir.media("link-out.mp4"), vec!["source_outside_media"]),
        (dir.media("../outside.mp4"), vec!["source_outside_media"]),
        (pipe, vec!["source_not_regular"]),
        ("relative.mp4".into(), vec!["source_relative"]),
        ("/dev/zero".into(), vec!["source_outside_media", "source_not_regular"]),
    ];
    let server = Server::ready(&dir).await;
    let id = server.create("good", &good, false).await;
    let before = server.streams().await;
    let config = fs::read(dir.data().join("config.json")).unwrap();
    for (path, codes) in cases {
        let made =
            server.post("/api/v1/streams", json!({ "source": file_source(&path), "start": true })).await;
        assert!((400..500).contains(&made.status), "{}: {made:?}", path.display());
        let code = made.code();
        assert!(codes.contains(&code.as_str()), "{} is {code}, not {codes:?}", path.display());
        let probed = server.post("/api/v1/probe", json!({ "path": path })).await;
        assert_eq!(probed.code(), code, "the form says the same of {}", path.display());
        let body = json!({ "source": file_source(&path) });
        let changed = server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(body)).await;
        assert_eq!(changed.code(), code, "so does an edit, of {}", path.display());
    }
    assert_eq!(server.streams().await, before, "nothing changed");
    assert_eq!(fs::read(dir.data().join("config.json")).unwrap(), config, "on disk neither");
    assert!(server.children("ffmpeg").is_empty());
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_cannot_be_given() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("lobby", &file, false).await;
    let other = server.create("other", &file, false).await;
    let before = server.streams().await;
    for (name, code) in [
        ("", "name_empty"),
        ("a b", "name_bad_character"),
        ("../etc/passwd", "name_bad_edges"),
        ("/abs", "name_bad_edges"),
        ("live.m3u8", "name_reserved"),
        (&"x".repeat(201), "name_too_long"),
        ("lobby", "name_taken"),
        ("LOBBY", "name_taken"),
    ] {
        let made =
            server.post("/api/v1/streams", json!({ "name": name, "source": file_source(&file) })).await;
        assert_eq!(made.code(), code, "{name:?}");
        let body = Some(json!({ "name": name }));
        let renamed = server.ask("PATCH", &format!("/api/v1/streams/{other}"), body).await;
        assert_eq!(renamed.code(), code, "{name:?}");
    }
    let same = server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "name": "Lobby" }))).await;
    assert_eq!(same.status, 200, "its own name in other letters is not taken: {same:?}");
    server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "name": "lobby" }))).await.ok();
    let unversioned = |streams: Vec<Value>| -> Vec<Value> {
        let strip = |mut stream: Value| {
            for field in ["rev", "since"] {
                stream[field] = Value::Null;
            }
            stream
        };
        streams.into_iter().map(strip).collect()
    };
    assert_eq!(unversioned(server.streams().await), unversioned(before));
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_without_permission() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let dir = Dir::new();
    let file = media::plain(&dir.media("locked.mp4"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    let mut command = command(&dir);
    if nix::unistd::geteuid().is_root() {
        // Permissions do not stop root, so the server runs as nobody, in folders of its own.
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
        for folder in [dir.path().to_owned(), dir.data(), dir.data().join("config.json"), dir.media("")] {
            std::os::unix::fs::chown(&folder, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw())).unwrap();
        }
        // The build folder may be closed to nobody: the program is run from a copy.
        let program = dir.path().join("stream-manager-server");
        process::install(command.get_program().as_ref(), &program);
        let mut copy = std::process::Command::new(program);
        copy.args(command.get_args()).uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
        copy.env("HOME", dir.path());
        command = copy;
    }
    let program = command.get_program().to_owned();
    let server = Server::run(command).await;
    let made = server.post("/api/v1/streams", json!({ "source": file_source(&file) })).await;
    assert_eq!(made.code(), "source_denied");
    assert_eq!(server.streams().await, Vec::<Value>::new());
    assert_eq!(server.stop().await, Some(0));

    // Nor can a data folder be made where one may only look.
    let theirs = Dir::bare();
    fs::set_permissions(theirs.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = std::process::Command::new(program);
    command.arg("--data-dir").arg(theirs.data()).args(["--listen", "127.0.0.1:0"]);
    if nix::unistd::geteuid().is_root() {
        let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
        command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    }
    let (code, said) = crate::support::server::run_to_end(command).await;
    fs::set_permissions(theirs.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("can't be written"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn media_folders_hold_for_streams_that_are_stored_already() {
    let dir = Dir::new();
    let once = dir.path().join("once");
    fs::create_dir(&once).unwrap();
    let file = media::plain(&once.join("a.mp4"));
    let mut with_more = command(&dir);
    with_more.arg("--media").arg(&once);
    let server = Server::run(with_more).await;
    let (runs, stopped) =
        (server.create("runs", &file, true).await, server.create("stopped", &file, false).await);
    server.until_on_air(&runs).await;
    assert_eq!(server.stop().await, Some(0));

    let server = Server::start(&dir).await;
    server.order(&stopped, "start").await;
    for id in [runs, stopped] {
        let stream = server.until_state(&id, "failed").await;
        assert_eq!(stream["fault"]["code"], "source_outside_media", "{stream}");
    }
    assert!(server.children("ffmpeg").is_empty());
    assert_eq!(server.stop().await, Some(0));
}
