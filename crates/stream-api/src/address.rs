//! Addresses of cameras and other servers, as people type them: what is wrong with one, and which parts are secret.

use serde::{Deserialize, Serialize};

use crate::{Code, Error, Secret, is_secret_name};

/// Stands in an address for a secret that is kept apart.
pub const HIDDEN: &str = "***";

/// What is fetched by these: the scheme, whether it needs a port, and the port that it has without one.
const SCHEMES: [(&str, Option<u16>); 10] = [
    ("rtsp", Some(554)),
    ("rtsps", Some(322)),
    ("rtmp", Some(1935)),
    ("rtmps", Some(443)),
    ("srt", None),
    ("http", Some(80)),
    ("https", Some(443)),
    ("whep", Some(80)),
    ("wheps", Some(443)),
    ("udp", None),
];

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAddress {
    /// Without secrets.
    pub url: String,
    /// In lower case, such as `rtsp`.
    pub scheme: String,
    /// A name or an IP address, without brackets.
    pub host: String,
    /// Given, or the usual one.
    pub port: u16,
    /// The user's name, if there was one.
    pub user: Option<String>,
    /// The secrets that were in it.
    pub secrets: SourceSecrets,
}

/// The secrets of a network source. Kept apart from everything else that is stored of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSecrets {
    /// Goes with the user's name; of SRT without one it is the passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// What every [`HIDDEN`] of the address stands for, in order; none where the address said `***` itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Option<Secret>>,
}

impl SourceSecrets {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.password.is_none() && self.hidden.iter().all(Option::is_none)
    }

    /// Takes from `before` what is not said anew.
    pub fn or_kept(mut self, before: &SourceSecrets) -> SourceSecrets {
        self.password = self.password.or_else(|| before.password.clone());
        for (at, hidden) in self.hidden.iter_mut().enumerate() {
            if hidden.is_none() {
                *hidden = before.hidden.get(at).cloned().flatten();
            }
        }
        self
    }
}

/// Takes an address apart: secrets out, spaces and letters outside ASCII in its path encoded.
///
/// # Errors
/// `address_empty`, `address_scheme`, `address_host`, `address_port`.
pub fn split_address(text: &str) -> Result<SourceAddress, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::new(Code::AddressEmpty));
    }
    let unknown = |scheme: &str| Error::new(Code::AddressScheme).with("scheme", scheme);
    let (scheme, rest) = text.split_once("://").ok_or_else(|| unknown(""))?;
    let scheme = match scheme.to_ascii_lowercase() {
        // As MediaMTX writes it.
        name if name == "udp+mpegts" => "udp".to_owned(),
        name => name,
    };
    let (_, usual) = SCHEMES.into_iter().find(|(name, _)| *name == scheme).ok_or_else(|| unknown(&scheme))?;
    let Parts { userinfo, place, tail, host, port } = Parts::of(rest, usual)?;
    let (user, password) = match userinfo.map(|text| text.split_once(':').unwrap_or((text, ""))) {
        Some((user, password)) => (decoded(user), decoded(password)),
        None => (String::new(), String::new()),
    };
    let mut hidden = Vec::new();
    let tail = hide(&scheme, &encoded(tail), &mut hidden);
    let password = Some(Secret::new(password)).filter(|password| !password.is_empty());
    Ok(SourceAddress {
        url: format!("{scheme}://{place}{tail}"),
        scheme,
        host,
        port,
        user: Some(user).filter(|user| !user.is_empty()),
        secrets: SourceSecrets { password, hidden },
    })
}

/// What follows the scheme, taken apart.
struct Parts<'a> {
    userinfo: Option<&'a str>,
    /// Host and port as given.
    place: &'a str,
    tail: &'a str,
    host: String,
    port: u16,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str, usual: Option<u16>) -> Result<Parts<'a>, Error> {
        let end_of_place = |text: &str| text.find(['/', '?', '#']).unwrap_or(text.len());
        let parts = |userinfo: Option<&'a str>, rest: &'a str| {
            let (place, tail) = rest.split_at(end_of_place(rest));
            let (host, port) = host_and_port(place, usual)?;
            // `udp://@239.0.0.1:5000` is how players write a multicast group.
            Ok(Parts { userinfo: userinfo.filter(|text| !text.is_empty()), place, tail, host, port })
        };
        match rest[..end_of_place(rest)].rfind('@') {
            Some(at) => parts(Some(&rest[..at]), &rest[at + 1..]),
            // A password with a `/`, `?` or `#` as it is looks like a host with a strange port.
            None => parts(None, rest).or_else(|error| match rest.rsplit_once('@') {
                Some((userinfo, rest)) => parts(Some(userinfo), rest),
                None => Err(error),
            }),
        }
    }
}

fn host_and_port(place: &str, usual: Option<u16>) -> Result<(String, u16), Error> {
    let wrong = || Error::new(Code::AddressHost).with("host", place);
    let (host, port) = match place.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) if host.parse::<std::net::Ipv6Addr>().is_ok() => {
            (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some("")).ok_or_else(wrong)?)
        }
        Some(_) => return Err(wrong()),
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(wrong());
    }
    let port = match port {
        "" => usual,
        text => text.parse::<u16>().ok().filter(|port| *port > 0),
    };
    let port = port.ok_or_else(|| Error::new(Code::AddressPort).with("host", host))?;
    Ok((host.to_owned(), port))
}

/// Puts [`HIDDEN`] where secrets are, and gives them out in order.
fn hide(scheme: &str, tail: &str, hidden: &mut Vec<Option<Secret>>) -> String {
    let mut take = |value: &str| {
        hidden.push(Some(Secret::new(value)).filter(|_| value != HIDDEN));
        HIDDEN
    };
    // SRT knows no fragment, and its query is read by a strict reader: `streamid=#!::r=path` has to be encoded.
    let tail = &if scheme == "srt" { tail.replace('#', "%23").replace(';', "%3B") } else { tail.to_owned() };
    // That of RTMP is the stream's key.
    let (tail, fragment) = match tail.rsplit_once('#') {
        Some((tail, key)) if scheme.starts_with("rtmp") && !key.is_empty() => (tail, Some(key)),
        _ => (tail.as_str(), None),
    };
    let (path, query) = tail.split_once('?').map_or((tail, None), |(path, query)| (path, Some(query)));
    let mut out = path.to_owned();
    for (at, pair) in query.iter().flat_map(|query| query.split('&')).enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !value.is_empty() && is_secret_name(name) {
            out += &format!("{name}={}", take(value));
        } else if scheme == "srt" && name.eq_ignore_ascii_case("streamid") {
            out += &format!("{name}={}", stream_id(&decoded(&value.replace('+', " ")), &mut take));
        } else {
            out += pair;
        }
    }
    if let Some(key) = fragment {
        out += &format!("#{}", take(key));
    }
    out
}

/// `read:PATH:USER:PASS` and `#!::r=PATH,u=USER,s=PASS`, decoded: encoded again, and without the password.
fn stream_id(id: &str, take: &mut impl FnMut(&str) -> &'static str) -> String {
    if let Some(fields) = id.strip_prefix("#!::") {
        let field = |field: &str| match field.strip_prefix("s=") {
            Some(pass) => format!("s={}", take(&encoded_value(pass))),
            None => encoded_value(field),
        };
        return format!("%23!::{}", fields.split(',').map(field).collect::<Vec<_>>().join(","));
    }
    let mut parts: Vec<String> = id.split(':').map(encoded_value).collect();
    if parts.len() >= 4 {
        parts[3] = take(&parts[3]).to_owned();
    }
    parts.join(":")
}

/// A part of a stream id, as it may stand in a query.
fn encoded_value(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9'
            | b'A'..=b'Z'
            | b'a'..=b'z'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b'/'
            | b'='
            | b'*'
            | b'!' => {
                out.push(char::from(byte));
            }
            other => out += &format!("%{other:02X}"),
        }
    }
    out
}

/// What no server takes as it is; a `%` that begins no code stands for itself.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        let code = || text.as_bytes().get(at + 1..at + 3);
        match byte {
            b'%' if !code().is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit)) => out += "%25",
            b' ' | b'"' | b'<' | b'>' | b'`' | 0..=31 | 127.. => out += &format!("%{byte:02X}"),
            plain => out.push(char::from(plain)),
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((&first, rest)) = bytes.split_first() {
        let code = rest.get(..2).filter(|_| first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                bytes = &rest[2..];
            }
            None => {
                out.push(first);
                bytes = rest;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> SourceAddress {
        split_address(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn secrets_leave_the_address() {
        for (text, url, user, password, hidden) in [
            ("rtsp://admin:p%40ss@10.0.0.7/live", "rtsp://10.0.0.7/live", "admin", "p@ss", &[][..]),
            ("rtsp://admin:a@b@cam:8554/x", "rtsp://cam:8554/x", "admin", "a@b", &[]),
            ("rtmp://h/app/x?user=u&pass=p#k", "rtmp://h/app/x?user=u&pass=***#***", "", "", &["p", "k"]),
            ("srt://h:1?streamid=read:a:u:p", "srt://h:1?streamid=read:a:u:***", "", "", &["p"]),
            (
                "srt://h:1?streamid=#!::r=a,u=u,s=p&passphrase=0123456789",
                "srt://h:1?streamid=%23!::r=a,u=u,s=***&passphrase=***",
                "",
                "",
                &["p", "0123456789"],
            ),
            (
                "srt://h:1?streamid=%23!%3A%3Ar%3Da%2Cs%3Dp",
                "srt://h:1?streamid=%23!::r=a,s=***",
                "",
                "",
                &["p"],
            ),
            (
                "srt://h:1?streamid=read%3Aa%3Au%3Ap%23%26",
                "srt://h:1?streamid=read:a:u:***",
                "",
                "",
                &["p%23%26"],
            ),
            (
                "srt://h:1?passphrase=1#2;3+45 67%89%x",
                "srt://h:1?passphrase=***",
                "",
                "",
                &["1%232%3B3+45%2067%89%25x"],
            ),
            ("srt://h:1?streamid=a b?c#d", "srt://h:1?streamid=a%20b%3Fc%23d", "", "", &[]),
            (
                "https://h/x?access_token=a&X-Amz-Signature=b",
                "https://h/x?access_token=***&X-Amz-Signature=***",
                "",
                "",
                &["a", "b"],
            ),
            ("rtsp://h/100%/%41?q=5%", "rtsp://h/100%25/%41?q=5%25", "", "", &[]),
            ("rtsp://admin:a/b?c#@cam:554/x", "rtsp://cam:554/x", "admin", "a/b?c#", &[]),
            ("https://h/a b.m3u8?Token=x&q=1", "https://h/a%20b.m3u8?Token=***&q=1", "", "", &["x"]),
            ("udp://@239.0.0.1:5000", "udp://239.0.0.1:5000", "", "", &[]),
        ] {
            let address = split(text);
            assert_eq!(address.url, url);
            assert_eq!(address.user.unwrap_or_default(), user, "{text}");
            let secrets = address.secrets;
            assert_eq!(secrets.password.as_ref().map_or("", Secret::reveal), password, "{text}");
            let found: Vec<_> = secrets.hidden.iter().flatten().map(Secret::reveal).collect();
            assert_eq!(found, hidden, "{text}");
            assert!(!format!("{secrets:?}").contains("0123"), "it never shows itself");
        }
    }

    #[test]
    fn what_is_shown_can_be_sent_back() {
        let first = split("rtsp://u:p@h/x?token=secret");
        let again = split(&first.url);
        assert_eq!(again.url, first.url);
        assert_eq!(again.secrets.clone().or_kept(&first.secrets), first.secrets, "*** means as before");
        let other = split("rtsp://h/x?token=new").secrets.or_kept(&first.secrets);
        assert_eq!(other.hidden[0].as_ref().map(Secret::reveal), Some("new"));
    }

    #[test]
    fn hosts_and_ports_of_every_kind() {
        for (text, host, port) in [
            ("RTSP://Cam", "Cam", 554),
            ("rtsps://[::1]/x", "::1", 322),
            ("srt://[fe80::1]:9000", "fe80::1", 9000),
            ("udp+mpegts://127.0.0.1:15000", "127.0.0.1", 15000),
            (" whep://h/a/whep ", "h", 80),
        ] {
            let address = split(text);
            assert_eq!((address.host.as_str(), address.port), (host, port), "{text}");
        }
    }

    #[test]
    fn what_can_not_be_is_told() {
        for (text, code) in [
            ("", Code::AddressEmpty),
            ("cam.local/stream", Code::AddressScheme),
            ("ftp://h/x", Code::AddressScheme),
            ("rtsp://", Code::AddressHost),
            ("rtsp:///x", Code::AddressHost),
            ("rtsp://ca mera/x", Code::AddressHost),
            ("rtsp://käse/x", Code::AddressHost),
            ("rtsp://[::1/x", Code::AddressHost),
            ("rtsp://h:0/x", Code::AddressPort),
            ("rtsp://h:70000/x", Code::AddressPort),
            ("srt://h?streamid=read:a", Code::AddressPort),
            ("udp://h", Code::AddressPort),
        ] {
            assert_eq!(split_address(text).map(drop).unwrap_err().code, code, "{text:?}");
        }
        for text in ["rtsp://u:hush/!@ca mera/x", "rtsp://u:hush@ca mera/x", "rtsp://u:hush@h:0/x"] {
            let error = split_address(text).map(drop).unwrap_err();
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}
