use stream_api::{Ports, Urls};

/// Where viewers watch path `name` on `host`, without credentials.
pub fn urls(host: &str, ports: &Ports, name: &str) -> Urls {
    let host = bracketed(host);
    Urls {
        rtsp: format!("rtsp://{host}:{}/{name}", ports.rtsp),
        rtmp: format!("rtmp://{host}:{}/{name}", ports.rtmp),
        hls: format!("http://{host}:{}/{name}/index.m3u8", ports.hls),
        webrtc: format!("http://{host}:{}/{name}/", ports.webrtc),
        srt: format!("srt://{host}:{}?streamid=read:{name}", ports.srt),
    }
}

/// Where our own FFmpeg publishes path `name`: RTSP on loopback, with the publisher's credentials.
/// A secret: must not reach a log or a page.
pub fn publish_url(ports: &Ports, user: &str, pass: &str, name: &str) -> String {
    format!("rtsp://{user}:{pass}@127.0.0.1:{}/{name}", ports.rtsp)
}

/// IPv6 addresses stand in brackets in a URL.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_has_its_form() {
        let urls = urls("localhost", &Ports::USUAL, "a/b");
        assert_eq!(urls.rtsp, "rtsp://localhost:8554/a/b");
        assert_eq!(urls.rtmp, "rtmp://localhost:1935/a/b");
        assert_eq!(urls.hls, "http://localhost:8888/a/b/index.m3u8");
        assert_eq!(urls.webrtc, "http://localhost:8889/a/b/");
        assert_eq!(urls.srt, "srt://localhost:8890?streamid=read:a/b");
    }

    #[test]
    fn an_ipv6_host_stands_in_brackets() {
        assert_eq!(urls("::1", &Ports::USUAL, "x").rtsp, "rtsp://[::1]:8554/x");
        assert_eq!(urls("[::1]", &Ports::USUAL, "x").rtsp, "rtsp://[::1]:8554/x");
    }
}
