//! What the rows share: files of every bad kind, and ways to run FFmpeg.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ffmpeg_cli::faults::Exit;

use crate::support::{Dir, media, process};

/// Makes the good file and the bad ones in the folder of media; the names are those that the rows use.
pub fn fill(dir: &Dir) {
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let good = media::plain(&dir.media("good.mp4"));
    let bytes = fs::read(&good).unwrap();
    let write = |name: &str, content: &[u8]| fs::write(dir.media(name), content).unwrap();
    write("cut.mp4", &bytes[..bytes.len() / 2]);
    write("empty.mp4", b"");
    write("letter.mp4", b"Dear Sir or Madam,\n");
    write("list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ngood.mp4\n#EXT-X-ENDLIST\n");
    write("noise.mkv", &[b"\x1aE\xdf\xa3".as_slice(), &[0x5a; 4096]].concat());
    write("denied.mp4", &bytes);
    fs::set_permissions(dir.media("denied.mp4"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(dir.media("folder.mp4")).unwrap();
    nix::unistd::mkfifo(&dir.media("pipe.mp4"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(dir.path().join("outside.mp4"), &bytes).unwrap();
    write("words.srt", b"1\n00:00:00,000 --> 00:00:02,000\nHello\n\n");
    make(dir, "-i file:words.srt -c copy subtitles.mkv");
    make(dir, "-i file:good.mp4 -frames:v 1 -f image2 -c:v png picture.mp4");
    make(dir, "-i file:good.mp4 -c copy raw.ts");
    make(dir, "-i file:good.mp4 -c copy -movflags +faststart fast.mp4");
    make(dir, "-i file:good.mp4 -an -c copy known.mkv");
    let known = fs::read(dir.media("known.mkv")).unwrap();
    write("unknown.mkv", &replaced(&known, b"V_MPEG4/ISO/AVC", b"V_XXXX4/ISO/AVC"));
}

fn make(dir: &Dir, arguments: &str) {
    let mut command = Command::new(testkit::fixtures::ffmpeg());
    command.args(["-v", "error", "-y", "-nostdin"]).args(arguments.split(' ')).current_dir(dir.media(""));
    #[expect(clippy::disallowed_methods, reason = "makes a test's file and ends")]
    let made = command.output().unwrap();
    assert!(made.status.success(), "{arguments}: {}", String::from_utf8_lossy(&made.stderr));
}

/// `bytes` with each `from` replaced by `to`, which is as long.
pub fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let starts: Vec<usize> =
        (0..bytes.len().saturating_sub(from.len())).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(!starts.is_empty(), "{} is in it", String::from_utf8_lossy(from));
    for at in starts {
        out[at..at + to.len()].copy_from_slice(to);
    }
    out
}

/// A program in the folder of the test: a shell script.
pub fn script(dir: &Dir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    process::put(&path, format!("#!/bin/sh\n{text}\n").as_bytes());
    path
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Ended {
    pub exit: Exit,
    pub said: Vec<String>,
}

/// Runs a line of shell in `folder` with these variables.
pub fn shell(folder: &Path, line: &str, variables: &[(&str, String)]) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    #[expect(clippy::disallowed_methods, reason = "FFmpeg itself, which ends by its fault")]
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).lines().map(str::to_owned).collect();
    Ended { exit: Exit { code: ended.status.code(), signal: ended.status.signal() }, said }
}

/// Whether this system lets us be root in namespaces of our own; where not, the reason is printed.
pub fn has_namespaces() -> bool {
    #[expect(clippy::disallowed_methods, reason = "asks the system and ends")]
    let there = Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|o| o.status.success());
    if !there {
        crate::support::skipped("no user namespaces here");
    }
    there
}
