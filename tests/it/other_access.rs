//! Who may watch on servers of somebody else, of three versions: enforced there for every protocol, at once, and for
//! nobody else.

use std::time::Instant;

use futures_util::future::{join_all, join4};
use serde_json::{Value, json};
use stream_api::{Ingest, Urls};
use testkit::readers;

use crate::support::{
    Dir, PATIENCE, Server,
    camera::{Sender, Whep},
    hall::{Hall, until_other},
    let_go::all_let_go,
    media,
    played::{logged_in, none_plays, open, url},
    reader::Reader,
    server::file_source,
    until,
};

const PASSWORD: &str = "Correct-horse_9";
const ANOTHER: &str = "battery.Staple_7";

/// As another MediaMTX fetches it; with a password if there is one.
fn whep(stream: &Value, pass: Option<&str>) -> String {
    let login = pass.map(|pass| format!("viewer:{pass}@")).unwrap_or_default();
    format!("{}whep", url(stream, "webrtc").replacen("http://", &format!("whep://{login}"), 1))
}

/// What WebRTC's page answers, which is for those who may watch: 1.12 reads WHEP's offer before it asks who sends it.
async fn page_status(stream: &Value, pass: Option<&str>) -> u16 {
    let request = reqwest::Client::new().get(url(stream, "webrtc"));
    let request = match pass {
        Some(pass) => request.basic_auth("viewer", Some(pass)),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

async fn watch_all(urls: &[String]) -> Vec<Reader> {
    join_all(urls.iter().map(|url| Reader::noting(url))).await
}

async fn put(server: &Server, id: &str, name: &str, file: &std::path::Path) -> String {
    let body = json!({ "server": id, "name": name, "source": file_source(file), "start": true });
    server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned()
}

async fn restrict(server: &Server, id: &str, password: &str) -> Value {
    let body = json!({ "viewers": "restricted", "password": { "set": password } });
    server.post(&format!("/api/v1/streams/{id}/access"), body).await.ok()
}

async fn access_holds_on(version: &str) {
    let Some(hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    let lacks = until_other(&server, &id, "met", |other| other["state"] == "running").await["lacks"].clone();
    // Upstream's #4698: there a password lets nobody in by RTSP, and the server's page says so.
    let by_rtsp = version != "1.12.3";
    assert_eq!(lacks.as_array().unwrap().contains(&"rtsp_passwords".into()), !by_rtsp, "{lacks}");
    let (show, other) = (put(&server, &id, "show", &file).await, put(&server, &id, "other", &file).await);
    let (stream, other_stream) = (server.until_on_air(&show).await, server.until_on_air(&other).await);

    // Open streams are watched by everybody; one is shut.
    let (open_show, open_other) = (open(&stream), open(&other_stream));
    let (whep_show, whep_other) = (whep(&stream, None), whep(&other_stream, None));
    let (watching, mut apart, browser, browser_apart) = join4(
        watch_all(&open_show),
        watch_all(&open_other),
        Whep::of(&whep_show, ""),
        Whep::of(&whep_other, ""),
    )
    .await;
    let began = Instant::now();
    restrict(&server, &show, PASSWORD).await;
    all_let_go(&format!("{version}: a password was set"), began, watching, browser).await;
    browser_apart.gets_more().await;
    none_plays(&[open(&stream), logged_in(&stream, "viewer", "wrong-one")].concat()).await;
    assert_eq!(page_status(&stream, None).await, 401);
    assert_eq!(page_status(&stream, Some("wrong-one")).await, 401);

    // With the password it plays, until there is another.
    let mut good = logged_in(&stream, "viewer", PASSWORD);
    if !by_rtsp {
        none_plays(&good[..1]).await;
        // By HLS it knows no viewers: each request is refused, for which it takes seconds, and FFmpeg tries some more.
        readers::reads_picture(&good[2], PATIENCE).await.unwrap();
        good.remove(2);
        good.remove(0);
    }
    let with_password = whep(&stream, Some(PASSWORD));
    let (inside, browser) = tokio::join!(watch_all(&good), Whep::of(&with_password, ""));
    let began = Instant::now();
    restrict(&server, &show, ANOTHER).await;
    all_let_go(&format!("{version}: another password was set"), began, inside, browser).await;
    none_plays(&logged_in(&stream, "viewer", PASSWORD)).await;
    assert_eq!(page_status(&stream, Some(PASSWORD)).await, 401);
    readers::reads_picture(&logged_in(&stream, "viewer", ANOTHER)[1], PATIENCE).await.unwrap();
    join_all(apart.iter_mut().map(Reader::gets_more)).await;
    // By RTSP and RTMP.
    apart[..2].iter().for_each(Reader::missed_nothing);
    browser_apart.gets_more().await;

    // One of those is sent away, and nobody else.
    let listed = until("they are listed", async || {
        let listed = server.get(&format!("/api/v1/viewers?stream={other}")).await["viewers"].clone();
        listed.as_array()?.iter().find(|viewer| viewer["protocol"] == "rtmp").cloned()
    })
    .await;
    let kick = format!("/api/v1/viewers/{}/kick", listed["id"].as_str().unwrap());
    server.post(&kick, json!({})).await.ok();
    apart.remove(1).until_let_go().await;
    join_all(apart.iter_mut().map(Reader::gets_more)).await;
    apart[0].missed_nothing();
    let told = server.get("/api/v1/activity?kinds=kicked").await["activities"].clone();
    assert_eq!((&told[0]["protocol"], &told[0]["name"]), (&json!("rtmp"), &json!("other")), "{told:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_holds_on_mediamtx_1_12() {
    access_holds_on("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn access_holds_on_mediamtx_1_20() {
    access_holds_on("1.20.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn access_holds_on_mediamtx_1_21() {
    access_holds_on("1.21.0").await;
}

/// By addresses, and by a publish key.
async fn addresses_and_keys_hold_on(version: &str) {
    let Some(hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    let body = json!({ "server": id, "name": "obs", "source": { "type": "incoming" }, "start": true });
    let obs = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    server.until(&obs, "awaited", |stream| stream["wait"]["of"] == "publisher").await;
    let stream = server.stream(&obs).await;
    let urls: Urls = serde_json::from_value(stream["urls"].clone()).unwrap();
    let key = format!("/api/v1/streams/{obs}/publish-key");
    let made = server.post(&key, json!({})).await.ok();
    let ingest = |key: &str| Ingest::of(&urls, made["user"].as_str().unwrap(), key).rtmp;
    Sender::to(&ingest("wrong-one"), "flv").until_ended().await;
    let sender = Sender::to(&ingest(made["key"].as_str().unwrap()), "flv");
    server.until(&obs, "published", |stream| stream["publisher"].is_object()).await;

    let access = format!("/api/v1/streams/{obs}/access");
    let rtmp = &open(&stream)[1];
    for (range, may) in [("10.0.0.0/8", false), ("127.0.0.0/8", true)] {
        server.post(&access, json!({ "viewers": "restricted", "ips": [range] })).await.ok();
        match may {
            true => readers::reads_picture(rtmp, PATIENCE).await.unwrap(),
            false => none_plays(std::slice::from_ref(rtmp)).await,
        }
    }
    server.ask("DELETE", &key, None).await.ok();
    sender.until_ended().await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_keys_hold_on_mediamtx_1_12() {
    addresses_and_keys_hold_on("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_keys_hold_on_mediamtx_1_21() {
    addresses_and_keys_hold_on("1.21.0").await;
}

/// Its file has none of what was set from here.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_upgraded_gets_everything_again() {
    let (Some(mut hall), Some(_)) = (Hall::of("1.12.3").await, testkit::fixtures::mediamtx_version("1.21.0"))
    else {
        return;
    };
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    let show = put(&server, &id, "show", &media::plain(&dir.media("a.mp4"))).await;
    server.until_on_air(&show).await;
    restrict(&server, &show, PASSWORD).await;
    hall.kill();
    until_other(&server, &id, "away", |other| other["state"] == "unreachable").await;
    hall.becomes("1.21.0");
    hall.start().await;
    let began = Instant::now();
    until("its path is back", async || hall.path("show").await).await;
    eprintln!("upgraded: its path is back after {:?}", began.elapsed());
    let met = until_other(&server, &id, "known anew", |other| other["version"] == "1.21.0").await;
    assert!(!met["lacks"].as_array().unwrap().contains(&"rtsp_passwords".into()), "{met:#}");
    let stream = server.until_on_air(&show).await;
    none_plays(&open(&stream)[..1]).await;
    readers::reads_picture(&logged_in(&stream, "viewer", PASSWORD)[0], PATIENCE).await.unwrap();
    assert_eq!(server.stop().await, Some(0));
}

/// Its owner's mistake makes the server refuse every change (a refused `patch` stays in it): that is said, and what was
/// set counts as soon as the mistake is mended.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_who_may_watch_is_told_of_and_asked_again() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    let show = put(&server, &id, "show", &media::plain(&dir.media("a.mp4"))).await;
    let stream = server.until_on_air(&show).await;
    let bad = json!({ "recordPath": "/no/placeholders" });
    assert!(hall.ask("PATCH", "config/paths/patch/theirs", Some(bad)).await.is_none(), "it is refused");
    restrict(&server, &show, PASSWORD).await;
    let is_pending = |stream: &Value| {
        stream["warnings"].as_array().unwrap().iter().any(|fault| fault["code"] == "access_pending")
    };
    let pending = server.until(&show, "pending", is_pending).await;
    assert_eq!(pending["access"]["viewers"], "restricted", "it is stored: {pending:#}");
    hall.ask("POST", "config/paths/replace/theirs", Some(json!({ "maxReaders": 7 }))).await.unwrap();
    server.until(&show, "taken", |stream| !is_pending(stream)).await;
    none_plays(&open(&stream)[..1]).await;
    readers::reads_picture(&logged_in(&stream, "viewer", PASSWORD)[0], PATIENCE).await.unwrap();
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_stay_where_the_owner_wants_nobody_disconnected() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let mut spec = hall.spec("Hall");
    spec["may_kick"] = false.into();
    let body = json!({ "spec": spec, "secrets": Hall::secrets() });
    let id = server.post("/api/v1/servers", body).await.ok()["id"].as_str().unwrap().to_owned();
    let met = until_other(&server, &id, "met", |other| other["state"] == "running").await;
    assert!(met["lacks"].as_array().unwrap().contains(&"kick".into()), "{met:#}");
    let show = put(&server, &id, "show", &media::plain(&dir.media("a.mp4"))).await;
    server.until_on_air(&show).await;
    let mut reader = Reader::of(&hall.watch("show")).await;
    let viewer = until("it is listed", async || {
        let listed = server.get(&format!("/api/v1/viewers?stream={show}")).await;
        listed["viewers"].as_array()?.first().cloned()
    })
    .await;
    let kick = format!("/api/v1/viewers/{}/kick", viewer["id"].as_str().unwrap());
    let refused = server.post(&kick, json!({})).await;
    assert_ne!(refused.status, 200, "{refused:?}");
    reader.gets_more().await;
    assert_eq!(server.stop().await, Some(0));
}
