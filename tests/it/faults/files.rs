//! Files and names that can't be taken: what the form says of them.

use std::process::Command;

use serde_json::json;
use stream_api::{Code, Program};

use super::{Made, Made::Fake, Row, bench};
use crate::support::{Dir, Server, server::command};

/// The fault, and the file in the folder of media.
pub const ROWS: &[(Code, &str)] = &[
    (Code::SourceRelative, "good.mp4"),
    (Code::SourceMissing, "/media/gone.mp4"),
    (Code::SourceIsFolder, "/media/folder.mp4"),
    (Code::SourceNotRegular, "/media/pipe.mp4"),
    (Code::SourceEmpty, "/media/empty.mp4"),
    (Code::SourceNotMedia, "/media/letter.mp4"),
    (Code::SourceIsPicture, "/media/picture.mp4"),
    (Code::SourceIsPlaylist, "/media/list.mp4"),
    (Code::SourceIncomplete, "/media/cut.mp4"),
    (Code::SourceDamaged, "/media/noise.mkv"),
    (Code::SourceNoTracks, "/media/subtitles.mkv"),
    (Code::SourceCodecUnknown, "/media/unknown.mkv"),
    (Code::SourceOutsideMedia, "/outside.mp4"),
];

/// The fault, and the name.
pub const NAMES: &[(Code, &str)] = &[
    (Code::NameEmpty, ""),
    (Code::NameTooLong, LONG),
    (Code::NameBadCharacter, "a b"),
    (Code::NameBadEdges, "../etc/passwd"),
    (Code::NameReserved, "live.m3u8"),
    (Code::NameTaken, "LOBBY"),
];

const LONG: &str = concat!(
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
);

/// By their own tests below.
pub const OTHERS: &[Row] = &[
    (Code::SourceTimeout, FROZEN),
    (Code::FfprobeMissing, Made::Real),
    (Code::SourceFolderMissing, Made::Real),
];

const FROZEN: Made = Fake("the real ffprobe, stopped before its first read: no disk here is that slow");

#[tokio::test(flavor = "multi_thread")]
async fn what_the_form_says() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let good = dir.media("good.mp4");
    for (code, file) in ROWS {
        let path = match file.strip_prefix('/') {
            Some(inside) => dir.path().join(inside).display().to_string(),
            None => (*file).to_owned(),
        };
        let answer = server.post("/api/v1/probe", json!({ "path": path })).await;
        let message = answer.body["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.code(), code.as_str(), "of {file}");
        assert!(message.contains(&path) && !message.contains('{'), "{message:?} names the file");
        let signs = code.signs().iter().filter(|sign| sign.program == Program::Ffprobe);
        for sign in signs {
            let said = probed(&path);
            assert!(said.lines().any(|line| sign.is_in(line)), "{sign:?} is in {said}");
        }
    }
    server.create("lobby", &good, false).await;
    for (code, name) in NAMES {
        let body = json!({ "name": name, "source": { "type": "file", "path": good } });
        assert_eq!(server.post("/api/v1/streams", body).await.code(), code.as_str(), "{name:?}");
    }
    assert_eq!(server.stop().await, Some(0));
}

/// What the real ffprobe says of a file when it is asked as the form asks it.
fn probed(path: &str) -> String {
    let mut command = Command::new(testkit::fixtures::ffprobe());
    command.args(ffmpeg_cli::probe::arguments(path.as_ref()));
    #[expect(clippy::disallowed_methods, reason = "looks at a file and ends")]
    let said = command.output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_does_not_end() {
    let dir = Dir::new();
    bench::fill(&dir);
    let real = testkit::fixtures::ffprobe();
    let text = format!("case \"$*\" in *show_format*) kill -STOP $$;; esac; exec {} \"$@\"", real.display());
    let mut command = command(&dir);
    command.arg("--ffprobe").arg(bench::script(&dir, "slow", &text));
    let server = Server::run(command).await;
    let answer = server.post("/api/v1/probe", json!({ "path": dir.media("good.mp4") })).await;
    assert_eq!(answer.code(), Code::SourceTimeout.as_str());
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn key_frames_that_take_too_long_are_looked_for_again() {
    let dir = Dir::new();
    bench::fill(&dir);
    let real = testkit::fixtures::ffprobe();
    let slow = dir.path().join("slow-disk");
    std::fs::write(&slow, "").unwrap();
    let text = format!(
        "case \"$*\" in *nokey*) test -e '{}' && kill -STOP $$;; esac; exec {} \"$@\"",
        slow.display(),
        real.display()
    );
    let mut command = command(&dir);
    command.arg("--ffprobe").arg(bench::script(&dir, "slow-keys", &text));
    let server = Server::run(command).await;
    let probe = async || server.post("/api/v1/probe", json!({ "path": dir.media("good.mp4") })).await.ok();
    let unknown = |probed: &serde_json::Value| probed.to_string().contains("keyframes_unknown");
    let first = probe().await;
    assert!(unknown(&first), "{first:#}");
    std::fs::remove_file(&slow).unwrap();
    let again = probe().await;
    assert!(!unknown(&again), "{again:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drive_that_is_not_connected() {
    let dir = Dir::new();
    let all = command(&dir);
    // Without folders of media, as in the desktop app: any file may be streamed.
    let mut free = Command::new(all.get_program());
    free.args(all.get_args().take_while(|word| *word != "--media"));
    let server = Server::run(free).await;
    let answer = server.post("/api/v1/probe", json!({ "path": dir.media("drive/film.mp4") })).await;
    assert_eq!(answer.code(), Code::SourceFolderMissing.as_str());
    assert_eq!(server.stop().await, Some(0));

    // The same below a folder of media, and where such a folder is itself the drive.
    let dir = Dir::new();
    let usb = dir.path().join("usb");
    std::fs::create_dir(&usb).unwrap();
    let mut command = command(&dir);
    command.arg("--media").arg(&usb);
    let server = Server::run(command).await;
    std::fs::remove_dir(&usb).unwrap();
    for file in [dir.media("drive/film.mp4"), dir.path().join("usb/film.mp4")] {
        let answer = server.post("/api/v1/probe", json!({ "path": file })).await;
        assert_eq!(answer.code(), Code::SourceFolderMissing.as_str(), "{}", file.display());
    }
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_without_its_companion() {
    let dir = Dir::new();
    bench::fill(&dir);
    let bin = dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(testkit::fixtures::ffmpeg(), bin.join("ffmpeg")).unwrap();
    let mut command = command(&dir);
    command.env("PATH", &bin).env_remove("STREAM_MANAGER_FFMPEG").env_remove("STREAM_MANAGER_FFPROBE");
    let server = Server::run(command).await;
    let host = server.get("/api/v1/snapshot").await["host"].clone();
    assert_eq!(host["ffmpeg"]["state"], "ready", "{host:#}");
    assert_eq!(host["ffprobe"]["fault"]["code"], Code::FfprobeMissing.as_str(), "{host:#}");
    assert_eq!(host["ffprobe"]["fault"]["action"], "install_ffmpeg");
    let answer = server.post("/api/v1/probe", json!({ "path": dir.media("good.mp4") })).await;
    assert_eq!(answer.code(), Code::FfprobeMissing.as_str());
    assert_eq!(server.stop().await, Some(0));
}
