//! MediaMTX's log, as read from its standard output. Lines are plain (`2026/01/02 15:04:05 INF text`) or
//! structured (`{"timestamp":…,"level":"INF","message":…}`, 1.15.6); before the logger is up, plain `ERR: text`.

use serde::Deserialize;

/// A listener that came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener<'a> {
    /// `RTSP`, `RTMP`, `HLS`, `WebRTC`, `SRT`, `API`, `metrics`… The API comes last: with it, all are up.
    pub protocol: &'a str,
    /// Where, as printed: `127.0.0.1:8554 (TCP/RTSP)`.
    pub address: &'a str,
}

/// Level (`error`, `warning`, `info` or `debug`) and text of a line, without its time.
/// What is not understood is `info`, whole.
pub fn parse(line: &str) -> (&'static str, String) {
    let line = line.trim_end();
    if let Some(text) = line.strip_prefix("ERR: ") {
        return ("error", text.to_owned());
    }
    if line.starts_with('{') {
        // Go-quoted text may be invalid JSON (`\x00`); such a line is shown as it is, with its level.
        return match serde_json::from_str::<Structured>(line) {
            Ok(structured) => (level(&structured.level).unwrap_or("info"), structured.message),
            Err(_) => (guessed_level(line), line.to_owned()),
        };
    }
    plain(line).unwrap_or_else(|| ("info", line.to_owned()))
}

/// The listener that a text announces: "started with listener on" (1.19 and newer) or "listener opened on".
pub fn listener(text: &str) -> Option<Listener<'_>> {
    let (protocol, rest) = text.strip_prefix('[')?.split_once("] ")?;
    let ways = ["listener opened on ", "started with listener on ", "started with listeners on "];
    let address = ways.iter().find_map(|way| rest.strip_prefix(way))?;
    Some(Listener { protocol, address })
}

/// Why the server ended: its last error. Lines that merely tell what it closed come after it.
pub fn fatal<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Option<String> {
    let errors = lines.into_iter().filter_map(|line| match parse(line.as_ref()) {
        ("error", text) => Some(text),
        _ => None,
    });
    errors.last()
}

/// The address that is taken already, when that is what a text says: `listen tcp 127.0.0.1:8554: bind: …`.
pub fn busy_port(text: &str) -> Option<String> {
    let busy = ["address already in use", "Only one usage of each socket address"];
    if !busy.iter().any(|words| text.contains(words)) {
        return None;
    }
    let (before, _) = text.split_once(": bind:")?;
    let address = before.rsplit(' ').next()?;
    address.contains(':').then(|| address.to_owned())
}

#[derive(Deserialize)]
struct Structured {
    level: String,
    message: String,
}

fn level(word: &str) -> Option<&'static str> {
    match word {
        "ERR" => Some("error"),
        "WAR" => Some("warning"),
        "INF" => Some("info"),
        "DEB" => Some("debug"),
        _ => None,
    }
}

fn guessed_level(line: &str) -> &'static str {
    let word = line.split_once(r#""level":""#).and_then(|(_, rest)| rest.get(..3));
    word.and_then(level).unwrap_or("info")
}

/// `2006/01/02 15:04:05 INF text`
fn plain(line: &str) -> Option<(&'static str, String)> {
    let mut parts = line.splitn(4, ' ');
    let (date, time, word) = (parts.next()?, parts.next()?, parts.next()?);
    let digits =
        |text: &str, sign| text.split(sign).count() == 3 && text.starts_with(|c: char| c.is_ascii_digit());
    if !digits(date, '/') || !digits(time, ':') {
        return None;
    }
    Some((level(word)?, parts.next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_structured_lines_say_the_same() {
        let text = "[path x] stream is available and online, 1 track (H264)";
        assert_eq!(parse(&format!("2026/01/02 15:04:05 INF {text}\n")), ("info", text.to_owned()));
        let structured =
            format!(r#"{{"timestamp":"2026-01-02T15:04:05Z","level":"WAR","message":"{text}"}}"#);
        assert_eq!(parse(&structured), ("warning", text.to_owned()));
        assert_eq!(parse("ERR: json: unknown field \"nope\"").0, "error");
        assert_eq!(parse("2026/01/02 15:04:05 DEB a"), ("debug", "a".to_owned()));
    }

    #[test]
    fn strange_lines_are_kept_whole() {
        for strange in ["", "panic: runtime error", "goroutine 1 [running]:", "2026/01/02 hello", "{not json"]
        {
            assert_eq!(parse(strange), ("info", strange.to_owned()));
        }
        let invalid = r#"{"timestamp":"t","level":"ERR","message":"a \x00 b"}"#;
        assert_eq!(parse(invalid), ("error", invalid.to_owned()));
    }

    #[test]
    fn listeners_of_old_and_new_versions() {
        let new = listener("[RTSP] started with listener on 127.0.0.1:8554 (TCP/RTSP)").unwrap();
        assert_eq!(new, Listener { protocol: "RTSP", address: "127.0.0.1:8554 (TCP/RTSP)" });
        assert_eq!(listener("[API] listener opened on :9997").unwrap().address, ":9997");
        assert_eq!(
            listener("[WebRTC] started with listeners on 127.0.0.1:8889 (TCP/HTTP)").unwrap().protocol,
            "WebRTC"
        );
        assert_eq!(listener("[RTSP] [conn 127.0.0.1:1] opened"), None);
    }

    #[test]
    fn the_last_error_is_the_reason() {
        let lines = [
            "2026/01/02 15:04:05 INF MediaMTX v1.20.1",
            "2026/01/02 15:04:05 ERR first",
            "2026/01/02 15:04:05 ERR listen tcp 127.0.0.1:8554: bind: address already in use",
            "2026/01/02 15:04:05 INF [metrics] closing",
        ];
        let reason = fatal(lines).unwrap();
        assert_eq!(busy_port(&reason).as_deref(), Some("127.0.0.1:8554"));
        assert_eq!(fatal(["2026/01/02 15:04:05 INF fine"]), None);
    }

    #[test]
    fn busy_ports_of_every_kind() {
        let srt = "listen: listen udp4 127.0.0.1:8890: bind: address already in use";
        assert_eq!(busy_port(srt).as_deref(), Some("127.0.0.1:8890"));
        let windows = "listen tcp 127.0.0.1:8554: bind: Only one usage of each socket address \
                       (protocol/network address/port) is normally permitted.";
        assert_eq!(busy_port(windows).as_deref(), Some("127.0.0.1:8554"));
        assert_eq!(busy_port("listen tcp :80: bind: permission denied"), None);
    }
}
