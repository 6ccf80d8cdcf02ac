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

/// Whether a text says that the configuration file is read again, which forgets every change made by the API. (A change
/// by the API says `reloading configuration (API request)`.)
pub fn is_reload(text: &str) -> bool {
    text == "reloading configuration (file changed)"
}

/// Whether a text says that a path has a publisher from now on: `[path x] stream is online` (a path with a slate, 1.19.3
/// and newer), else `[RTSP] [session 1] is publishing to path 'x', …`.
pub fn is_arrival(text: &str) -> bool {
    text.contains("] is publishing to path '") || text.ends_with("] stream is online")
}

/// Why a publisher was sent away whose tracks are not those of its path's slate: `[RTSP] [conn 127.0.0.1:5000] closed:
/// wants to publish [H264], but stream expects [H264 MPEG-4 Audio]` (1.16 and newer; `closed: MPEG-4 audio configuration
/// does not match, …, but stream expects …`). Which path that was it does not say.
pub fn mismatch(text: &str) -> Option<&str> {
    let (_, reason) = text.split_once("] closed: ")?;
    reason.contains("but stream expects").then_some(reason)
}

/// What keeps a path from being recorded, from the text of an error: its name, and the reason as the system says it
/// (`[path x] [recorder] write /a/b.mp4: no space left on device`). MediaMTX tries again after 2 s, and says it again.
pub fn recorder_error(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("[path ")?.split_once("] [recorder] ")
}

/// Why a path's source could not be fetched, or ended, from the text of an error: the path's name and the reason, for
/// [`PullFailure::of`](crate::PullFailure::of) (`[path x] [RTSP source] dial tcp 10.0.0.7:554: i/o timeout`). MediaMTX
/// tries again after 5 s, and says it again.
pub fn source_error(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.strip_prefix("[path ")?.split_once("] [")?;
    let (kind, reason) = rest.split_once("] ")?;
    kind.ends_with(" source").then_some((name, reason))
}

/// Why the server ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fatal {
    /// The address is taken: `listen tcp 127.0.0.1:8554: bind: address already in use`.
    PortTaken(String),
    /// The address may not be used: `listen tcp :80: bind: permission denied`.
    PortDenied(String),
    /// A key of the configuration is not known or its value is wrong: plain `ERR: json: unknown field "x"` at a
    /// start, with a time at a reload.
    Config(String),
    /// A bug of its own: `panic: …`, or the runtime's `fatal error: …`; the process ends with 2.
    Panic(String),
    /// Another error, as it says it.
    Other(String),
}

/// Why the server ended: a panic, else its last error. Lines that merely tell what it closed come after it.
pub fn fatal<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> Option<Fatal> {
    let (mut last, mut panic) = (None, None);
    for line in lines {
        let line = line.as_ref();
        if is_panic(line) {
            panic = Some(Fatal::Panic(line.trim_end().to_owned()));
        } else if let ("error", text) = parse(line) {
            last = Some((line.starts_with("ERR: "), text));
        }
    }
    panic.or_else(|| last.map(|(early, text)| error(early, text)))
}

/// Whether a line begins the report of a panic of Go's runtime, which is printed plainly.
pub fn is_panic(line: &str) -> bool {
    line.starts_with("panic: ") || line.starts_with("fatal error: ")
}

/// `early`: said before the logger was up, when only the configuration had been looked at.
fn error(early: bool, text: String) -> Fatal {
    let taken = ["address already in use", "Only one usage of each socket address"];
    let denied = ["permission denied", "forbidden by its access permissions"];
    let says = |any: &[&str]| any.iter().any(|words| text.contains(words));
    match bound(&text) {
        Some(address) if says(&taken) => Fatal::PortTaken(address),
        Some(address) if says(&denied) => Fatal::PortDenied(address),
        _ if early || text.starts_with("json: ") => Fatal::Config(text),
        _ => Fatal::Other(text),
    }
}

/// The address of `listen tcp ADDRESS: bind: …`.
fn bound(text: &str) -> Option<String> {
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
    fn arrivals_with_and_without_a_slate() {
        assert!(is_arrival("[path a/b] stream is online"));
        assert!(is_arrival("[RTSP] [session d0939605] is publishing to path 'a', 1 track (H264)"));
        assert!(!is_arrival("[path a] stream is available, 1 track (H264)"), "its slate");
        assert!(!is_arrival("[RTSP] [session d0939605] is reading from path 'a', with TCP, 1 track (H264)"));
    }

    #[test]
    fn publishers_with_other_tracks() {
        let reason = "wants to publish [H264], but stream expects [H264 MPEG-4 Audio]";
        assert_eq!(mismatch(&format!("[RTSP] [conn 127.0.0.1:5000] closed: {reason}")), Some(reason));
        assert_eq!(mismatch("[RTSP] [conn 127.0.0.1:5000] closed: EOF"), None);
    }

    #[test]
    fn errors_of_a_recorder() {
        let text = "[path a/b] [recorder] mkdir /r/a: read-only file system";
        assert_eq!(recorder_error(text), Some(("a/b", "mkdir /r/a: read-only file system")));
        assert_eq!(recorder_error("[path a/b] stream is available"), None);
        assert_eq!(recorder_error("[RTSP] [conn 1] closed: EOF"), None);
    }

    #[test]
    fn errors_of_a_source() {
        let text = "[path a/b] [RTSP source] dial tcp 10.0.0.7:554: i/o timeout";
        assert_eq!(source_error(text), Some(("a/b", "dial tcp 10.0.0.7:554: i/o timeout")));
        assert_eq!(source_error("[path a/b] [recorder] mkdir /r: no"), None);
        assert_eq!(source_error("[path a] stream is available"), None);
    }

    #[test]
    fn the_last_error_is_the_reason() {
        let lines = [
            "2026/01/02 15:04:05 INF MediaMTX v1.20.1",
            "2026/01/02 15:04:05 ERR first",
            "2026/01/02 15:04:05 ERR listen tcp 127.0.0.1:8554: bind: address already in use",
            "2026/01/02 15:04:05 INF [metrics] closing",
        ];
        assert_eq!(fatal(lines), Some(Fatal::PortTaken("127.0.0.1:8554".to_owned())));
        assert_eq!(fatal(["2026/01/02 15:04:05 INF fine"]), None);
    }

    #[test]
    fn ends_of_every_kind() {
        let at = |text: &str| format!("2026/01/02 15:04:05 ERR {text}");
        let windows = "listen tcp 127.0.0.1:8554: bind: Only one usage of each socket address \
                       (protocol/network address/port) is normally permitted.";
        for (line, found) in [
            (
                at("listen: listen udp4 127.0.0.1:8890: bind: address already in use"),
                Fatal::PortTaken("127.0.0.1:8890".into()),
            ),
            (at(windows), Fatal::PortTaken("127.0.0.1:8554".into())),
            (at("listen tcp :80: bind: permission denied"), Fatal::PortDenied(":80".into())),
            (at("json: unknown field \"nope\""), Fatal::Config("json: unknown field \"nope\"".into())),
            (
                "ERR: json: unknown field \"nope\"".into(),
                Fatal::Config("json: unknown field \"nope\"".into()),
            ),
            ("panic: EOF".into(), Fatal::Panic("panic: EOF".into())),
            (at("something else"), Fatal::Other("something else".into())),
        ] {
            let lines = [at("first"), line.clone(), "2026/01/02 15:04:05 INF [API] closing".into()];
            assert_eq!(fatal(&lines), Some(found), "{line}");
        }
    }
}
