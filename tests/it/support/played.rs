//! What players open of a stream, by each protocol.

use futures_util::future::join_all;
use serde_json::Value;
use stream_api::{Protocol, with_login};
use testkit::readers;

/// What a player of each protocol that FFmpeg speaks opens.
const PLAYED: [(Protocol, &str); 4] =
    [(Protocol::Rtsp, "rtsp"), (Protocol::Rtmp, "rtmp"), (Protocol::Hls, "hls"), (Protocol::Srt, "srt")];

pub fn url(stream: &Value, protocol: &str) -> String {
    stream["urls"][protocol].as_str().unwrap_or_else(|| panic!("{protocol}: {stream:#}")).to_owned()
}

pub fn open(stream: &Value) -> Vec<String> {
    PLAYED.iter().map(|(_, key)| url(stream, key)).collect()
}

/// The addresses as somebody with this name and password opens them.
pub fn logged_in(stream: &Value, user: &str, pass: &str) -> Vec<String> {
    PLAYED.iter().map(|(protocol, key)| with_login(*protocol, &url(stream, key), user, pass)).collect()
}

pub async fn none_plays(urls: &[String]) {
    for (url, tried) in urls.iter().zip(join_all(urls.iter().map(|url| readers::one_try(url))).await) {
        assert!(tried.is_err(), "{url} plays");
    }
}
