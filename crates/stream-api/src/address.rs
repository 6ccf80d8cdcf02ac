//! Addresses of cameras and other servers, as people type them: what is wrong with one, and which parts are secret.

use serde::{Deserialize, Serialize};

use crate::{Code, Error, Secret};

/// Stands in an address for a secret that is kept apart.
pub const HIDDEN: &str = "***";

/// Names of query parameters that hold a secret, in lower case.
const SECRET_NAMES: [&str; 14] = [
    "access_token",
    "auth",
    "jwt",
    "key",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pwd",
    "secret",
    "sig",
    "signature",
    "token",
    "apikey",
];

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
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (userinfo, place) = match authority.rsplit_once('@') {
        // `udp://@239.0.0.1:5000` is how players write a multicast group.
        Some((userinfo, place)) => (Some(userinfo).filter(|text| !text.is_empty()), place),
        None => (None, authority),
    };
    let (host, port) = host_and_port(place, usual)?;
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
    // The `#` of `streamid=#!::r=path` begins no fragment; that of RTMP is the stream's key.
    let (tail, fragment) = match tail.rsplit_once('#') {
        Some((tail, key)) if scheme.starts_with("rtmp") && !key.is_empty() => (tail, Some(key)),
        _ => (tail, None),
    };
    let (path, query) = tail.split_once('?').map_or((tail, None), |(path, query)| (path, Some(query)));
    let mut out = path.to_owned();
    for (at, pair) in query.iter().flat_map(|query| query.split('&')).enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let lower = name.to_ascii_lowercase();
        if !value.is_empty() && SECRET_NAMES.contains(&lower.as_str()) {
            out += &format!("{name}={}", take(value));
        } else if lower == "streamid" {
            out += &format!("{name}={}", stream_id(value, &mut take));
        } else {
            out += pair;
        }
    }
    if let Some(key) = fragment {
        out += &format!("#{}", take(key));
    }
    out
}

/// `read:PATH:USER:PASS` and `#!::r=PATH,u=USER,s=PASS`: without the password.
fn stream_id(id: &str, take: &mut impl FnMut(&str) -> &'static str) -> String {
    if id.starts_with("#!::") {
        let part = |part: &str| match part.strip_prefix("s=") {
            Some(pass) => format!("s={}", take(pass)),
            None => part.to_owned(),
        };
        return id.split(',').map(part).collect::<Vec<_>>().join(",");
    }
    let mut parts: Vec<&str> = id.split(':').collect();
    if parts.len() >= 4 {
        parts[3] = take(parts[3]);
    }
    parts.join(":")
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
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
                "srt://h:1?streamid=#!::r=a,u=u,s=***&passphrase=***",
                "",
                "",
                &["p", "0123456789"],
            ),
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
    }
}
