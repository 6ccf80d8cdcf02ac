//! What outside publishers are told: where to send a stream, in the form that each program asks for.

use crate::Urls;

/// Where a stream is sent, with the publisher's user and key. Empty where the protocol is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingest {
    /// For OBS and others by RTMP: the server, with an empty stream key.
    pub rtmp: String,
    /// For FFmpeg and cameras by RTSP.
    pub rtsp: String,
    /// For Larix and encoders by SRT: the address without its stream id.
    pub srt: String,
    /// The stream id that goes with it.
    pub srt_id: String,
    /// For OBS and others by WHIP.
    pub whip: String,
    /// The bearer token that goes with it.
    pub bearer: String,
}

impl Ingest {
    /// From where a stream is watched: the same servers take it (forms: MediaMTX 1.20.1, measured).
    pub fn of(urls: &Urls, user: &str, key: &str) -> Ingest {
        let (srt, id) = urls.srt.split_once("?streamid=").unwrap_or((&urls.srt, ""));
        let name = id.split(':').nth(1).unwrap_or_default();
        let on = |url: &str, text: String| if url.is_empty() { String::new() } else { text };
        Ingest {
            rtmp: on(&urls.rtmp, format!("{}?user={user}&pass={key}", urls.rtmp)),
            rtsp: urls.rtsp.replacen("://", &format!("://{user}:{key}@"), 1),
            srt: srt.to_owned(),
            srt_id: on(srt, format!("publish:{name}:{user}:{key}")),
            whip: on(&urls.webrtc, format!("{}whip", urls.webrtc)),
            bearer: on(&urls.webrtc, format!("{user}:{key}")),
        }
    }

    /// For a shell: sends a file as a camera would.
    pub fn ffmpeg(&self) -> String {
        if self.rtsp.is_empty() {
            return String::new();
        }
        let sends = "ffmpeg -re -i video.mp4 -c:v libx264 -bf 0 -c:a aac -f rtsp -rtsp_transport tcp";
        format!("{sends} '{}'", self.rtsp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_gets_its_form() {
        let urls = Urls {
            rtsp: "rtsp://host:8554/a/b".into(),
            rtmp: "rtmp://host:1935/a/b".into(),
            hls: String::new(),
            webrtc: "http://host:8889/a/b/".into(),
            srt: "srt://host:8890?streamid=read:a/b".into(),
        };
        let ingest = Ingest::of(&urls, "u", "k");
        assert_eq!(ingest.rtmp, "rtmp://host:1935/a/b?user=u&pass=k");
        assert_eq!(ingest.rtsp, "rtsp://u:k@host:8554/a/b");
        assert_eq!((ingest.srt.as_str(), ingest.srt_id.as_str()), ("srt://host:8890", "publish:a/b:u:k"));
        assert_eq!((ingest.whip.as_str(), ingest.bearer.as_str()), ("http://host:8889/a/b/whip", "u:k"));
        assert!(ingest.ffmpeg().ends_with("'rtsp://u:k@host:8554/a/b'"));
        let off = Ingest::of(&Urls::default(), "u", "k");
        assert_eq!((off.rtmp.as_str(), off.whip.as_str(), off.srt_id.as_str()), ("", "", ""));
    }
}
