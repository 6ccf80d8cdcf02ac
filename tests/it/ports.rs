//! The usual ports are taken: others are chosen, said and kept.

use std::net::TcpListener;

use stream_api::Ports;

use crate::support::{Dir, Server, media, process};

#[tokio::test(flavor = "multi_thread")]
async fn taken_ports_are_replaced_once_and_said() {
    // Whoever holds them now, they are taken from here on.
    let _rtsp = TcpListener::bind(("127.0.0.1", Ports::USUAL.rtsp));
    let _api = TcpListener::bind(("127.0.0.1", Ports::USUAL.api));
    let dir = Dir::bare();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let status = server.get("/api/v1/server").await;
    let ports: Ports = serde_json::from_value(status["ports"].clone()).unwrap();
    assert_ne!(ports.rtsp, Ports::USUAL.rtsp);
    assert_ne!(ports.api, Ports::USUAL.api);
    let moved: Vec<(String, u16, u16)> = serde_json::from_value(status["moved_ports"].clone()).unwrap();
    assert!(moved.contains(&("rtsp".to_owned(), Ports::USUAL.rtsp, ports.rtsp)), "it is said: {moved:?}");
    let id = server.create("moved", &file, true).await;
    let stream = server.until_on_air(&id).await;
    assert!(stream["urls"]["rtsp"].as_str().unwrap().contains(&format!(":{}/", ports.rtsp)));
    assert_eq!(server.stop().await, Some(0));

    // A later conflict is a fault that is said, never a silent move.
    let holder = TcpListener::bind(("127.0.0.1", ports.rtsp)).unwrap();
    let server = Server::start(&dir).await;
    let status = server.until_server("failed").await;
    assert_eq!(status["fault"]["code"], "port_taken", "{status:#}");
    assert_eq!(status["fault"]["args"]["port"], ports.rtsp.to_string());
    drop(holder);
    server.ask("POST", "/api/v1/server/restart", None).await.ok();
    server.until_server("running").await;
    assert_eq!(server.get("/api/v1/server").await["ports"]["rtsp"], ports.rtsp, "the port is kept");
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
