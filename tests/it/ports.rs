//! The usual ports are taken: others are chosen, said and kept.

use std::{fs, io, net::TcpListener};

use serde_json::{Value, json};
use stream_api::{Code, Origin, Ports};
use testkit::free_port;

use crate::{
    clocks::{self, Dials},
    support::{Dir, Server, media, process, until},
};

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
    let note = server.get("/api/v1/snapshot").await["host"]["notes"][0].take();
    let said = format!("{} instead of {}", ports.rtsp, Ports::USUAL.rtsp);
    assert!(note.as_str().is_some_and(|note| note.contains(&said)), "a person sees it too: {note}");
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
    assert_eq!(server.get("/api/v1/snapshot").await["host"]["notes"], json!([]), "it was said once");
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

#[tokio::test(flavor = "multi_thread")]
async fn the_port_of_guest_links_is_chosen_and_no_stream_notices() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("show", &file, true).await;
    server.until_on_air(&id).await;
    let page = async |server: &Server| {
        let route = format!("/api/v1/streams/{id}/guest-links");
        let made = server.post(&route, json!({ "lasts": "hour" })).await.ok();
        made["urls"][0].as_str().unwrap().split('#').next().unwrap().to_owned()
    };
    let first = page(&server).await;
    let settings = server.get("/api/v1/server").await["settings"].clone();
    let with = |port: Value| {
        let mut settings = settings.clone();
        settings["guest_port"] = port;
        json!({ "settings": settings })
    };
    let (check, set) = ("/api/v1/server/settings/check", "/api/v1/server/settings");

    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = server.post(set, with(holder.local_addr().unwrap().port().into())).await;
    assert!(taken.body["args"]["holder"].as_str().unwrap().contains("(pid "), "{taken:?}");
    assert_eq!(taken.code(), "port_taken");
    assert_eq!(server.post(set, with(settings["ports"]["hls"].clone())).await.code(), "port_twice");
    assert_eq!(server.post(set, with(0.into())).await.code(), "port_invalid");
    assert_eq!(reqwest::get(&first).await.unwrap().status(), 200, "it is where it was");

    let port = free_port();
    let effects = server.post(check, with(port.into())).await.ok();
    assert_eq!((&effects["restarts"], &effects["links"]), (&json!(false), &json!(1)), "{effects}");
    assert_eq!(effects["problems"], json!([]));
    let status = server.post(set, with(port.into())).await.ok();
    assert_eq!(status["settings"]["guest_port"], port, "{status:#}");
    let second = page(&server).await;
    assert!(second.contains(&format!(":{port}/")), "{second}");
    assert_eq!(reqwest::get(&second).await.unwrap().status(), 200, "it is there with the answer");
    assert!(reqwest::get(&first).await.is_err(), "and no longer where it was");
    assert_eq!(server.stream(&id).await["attempt"], 1, "the stream was never interrupted");
    // Who says nothing of it changes nothing of it.
    let mut silent = with(Value::Null);
    silent["settings"].as_object_mut().unwrap().remove("guest_port");
    let status = server.post(set, silent).await.ok();
    assert_eq!(status["settings"]["guest_port"], port);
    assert_eq!(server.stop().await, Some(0));

    let server = Server::ready(&dir).await;
    until("it is kept", async || reqwest::get(&second).await.ok()).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_at_which_the_guests_page_does_not_open_is_taken_back() {
    let dir = Dir::new();
    let engine = clocks::start(&dir, &Dials::default()).await;
    let (mut page, bad) = (engine.guest_page(), free_port());
    let host = tokio::spawn({
        let engine = engine.clone();
        async move {
            loop {
                let at = page.borrow_and_update().as_ref().map(|page| page.listen);
                let failure = io::Error::from(io::ErrorKind::AddrInUse);
                if let Some(at) = at {
                    engine.guest_page_tried(at, (at.port() == bad).then_some(&failure));
                }
                if page.changed().await.is_err() {
                    return;
                }
            }
        }
    });
    let server = async || clocks::ask(&engine, "server_get", json!({})).await;
    let mut settings = until("it has a port", async || {
        Some(server().await["settings"].take()).filter(|settings| settings["guest_port"].is_u64())
    })
    .await;
    let before = settings["guest_port"].clone();
    settings["guest_port"] = bad.into();
    let request = json!({ "settings": settings });
    let refused = engine.dispatch(Origin::Api, "server_settings_set", request).await;
    assert_eq!(refused.map_err(|error| error.code), Err(Code::PortTaken));
    until("it is back", async || {
        let server = server().await;
        (server["settings"]["guest_port"] == before && server["guest_fault"].is_null()).then_some(())
    })
    .await;
    let stored: Value = serde_json::from_slice(&fs::read(dir.data().join("config.json")).unwrap()).unwrap();
    assert_eq!(stored["server"]["guest_port"], before);
    host.abort();
    engine.shutdown().await;
}
