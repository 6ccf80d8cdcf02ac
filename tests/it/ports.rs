//! The usual ports are taken: others are chosen, said and kept.

use std::{fs, net::TcpListener};

use serde_json::{Value, json};
use stream_api::Ports;

use crate::support::{Dir, Server, media, process, until};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_of_the_guests_page_is_told_until_it_is_free_or_another() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let config: Value = serde_json::from_slice(&fs::read(dir.data().join("config.json")).unwrap()).unwrap();
    let port = u16::try_from(config["server"]["guest_port"].as_u64().unwrap()).unwrap();
    let holder = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let server = Server::ready(&dir).await;
    let told = async |wanted: bool| {
        until("the guests' page is told of", async || {
            let fault = server.get("/api/v1/server").await["guest_fault"].take();
            (fault.is_object() == wanted).then_some(fault)
        })
        .await
    };
    let fault = told(true).await;
    assert_eq!((&fault["code"], &fault["args"]["port"]), (&json!("port_taken"), &json!(port.to_string())));
    assert!(fault["args"]["holder"].as_str().unwrap().contains("(pid "), "{fault:#}");
    assert_eq!(fault["action"], "use_another_port");

    server.ask("POST", "/api/v1/server/ports/renew", None).await.ok();
    told(false).await;
    let id = server.create("show", &file, false).await;
    let made =
        server.post(&format!("/api/v1/streams/{id}/guest-links"), json!({ "lasts": "hour" })).await.ok();
    let page = made["urls"][0].as_str().unwrap().split('#').next().unwrap().to_owned();
    assert!(!page.contains(&format!(":{port}/")), "{page}");
    assert_eq!(reqwest::get(&page).await.unwrap().status(), 200);
    assert_eq!(server.stop().await, Some(0));

    // It is kept; and what is in its way only for a moment is cured by itself.
    let port = page.rsplit(':').next().unwrap().split('/').next().unwrap().parse::<u16>().unwrap();
    drop(holder);
    // Another test may have it for a while.
    let holder = until("it is free", async || TcpListener::bind(("127.0.0.1", port)).ok()).await;
    let server = Server::ready(&dir).await;
    until("it is told again", async || {
        server.get("/api/v1/server").await["guest_fault"].is_object().then_some(())
    })
    .await;
    drop(holder);
    until("it is served", async || reqwest::get(&page).await.ok()).await;
    assert_eq!(server.stop().await, Some(0));
}
