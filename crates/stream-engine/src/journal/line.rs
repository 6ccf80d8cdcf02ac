//! A line of a log as it stands in a file: `2026-11-22T22:50:33.123+00:00 ffmpeg error text`.

use jiff::{Timestamp, tz::TimeZone};
use stream_api::{LogLine, LogOrigin, UnixMillis};

/// RFC 3339 with milliseconds and this computer's time zone.
pub(crate) fn local(at: UnixMillis) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        Err(_) => at.0.to_string(),
    }
}

/// The line with its end.
pub(super) fn write(line: &LogLine) -> String {
    // Else a text could pretend to be a line of its own.
    let text = line.text.replace(['\n', '\r'], " ");
    let level = if line.level.is_empty() { "-" } else { &line.level };
    format!("{} {} {level} {text}\n", local(line.at), origin(line.origin))
}

/// What [`write`] wrote; `None` for anything else.
pub(super) fn read(text: &str) -> Option<LogLine> {
    let mut parts = text.splitn(4, ' ');
    let at: Timestamp = parts.next()?.parse().ok()?;
    let origin = match parts.next()? {
        "ffmpeg" => LogOrigin::Ffmpeg,
        "manager" => LogOrigin::Manager,
        "server" => LogOrigin::Server,
        _ => return None,
    };
    let level = parts.next().map(|level| if level == "-" { "" } else { level })?;
    let text = parts.next().unwrap_or_default().to_owned();
    Some(LogLine { at: UnixMillis(at.as_millisecond()), origin, level: level.to_owned(), text })
}

pub(super) fn origin(origin: LogOrigin) -> &'static str {
    match origin {
        LogOrigin::Ffmpeg => "ffmpeg",
        LogOrigin::Manager => "manager",
        LogOrigin::Server => "server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_survive_the_file() {
        for (level, text) in [("error", "a  b c"), ("", ""), ("info", "größer [x] 10%")] {
            let line = LogLine {
                at: UnixMillis(1_763_851_833_123),
                origin: LogOrigin::Ffmpeg,
                level: level.to_owned(),
                text: text.to_owned(),
            };
            let written = write(&line);
            assert!(
                written.starts_with("2025-11-2") && written.contains(".123"),
                "people can read it: {written}"
            );
            assert_eq!(read(written.trim_end_matches('\n')), Some(line), "{written:?}");
        }
        let trick = LogLine {
            at: UnixMillis(0),
            origin: LogOrigin::Manager,
            level: "info".to_owned(),
            text: "one\n2026-01-01T00:00:00.000Z ffmpeg error two\r\n".to_owned(),
        };
        assert_eq!(write(&trick).lines().count(), 1, "a text is one line");
        for other in ["", "nonsense", "2026-01-01T00:00:00Z nobody info x"] {
            assert_eq!(read(other), None, "{other:?}");
        }
    }
}
