//! Reads FFmpeg's log lines (`-loglevel repeat+level+warning`) and takes credentials out of them.

use std::borrow::Cow;

use stream_api::is_secret_name;

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

/// Takes out credentials: user and password in a URL, secrets in a query ([`stream_api::is_secret_name`]) and the
/// user's name there, those in an SRT `streamid=publish:PATH:USER:PASS`, and RTMP's stream key, which follows its
/// app. FFmpeg and MediaMTX print URLs in their errors.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut hidden: Vec<(usize, usize)> = Vec::new();
    urls(text, &mut hidden);
    queries(text, &mut hidden);
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

/// What no address holds, wherever it is printed.
fn never_in_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '<' | '>')
}

/// The part of `text` that belongs to a value which begins there. Signs that a password may hold end it only where
/// the text around it goes on.
fn value(text: &str) -> &str {
    let ends = |at: usize, c: char| match c {
        '&' => true,
        ':' | ';' => text[at + 1..].chars().next().is_none_or(never_in_url),
        '\'' | '|' | ')' | ']' | ',' => {
            let next = text[at + c.len_utf8()..].chars().next();
            next.is_none_or(|next: char| {
                never_in_url(next) || matches!(next, ':' | ',' | ';' | '.' | ')' | ']' | '\'')
            })
        }
        c => never_in_url(c),
    };
    let end = text.char_indices().find(|(at, c)| ends(*at, *c)).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// `scheme://USER:PASS@host`: all up to the last `@` of the authority, since a raw password may hold an `@`; and
/// `rtmp://host/app/KEY`, `rtmp://host/app#KEY`.
fn urls(text: &str, hidden: &mut Vec<(usize, usize)>) {
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        let url = text[start..].split(never_in_url).next().unwrap_or_default();
        let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some(end) = authority.rfind('@') {
            hidden.push((start, start + end));
        }
        let scheme = text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if scheme.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("rtmp")) {
            let path = start + authority.len();
            hidden.extend(
                rtmp_key(value(&text[path..start + url.len()]))
                    .into_iter()
                    .map(|(from, to)| (path + from, path + to)),
            );
        }
    }
}

/// Where the key is in `/app/KEY?query` and `/app?query#KEY`.
fn rtmp_key(path: &str) -> Vec<(usize, usize)> {
    let key = path.find('#').map(|at| (at + 1, path.len()));
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let app = path[..end].match_indices('/').nth(1).map(|(at, _)| (at + 1, end));
    app.into_iter().chain(key).collect()
}

/// `name=VALUE` after `?`, `&`, a quote or a space, and in a `streamid=` what follows its path.
fn queries(text: &str, hidden: &mut Vec<(usize, usize)>) {
    for (equals, _) in text.match_indices('=') {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name = text[..equals].rsplit(|c| !part(c)).next().unwrap_or_default();
        let before = text[..equals - name.len()].chars().next_back();
        if !before
            .is_none_or(|c| c.is_whitespace() || matches!(c, '?' | '&' | ';' | '\'' | '"' | '(' | '[' | '{'))
        {
            continue;
        }
        let start = equals + 1;
        let value = value(&text[start..]);
        let lower = name.to_ascii_lowercase();
        if is_secret_name(name) || matches!(lower.as_str(), "user" | "username") {
            hidden.push((start, start + value.len()));
        } else if lower.ends_with("streamid") {
            stream_id(start, value, hidden);
        }
    }
}

/// `publish:PATH:USER:PASS` and `read:PATH:USER:PASS`, also percent-encoded colons.
fn stream_id(start: usize, value: &str, hidden: &mut Vec<(usize, usize)>) {
    let colon = |i: usize, c: char| match c {
        ':' => Some((i, 1)),
        '%' if value[i..].get(..3).is_some_and(|code| code.eq_ignore_ascii_case("%3a")) => Some((i, 3)),
        _ => None,
    };
    if let Some((colon, width)) = value.char_indices().filter_map(|(i, c)| colon(i, c)).nth(1) {
        hidden.push((start + colon + width, start + value.len()));
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
            (
                "Get \"https://h/a.m3u8?access_token=abc&sig=de%20f&q=1\": EOF",
                "Get \"https://h/a.m3u8?access_token=***&sig=***&q=1\": EOF",
            ),
            ("'rtsp://h/a?pwd=it's)m|e': lost", "'rtsp://h/a?pwd=***': lost"),
            ("(rtsp://u:a)b'c|d@h/a)", "(rtsp://***@h/a)"),
            ("rtmp://h:1935/live2/abc-def: Broken pipe", "rtmp://h:1935/live2/***: Broken pipe"),
            ("rtmps://h/app?pass=x#abc-def", "rtmps://h/app?pass=***"),
            ("rtmps://h/app#abc-def", "rtmps://h/app#***"),
            ("'rtmp://u:p@h/app/a/b?q=1#k'", "'rtmp://***@h/app/***?q=1#***'"),
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
