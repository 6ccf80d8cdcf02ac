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

fn known(line: &Line<'_>, all: &[Line<'_>], context: &Context) -> Option<Classified> {
    if line.says(&["No space left on device"]) {
        return transient(Error::new(Code::DiskFull).with("path", &context.path));
    }
    if line.is_source() {
        return source(line, all, context);
    }
    if line.says(LACKS) {
        return permanent(because(Code::FfmpegLacks, line.reason()));
    }
    if line.says(&["AAC with no global headers"]) {
        return permanent(because(Code::FfmpegLacks, line.reason()));
    }
    publishing(line, all)
}

/// Words for what an FFmpeg was built without, or for arguments that it does not take.
const LACKS: &[&str] = &[
    "Unknown encoder",
    "Unknown decoder",
    "Decoder not found",
    "Encoder not found",
    "Automatic encoder selection failed",
    "No such filter",
    "Unrecognized option",
    "Option not found",
    "Error splitting the argument list",
    "Requested output format",
    "Error while opening encoder",
    "Protocol not found",
];

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
        return transient(source(Code::SourceDamaged).with("reason", t!("probe.damaged.unreadable")));
    }
    if line.says(&["Invalid data found"]) {
        let reason = match any_says(&["moov atom not found"]) {
            true => t!("probe.damaged.incomplete"),
            false => t!("probe.damaged.invalid"),
        };
        return permanent(source(Code::SourceDamaged).with("reason", reason));
    }
    None
}

/// Transient all: the server comes back, or its configuration is applied a moment later.
fn publishing(line: &Line<'_>, all: &[Line<'_>]) -> Option<Classified> {
    let refused = |reason: String| transient(because(Code::PublishRefused, reason));
    if line.says(&["Connection refused", "timed out", "No route to host", "Network is unreachable"]) {
        return transient(Error::new(Code::PublishUnreachable));
    }
    if line.says(&["401 Unauthorized", "403 Forbidden"]) {
        return refused(t!("fault.publish.unauthorized").to_owned());
    }
    if line.says(&["Server returned 4", "Server returned 5", "failed: 4", "failed: 5"]) {
        return refused(line.reason());
    }
    if line.says(&["Broken pipe", "Connection reset by peer"]) {
        return refused(t!("fault.publish.closed").to_owned());
    }
    let by_us = all.iter().any(|line| line.says(&["AAC with no global headers"]));
    if !by_us && line.is_output() && line.says(&["Invalid data found"]) {
        // After ANNOUNCE MediaMTX says why in its own log alone; FFmpeg sees a broken answer.
        return refused(t!("fault.publish.tracks").to_owned());
    }
    None
}

fn unknown(exit: Exit, lines: &[Line<'_>]) -> Classified {
    // 5.1 ends with `Error initializing output stream 0:1 -- ` and nothing behind.
    let last =
        lines.iter().rev().find(|line| !line.level.is_empty() && !line.text.trim_end().ends_with("--"));
    let reason = match (exit, last) {
        (Exit { signal: Some(signal), .. }, _) => t!("fault.exit.signal", signal = signal),
        (_, Some(line)) => line.reason(),
        (Exit { code: Some(code), .. }, None) => t!("fault.exit.code", code = code),
        _ => t!("fault.exit.unknown").to_owned(),
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
