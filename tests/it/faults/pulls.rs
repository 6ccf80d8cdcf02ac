//! What keeps the server from fetching a camera or another server.

use std::{
    net::{TcpListener, UdpSocket},
    process::{Child, Command, Stdio},
};

use serde_json::json;
use stream_api::Code;

use super::{Made::Real, Row, ffmpeg::busy_server};
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
    (Code::PullUnreachable, Real),
    (Code::PullCertificate, Real),
    (Code::PullCodec, Real),
    (Code::PullFailed, Real),
    (Code::SecretMissing, Real),
];

/// Sends sound in a codec that MPEG-TS has and MediaMTX does not, by UDP to this port of the loopback.
fn sends_what_nobody_takes(port: u16) -> Ended {
    let mut command = Command::new(testkit::fixtures::ffmpeg());
    command.args(
        "-nostdin -v error -re -f lavfi -i sine=r=48000 -ac 2 -c:a s302m -strict -2 -f mpegts".split(' '),
    );
    command.arg(format!("udp://127.0.0.1:{port}?pkt_size=1316")).stdin(Stdio::null()).stdout(Stdio::null());
    #[expect(clippy::disallowed_methods, reason = "somebody else's program, ended on drop")]
    let child = command.spawn().unwrap();
    Ended(child)
}

/// Ended when dropped.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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
    let strange = testkit::free_port();
    let _sender = sends_what_nobody_takes(strange);
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
        // No way leads to a group by TCP.
        (Code::PullUnreachable, "rtsp://224.0.0.1:554/x".to_owned()),
        (Code::PullCertificate, camera.url("rtsps")),
        (Code::PullCodec, format!("udp://127.0.0.1:{strange}")),
        (Code::PullFailed, format!("rtsp://127.0.0.1:{}/x", busy_server())),
    ];
    let mut made = Vec::new();
    for (at, (code, url)) in rows.into_iter().enumerate() {
        let source = json!({ "type": "network", "url": url });
        let body = json!({ "name": format!("row{at}"), "source": source, "start": true });
        let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
        made.push((code, id));
    }
    let of = |code: Code| made.iter().find(|(made, _)| *made == code).unwrap().1.clone();
    for (code, id) in &made {
        let stream = server.until(id, "told why", |s| s["wait"]["error"]["code"] == code.as_str()).await;
        let hint = stream["wait"]["error"]["hint"].as_str().unwrap();
        assert!(hint.len() > 12 && stream["state"] == "running", "{stream:#}");
        let log = server.get("/api/v1/server/log").await;
        let mut lines = log["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap());
        let said = lines.any(|line| code.signs().iter().any(|sign| sign.is_in(line)));
        assert!(said, "the server says one of {:?}: {log:#}", code.signs());
    }
    assert_eq!(server.stop().await, Some(0));

    // Without its password a source is not tried, and one that needs none is.
    std::fs::remove_file(dir.data().join("secrets.json")).unwrap();
    let server = Server::ready(&dir).await;
    let stream = server.until_state(&of(Code::PullLogin), "failed").await;
    assert_eq!(stream["fault"]["code"], Code::SecretMissing.as_str(), "{stream:#}");
    assert_eq!(stream["fault"]["action"], "open_settings", "{stream:#}");
    let refused = Code::PullConnectionRefused;
    server.until(&of(refused), "told why", |s| s["wait"]["error"]["code"] == refused.as_str()).await;
    assert_eq!(server.stop().await, Some(0));
}
