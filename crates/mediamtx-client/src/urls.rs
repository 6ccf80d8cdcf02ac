use stream_api::{Ports, ServerSettings, Urls};

/// Where viewers watch path `name` on `host`, without credentials; empty where a protocol is off.
pub fn urls(host: &str, settings: &ServerSettings, name: &str) -> Urls {
    let (host, ports, on) = (bracketed(host), &settings.ports, &settings.protocols);
    let tls = settings.is_encrypted();
    let (s, rtsp, rtmp) = if tls { ("s", ports.rtsps, ports.rtmps) } else { ("", ports.rtsp, ports.rtmp) };
    let if_on = |on: bool, url: String| if on { url } else { String::new() };
    Urls {
        rtsp: if_on(on.rtsp, format!("rtsp{s}://{host}:{rtsp}/{name}")),
        rtmp: if_on(on.rtmp, format!("rtmp{s}://{host}:{rtmp}/{name}")),
        hls: if_on(on.hls, format!("http{s}://{host}:{}/{name}/index.m3u8", ports.hls)),
        webrtc: if_on(on.webrtc, format!("http{s}://{host}:{}/{name}/", ports.webrtc)),
        srt: if_on(on.srt, format!("srt://{host}:{}?streamid=read:{name}", ports.srt)),
    }
}

/// Where our own FFmpeg publishes path `name`: RTSP on loopback, with the publisher's credentials.
/// A secret: must not reach a log or a page.
pub fn publish_url(ports: &Ports, user: &str, pass: &str, name: &str) -> String {
    format!("rtsp://{user}:{pass}@127.0.0.1:{}/{name}", ports.rtsp)
}

/// IPv6 addresses stand in brackets in a URL.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use stream_api::{Encryption, Protocol};

    use super::*;

    #[test]
    fn every_protocol_has_its_form() {
        let urls = urls("localhost", &ServerSettings::default(), "a/b");
        assert_eq!(urls.rtsp, "rtsp://localhost:8554/a/b");
        assert_eq!(urls.rtmp, "rtmp://localhost:1935/a/b");
        assert_eq!(urls.hls, "http://localhost:8888/a/b/index.m3u8");
        assert_eq!(urls.webrtc, "http://localhost:8889/a/b/");
        assert_eq!(urls.srt, "srt://localhost:8890?streamid=read:a/b");
    }

    #[test]
    fn encrypted_ones_have_other_schemes_and_ports() {
        let mut settings = ServerSettings { encryption: Encryption::SelfSigned, ..ServerSettings::default() };
        settings.protocols.set(Protocol::Srt, false);
        let urls = urls("pc", &settings, "x");
        assert_eq!((urls.rtsp.as_str(), urls.rtmp.as_str()), ("rtsps://pc:8322/x", "rtmps://pc:1936/x"));
        assert_eq!(urls.hls, "https://pc:8888/x/index.m3u8");
        assert_eq!((urls.webrtc.as_str(), urls.srt.as_str()), ("https://pc:8889/x/", ""));
    }

    #[test]
    fn an_ipv6_host_stands_in_brackets() {
        let settings = ServerSettings::default();
        assert_eq!(urls("::1", &settings, "x").rtsp, "rtsp://[::1]:8554/x");
        assert_eq!(urls("[::1]", &settings, "x").rtsp, "rtsp://[::1]:8554/x");
    }
}
