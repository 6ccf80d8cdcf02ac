//! Who watches: each viewer of each protocol is listed, and can be sent away, alone.

use futures_util::future::{join_all, join3};
use serde_json::{Value, json};

use testkit::free_port;

use crate::support::{Dir, Server, camera::Whep, media, reader::Reader, until};

const PLAYED: [&str; 4] = ["rtsp", "rtmp", "hls", "srt"];

async fn viewers(server: &Server, stream: &str) -> Vec<Value> {
    let list = server.get(&format!("/api/v1/viewers?stream={stream}")).await;
    list["viewers"].as_array().unwrap().clone()
}

fn protocols(viewers: &[Value]) -> Vec<String> {
    let mut protocols: Vec<String> =
        viewers.iter().map(|viewer| viewer["protocol"].as_str().unwrap().to_owned()).collect();
    protocols.sort();
    protocols
}

fn number(viewer: &Value, what: &str) -> u64 {
    viewer[what].as_u64().unwrap_or_else(|| panic!("{what} of {viewer:#}"))
}

/// As our own readers open an address.
fn as_probe(url: &str) -> String {
    match url.starts_with("srt:") {
        true => format!("{url}:x=probe"),
        false => format!("{url}?x=probe"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_viewer_is_listed_and_can_be_sent_away() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let (show, other) = (server.create("show", &file, true).await, server.create("other", &file, true).await);
    server.until_on_air(&other).await;
    let stream = server.until_on_air(&show).await;
    assert_eq!(viewers(&server, &show).await, [] as [Value; 0], "nobody yet");

    let urls = PLAYED.map(|protocol| stream["urls"][protocol].as_str().unwrap().to_owned());
    let mut readers = join_all(urls.iter().map(|url| Reader::noting(url))).await;
    let mut probes =
        join_all(urls.iter().map(|url| as_probe(url)).map(async |url| Reader::of(&url).await)).await;
    let listed = until("all four are listed", async || {
        let listed = viewers(&server, &show).await;
        (listed.len() == 4 && listed.iter().all(|viewer| number(viewer, "outbound_bps") > 0))
            .then_some(listed)
    })
    .await;
    assert_eq!(protocols(&listed), ["hls", "rtmp", "rtsp", "srt"]);
    let now = server.get("/api/v1/snapshot").await["now"].as_i64().unwrap();
    for viewer in &listed {
        assert_eq!(
            (&viewer["stream"], &viewer["address"]),
            (&json!(show), &json!("127.0.0.1")),
            "{viewer:#}"
        );
        let since = viewer["since"].as_i64().unwrap();
        assert!(since <= now && now - since < 300_000, "{viewer:#}");
    }
    assert!(listed.is_sorted_by_key(|viewer| viewer["since"].as_i64()), "the first comes first: {listed:#?}");
    join_all(probes.iter_mut().map(Reader::gets_more)).await;
    let later = until("each got more", async || {
        let later = viewers(&server, &show).await;
        let more = |before: &Value| {
            let after = later.iter().find(|after| after["id"] == before["id"]);
            after.is_some_and(|after| number(after, "outbound_bytes") > number(before, "outbound_bytes"))
        };
        listed.iter().all(more).then(|| later.clone())
    })
    .await;
    assert_eq!(later.len(), 4, "our own readers are not among them: {later:#?}");
    let counted = json!({ "rtsp": 1, "hls": 1, "webrtc": 0, "rtmp": 1, "srt": 1, "other": 0 });
    server.until(&show, "counted", |stream| stream["metrics"]["viewers"] == counted).await;
    assert_eq!(viewers(&server, &other).await, [] as [Value; 0]);
    assert_eq!(server.get("/api/v1/viewers").await["viewers"].as_array().unwrap().len(), 4);

    // One after the other goes, and the others do not notice.
    while let Some(gone) = readers.pop() {
        let protocol = PLAYED[readers.len()];
        let viewer = later.iter().find(|viewer| viewer["protocol"] == protocol).unwrap();
        let kick = format!("/api/v1/viewers/{}/kick", viewer["id"].as_str().unwrap());
        server.post(&kick, json!({})).await.ok();
        gone.until_let_go().await;
        for left in &mut readers {
            assert!(left.is_connected(), "{protocol} alone was meant");
        }
        // By RTSP and RTMP.
        readers.iter().take(2).for_each(Reader::missed_nothing);
        let listed = until("one less is listed", async || {
            Some(viewers(&server, &show).await).filter(|listed| listed.len() == readers.len())
        })
        .await;
        assert!(listed.iter().all(|left| left["id"] != viewer["id"]), "{listed:#?}");
        server.post(&kick, json!({})).await.ok();
    }
    join_all(probes.iter_mut().map(Reader::gets_more)).await;
    let told = server.get("/api/v1/activity?kinds=kicked").await;
    let told = told["activities"].as_array().unwrap();
    assert_eq!(told.len(), 4, "once for each: {told:#?}");
    assert_eq!((&told[0]["protocol"], &told[0]["address"]), (&json!("rtsp"), &json!("127.0.0.1")));
    assert_eq!((&told[0]["by"], &told[0]["name"]), (&json!("api"), &json!("show")));

    // Nothing else can be sent away so: neither a publisher nor what is not there.
    server.post(&format!("/api/v1/viewers/{show}/kick"), json!({})).await.ok();
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_viewers_and_browsers_can_be_sent_away_too() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let mut settings = server.get("/api/v1/server").await["settings"].clone();
    settings["encryption"] = json!("self_signed");
    (settings["ports"]["rtsps"], settings["ports"]["rtmps"]) = (json!(free_port()), json!(free_port()));
    let status = server.post("/api/v1/server/settings", json!({ "settings": settings })).await.ok();
    let fingerprint = status["certificate"]["fingerprint"].as_str().unwrap().replace(':', "");
    let id = server.create("show", &file, true).await;
    let stream = server.until_on_air(&id).await;
    let url = |protocol: &str| stream["urls"][protocol].as_str().unwrap().to_owned();
    let whep = format!("{}whep", url("webrtc").replacen("https", "wheps", 1));
    let (rtsps, rtmps) = (url("rtsp"), url("rtmp"));
    let (rtsps, mut rtmps, browser) =
        join3(Reader::of(&rtsps), Reader::of(&rtmps), Whep::of(&whep, &fingerprint)).await;
    let listed = until("all three are listed", async || {
        Some(viewers(&server, &id).await).filter(|listed| listed.len() == 3)
    })
    .await;
    assert_eq!(protocols(&listed), ["rtmp", "rtsp", "webrtc"], "{listed:#?}");
    let of = |protocol: &str| listed.iter().find(|viewer| viewer["protocol"] == protocol).unwrap();
    assert!(of("rtmp")["encrypted"] == true && of("rtsp")["encrypted"] == true, "{listed:#?}");
    let kick = async |protocol: &str| {
        let path = format!("/api/v1/viewers/{}/kick", of(protocol)["id"].as_str().unwrap());
        server.post(&path, json!({})).await.ok();
    };
    let is_listed = async |protocol: &str| {
        viewers(&server, &id).await.iter().any(|viewer| viewer["id"] == of(protocol)["id"])
    };
    kick("webrtc").await;
    until("the browser is let go", async || (!browser.is_connected().await).then_some(())).await;
    until("it is gone", async || (!is_listed("webrtc").await).then_some(())).await;
    kick("rtsp").await;
    rtsps.until_let_go().await;
    until("it is gone", async || (!is_listed("rtsp").await).then_some(())).await;
    rtmps.gets_more().await;
    kick("rtmp").await;
    rtmps.until_let_go().await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_speed_of_the_connection_is_kept() {
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    assert_eq!(server.get("/api/v1/server").await["uplink_mbps"], Value::Null);
    for bad in [0, 1_000_001] {
        assert_eq!(server.post("/api/v1/server/uplink", json!({ "mbps": bad })).await.code(), "uplink_unfit");
    }
    server.post("/api/v1/server/uplink", json!({ "mbps": 40 })).await.ok();
    assert_eq!(server.get("/api/v1/server").await["uplink_mbps"], 40);
    assert_eq!(server.stop().await, Some(0));
    let server = Server::start(&dir).await;
    assert_eq!(server.get("/api/v1/server").await["uplink_mbps"], 40);
    server.post("/api/v1/server/uplink", json!({})).await.ok();
    assert_eq!(server.get("/api/v1/server").await["uplink_mbps"], Value::Null);
    assert_eq!(server.stop().await, Some(0));
}
