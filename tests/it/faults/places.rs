//! Folders, disks and addresses that can't be used.

use std::{fs, net::TcpListener, process::Command};

use serde_json::json;
use stream_api::Code;

use super::{Made::Real, Row, bench};
use crate::support::{
    Dir, Server,
    server::{command, command_at, run_to_end},
    until,
};

pub const ROWS: &[Row] = &[
    (Code::DataDirInUse, Real),
    (Code::DataDirDenied, Real),
    // In `hung_drives`.
    (Code::DataDirSilent, Real),
    (Code::DataDirNewer, Real),
    (Code::DataDirBroken, Real),
    (Code::NotLoopback, Real),
    (Code::CannotListen, Real),
    (Code::MediaFolderUnusable, Real),
    (Code::DiskFull, Real),
];

/// The program says this fault and ends.
async fn refuses(command: Command, code: Code) {
    let (exit, said) = run_to_end(command).await;
    assert_eq!(exit, Some(1), "{code:?}: {said}");
    // The sentence up to its first value, and between its values.
    for part in code.message().split(['{', '}']).step_by(2).filter(|part| part.len() > 3) {
        assert!(said.contains(part), "{code:?}: {part:?} is said in {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn places_that_are_refused() {
    let dir = Dir::new();
    let config = dir.data().join("config.json");
    let good = fs::read(&config).unwrap();
    fs::write(&config, r#"{ "schema_version": 99 }"#).unwrap();
    refuses(command(&dir), Code::DataDirNewer).await;
    fs::write(&config, "{ half").unwrap();
    refuses(command(&dir), Code::DataDirBroken).await;
    fs::write(&config, good).unwrap();

    let blocked = Dir::bare();
    fs::write(blocked.data(), "a file in the way").unwrap();
    refuses(command(&blocked), Code::DataDirDenied).await;

    fs::write(dir.media("film.mp4"), "").unwrap();
    for wrong in [dir.media("film.mp4"), dir.media("slip of the pen")] {
        let mut command = command(&dir);
        command.arg("--media").arg(wrong);
        refuses(command, Code::MediaFolderUnusable).await;
    }

    refuses(command_at(&dir, "0.0.0.0:0"), Code::NotLoopback).await;
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    refuses(command_at(&dir, &holder.local_addr().unwrap().to_string()), Code::CannotListen).await;

    let server = Server::start(&dir).await;
    refuses(command(&dir), Code::DataDirInUse).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk() {
    if !bench::has_namespaces() {
        return;
    }
    let dir = Dir::new();
    bench::fill(&dir);
    let kept = dir.path().join("kept.json");
    fs::copy(dir.data().join("config.json"), &kept).unwrap();
    let (data, fill) = (dir.data().display().to_string(), dir.path().join("fill").display().to_string());
    // A small disk of its own, which fills up when the test says so.
    let small = format!(
        "mount -t tmpfs -o size=8m none {data} && cp {} {data}/config.json || exit 3; \
         (until [ -e {fill} ]; do sleep 0.05; done; dd if=/dev/zero of={data}/fill bs=4k; touch {fill}ed) \
         2>/dev/null & exec \"$@\"",
        kept.display()
    );
    let inner = command(&dir);
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &small, "sh"]).arg(inner.get_program()).args(inner.get_args());
    let server = Server::run(command).await;
    fs::write(&fill, "").unwrap();
    until("the disk is full", async || fs::exists(format!("{fill}ed")).unwrap().then_some(())).await;
    let body = json!({ "source": { "type": "file", "path": dir.media("good.mp4") } });
    let answer = server.post("/api/v1/streams", body).await;
    assert!(
        answer.body["args"]["reason"].as_str().unwrap().contains("No space left on device"),
        "{answer:?}"
    );
    assert_eq!(answer.code(), Code::DiskFull.as_str());
    assert_eq!(server.streams().await.len(), 0, "nothing was half made");
    drop(server);
}
