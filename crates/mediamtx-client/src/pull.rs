//! Sources that MediaMTX fetches itself: how it wants them named, and why it could not.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stream_api::{HIDDEN, SourceSecrets};

use crate::Secret;

/// What a name or password keeps in a URL.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The `source` of a path for an address as [`stream_api::split_address`] leaves it, with its secrets put back.
///
/// The user's name and password go where each protocol takes them (measured on 1.20.1 as both ends): into the
/// address for RTSP, HTTP and WHEP; for RTMP there and, since MediaMTX asks for them there, into the query; into
/// SRT's stream id, `read:PATH:USER:PASS`. A password of SRT without a user is its passphrase. What an SRT address
/// holds is read as a URL's query (gosrt's `UnmarshalURL`), so all of it is encoded, also the `#` of a stream id.
pub fn source_url(url: &str, user: Option<&str>, secrets: &SourceSecrets) -> Secret {
    let (scheme, rest) = url.split_once("://").unwrap_or(("rtsp", url));
    let mut hidden = secrets.hidden.iter().map(|secret| secret.as_ref().map_or("", Secret::reveal));
    let mut parts = rest.split(HIDDEN);
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest += hidden.next().unwrap_or_default();
        rest += part;
    }
    let password = secrets.password.as_ref().map(Secret::reveal);
    let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let userinfo = match (user, password) {
        (None, None) => String::new(),
        (user, None) => format!("{}@", encode(user.unwrap_or_default())),
        (user, Some(password)) => format!("{}:{}@", encode(user.unwrap_or_default()), encode(password)),
    };
    Secret::new(match (scheme, user, password) {
        ("srt", user, password) => {
            let rest = rest.replace('#', "%23");
            match (user, password) {
                (None, Some(passphrase)) => {
                    with_query(&format!("srt://{rest}"), "passphrase", &encode(passphrase))
                }
                (Some(user), password) => {
                    format!("srt://{}", signed_in(&rest, user, password.unwrap_or_default()))
                }
                (None, None) => format!("srt://{rest}"),
            }
        }
        ("udp", ..) => format!("udp+mpegts://{rest}"),
        ("rtmp" | "rtmps", Some(user), password) => {
            let (place, key) = rest.split_once('#').map_or((rest.as_str(), None), |(a, b)| (a, Some(b)));
            let url = with_query(&format!("{scheme}://{userinfo}{place}"), "user", &encode(user));
            let url = with_query(&url, "pass", &encode(password.unwrap_or_default()));
            key.map_or(url.clone(), |key| format!("{url}#{key}"))
        }
        _ => format!("{scheme}://{userinfo}{rest}"),
    })
}

fn with_query(url: &str, name: &str, value: &str) -> String {
    format!("{url}{}{name}={value}", if url.contains('?') { '&' } else { '?' })
}

/// An SRT address whose stream id carries user and password. A colon in either ends them in the short form of an id,
/// so such an id is written in the long one.
fn signed_in(rest: &str, user: &str, password: &str) -> String {
    let Some((before, id)) = rest.split_once("streamid=") else { return rest.to_owned() };
    let (id, after) = id.find('&').map_or((id, ""), |at| id.split_at(at));
    let encode = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
    let (coded_user, coded_password) = (encode(user), encode(password));
    let path = id.strip_prefix("read:").filter(|path| !path.contains(':'));
    let id = match path.filter(|_| user.contains(':') || password.contains(':')) {
        Some(path) => format!("%23!::m=request,r={path},u={coded_user},s={coded_password}"),
        None if id.starts_with("%23!::") => format!("{id},u={coded_user},s={coded_password}"),
        None => format!("{id}:{coded_user}:{coded_password}"),
    };
    format!("{before}streamid={id}{after}")
}

/// Why a source could not be fetched, or why it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullFailure {
    /// No such host.
    Name,
    /// Nobody listens there.
    Refused,
    /// No way leads there.
    Unreachable,
    /// No answer in time.
    Silent,
    /// Another user or password is wanted.
    Login,
    /// Nothing is at that path.
    NoPath,
    /// SRT: refused, for the stream, the user or the passphrase.
    Rejected,
    /// No track that MediaMTX can pass on.
    Codec,
    /// The certificate is not trusted.
    Certificate,
    /// The other side closed the connection.
    Closed,
    /// UDP: the port is taken.
    PortTaken,
    /// As MediaMTX says it.
    Other(String),
}

/// What words of MediaMTX mean; the first that fits counts.
const MEANINGS: [(&[&str], PullFailure); 11] = [
    (&["no such host", "server misbehaving"], PullFailure::Name),
    (&["bind: address already in use", "Only one usage of each socket address"], PullFailure::PortTaken),
    (&["connection refused", "actively refused"], PullFailure::Refused),
    (&["no route to host", "network is unreachable", "host is down"], PullFailure::Unreachable),
    (&["x509: ", "fingerprint", "tls: "], PullFailure::Certificate),
    (&["status code: 401", "status code: 403", "authentication failed", "Unauthorized"], PullFailure::Login),
    (&["status code: 404", "status code: 454", "StreamNotFound"], PullFailure::NoPath),
    (&["connection rejected: REJECT"], PullFailure::Rejected),
    (
        &["i/o timeout", "connection timeout", "deadline exceeded", "timed out", "Timeout"],
        PullFailure::Silent,
    ),
    (&["supported codec", "supported tracks", "unsupported codec", "no supported"], PullFailure::Codec),
    (&["EOF", "connection reset", "connection closed", "broken pipe", "terminated"], PullFailure::Closed),
];

impl PullFailure {
    /// What `text`, the part of a log line behind `[… source] `, says.
    pub fn of(text: &str) -> PullFailure {
        let found = MEANINGS.into_iter().find(|(signs, _)| signs.iter().any(|sign| text.contains(sign)));
        found.map_or_else(|| PullFailure::Other(text.to_owned()), |(_, meaning)| meaning)
    }
}

#[cfg(test)]
mod tests {
    use stream_api::split_address;

    use super::*;

    fn made(text: &str, user: Option<&str>, password: Option<&str>) -> String {
        let address = split_address(text).expect("an address");
        let user = user.or(address.user.as_deref());
        let mut secrets = address.secrets.clone();
        secrets.password = password.map(Secret::new).or(secrets.password);
        source_url(&address.url, user, &secrets).reveal().to_owned()
    }

    #[test]
    fn secrets_go_where_each_protocol_takes_them() {
        for (text, user, password, url) in [
            ("rtsp://a:b%40@h/x", None, None, "rtsp://a:b%40@h/x"),
            ("rtsp://h/x?token=t&q", Some("u:"), Some("p/"), "rtsp://u%3A:p%2F@h/x?token=t&q"),
            ("rtmp://h/app#k", Some("u"), Some("p"), "rtmp://u:p@h/app?user=u&pass=p#k"),
            (
                "srt://h:1?streamid=read:a&latency=9",
                Some("u"),
                Some("p"),
                "srt://h:1?streamid=read:a:u:p&latency=9",
            ),
            ("srt://h:1?streamid=#!::r=a", Some("u"), Some("p,"), "srt://h:1?streamid=%23!::r=a,u=u,s=p%2C"),
            (
                "srt://h:1?streamid=read:a",
                Some("u+"),
                Some("p& %?"),
                "srt://h:1?streamid=read:a:u%2B:p%26%20%25%3F",
            ),
            (
                "srt://h:1?streamid=read:a%20b",
                Some("u"),
                Some("a:b"),
                "srt://h:1?streamid=%23!::m=request,r=a%20b,u=u,s=a%3Ab",
            ),
            ("srt://h:1", None, Some("a&b c%d?e#f+g"), "srt://h:1?passphrase=a%26b%20c%25d%3Fe%23f%2Bg"),
            (
                "srt://h:1?streamid=#!::r=a,s=p#&passphrase=a%26bc;d#e",
                None,
                None,
                "srt://h:1?streamid=%23!::r=a,s=p%23&passphrase=a%26bc%3Bd%23e",
            ),
            ("srt://h:1", None, Some("0123456789"), "srt://h:1?passphrase=0123456789"),
            ("srt://h:1?streamid=read:a:u:p", None, None, "srt://h:1?streamid=read:a:u:p"),
            ("udp://239.0.0.1:5000", None, None, "udp+mpegts://239.0.0.1:5000"),
            ("https://h/a.m3u8", Some("u"), None, "https://u@h/a.m3u8"),
            ("whep://h/a/whep", None, None, "whep://h/a/whep"),
        ] {
            assert_eq!(made(text, user, password), url, "{text}");
        }
    }

    #[test]
    fn what_mediamtx_says_is_understood() {
        for (text, failure) in [
            ("dial tcp: lookup no-such-host.invalid on 10.0.0.53:53: no such host", PullFailure::Name),
            ("dial tcp 127.0.0.1:1: connect: connection refused", PullFailure::Refused),
            ("bad status code: 401 (Unauthorized)", PullFailure::Login),
            ("bad status code: 401", PullFailure::Login),
            (
                "bad result: &{5 [{code NetStream.Play.Failed} {description authentication failed}]]}",
                PullFailure::Login,
            ),
            ("bad status code: 404 (Not Found)", PullFailure::NoPath),
            ("connection rejected: REJECT (va)", PullFailure::Rejected),
            ("connection timeout. server didn't respond", PullFailure::Silent),
            ("read udp 127.0.0.1:15000: i/o timeout", PullFailure::Silent),
            ("listen udp 127.0.0.1:18189: bind: address already in use", PullFailure::PortTaken),
            ("EOF", PullFailure::Closed),
            ("peer connection closed", PullFailure::Closed),
            ("bad status code: 500", PullFailure::Other("bad status code: 500".to_owned())),
        ] {
            assert_eq!(PullFailure::of(text), failure, "{text}");
        }
    }
}
