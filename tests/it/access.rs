//! Who may watch a stream: enforced by the real MediaMTX for every protocol, at once, and for nobody else.

use std::{net::IpAddr, sync::atomic::Ordering, time::Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use stream_api::{Ingest, Urls};
use testkit::readers;

use crate::clocks::{Dials, ask, start};
use crate::support::{
    Dir, Server,
    camera::{Sender, Whep},
    let_go::{all_let_go, told},
    media,
    played::{logged_in, none_plays, open, url},
    reader::Reader,
    server::{Answer, file_source},
    until,
};

const PASSWORD: &str = "Correct-horse_9";
const ANOTHER: &str = "battery.Staple#7";

async fn all_play(urls: Vec<String>) {
    let limit = crate::support::PATIENCE;
    for played in join_all(urls.iter().map(|url| readers::reads_picture(url, limit))).await {
        played.unwrap();
    }
}

/// What WHEP answers to somebody: the offer is none, which a server says only to those who may watch.
async fn whep(stream: &Value, login: Option<(&str, &str)>) -> u16 {
    let address = format!("{}whep", url(stream, "webrtc"));
    let mut request =
        reqwest::Client::new().post(address).header("content-type", "application/sdp").body("no offer");
    if let Some((user, pass)) = login {
        request = request.basic_auth(user, Some(pass));
    }
    request.send().await.unwrap().status().as_u16()
}

async fn set(server: &Server, id: &str, access: Value) -> Answer {
    server.post(&format!("/api/v1/streams/{id}/access"), access).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_asks_for_the_password_and_who_lost_the_right_goes_at_once() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let (show, other) = (server.create("show", &file, true).await, server.create("other", &file, true).await);
    let other_stream = server.until_on_air(&other).await;
    let stream = server.until_on_air(&show).await;
    assert_eq!(stream["access"]["viewers"], "open", "new streams are");
    let mut watching = join_all(open(&stream).iter().map(|url| Reader::of(url))).await;
    let mut apart = Reader::noting(&url(&other_stream, "rtsp")).await;
    let mut apart_hls = Reader::of(&url(&other_stream, "hls")).await;
    let fetched = |stream| format!("{}whep", url(stream, "webrtc").replacen("http", "whep", 1));
    let (browser_url, apart_url) = (fetched(&stream), fetched(&other_stream));
    let (browser, browser_apart) = tokio::join!(Whep::of(&browser_url, ""), Whep::of(&apart_url, ""));
    assert_ne!(whep(&stream, None).await, 401, "open");

    // Nobody who watches another stream, or loosens one, loses anybody.
    set(&server, &other, json!({ "viewers": "restricted", "ips": ["127.0.0.0/8"] })).await.ok();
    join_all(watching.iter_mut().chain([&mut apart, &mut apart_hls]).map(Reader::gets_more)).await;

    let began = Instant::now();
    let body = json!({ "viewers": "restricted", "password": { "set": PASSWORD } });
    let answer = set(&server, &show, body).await.ok();
    assert_eq!(answer["access"]["has_password"], true, "{answer:#}");
    all_let_go("ours: a password was set", began, watching, browser).await;
    join_all([&mut apart, &mut apart_hls].map(Reader::gets_more)).await;
    apart.missed_nothing();
    browser_apart.gets_more().await;

    none_plays(&[open(&stream), logged_in(&stream, "viewer", "wrong-one")].concat()).await;
    assert_eq!(whep(&stream, None).await, 401);
    assert_eq!(whep(&stream, Some(("viewer", "wrong-one"))).await, 401);
    let by_login = browser_url.replacen("://", &format!("://viewer:{PASSWORD}@"), 1);
    Whep::of(&by_login, "").await.gets_more().await;
    all_play(logged_in(&stream, "viewer", PASSWORD)).await;

    // Another password ends what the first one opened; a restart of the server opens nothing.
    let mut first = Reader::of(&logged_in(&stream, "viewer", PASSWORD)[0]).await;
    set(&server, &other, json!({ "viewers": "open" })).await.ok();
    first.gets_more().await;
    let body = json!({ "viewers": "restricted", "user": "family", "password": { "set": ANOTHER.replace('#', "_") } });
    set(&server, &show, body).await.ok();
    first.until_let_go().await;
    apart.gets_more().await;
    apart.missed_nothing();
    browser_apart.gets_more().await;
    server.post("/api/v1/server/restart", json!({})).await.ok();
    let stream = until("on air after the restart", async || {
        let stream = server.stream(&show).await;
        let url = &logged_in(&stream, "family", &ANOTHER.replace('#', "_"))[0];
        readers::one_try(url).await.is_ok().then_some(stream)
    })
    .await;
    none_plays(&logged_in(&stream, "viewer", PASSWORD)).await;

    // By address alone, which needs no password; then from elsewhere.
    let body = json!({ "viewers": "restricted", "password": "remove", "ips": ["127.0.0.1", "::1"] });
    set(&server, &show, body).await.ok();
    // A server that has just started is told a moment later.
    all_play(vec![url(&stream, "rtsp")]).await;
    let here = Reader::of(&url(&stream, "rtsp")).await;
    set(&server, &show, json!({ "viewers": "restricted", "ips": ["10.1.2.3/8"] })).await.ok();
    here.until_let_go().await;
    none_plays(&open(&stream)).await;
    let stream = server.stream(&show).await;
    assert_eq!(stream["access"]["ips"], json!(["10.0.0.0/8"]), "as it is understood");

    for (body, code) in [
        (json!({ "viewers": "restricted", "password": { "set": "short" } }), "password_length"),
        (json!({ "viewers": "restricted", "password": { "set": "with space" } }), "password_bad_character"),
        (json!({ "viewers": "restricted", "user": "any" }), "viewer_unfit"),
        (json!({ "viewers": "restricted", "ips": ["10.0.0.300"] }), "ip_range_unfit"),
    ] {
        assert_eq!(set(&server, &show, body).await.code(), code);
    }
    assert_eq!(server.stream(&show).await["access"], stream["access"], "nothing was half applied");

    let told = server.get(&format!("/api/v1/activity?streams={show}&kinds=access_changed,edited")).await;
    let parts: Vec<_> =
        told["activities"].as_array().unwrap().iter().rev().map(|one| one["parts"].clone()).collect();
    let expected = json!([
        ["restricted", "password_set"],
        ["user", "password_changed"],
        ["password_removed", "addresses"],
        ["addresses"],
    ]);
    assert_eq!(json!(parts), expected, "{told:#}");
    assert!(!told.to_string().contains(PASSWORD) && !told.to_string().contains("10.0.0.0"), "{told:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_made_with_a_password_is_never_open() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let create = async |access: Value| {
        let body = json!({ "name": "show", "source": file_source(&file), "start": true, "access": access });
        server.post("/api/v1/streams", body).await
    };
    let restricted = |password: &str| json!({ "viewers": "restricted", "password": password });
    assert_eq!(create(restricted("short")).await.code(), "password_length");
    assert_eq!(server.streams().await.len(), 0, "nothing was made");
    let made = create(restricted(PASSWORD)).await.ok();
    assert_eq!((&made["access"]["has_password"], &made["access"]["user"]), (&json!(true), &json!("viewer")));
    let stream = server.until_on_air(made["id"].as_str().unwrap()).await;
    none_plays(&[url(&stream, "rtsp")]).await;
    all_play(logged_in(&stream, "viewer", PASSWORD)[..1].to_vec()).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_link_lets_in_until_it_is_revoked() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let show = server.create("show", &file, true).await;
    let stream = server.until_on_air(&show).await;
    set(&server, &show, json!({ "viewers": "restricted" })).await.ok();
    none_plays(&[url(&stream, "rtsp")]).await;

    let links = format!("/api/v1/streams/{show}/guest-links");
    let mut made = Vec::new();
    for label in ["Anna", "Ben"] {
        let answer = server.post(&links, json!({ "lasts": "hour", "label": label })).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        made.push(answer.body);
    }
    let login = |made: &Value| {
        let url = made["urls"][0].as_str().unwrap();
        let (id, token) = url.split_once('#').unwrap().1.split_once('.').unwrap();
        assert_eq!(made["link"]["id"], id);
        (id.to_owned(), token.to_owned())
    };
    assert!(made[0]["urls"][0].as_str().unwrap().contains("/watch/show#"), "{made:?}");
    assert!(made[0]["qr"].as_str().unwrap().starts_with("<svg"));
    let (anna, anna_token) = login(&made[0]);
    let (ben, ben_token) = login(&made[1]);
    let annas = Reader::of(&logged_in(&stream, &anna, &anna_token)[0]).await;
    let mut bens = Reader::noting(&logged_in(&stream, &ben, &ben_token)[0]).await;
    none_plays(&[logged_in(&stream, &anna, &ben_token)[0].clone()]).await;

    let listed = server.stream(&show).await["access"]["links"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["label"], "Anna");
    assert_eq!(listed[0]["expires"].as_i64().unwrap() - listed[0]["created"].as_i64().unwrap(), 3_600_000);
    server.ask("DELETE", &format!("{links}/{anna}"), None).await.ok();
    annas.until_let_go().await;
    bens.gets_more().await;
    bens.missed_nothing();
    none_plays(&[logged_in(&stream, &anna, &anna_token)[0].clone()]).await;
    let again = server.ask("DELETE", &format!("{links}/{anna}"), None).await;
    assert_eq!((again.status, again.code()), (404, "no_such_link".to_owned()));

    // Its address was told once: a new link takes its place.
    let body = json!({ "lasts": "hour", "label": "Ben", "instead": ben });
    let renewed = server.post(&links, body.clone()).await.ok();
    bens.until_let_go().await;
    let (new, new_token) = login(&renewed);
    let _watches = Reader::of(&logged_in(&stream, &new, &new_token)[0]).await;
    none_plays(&[logged_in(&stream, &ben, &ben_token)[0].clone()]).await;
    assert_eq!(server.post(&links, body).await.code(), "no_such_link", "it had its place");
    let listed = server.stream(&show).await["access"]["links"].clone();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &json!(new)));
    let told = server.get(&format!("/api/v1/activity?streams={show}&text=guest link")).await;
    let activities = told["activities"].as_array().unwrap().iter().rev();
    let kinds: Vec<_> = activities.map(|one| json!([one["kind"], one["label"]])).collect();
    let expected = [
        ["guest_link_made", "Anna"],
        ["guest_link_made", "Ben"],
        ["guest_link_revoked", "Anna"],
        ["guest_link_renewed", "Ben"],
    ];
    assert_eq!(json!(kinds), json!(expected), "{told:#}");
    assert!(!told.to_string().contains(&new_token), "{told:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_link_ends_by_itself_and_takes_its_viewers_with_it() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let dials = Dials::default();
    let engine = start(&dir, &dials).await;
    let body = json!({ "name": "show", "source": file_source(&file), "start": true });
    let id = ask(&engine, "stream_create", body).await["id"].clone();
    let stream = until("on air", async || {
        Some(ask(&engine, "stream_get", json!({ "id": id })).await).filter(|stream| stream["on_air"] == true)
    })
    .await;
    ask(&engine, "stream_access_set", json!({ "id": id, "viewers": "restricted" })).await;
    let link = async |lasts| {
        let made = ask(&engine, "guest_link_create", json!({ "id": id, "lasts": lasts })).await;
        let url = made["urls"][0].as_str().unwrap().to_owned();
        let (link, token) = url.split_once('#').unwrap().1.split_once('.').unwrap();
        (link.to_owned(), token.to_owned())
    };
    let (hour, day) = (link("hour").await, link("day").await);
    let short = Reader::of(&logged_in(&stream, &hour.0, &hour.1)[0]).await;
    let mut long = Reader::noting(&logged_in(&stream, &day.0, &day.1)[0]).await;
    let guest = engine.guest(&hour.0, &hour.1).expect("it is good");
    assert!(guest.live && guest.name == "show", "{guest:?}");
    assert!(engine.guest(&hour.0, &day.1).is_none(), "another link's token");

    dials.set.store(3_600_001, Ordering::Relaxed);
    let began = Instant::now();
    short.until_let_go().await;
    told("ours: a guest link expired", &[("rtsp".to_owned(), began.elapsed())]);
    assert!(engine.guest(&hour.0, &hour.1).is_none() && engine.guest(&day.0, &day.1).is_some());
    none_plays(&[logged_in(&stream, &hour.0, &hour.1)[0].clone()]).await;
    long.gets_more().await;
    long.missed_nothing();
    let told = until("it is told", async || {
        let told = ask(&engine, "activity_list", json!({ "kinds": ["guest_link_ended"] })).await;
        Some(told["activities"].clone()).filter(|told| told != &json!([]))
    })
    .await;
    assert_eq!(told.as_array().unwrap().len(), 1, "the other one lasts: {told:#}");
    engine.shutdown().await;
}

/// By what the stream's page shows to type.
#[tokio::test(flavor = "multi_thread")]
async fn a_publish_key_lets_in_until_there_is_another() {
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let body = json!({ "name": "obs", "source": { "type": "incoming" }, "start": true });
    let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    server.until(&id, "awaited", |stream| stream["wait"]["of"] == "publisher").await;
    let route = format!("/api/v1/streams/{id}/publish-key");
    let urls: Urls = serde_json::from_value(server.stream(&id).await["urls"].clone()).unwrap();
    let key = async || {
        let made = server.post(&route, json!({})).await.ok();
        Ingest::of(&urls, made["user"].as_str().unwrap(), made["key"].as_str().unwrap())
    };
    let send = |ingest: &Ingest, protocol: &str| match protocol {
        "RTSP" => Sender::to(&ingest.rtsp, "rtsp"),
        "RTMP" => Sender::to(&ingest.rtmp, "flv"),
        _ => Sender::to(&format!("{}?streamid={}&pkt_size=1316", ingest.srt, ingest.srt_id), "mpegts"),
    };
    let mut before: Option<(Ingest, Sender, &str)> = None;
    for protocol in ["RTSP", "RTMP", "SRT"] {
        let ingest = key().await;
        if let Some((old, sender, protocol)) = before.take() {
            // The key before is void.
            sender.until_ended().await;
            send(&old, protocol).until_ended().await;
            server.until(&id, "awaited again", |stream| stream["publisher"].is_null()).await;
        }
        let sender = send(&ingest, protocol);
        let stream = server.until(&id, "published", |stream| stream["publisher"].is_object()).await;
        assert_eq!(stream["publisher"]["protocol"], protocol, "{stream:#}");
        before = Some((ingest, sender, protocol));
    }
    let (last, sender, protocol) = before.unwrap();
    server.ask("DELETE", &route, None).await.ok();
    sender.until_ended().await;
    send(&last, protocol).until_ended().await;
    let stream = server.until(&id, "left", |stream| stream["publisher"].is_null()).await;
    assert_eq!(stream["access"]["publisher"], Value::Null, "{stream:#}");
    let told = server.get("/api/v1/activity?kinds=publish_key_made,publish_key_revoked").await;
    let kinds = told["activities"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap());
    let made = "publish_key_made";
    assert_eq!(kinds.collect::<Vec<_>>(), ["publish_key_revoked", made, made, made], "{told:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_link_is_for_its_guests_alone() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let show = server.create("show", &file, true).await;
    server.until_on_air(&show).await;
    set(&server, &show, json!({ "viewers": "restricted", "ips": ["127.0.0.1"] })).await.ok();
    let links = format!("/api/v1/streams/{show}/guest-links");
    let made = server.post(&links, json!({ "lasts": "day", "label": "Anna" })).await.ok();
    let (page, fragment) = made["urls"][0].as_str().unwrap().split_once('#').unwrap();
    let (link, token) = fragment.split_once('.').unwrap();
    let base = page.split("/watch/").next().unwrap();
    let http = reqwest::Client::new();
    let get = async |path: &str, token: &str| {
        http.get(format!("{base}{path}")).bearer_auth(token).send().await.unwrap()
    };

    let shown = until("the page is served", async || http.get(page).send().await.ok()).await;
    assert!(shown.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let html = shown.text().await.unwrap();
    assert!(html.contains("<video") && !html.contains(token), "{html}");
    for path in ["/watch.js", "/watch.css", "/hls.min.js"] {
        let answer = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.text().await.unwrap().len() > 500, "{path}");
    }
    let known: Value = get(&format!("/guest/{link}"), token).await.json().await.unwrap();
    assert_eq!(known, json!({ "name": "show", "live": true, "whole": false }), "AAC is not for WebRTC");
    // The first segments of HLS take their time on a busy computer.
    let playlist = until("there is a playlist", async || {
        Some(get(&format!("/guest/{link}/hls/index.m3u8"), token).await).filter(|list| list.status() == 200)
    })
    .await;
    let playlist = playlist.text().await.unwrap();
    let child = playlist.lines().find(|line| !line.starts_with('#') && line.contains(".m3u8")).unwrap();
    assert_eq!(get(&format!("/guest/{link}/hls/{child}"), token).await.status(), 200, "{child}");
    // Where they are, which MediaMTX can't see: another address of this computer.
    let there = reqwest::Client::builder().local_address(IpAddr::from([127, 0, 0, 9])).build().unwrap();
    let file = format!("{base}/guest/{link}/hls/index.m3u8");
    until("the guest is listed with their address", async || {
        there.get(&file).bearer_auth(token).header("user-agent", "Guest/1").send().await.ok()?;
        let list = server.get(&format!("/api/v1/viewers?stream={show}")).await;
        let is_it = |viewer: &Value| viewer["address"] == "127.0.0.9" && viewer["agent"] == "Guest/1";
        list["viewers"].as_array()?.iter().any(is_it).then_some(())
    })
    .await;
    let whep = |token: &str| {
        let offer = http.post(format!("{base}/guest/{link}/whep")).bearer_auth(token).body("no offer");
        async { offer.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(whep(token).await, 400, "MediaMTX reads it");

    // The proxy is on this computer, which may watch by its address: nobody else gets in by it.
    for path in ["", "/hls/index.m3u8", &format!("/hls/{child}")] {
        assert_eq!(get(&format!("/guest/{link}{path}"), "wrong").await.status(), 401, "{path}");
        let nobody = http.get(format!("{base}/guest/{link}{path}")).send().await.unwrap();
        assert_eq!(nobody.status(), 401, "{path}");
    }
    assert_eq!(whep("wrong").await, 401);
    for path in ["/hls/..%2f..%2fv3", "/hls/a/b", "/nothing"] {
        assert_eq!(get(&format!("/guest/{link}{path}"), token).await.status(), 404, "{path}");
    }
    assert_eq!(get("/api/v1/snapshot", token).await.status(), 404, "nothing else of the program is there");
    assert_eq!(server.stop().await, Some(0));
}
