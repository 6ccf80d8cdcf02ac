//! The Control API's answers as old and new versions send them.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

use mediamtx_client::{About, PathState, Peer, SessionKind, Track};

fn path(json: &str) -> PathState {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_path_of_1_9() {
    let old = path(
        r#"{"name":"cam","confName":"all_others","source":{"type":"rtspSession","id":"a1"},"ready":true,
            "readyTime":"2024-08-26T10:00:00Z","tracks":["H264","MPEG-4 Audio"],"bytesReceived":1000,"bytesSent":2000,
            "readers":[{"type":"hlsMuxer","id":""}]}"#,
    );
    let expected = PathState {
        name: "cam".to_owned(),
        online: true,
        online_since: Some("2024-08-26T10:00:00Z".to_owned()),
        inbound_bytes: 1000,
        outbound_bytes: 2000,
        source: Some(Peer { kind: "rtspSession".to_owned(), id: "a1".to_owned() }),
        readers: vec![Peer { kind: "hlsMuxer".to_owned(), id: String::new() }],
        tracks: ["H264", "MPEG-4 Audio"]
            .map(|codec| Track { codec: codec.to_owned(), ..Track::default() })
            .to_vec(),
    };
    assert_eq!(old, expected);
}

#[test]
fn a_path_of_1_20_sends_both_namings_and_the_new_one_wins() {
    // A slate plays (`available`), nobody publishes (`online`).
    let new = path(
        r#"{"name":"cam","confName":"cam","ready":true,"readyTime":"2026-01-01T00:00:00Z","available":true,
            "availableTime":"2026-01-01T00:00:00Z","online":false,"onlineTime":null,"source":null,
            "tracks":["H264"],"tracks2":[{"codec":"H264","codecProps":{"width":1280}},{"codec":"Opus","codecProps":null}],
            "inboundBytes":11,"outboundBytes":22,"inboundFramesInError":0,"bytesReceived":1,"bytesSent":2,"readers":[]}"#,
    );
    assert!(!new.online);
    assert_eq!((new.inbound_bytes, new.outbound_bytes), (11, 22));
    let codecs: Vec<&str> = new.tracks.iter().map(|track| track.codec.as_str()).collect();
    assert_eq!((codecs, new.tracks[0].width), (vec!["H264", "Opus"], 1280));
    assert_eq!(new.source, None);
}

#[test]
fn a_path_of_1_16_is_available_before_it_is_online() {
    assert!(path(r#"{"name":"x","available":true}"#).online);
    assert!(!path(r#"{"name":"x","available":true,"online":false}"#).online);
}

#[test]
fn missing_and_unknown_fields_are_no_errors() {
    assert_eq!(path("{}"), PathState::default());
    assert_eq!(path(r#"{"name":"x","readers":null,"fromTheFuture":{"a":1}}"#).name, "x");
}

#[test]
fn info_needs_no_start_time() {
    let about: About = serde_json::from_str(r#"{"version":"v1.15.2"}"#).unwrap();
    assert_eq!(about, About { version: "v1.15.2".to_owned(), started: None });
}

#[test]
fn readers_and_sources_are_sessions_or_not() {
    let kind = |kind: &str| Peer { kind: kind.to_owned(), id: "1".to_owned() }.session();
    assert_eq!(kind("webRTCSession"), Some(SessionKind::WebRtc));
    assert_eq!(kind("webrtcSession"), Some(SessionKind::WebRtc), "1.10 and older");
    assert_eq!(kind("rtmpsConn"), Some(SessionKind::Rtmps));
    for other in ["hlsMuxer", "rtspSource", "redirect", ""] {
        assert_eq!(kind(other), None, "{other:?}");
    }
}
