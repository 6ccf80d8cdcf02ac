//! FFmpeg and MediaMTX that can't be run: what the host says of them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use stream_api::Code;

use super::{
    Made::{Fake, Real},
    Row, bench,
};
use crate::support::{Dir, Server, process, server::command};

/// A start with an FFmpeg and a MediaMTX of this kind.
pub struct ProgramRow {
    pub ffmpeg: Option<Row>,
    pub mediamtx: Option<Row>,
    make: fn(&Dir, &str) -> Option<PathBuf>,
}

const fn both(ffmpeg: Code, mediamtx: Code, make: fn(&Dir, &str) -> Option<PathBuf>) -> ProgramRow {
    ProgramRow { ffmpeg: Some((ffmpeg, Real)), mediamtx: Some((mediamtx, Real)), make }
}

pub const ROWS: &[ProgramRow] = &[
    both(Code::FfmpegMissing, Code::ServerMissing, |_, _| None),
    both(Code::FfmpegNotThere, Code::ServerNotThere, |dir, name| Some(dir.path().join(name))),
    both(Code::FfmpegNotExecutable, Code::ServerNotExecutable, |dir, name| {
        let path = bench::script(dir, name, "exit 0");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        Some(path)
    }),
    both(Code::FfmpegUnusable, Code::ServerUnusable, |dir, name| {
        Some(bench::script(dir, name, "echo Good morning."))
    }),
    ProgramRow {
        ffmpeg: Some((Code::FfmpegTooOld, Real)),
        mediamtx: Some((Code::ServerTooOld, Fake("only pinned versions of MediaMTX are fetched"))),
        make: |dir, name| match name {
            "mediamtx" => Some(bench::script(dir, name, "echo v1.18.0")),
            // The real one; where it wasn't fetched, what it prints.
            _ => testkit::fixtures::ffmpeg_version("4.2.2")
                .or_else(|| Some(bench::script(dir, name, "echo ffmpeg version 4.2.2-static Copyright"))),
        },
    },
    both(Code::FfmpegWrongMachine, Code::ServerWrongMachine, |dir, name| {
        let path = dir.path().join(name);
        let real =
            if name == "mediamtx" { testkit::fixtures::mediamtx() } else { testkit::fixtures::ffmpeg() };
        let mut head = fs::read(real).unwrap();
        // An ELF file's `e_machine`: 64-bit ARM, or x86-64 where that is what we run on.
        let foreign: u16 = if cfg!(target_arch = "aarch64") { 62 } else { 183 };
        head[18..20].copy_from_slice(&foreign.to_le_bytes());
        process::put(&path, &head);
        Some(path)
    }),
    // The installed program, asking for a library that nobody has.
    ProgramRow {
        ffmpeg: Some((Code::FfmpegLibraryMissing, Real)),
        mediamtx: None,
        make: |dir, name| {
            let path = dir.path().join(name);
            let real = fs::read(testkit::fixtures::ffmpeg()).unwrap();
            process::put(&path, &bench::replaced(&real, b"libavdevice.so.", b"libavdevicX.so."));
            Some(path)
        },
    },
    ProgramRow {
        ffmpeg: Some((Code::FfmpegSilent, Fake("the real FFmpeg, stopped before its first word"))),
        mediamtx: None,
        make: |dir, name| Some(bench::script(dir, name, "kill -STOP $$; exec ffmpeg \"$@\"")),
    },
];

async fn check(row: &ProgramRow) {
    let dir = Dir::new();
    let mut command = command(&dir);
    command.env("PATH", dir.path()).env("HOME", dir.path()).env("XDG_CACHE_HOME", dir.path());
    for program in ["FFMPEG", "FFPROBE", "MEDIAMTX"] {
        command.env_remove(format!("STREAM_MANAGER_{program}"));
    }
    for (name, wanted) in [("ffmpeg", row.ffmpeg), ("mediamtx", row.mediamtx)] {
        let at = if name == "ffmpeg" { "real-ffmpeg" } else { name };
        if let Some(path) = wanted.and_then(|_| (row.make)(&dir, at)) {
            command.arg(format!("--{name}")).arg(path);
        }
    }
    let server = Server::run(command).await;
    let host = server.get("/api/v1/snapshot").await["host"].clone();
    for (name, wanted) in [("ffmpeg", row.ffmpeg), ("mediamtx", row.mediamtx)] {
        let Some((code, _)) = wanted else { continue };
        let fault = &host[name]["fault"];
        assert_eq!(fault["code"], code.as_str(), "{host:#}");
        assert!(!fault["message"].as_str().unwrap().contains('{'), "all is filled in: {fault}");
        if name == "mediamtx" {
            let status = server.until_server("failed").await;
            assert_eq!(status["fault"]["code"], code.as_str(), "{status:#}");
        }
    }
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_cannot_be_run() {
    futures_util::future::join_all(ROWS.iter().map(check)).await;
}
