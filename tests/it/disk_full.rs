//! A full disk: what is on air stays on air, what can't be stored is refused by its name, and all is well once there is
//! room again.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::support::{Dir, Server, media, process, until};

/// A tmpfs that is unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    /// At `path`; `None` when this user may not.
    #[expect(clippy::disallowed_methods, reason = "a tool that ends at once")]
    fn mount(path: &Path) -> Option<Disk> {
        fs::create_dir_all(path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=24m", "stream-manager-it"]).arg(path);
        mount.status().is_ok_and(|status| status.success()).then(|| Disk(path.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// To the last byte, whatever else is written meanwhile.
    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.ballast()).unwrap();
        let mut block = vec![0; 1 << 20];
        while !block.is_empty() {
            if file.write_all(&block).is_err() {
                block.truncate(block.len() / 2);
            }
        }
    }
}

impl Drop for Disk {
    #[expect(clippy::disallowed_methods, reason = "a tool that ends at once")]
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_nothing_and_loses_nothing() {
    let dir = Dir::new();
    let config = fs::read(dir.data().join("config.json")).unwrap();
    let Some(disk) = Disk::mount(&dir.data()) else {
        crate::support::skipped("a small disk can't be mounted by this user");
        return;
    };
    fs::write(dir.data().join("config.json"), config).unwrap();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("tape", &file, true).await;
    let other = server.create("other", &file, true).await;
    let path = format!("/api/v1/streams/{id}");
    server.ask("PATCH", &path, Some(json!({ "record": true }))).await.ok();
    server.until(&id, "recording", |stream| stream["recording"] == "writing").await;
    let of_tape = || {
        let mut all = server.children("ffmpeg");
        all.retain(|process| process.command.trim_end().ends_with("/tape"));
        all
    };
    let ffmpeg = of_tape();
    assert_eq!(ffmpeg.len(), 1, "{ffmpeg:?}");

    disk.fill();
    until("a change is refused", async || {
        disk.fill();
        let answer = server.ask("PATCH", &path, Some(json!({ "name": "renamed" }))).await;
        (answer.status >= 400 && answer.code() == "disk_full").then_some(())
    })
    .await;
    assert_eq!(server.stream(&id).await["name"], "tape", "nothing is half applied");
    server
        .until(&id, "known not to be recorded", |stream| {
            disk.fill();
            stream["recording"] == "stuck"
        })
        .await;
    let stream = server.stream(&id).await;
    assert_eq!(stream["on_air"], true, "{stream:#}");
    media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    server.order(&other, "stop").await;
    server.until_state(&other, "stopped").await;
    until("a stop is never refused", async || (server.children("ffmpeg").len() == 1).then_some(())).await;
    assert_eq!(of_tape(), ffmpeg, "and nothing else ended");

    // A crash now: what was live comes back where not one byte can be written.
    server.kill().await;
    disk.fill();
    let server = Server::start(&dir).await;
    server.until_on_air(&id).await;
    server.order(&other, "stop").await;
    server.until_state(&other, "stopped").await;

    fs::remove_file(disk.ballast()).unwrap();
    server.until(&id, "recording again", |stream| stream["recording"] == "writing").await;
    server.ask("PATCH", &path, Some(json!({ "record": false }))).await.ok();
    assert_eq!(server.stop().await, Some(0));
    let server = Server::start(&dir).await;
    assert_eq!(server.stream(&other).await["order"], "stop", "the stop was stored once there was room");
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
