//! What keeps the server from fetching a camera or another server.

use std::net::{TcpListener, UdpSocket};

use serde_json::json;
use stream_api::Code;

use super::{Made::Real, Row};
use crate::support::{
    Dir, Server,
    camera::{Camera, PASSWORD, USER},
};

pub const ROWS: &[Row] = &[
    (Code::PullNameUnknown, Real),
    (Code::PullConnectionRefused, Real),
    (Code::PullSilent, Real),
    (Code::PullLogin, Real),
    (Code::PullNoPath, Real),
    (Code::PullRejected, Real),
    (Code::PullClosed, Real),
    (Code::PullPortTaken, Real),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_fetched_says_why() {
    let camera = Camera::on_air().await;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    // Closes every connection at once, says nothing, and holds a port.
    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let rude_at = rude.local_addr().unwrap();
    std::thread::spawn(move || {
        while let Ok((connection, _)) = rude.accept() {
            drop(connection)
        }
    });
    let (mute, taken) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let free = format!("127.0.0.1:{}", testkit::free_port());
    let rows = [
        (Code::PullNameUnknown, "rtsp://no-such-camera.invalid/x".to_owned()),
        (Code::PullConnectionRefused, format!("rtsp://{free}/x")),
        (Code::PullSilent, format!("srt://{}?streamid=read:x", mute.local_addr().unwrap())),
        (Code::PullLogin, camera.path("rtsp", "cam", USER, "wrong")),
        (Code::PullLogin, camera.path("rtmp", "cam", USER, "wrong")),
        (Code::PullNoPath, camera.path("rtsp", "empty", USER, PASSWORD)),
        (Code::PullRejected, camera.path("srt", "empty", USER, PASSWORD)),
        (Code::PullClosed, format!("rtsp://{rude_at}/x")),
        (Code::PullPortTaken, format!("udp://{}", taken.local_addr().unwrap())),
    ];
    let mut made = Vec::new();
    for (at, (code, url)) in rows.into_iter().enumerate() {
        let source = json!({ "type": "network", "url": url });
        let body = json!({ "name": format!("row{at}"), "source": source, "start": true });
        let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
        made.push((code, id));
    }
    for (code, id) in made {
        let stream = server.until(&id, "told why", |s| s["wait"]["error"]["code"] == code.as_str()).await;
        let hint = stream["wait"]["error"]["hint"].as_str().unwrap();
        assert!(hint.len() > 12 && stream["state"] == "running", "{stream:#}");
        let log = server.get("/api/v1/server/log").await;
        let mut lines = log["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap());
        let said = lines.any(|line| code.signs().iter().any(|sign| sign.is_in(line)));
        assert!(said, "the server says one of {:?}: {log:#}", code.signs());
    }
    assert_eq!(server.stop().await, Some(0));
}
