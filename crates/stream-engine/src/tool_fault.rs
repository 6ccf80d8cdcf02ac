//! Why a program of ours can't be run, as a fault that a person understands.

use std::path::Path;

use child_process::SpawnError;
use stream_api::{Code, Error, t};

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Ffmpeg,
    Ffprobe,
    Mediamtx,
}

/// Why it can't be run. FFmpeg and MediaMTX have a code of their own for each, since the cures differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    Missing,
    NotThere,
    NotExecutable,
    WrongMachine,
    /// The loader's words.
    LibraryMissing(String),
    Silent,
    NoVersion,
    Other(String),
}

impl Program {
    /// Its name, as people write it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Program::Ffmpeg => "FFmpeg",
            Program::Ffprobe => "ffprobe",
            Program::Mediamtx => "MediaMTX",
        }
    }

    /// The fault of this program at `path`.
    pub(crate) fn fault(self, path: &Path, why: Why) -> Error {
        let code = self.code(&why);
        let reason = match why {
            Why::LibraryMissing(reason) | Why::Other(reason) => reason,
            Why::NoVersion => t!("tool.no_version").to_owned(),
            Why::Silent => t!("tool.silent").to_owned(),
            Why::Missing | Why::NotThere | Why::NotExecutable | Why::WrongMachine => String::new(),
        };
        let error = Error::new(code).with("path", path.display()).with("program", self.label());
        if reason.is_empty() { error } else { error.with("reason", reason) }
    }

    /// The fault of a start that failed.
    pub(crate) fn unspawnable(self, path: &Path, error: &SpawnError) -> Error {
        let why = match error {
            SpawnError::NotFound { .. } => Why::NotThere,
            SpawnError::Denied { .. } | SpawnError::NotExecutable { .. } => Why::NotExecutable,
            SpawnError::WrongMachine { .. } => Why::WrongMachine,
            SpawnError::NoFolder { .. } | SpawnError::Other(_) => Why::Other(error.to_string()),
        };
        self.fault(path, why)
    }

    fn code(self, why: &Why) -> Code {
        match (self, why) {
            (Program::Ffmpeg, Why::Missing) => Code::FfmpegMissing,
            (Program::Ffprobe, Why::Missing) => Code::FfprobeMissing,
            (Program::Mediamtx, Why::Missing) => Code::ServerMissing,
            (Program::Mediamtx, Why::NotThere) => Code::ServerNotThere,
            (Program::Mediamtx, Why::NotExecutable) => Code::ServerNotExecutable,
            (Program::Mediamtx, Why::WrongMachine) => Code::ServerWrongMachine,
            (Program::Mediamtx, _) => Code::ServerUnusable,
            (_, Why::NotThere) => Code::FfmpegNotThere,
            (_, Why::NotExecutable) => Code::FfmpegNotExecutable,
            (_, Why::WrongMachine) => Code::FfmpegWrongMachine,
            (_, Why::LibraryMissing(_)) => Code::FfmpegLibraryMissing,
            (_, Why::Silent) => Code::FfmpegSilent,
            (_, Why::NoVersion | Why::Other(_)) => Code::FfmpegUnusable,
        }
    }
}

/// Whether looking for FFmpeg and ffprobe again may cure it.
pub(crate) fn is_of_ffmpeg(code: Code) -> bool {
    matches!(
        code,
        Code::FfmpegMissing
            | Code::FfprobeMissing
            | Code::FfmpegNotThere
            | Code::FfmpegTooOld
            | Code::FfmpegNotExecutable
            | Code::FfmpegWrongMachine
            | Code::FfmpegLibraryMissing
            | Code::FfmpegSilent
            | Code::FfmpegUnusable
    )
}

/// Whether looking for MediaMTX again may cure it.
pub(crate) fn is_of_mediamtx(code: Code) -> bool {
    matches!(
        code,
        Code::ServerMissing
            | Code::ServerNotThere
            | Code::ServerTooOld
            | Code::ServerNotExecutable
            | Code::ServerWrongMachine
            | Code::ServerUnusable
    )
}

/// The loader's words for a library that is missing, where they are.
pub(crate) fn missing_library(stderr: &str) -> Option<String> {
    let line = stderr.lines().find(|line| line.contains("error while loading shared libraries"))?;
    let (_, words) = line.split_once("libraries: ")?;
    Some(words.trim().to_owned())
}
