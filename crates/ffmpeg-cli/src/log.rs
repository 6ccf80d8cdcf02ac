//! Reads FFmpeg's log lines (`-loglevel repeat+level+warning`) and takes credentials out of them.

use std::borrow::Cow;

const LEVELS: [&str; 9] =
    ["quiet", "panic", "fatal", "error", "warning", "info", "verbose", "debug", "trace"];

/// Splits `[rtsp @ 0x55…] [error] text` into its level and text; the component in front is left out. A line without
/// a level (a library's own words, a continuation) has the level `""`.
pub fn split(line: &str) -> (&'static str, &str) {
    let mut rest = line.trim_end();
    while let Some((inner, after)) = bracketed(rest) {
        if let Some(level) = LEVELS.iter().find(|level| **level == inner) {
            return (level, after);
        }
        if !inner.contains(" @ 0x") {
            break;
        }
        rest = after;
    }
    ("", rest)
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (inner, after) = text.strip_prefix('[')?.split_once(']')?;
    Some((inner, after.strip_prefix(' ').unwrap_or(after)))
}

/// Stands for a secret that was taken out.
const HIDDEN: &str = "***";

/// Takes out credentials: user and password in a URL, `user=`, `pass=`, `password=`, `token=`, `jwt=`, `key=` and
/// `passphrase=` in a query, and those in an SRT `streamid=publish:PATH:USER:PASS`. FFmpeg prints URLs in its errors.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    userinfo(text, &mut hidden);
    queries(text, &mut hidden);
    stream_ids(text, &mut hidden);
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_unstable();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in hidden.into_iter().filter(|(start, end)| start < end) {
        if end <= at {
            continue;
        }
        if start >= at {
            out.push_str(&text[at..start]);
            out.push_str(HIDDEN);
        }
        at = end;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '"' | '<' | '>' | '|' | ')')
}

/// `scheme://USER:PASS@host`: all up to the last `@` of the authority, since a raw password may hold an `@`.
fn userinfo(text: &str, hidden: &mut Vec<(usize, usize)>) {
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        let url = text[start..].split(ends_url).next().unwrap_or_default();
        let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some(end) = authority.rfind('@') {
            hidden.push((start, start + end));
        }
    }
}

/// `name=VALUE` after `?`, `&` or a space.
fn queries(text: &str, hidden: &mut Vec<(usize, usize)>) {
    const NAMES: [&str; 8] =
        ["user=", "pass=", "password=", "passphrase=", "token=", "jwt=", "key=", "username="];
    let lower = text.to_ascii_lowercase();
    for name in NAMES {
        for (at, _) in lower.match_indices(name) {
            let before = lower[..at].chars().next_back();
            if before.is_none_or(|c| matches!(c, '?' | '&' | ';' | ' ' | '\'' | '"')) {
                let start = at + name.len();
                let value = text[start..].split(|c| ends_url(c) || c == '&').next().unwrap_or_default();
                hidden.push((start, start + value.len()));
            }
        }
    }
}

/// `publish:PATH:USER:PASS` and `read:PATH:USER:PASS`, also percent-encoded colons.
fn stream_ids(text: &str, hidden: &mut Vec<(usize, usize)>) {
    let lower = text.to_ascii_lowercase();
    for (at, name) in lower.match_indices("streamid=") {
        let start = at + name.len();
        let value = text[start..].split(|c| ends_url(c) || c == '&').next().unwrap_or_default();
        let colons: Vec<(usize, usize)> = value
            .char_indices()
            .filter_map(|(i, c)| match c {
                ':' => Some((i, 1)),
                '%' if value[i..].get(..3).is_some_and(|code| code.eq_ignore_ascii_case("%3a")) => {
                    Some((i, 3))
                }
                _ => None,
            })
            .collect();
        if let Some((colon, width)) = colons.get(1) {
            hidden.push((start + colon + width, start + value.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels() {
        for (line, level, text) in [
            (
                "[rtsp @ 0x5642c0d0] [error] method ANNOUNCE failed: 401 Unauthorized",
                "error",
                "method ANNOUNCE failed: 401 Unauthorized",
            ),
            ("[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [h264 @ 0x2] [warning] x", "warning", "x"),
            ("[fatal] Unknown encoder 'x'", "fatal", "Unknown encoder 'x'"),
            (
                "file:a[error].mp4: No such file or directory",
                "",
                "file:a[error].mp4: No such file or directory",
            ),
            ("[error] [draft].mp4: Invalid data", "error", "[draft].mp4: Invalid data"),
            ("plain\r", "", "plain"),
            ("[unclosed", "", "[unclosed"),
            ("", "", ""),
        ] {
            assert_eq!(split(line), (level, text), "{line:?}");
        }
    }

    #[test]
    fn credentials_are_taken_out() {
        for (text, clean) in [
            (
                "rtsp://u:s3cret@127.0.0.1:8554/a: Connection refused",
                "rtsp://***@127.0.0.1:8554/a: Connection refused",
            ),
            ("'rtsp://u:p@ss@h/a' and http://x:y@z", "'rtsp://***@h/a' and http://***@z"),
            ("rtmp://h/a?user=me&pass=s3cret&x=1", "rtmp://h/a?user=***&pass=***&x=1"),
            (
                "srt://h:8890?streamid=publish:a/b:me:s3cret&passphrase=topsecret99",
                "srt://h:8890?streamid=publish:a/b:***&passphrase=***",
            ),
            ("srt://h?streamid=publish%3Aa%3Ame%3As3cret", "srt://h?streamid=publish%3Aa%3A***"),
            ("srt://h?streamid=read:a", "srt://h?streamid=read:a"),
            ("http://h/a?TOKEN=abc 'q'", "http://h/a?TOKEN=*** 'q'"),
            ("user=me bypass=1", "user=*** bypass=1"),
            ("rtsp://h/a@b is a path", "rtsp://h/a@b is a path"),
        ] {
            assert_eq!(redact(text), clean, "{text:?}");
        }
        // A secret in every place where a URL can hold one; `s3cret` must be gone, and the rest must stay readable.
        for scheme in
            ["rtsp", "rtsps", "rtmp", "rtmps", "srt", "http", "https", "whip", "whips", "udp", "tcp"]
        {
            for url in [
                format!("{scheme}://me:s3cret@h.example:1/a"),
                format!("{scheme}://me%40home:s3cret%2F%3A%40x@h.example:1/a"),
                format!("{scheme}://s3cret@h.example:1/a"),
                format!("{scheme}://:s3cret@h.example:1/a"),
                format!("{scheme}://h.example:1/a?user=me&pass=s3cret"),
                format!("{scheme}://h.example:1/a?x=1&PASSWORD=s3cret%20x&y=2"),
                format!("{scheme}://h.example:1/a?jwt=s3cret#t"),
            ] {
                for line in
                    [url.clone(), format!("'{url}': Connection refused"), format!("Opening {url} (x)")]
                {
                    let clean = redact(&line);
                    assert!(!clean.contains("s3cret") && !clean.contains("home"), "{line} became {clean}");
                    assert!(clean.contains("h.example:1/a"), "{line} became {clean}");
                }
            }
        }
        for id in [
            "publish:a:me:s3cret",
            "publish%3Aa%3ame%3As3cret",
            "read:a:me:s3cret:x=1",
            "#!::m=publish,r=a,u=me,s=s3cret",
            "%23!::m=publish,r=a,u=me,s=s3cret",
            "publish:a&passphrase=s3cret",
        ] {
            for name in ["streamid", "srt_streamid", "STREAMID"] {
                let line = format!("srt://h.example:1?mode=caller&{name}={id}");
                assert!(!redact(&line).contains("s3cret"), "{line} became {}", redact(&line));
            }
        }
        assert!(matches!(redact("frame=1 no secrets, me@example.org"), Cow::Borrowed(_)));
    }
}
