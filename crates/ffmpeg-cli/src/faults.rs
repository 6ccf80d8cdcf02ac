//! What FFmpeg's end means.

use stream_api::{Code, Error, t};

use crate::log;

/// How FFmpeg ended. Neither number says much: 5.1 ends with 1 for everything, 7.0 and newer with a byte of its
/// error, and 255 is both a signal and some failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exit {
    /// The exit code.
    pub code: Option<i32>,
    /// The signal that killed it, on Unix.
    pub signal: Option<i32>,
}

impl Exit {
    /// Whether FFmpeg itself broke, or what it had loaded: a wrong address or an abort, which nobody sends from outside.
    /// Windows has codes below 0 for that.
    pub fn is_crash(self) -> bool {
        // SIGILL, SIGABRT, SIGBUS (7, on macOS 10), SIGFPE, SIGSEGV.
        matches!(self.signal, Some(4 | 6 | 7 | 8 | 10 | 11)) || (cfg!(windows) && self.code < Some(0))
    }
}

/// What FFmpeg was doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The source's path.
    pub path: String,
}

/// An end with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// What was wrong.
    pub error: Error,
    /// Trying again can't help until something outside changes.
    pub permanent: bool,
}

/// Finds the reason in a signal that killed FFmpeg, else in its last lines (oldest first, as printed), and only then
/// in its exit code. The lines are those of [`Code::signs`].
pub fn classify(exit: Exit, tail: &[String], context: &Context) -> Classified {
    if let Some(killed) = exit.signal.map(signalled) {
        return Classified { error: killed, permanent: false };
    }
    let lines: Vec<Line<'_>> =
        tail.iter().map(|line| Line::of(line, context)).filter(Line::is_failure).collect();
    // The newest line that says something known wins: earlier ones may belong to a fault that FFmpeg overcame.
    let known = lines.iter().rev().find_map(|line| known(line, &lines, context));
    known.unwrap_or_else(|| unknown(exit, &lines))
}

/// Stands for the source's path in [`Line::text`], so that no file name is taken for FFmpeg's words.
const SOURCE: &str = "<source>";

struct Line<'a> {
    level: &'static str,
    printed: &'a str,
    text: String,
}

impl<'a> Line<'a> {
    fn of(whole: &'a str, context: &Context) -> Self {
        let (level, printed) = log::split(whole);
        let text = match context.path.as_str() {
            "" => printed.to_owned(),
            path => printed.replace(path, SOURCE),
        };
        Line { level, printed, text }
    }

    /// Libraries print their own errors without a level.
    fn is_failure(&self) -> bool {
        matches!(self.level, "" | "error" | "fatal" | "panic") && !self.text.trim().is_empty()
    }

    fn says(&self, any: &[&str]) -> bool {
        any.iter().any(|text| self.text.contains(text))
    }

    /// About opening the source. `Error while decoding …` is not: FFmpeg goes on after it.
    fn is_source(&self) -> bool {
        self.text.starts_with("file:") || self.says(&[SOURCE, "Error opening input"])
    }

    /// About the server's side: `Could not write header for output file` of 5.1, `Error opening output file` of 7.0.
    fn is_output(&self) -> bool {
        self.says(&["rtsp://", "output file", "Could not write header"])
    }

    fn reason(&self) -> String {
        log::redact(self.printed.trim()).into_owned()
    }
}

/// FFmpeg takes SIGINT and SIGTERM as a wish to end, so what kills it says nothing itself.
fn signalled(signal: i32) -> Error {
    const KILL: i32 = 9;
    match signal {
        KILL => Error::new(Code::FfmpegKilled),
        other => because(Code::FfmpegSignal, t!("fault.exit.signal", signal = other)),
    }
}

fn known(line: &Line<'_>, all: &[Line<'_>], context: &Context) -> Option<Classified> {
    if line.says(&["No space left on device"]) {
        return transient(Error::new(Code::DiskFull).with("path", &context.path));
    }
    if let Some(scarce) = scarce(&line.text) {
        return transient(scarce);
    }
    if let Some(code) = lacking(&line.text) {
        if all.iter().any(|line| line.text.contains("malloc of size")) {
            return transient(Error::new(Code::OutOfMemory));
        }
        // FFmpeg names the thing first, and then what follows from it.
        let first = all.iter().find(|line| lacking(&line.text) == Some(code)).unwrap_or(line);
        return permanent(because(code, first.reason()).with("path", program_of(&first.text)));
    }
    if line.is_source() {
        return source(line, all, context);
    }
    if line.says(&["Decoder (codec none) not found", "Decoding requested, but no decoder found"]) {
        return permanent(Error::new(Code::SourceCodecUnknown).with("path", &context.path));
    }
    if line.says(&["AAC with no global headers"]) {
        return permanent(Error::new(Code::SourceSoundUnsendable).with("path", &context.path));
    }
    publishing(line, all)
}

/// What the computer ran out of; it passes.
pub(crate) fn scarce(text: &str) -> Option<Error> {
    let says = |any: &[&str]| any.iter().any(|words| text.contains(words));
    if says(&["Cannot allocate memory", "failed to map segment from shared object"]) {
        return Some(Error::new(Code::OutOfMemory));
    }
    says(&["Too many open files", "cannot open shared object file: Error 24"])
        .then(|| Error::new(Code::TooManyFiles))
}

/// What an FFmpeg was built without, or which of its arguments it does not take.
pub(crate) fn lacking(text: &str) -> Option<Code> {
    const LACKS: &[(Code, &[&str])] = &[
        (Code::FfmpegLibraryMissing, &["error while loading shared libraries", "Library not loaded"]),
        (
            Code::FfmpegNoEncoder,
            &[
                "Unknown encoder",
                "Encoder not found",
                "encoder found for codec",
                "Automatic encoder selection",
            ],
        ),
        (Code::FfmpegNoDecoder, &["Unknown decoder", "Decoder not found"]),
        (Code::FfmpegNoFilter, &["No such filter", "Filter not found"]),
        (
            Code::FfmpegNoOption,
            &[
                "Unrecognized option",
                "Option not found",
                "Error splitting the argument list",
                "Failed to set value",
            ],
        ),
        (Code::FfmpegNoFormat, &["Requested output format", "Unknown input format"]),
        (Code::FfmpegNoProtocol, &["Protocol not found"]),
        (Code::EncoderRefused, &["Error while opening encoder", "Could not open encoder"]),
    ];
    LACKS.iter().find(|(_, any)| any.iter().any(|words| text.contains(words))).map(|(code, _)| *code)
}

/// `ffmpeg` of `ffmpeg: error while loading …`, as the loader prints it.
fn program_of(text: &str) -> &str {
    text.split_once(": ").map_or("FFmpeg", |(program, _)| program)
}

fn source(line: &Line<'_>, all: &[Line<'_>], context: &Context) -> Option<Classified> {
    let source = |code| Error::new(code).with("path", &context.path);
    let any_says = |words: &[&str]| all.iter().any(|line| line.says(words));
    if line.says(&["No such file or directory"]) {
        return permanent(source(Code::SourceMissing));
    }
    if line.says(&["Permission denied", "Operation not permitted"]) {
        return permanent(source(Code::SourceDenied));
    }
    if line.says(&["Is a directory"]) {
        return permanent(source(Code::SourceIsFolder));
    }
    if any_says(&["not on whitelist"]) {
        return permanent(source(Code::SourceIsPlaylist));
    }
    if line.says(&["Input/output error"]) {
        // A disk that sleeps or was unplugged may come back.
        return transient(source(Code::SourceUnreadable));
    }
    if line.says(&["Invalid data found"]) {
        return permanent(source(match any_says(&["moov atom not found"]) {
            true => Code::SourceIncomplete,
            false => Code::SourceDamaged,
        }));
    }
    None
}

/// Transient all: the server comes back, or its configuration is applied a moment later.
fn publishing(line: &Line<'_>, all: &[Line<'_>]) -> Option<Classified> {
    let plain = |code| transient(Error::new(code));
    if line.says(&["Connection refused", "timed out", "No route to host", "Network is unreachable"]) {
        return plain(Code::PublishUnreachable);
    }
    // By RTSP, and by RTMP.
    if line.says(&["401 Unauthorized", "403 Forbidden", "authentication failed"]) {
        return plain(Code::PublishDenied);
    }
    if line.says(&["400 Bad Request"]) {
        return plain(Code::PublishNoPath);
    }
    if line.says(&["Server returned 4", "Server returned 5", "failed: 4", "failed: 5"]) {
        return transient(because(Code::PublishRefused, line.reason()));
    }
    if line.says(&["Broken pipe", "Connection reset by peer"]) {
        return plain(Code::PublishClosed);
    }
    let by_us = all.iter().any(|line| line.says(&["AAC with no global headers"]));
    if !by_us && line.is_output() && line.says(&["Invalid data found"]) {
        // After ANNOUNCE MediaMTX says why in its own log alone; FFmpeg sees a broken answer.
        return plain(Code::PublishTracks);
    }
    None
}

fn unknown(exit: Exit, lines: &[Line<'_>]) -> Classified {
    // 5.1 ends with `Error initializing output stream 0:1 -- ` and nothing behind.
    let last =
        lines.iter().rev().find(|line| !line.level.is_empty() && !line.text.trim_end().ends_with("--"));
    let reason = match (last, exit.code) {
        (Some(line), _) => line.reason(),
        (None, Some(code)) => t!("fault.exit.code", code = code),
        (None, None) => t!("fault.exit.unknown").to_owned(),
    };
    Classified { error: because(Code::FfmpegCrashed, reason), permanent: false }
}

fn because(code: Code, reason: String) -> Error {
    Error::new(code).with("reason", reason)
}

fn permanent(error: Error) -> Option<Classified> {
    Some(Classified { error, permanent: true })
}

fn transient(error: Error) -> Option<Classified> {
    Some(Classified { error, permanent: false })
}

#[cfg(test)]
mod tests;
