//! Drives that do not answer hold up nothing but what is on them.

use std::{
    fs,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Dir, Server, hung::HungDrive, media, process, server::command, until};

/// More streams than may start at the same time.
const HUNG: usize = 5;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_streams_on_a_drive_that_hangs_hold_up_no_others() {
    let dir = Dir::new();
    let drive = dir.media("drive");
    fs::create_dir(&drive).unwrap();
    let good = media::plain(&dir.media("good.mp4"));
    let server = Server::ready(&dir).await;
    let mut hung = Vec::new();
    for n in 0..HUNG {
        let file = drive.join(format!("{n}.mp4"));
        fs::copy(&good, &file).unwrap();
        hung.push(server.create(&format!("hung-{n}"), &file, false).await);
    }
    let missing = drive.join("missing.mp4");
    fs::copy(&good, &missing).unwrap();
    let failed = server.create("failed", &missing, false).await;
    fs::remove_file(&missing).unwrap();
    server.order(&failed, "start").await;
    let fault = server.until_state(&failed, "failed").await["fault"].take();
    assert_eq!(fault["code"], "source_missing");
    let live = server.create("live", &good, true).await;
    server.until_on_air(&live).await;
    let ffmpeg = server.children("ffmpeg");

    let Some(mounted) = HungDrive::mount(&drive) else { return };
    for id in &hung {
        server.order(id, "start").await;
    }
    let began = Instant::now();
    let other = server.create("other", &good, true).await;
    server.until_on_air(&other).await;
    assert!(began.elapsed() < Duration::from_secs(9), "it waited for the others: {:?}", began.elapsed());
    for id in &hung {
        let told = server.until(id, "told why", |stream| !stream["fault"].is_null()).await;
        assert_eq!(told["fault"]["code"], "source_timeout", "{told:#}");
    }
    // By now it is being looked whether its file is back, which does not answer either.
    server.order(&failed, "stop").await;
    server.until_state(&failed, "stopped").await;
    server.order(&hung[0], "stop").await;
    server.until_state(&hung[0], "stopped").await;
    assert_eq!(server.children("ffmpeg")[..1], ffmpeg[..], "what is live stays so");

    drop(mounted);
    for id in &hung[1..] {
        server.until_on_air(id).await;
    }
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

/// Every program that lists disks by asking each of them is held by one that hangs, whatever is on it. Ours asked so
/// for the room of its recordings, in the task that asks MediaMTX for its paths: all streams of all data folders on
/// the computer were taken for stalled, and none came on air.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_and_an_end_beside_a_drive_that_hangs() {
    let dir = Dir::new();
    let drive = dir.path().join("drive");
    fs::create_dir(&drive).unwrap();
    let good = media::plain(&dir.media("good.mp4"));
    let Some(mounted) = HungDrive::mount(&drive) else { return };
    let mut command = command(&dir);
    command.arg("--media").arg(&drive);
    let server = Server::run(command).await;
    server.until_server("running").await;
    let id = server.create("good", &good, true).await;
    // A server whose shared folder is there is tested, and told what is wrong with it.
    let spec = json!({
        "name": "Hall", "kind": "shared_folder", "api": "http://127.0.0.1:1", "folder": { "here": drive },
    });
    let test = server.post("/api/v1/servers/test", json!({ "spec": spec }));
    let (_, tested) = tokio::join!(server.until_on_air(&id), test);
    let folder = tested.ok()["steps"].as_array().unwrap().last().cloned().unwrap();
    assert_eq!((&folder["step"], &folder["error"]["code"]), (&json!("folder"), &json!("folder_unusable")));
    assert!(folder["error"]["message"].as_str().unwrap().contains("does not answer"), "{folder:#}");
    until("its own disk answers", async || {
        let status = server.get("/api/v1/server").await;
        status["disk_free"].as_u64().filter(|free| *free > 0)
    })
    .await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(&dir.data()).await;
    drop(mounted);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_a_data_folder_that_hangs_is_told_and_takes_nothing_off_air() {
    let dir = Dir::new();
    let good = media::plain(&dir.media("good.mp4"));
    let server = Server::ready(&dir).await;
    let mut ids = Vec::new();
    for name in ["a", "b"] {
        ids.push(server.create(name, &good, true).await);
    }
    for id in &ids {
        server.until_on_air(id).await;
    }
    let (ffmpeg, mediamtx) = (server.children("ffmpeg"), server.children("mediamtx"));

    let Some(mounted) = HungDrive::mount(&dir.data()) else { return };
    let warned = |status: &Value| {
        status["warnings"].as_array().unwrap().iter().any(|fault| fault["code"] == "data_dir_silent")
    };
    until("it is told", async || warned(&server.get("/api/v1/server").await).then_some(())).await;
    // What can't be stored is refused by its name; asking is answered at once.
    let file = json!({ "name": "c", "source": { "type": "file", "path": good }, "start": true });
    let (refused, asked) = tokio::join!(server.post("/api/v1/streams", file.clone()), async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let began = Instant::now();
            server.streams().await;
            longest = longest.max(began.elapsed());
        }
        longest
    });
    assert_eq!(refused.code(), "data_dir_silent");
    assert!(asked < Duration::from_secs(3), "the list took {asked:?}");
    assert_eq!((server.children("ffmpeg"), server.children("mediamtx")), (ffmpeg.clone(), mediamtx));
    // What breaks off comes back, and a stop is obeyed.
    process::signal(ffmpeg[0].pid, Signal::SIGKILL);
    until("another FFmpeg is there", async || {
        let now = server.children("ffmpeg");
        (now.len() == 2 && now != ffmpeg).then_some(())
    })
    .await;
    for id in &ids {
        server.until_on_air(id).await;
    }
    server.order(&ids[1], "stop").await;
    server.until_state(&ids[1], "stopped").await;

    drop(mounted);
    until("it is told no longer", async || (!warned(&server.get("/api/v1/server").await)).then_some(()))
        .await;
    server.post("/api/v1/streams", file).await.ok();
    let stored = || fs::read_to_string(dir.data().join("config.json")).unwrap();
    let order = |id: &str| {
        let config: Value = serde_json::from_str(&stored()).unwrap();
        let streams = config["streams"].as_array().unwrap().clone();
        streams.into_iter().find(|stream| stream["id"] == id).unwrap()["order"].clone()
    };
    until("the stop is stored", async || (order(&ids[1]) == "stop").then_some(())).await;

    let Some(mounted) = HungDrive::mount(&dir.data()) else { return };
    assert_eq!(server.stop().await, Some(0), "it ends all the same");
    process::none_left(&dir.data()).await;
    drop(mounted);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_a_start_in_a_data_folder_that_hangs_says_so() {
    let dir = Dir::new();
    let Some(mounted) = HungDrive::mount(&dir.data()) else { return };
    let (exit, said) = crate::support::server::run_within(Duration::from_secs(60), command(&dir)).await;
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("does not answer") && said.contains("--data-dir"), "{said}");
    drop(mounted);
}
