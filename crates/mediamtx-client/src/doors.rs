//! What a server listens for, by its own configuration, and where viewers and publishers find it there.

use serde_json::{Map, Value};
use stream_api::{Door, Protocol, Urls};

use crate::Api;
use crate::urls::bracketed;

/// What a person's players can watch by, from the answer of [`Api::global`](crate::Api::global): plain before
/// encrypted.
pub fn doors(global: &Map<String, Value>) -> Vec<Door> {
    let mut doors = Vec::new();
    let on = |key: &str| truth(global.get(key)).unwrap_or(true);
    let mut open = |protocol, encrypted, address: &str| {
        if let Some(port) = global.get(address).and_then(Value::as_str).and_then(port) {
            doors.push(Door { protocol, encrypted, port });
        }
    };
    // `encryption` was renamed in 1.11.
    let encryption = |keys: &[&str]| {
        let word = keys.iter().find_map(|key| global.get(*key)).and_then(Value::as_str).unwrap_or("no");
        (word != "strict", word == "strict" || word == "optional")
    };
    let both = [
        (
            Protocol::Rtsp,
            "rtsp",
            encryption(&["rtspEncryption", "encryption"]),
            "rtspAddress",
            "rtspsAddress",
        ),
        (Protocol::Rtmp, "rtmp", encryption(&["rtmpEncryption"]), "rtmpAddress", "rtmpsAddress"),
    ];
    for (protocol, key, (plain, encrypted), address, encrypted_address) in both {
        if on(key) && plain {
            open(protocol, false, address);
        }
        if on(key) && encrypted {
            open(protocol, true, encrypted_address);
        }
    }
    let one = [
        (Protocol::Hls, "hls", "hlsEncryption", "hlsAddress"),
        (Protocol::Webrtc, "webrtc", "webrtcEncryption", "webrtcAddress"),
        (Protocol::Srt, "srt", "", "srtAddress"),
    ];
    for (protocol, key, encryption, address) in one {
        if on(key) {
            open(protocol, truth(global.get(encryption)).unwrap_or(false), address);
        }
    }
    doors
}

/// Where viewers watch path `name` on `host` through these, without credentials; empty where there is no door.
pub fn urls_by(host: &str, doors: &[Door], name: &str) -> Urls {
    let host = bracketed(host);
    let url = |protocol, scheme: &str, end: String| {
        let door = doors.iter().find(|door| door.protocol == protocol);
        door.map_or_else(String::new, |Door { encrypted, port, .. }| {
            let s = if *encrypted { "s" } else { "" };
            format!("{scheme}{s}://{host}:{port}{end}")
        })
    };
    Urls {
        rtsp: url(Protocol::Rtsp, "rtsp", format!("/{name}")),
        rtmp: url(Protocol::Rtmp, "rtmp", format!("/{name}")),
        hls: url(Protocol::Hls, "http", format!("/{name}/index.m3u8")),
        webrtc: url(Protocol::Webrtc, "http", format!("/{name}/")),
        srt: url(Protocol::Srt, "srt", format!("?streamid=read:{name}")),
    }
}

impl Api {
    /// When its process started, RFC 3339; none where it does not tell (before 1.15.2).
    ///
    /// # Errors
    /// [`ApiError`](crate::ApiError).
    pub async fn started(&self) -> Result<Option<String>, crate::ApiError> {
        match self.info().await {
            Ok(about) => Ok(about.started),
            Err(crate::ApiError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok().filter(|port| *port != 0)
}

/// Also as 1.9 and older wrote it.
fn truth(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(on) => Some(*on),
        Value::String(word) => Some(matches!(word.as_str(), "yes" | "true" | "strict" | "optional")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(global: Value) -> Vec<(Protocol, bool, u16)> {
        let Value::Object(global) = global else { return Vec::new() };
        doors(&global).into_iter().map(|door| (door.protocol, door.encrypted, door.port)).collect()
    }

    #[test]
    fn doors_are_as_configured() {
        let usual = json!({
            "rtsp": true, "rtspAddress": ":8554", "rtspsAddress": ":8322", "rtspEncryption": "optional",
            "rtmp": false, "rtmpAddress": ":1935", "rtmpEncryption": "no",
            "hls": true, "hlsAddress": "0.0.0.0:80", "hlsEncryption": true,
            "webrtc": true, "webrtcAddress": "[::1]:8889", "webrtcEncryption": false,
            "srt": true, "srtAddress": "",
        });
        assert_eq!(
            of(usual),
            [
                (Protocol::Rtsp, false, 8554),
                (Protocol::Rtsp, true, 8322),
                (Protocol::Hls, true, 80),
                (Protocol::Webrtc, false, 8889),
            ]
        );
        let old = json!({ "encryption": "strict", "rtspsAddress": ":1", "rtspAddress": ":2" });
        assert_eq!(of(old), [(Protocol::Rtsp, true, 1)]);
    }

    #[test]
    fn addresses_go_through_the_first_fitting_door() {
        let door = |protocol, encrypted, port| Door { protocol, encrypted, port };
        let doors = [
            door(Protocol::Rtsp, false, 8554),
            door(Protocol::Rtsp, true, 8322),
            door(Protocol::Hls, true, 80),
        ];
        let urls = urls_by("fd00::1", &doors, "a/b");
        assert_eq!((urls.rtsp.as_str(), urls.srt.as_str()), ("rtsp://[fd00::1]:8554/a/b", ""));
        assert_eq!(urls.hls, "https://[fd00::1]:80/a/b/index.m3u8");
    }
}
