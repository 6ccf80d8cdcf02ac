//! Drives that do not answer hold up nothing but what is on them.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::support::{Dir, Server, hung::HungDrive, media, process, server::command};

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

#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_a_start_and_an_end_beside_a_drive_that_hangs() {
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
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(&dir.data()).await;
    drop(mounted);
}
