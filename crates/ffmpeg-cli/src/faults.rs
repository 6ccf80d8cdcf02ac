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

/// Finds the reason in FFmpeg's last lines (oldest first, as printed), and only then in `exit`.
pub fn classify(exit: Exit, tail: &[String], context: &Context) -> Classified {
    let lines: Vec<Line> = tail.iter().map(|line| Line::of(line)).collect();
    // The newest line that says something known wins: earlier ones may belong to a fault that FFmpeg overcame.
    let known = lines.iter().rev().find_map(|line| known(line, &lines, context));
    known.unwrap_or_else(|| unknown(exit, &lines))
}

struct Line<'a> {
    whole: &'a str,
    level: &'static str,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn of(whole: &'a str) -> Self {
        let (level, text) = log::split(whole);
        Line { whole, level, text }
    }

    fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// About the output: its URL, or the RTSP muxer.
    fn is_output(&self) -> bool {
        self.says("rtsp://")
            || self.whole.contains("[rtsp @")
            || self.says("output file")
            || self.says("Could not write header")
    }

    fn redacted(&self) -> String {
        log::redact(self.text).into_owned()
    }
}

fn permanent(error: Error) -> Option<Classified> {
    Some(Classified { error, permanent: true })
}

fn transient(error: Error) -> Option<Classified> {
    Some(Classified { error, permanent: false })
}

fn known(line: &Line<'_>, all: &[Line<'_>], context: &Context) -> Option<Classified> {
    let source = |code| Error::new(code).with("path", &context.path);
    let because = |code: Code, reason: String| Error::new(code).with("reason", reason);
    if line.says("No space left on device") {
        return transient(source(Code::DiskFull));
    }
    if line.says("Connection refused")
        || line.says("Connection timed out")
        || line.says("No route to host")
        || line.says("Network is unreachable")
    {
        return transient(Error::new(Code::PublishUnreachable));
    }
    if line.says("401") && line.says("Unauthorized") || line.says("403") && line.says("Forbidden") {
        return transient(because(Code::PublishRefused, t!("fault.publish.unauthorized").to_owned()));
    }
    if line.says("method ") && line.says(" failed: 4") || line.says("Server returned 4") {
        return transient(because(Code::PublishRefused, line.redacted()));
    }
    if line.says("Broken pipe") || line.says("Connection reset by peer") {
        return transient(because(Code::PublishRefused, t!("fault.publish.closed").to_owned()));
    }
    if line.says("Unknown encoder")
        || line.says("Unknown decoder")
        || line.says("No such filter")
        || line.says("Unrecognized option")
        || line.says("Option not found")
        || line.says("Error splitting the argument list")
        || line.says("Requested output format")
        || line.says("Protocol not found")
        || line.says("Error selecting an encoder")
    {
        return permanent(because(Code::FfmpegLacks, line.redacted()));
    }
    if line.is_output() {
        return output(line, all);
    }
    if line.says("No such file or directory") {
        return permanent(source(Code::SourceMissing));
    }
    if line.says("Permission denied") {
        return permanent(source(Code::SourceDenied));
    }
    if line.says("Is a directory") {
        return permanent(source(Code::SourceIsFolder));
    }
    if line.says("not on whitelist") {
        return permanent(source(Code::SourceIsPlaylist));
    }
    if line.says("moov atom not found") {
        return permanent(source(Code::SourceDamaged).with("reason", t!("probe.damaged.incomplete")));
    }
    None
}

fn output(_line: &Line<'_>, _all: &[Line<'_>]) -> Option<Classified> {
    None
}

fn unknown(exit: Exit, lines: &[Line<'_>]) -> Classified {
    let last = lines.iter().rev().find(|line| matches!(line.level, "error" | "fatal" | "panic"));
    let reason = match (last, exit) {
        (Some(line), _) => line.redacted(),
        (None, Exit { signal: Some(signal), .. }) => t!("fault.exit.signal", signal = signal),
        (None, Exit { code: Some(code), .. }) => t!("fault.exit.code", code = code),
        (None, _) => t!("fault.exit.unknown").to_owned(),
    };
    Classified { error: Error::new(Code::FfmpegCrashed).with("reason", reason), permanent: false }
}
