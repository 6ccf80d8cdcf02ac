//! Who reaches the server, by what, on which ports: each change takes effect, what can't be is refused before anything
//! is interrupted, and what does not come up is taken back.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use testkit::free_port;

use crate::support::{
    Dir, Server,
    certificate::fingerprint,
    media, process, qr,
    server::{Answer, command},
    until,
};

const SETTINGS: &str = "/api/v1/server/settings";
/// Loopback, but not the address that a server for this computer alone listens on.
const ELSEWHERE: &str = "127.0.0.2";

async fn settings(server: &Server, change: impl FnOnce(&mut Value)) -> Value {
    let mut settings = server.get("/api/v1/server").await["settings"].clone();
    change(&mut settings);
    json!({ "settings": settings })
}

async fn set(server: &Server, change: impl FnOnce(&mut Value)) -> Answer {
    server.post(SETTINGS, settings(server, change).await).await
}

/// The local addresses on which something listens on `port`, in the hexadecimal of proc_net(5).
fn listening(port: u64) -> Vec<String> {
    // A row may be missed, or come twice, while others come and go.
    let mut seen = listed(port);
    loop {
        match (listed(port), &seen) {
            (again, before) if again == *before => return again,
            (again, _) => seen = again,
        }
    }
}

fn listed(port: u64) -> Vec<String> {
    let tables = ["tcp", "tcp6"].map(|table| fs::read_to_string(format!("/proc/net/{table}")).unwrap());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let fields = rows.map(|row| row.split_whitespace().collect::<Vec<_>>());
    let ours = fields.filter(|row| row[3] == "0A").filter_map(|row| row[1].rsplit_once(':'));
    let ours = ours.filter(|(_, at)| u64::from_str_radix(at, 16).unwrap() == port);
    ours.map(|(address, _)| address.to_owned()).collect()
}

fn reaches(host: &str, port: &Value) -> bool {
    TcpStream::connect((host, u16::try_from(port.as_u64().unwrap()).unwrap())).is_ok()
}

fn mediamtx(server: &Server) -> i32 {
    server.children("mediamtx").first().expect("it runs").pid
}

/// An address of a real interface, where this computer has one; else another one of loopback.
fn address(status: &Value) -> String {
    let all = status["addresses"].as_array().unwrap().iter();
    let mut hosts = all.map(|address| address["host"].as_str().unwrap());
    let real = hosts.find(|host| *host != "127.0.0.1" && host.parse::<std::net::Ipv4Addr>().is_ok());
    if real.is_none() {
        eprintln!("this computer has no network interface; {ELSEWHERE} stands for one");
    }
    real.unwrap_or(ELSEWHERE).to_owned()
}

async fn plays(url: &str) {
    // The first segments of HLS take their time on a busy computer.
    let watched = async || media::watch(url).await.contains(&"h264".to_owned()).then_some(());
    until(&format!("{url} plays"), watched).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_reaches_what_viewers_need_and_nothing_else() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("lan", &file, true).await;
    let stream = server.until_on_air(&id).await;
    let status = server.get("/api/v1/server").await;
    assert_eq!(
        (&status["settings"]["reach"], &status["reach_chosen"]),
        (&json!("this_computer"), &json!(false))
    );
    let ports = status["ports"].clone();
    for port in ["rtsp", "rtmp", "hls", "webrtc", "api", "metrics"] {
        assert_eq!(listening(ports[port].as_u64().unwrap()), ["0100007F"], "{port}: this computer alone");
        assert!(!reaches(ELSEWHERE, &ports[port]), "{port}");
    }
    assert!(stream["urls"]["rtsp"].as_str().unwrap().starts_with("rtsp://127.0.0.1:"));

    let shared = settings(&server, |settings| settings["reach"] = json!("local_network")).await;
    let effects = server.post(&format!("{SETTINGS}/check"), shared.clone()).await.ok();
    assert_eq!((&effects["restarts"], &effects["streams"]), (&json!(true), &json!(1)), "{effects}");
    assert_eq!(effects["problems"], json!([]));
    assert!(effects["seconds"].as_u64().is_some_and(|seconds| (1..10).contains(&seconds)), "{effects}");

    let status = server.post(SETTINGS, shared).await.ok();
    assert_eq!((&status["state"], &status["reach_chosen"]), (&json!("running"), &json!(true)), "{status:#}");
    assert_eq!(status["ports"], ports, "ports stay");
    for port in ["rtsp", "rtmp", "hls", "webrtc"] {
        assert_ne!(listening(ports[port].as_u64().unwrap()), ["0100007F"], "{port} is open");
        assert!(reaches(ELSEWHERE, &ports[port]), "{port}");
    }
    for port in ["api", "metrics"] {
        assert_eq!(listening(ports[port].as_u64().unwrap()), ["0100007F"], "{port} never is");
    }
    let stream = server.until_on_air(&id).await;
    let host = address(&status);
    let urls = &stream["urls"];
    if host != ELSEWHERE {
        assert!(urls["rtsp"].as_str().unwrap().starts_with(&format!("rtsp://{host}:")), "{urls}");
    }
    let first = status["addresses"][0]["host"].as_str().unwrap();
    let played = ["rtsp", "rtmp", "hls", "srt"];
    let played = played.map(|protocol| urls[protocol].as_str().unwrap().replacen(first, &host, 1));
    join_all(played.iter().map(|url| plays(url))).await;
    // As a code for phones, by the best address and by another one; by one that it has not, the best.
    for (asked, host) in [("", first), ("&host=127.0.0.1", "127.0.0.1"), ("&host=192.0.2.9", first)] {
        let code = server.get(&format!("/api/v1/streams/{id}/qr?protocol=webrtc{asked}")).await;
        let expected = urls["webrtc"].as_str().unwrap().replacen(first, host, 1);
        assert_eq!(
            (&code["text"], qr::of_svg(code["svg"].as_str().unwrap())),
            (&json!(expected), expected.clone())
        );
    }
    let page = urls["webrtc"].as_str().unwrap().replacen(first, &host, 1);
    assert_eq!(reqwest::get(&page).await.unwrap().status(), 200, "{page}");

    set(&server, |settings| settings["reach"] = json!("this_computer")).await.ok();
    for port in ["rtsp", "rtmp", "hls", "webrtc"] {
        assert!(!reaches(ELSEWHERE, &ports[port]), "{port} is closed again");
    }
    let stream = server.until_on_air(&id).await;
    assert!(stream["urls"]["hls"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_streams_play_and_plain_ones_stay_on_this_computer() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("safe", &file, true).await;
    server.until_on_air(&id).await;
    let status = set(&server, |settings| {
        (settings["reach"], settings["encryption"]) = (json!("local_network"), json!("self_signed"));
        (settings["ports"]["rtsps"], settings["ports"]["rtmps"]) = (json!(free_port()), json!(free_port()));
    })
    .await
    .ok();
    let ports = &status["ports"];
    assert!(
        reaches("127.0.0.1", &ports["rtsp"]) && !reaches(ELSEWHERE, &ports["rtsp"]),
        "plain RTSP is ours"
    );
    assert!(!reaches("127.0.0.1", &ports["rtmp"]), "plain RTMP is gone");
    let stream = server.until_on_air(&id).await;
    let urls = &stream["urls"];
    let all = [("rtsp", "rtsps://"), ("rtmp", "rtmps://"), ("hls", "https://")].map(|(protocol, scheme)| {
        let url = urls[protocol].as_str().unwrap();
        assert!(url.starts_with(scheme), "{url}");
        plays(url)
    });
    join_all(all).await;
    let told = status["certificate"]["fingerprint"].as_str().unwrap();
    assert_eq!(told, fingerprint(&dir.data().join("tls/server.crt")), "the fingerprint is the certificate's");
    assert!(status["certificate"]["expires"].as_i64().unwrap() > 1_700_000_000_000);

    // Guests get links to an encrypted page; one from before leads there.
    let made =
        server.post(&format!("/api/v1/streams/{id}/guest-links"), json!({ "lasts": "hour" })).await.ok();
    let link = made["urls"].as_array().unwrap().last().unwrap().as_str().unwrap().to_owned();
    let page = link.split('#').next().unwrap();
    let plain = page.replacen("https://", "http://", 1);
    assert_ne!(page, plain, "{page}");
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let moved = until("the page is served", async || http.get(&plain).send().await.ok()).await;
    assert_eq!((moved.status().as_u16(), moved.headers()["location"].to_str().unwrap()), (307, page));

    let (certificate, key) = (dir.data().join("tls/server.crt"), dir.data().join("tls/server.key"));
    let status = set(&server, |settings| {
        settings["encryption"] = json!({ "given": { "certificate": certificate, "key": key } });
    })
    .await
    .ok();
    assert_eq!(status["certificate"]["fingerprint"], told, "the same, given by hand");
    assert_eq!(server.stop().await, Some(0));

    // Gone when the program starts again: streams are on air all the same, and it is said.
    let theirs = dir.path().join("theirs.crt");
    let config = fs::read_to_string(dir.data().join("config.json")).unwrap();
    let named = |path: &Path| config.replace(certificate.to_str().unwrap(), path.to_str().unwrap());
    fs::write(dir.data().join("config.json"), named(&theirs)).unwrap();
    let server = Server::ready(&dir).await;
    server.until_on_air(&id).await;
    let warned = |status: &Value| {
        let codes = status["warnings"].as_array().unwrap().iter();
        codes.map(|warning| warning["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let status = until("it is said", async || {
        let status = server.get("/api/v1/server").await;
        (warned(&status) == ["certificate_stand_in"]).then_some(status)
    })
    .await;
    assert_eq!(status["certificate"]["fingerprint"], told, "ours stands in");
    plays(server.stream(&id).await["urls"]["hls"].as_str().unwrap()).await;
    // Back, and the server is started again; something else can be changed meanwhile.
    let uplink = set(&server, |settings| settings["webrtc_hosts"] = json!(["203.0.113.7"])).await.ok();
    assert_eq!(uplink["settings"]["webrtc_hosts"], json!(["203.0.113.7"]));
    fs::copy(&certificate, &theirs).unwrap();
    server.post("/api/v1/server/restart", json!({})).await.ok();
    until("nothing is wrong", async || {
        let status = server.get("/api/v1/server").await;
        (status["state"] == "running" && warned(&status).is_empty()).then_some(())
    })
    .await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_is_refused_before_anything_is_interrupted() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("calm", &file, true).await;
    server.until_on_air(&id).await;
    let (before, pid) = (server.get("/api/v1/server").await, mediamtx(&server));

    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().port();
    let answer = set(&server, |settings| settings["ports"]["hls"] = json!(taken)).await;
    assert!(answer.body["args"]["holder"].as_str().unwrap().contains("(pid "), "{answer:?}");
    assert_eq!(answer.code(), "port_taken");
    let twice = set(&server, |settings| settings["ports"]["hls"] = settings["ports"]["rtsp"].clone()).await;
    assert_eq!(twice.code(), "port_twice");
    let host = set(&server, |settings| settings["webrtc_hosts"] = json!(["http://x"])).await;
    assert_eq!(host.code(), "host_invalid");
    let broken = json!({ "given": { "certificate": file, "key": file } });
    let certificate = set(&server, |settings| settings["encryption"] = broken.clone()).await;
    assert_eq!(certificate.code(), "certificate_broken");
    let body = settings(&server, |settings| settings["encryption"] = broken).await;
    let effects = server.post(&format!("{SETTINGS}/check"), body).await.ok();
    assert_eq!(effects["problems"][0]["field"], "certificate", "{effects}");

    assert_eq!(mediamtx(&server), pid, "it was never stopped");
    assert_eq!(server.get("/api/v1/server").await["settings"], before["settings"]);
    assert_eq!(server.stream(&id).await["attempt"], 1, "the stream was never interrupted");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_does_not_come_up_is_taken_back() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("back", &file, true).await;
    server.until_on_air(&id).await;
    let (before, pid) = (server.get("/api/v1/server").await, mediamtx(&server));

    // Our own port, so that it can't be tried before we left it; on another address, so that we can have it back.
    let rtmp = u16::try_from(before["ports"]["rtmp"].as_u64().unwrap()).unwrap();
    let holder = TcpListener::bind((ELSEWHERE, rtmp)).unwrap();
    let answer = set(&server, |settings| settings["reach"] = json!("local_network")).await;
    assert_eq!(answer.body["args"]["port"], rtmp.to_string(), "{answer:?}");
    assert_eq!(answer.code(), "port_taken");
    let status = server.get("/api/v1/server").await;
    assert_eq!(status["state"], "running", "it runs again when the answer comes: {status:#}");
    assert_eq!((&status["settings"], &status["fault"]), (&before["settings"], &Value::Null));
    assert_ne!(mediamtx(&server), pid, "it was tried");
    server.until_on_air(&id).await;
    let stored: Value =
        serde_json::from_str(&fs::read_to_string(dir.data().join("config.json")).unwrap()).unwrap();
    assert_eq!(stored["server"]["reach"], Value::Null, "nothing was stored");

    drop(holder);
    set(&server, |settings| settings["reach"] = json!("local_network")).await.ok();
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_is_kept_and_counts() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let mut shared = command(&dir);
    shared.args(["--reach", "local-network"]);
    let server = Server::run(shared).await;
    let status = server.until_server("running").await;
    assert_eq!(
        (&status["settings"]["reach"], &status["reach_chosen"]),
        (&json!("local_network"), &json!(true))
    );
    let hls = free_port();
    set(&server, |settings| {
        (settings["protocols"]["rtmp"], settings["protocols"]["rtsp"]) = (json!(false), json!(false));
        (settings["ports"]["hls"], settings["hls_variant"]) = (json!(hls), json!("mpegts"));
        settings["webrtc_hosts"] = json!(["203.0.113.7"]);
    })
    .await
    .ok();
    assert_eq!(server.stop().await, Some(0));

    // By a start of its own, without the option.
    let server = Server::ready(&dir).await;
    let status = server.get("/api/v1/server").await;
    assert_eq!(
        (&status["settings"]["reach"], &status["ports"]["hls"]),
        (&json!("local_network"), &json!(hls))
    );
    let id = server.create("few", &file, true).await;
    let stream = server.until_on_air(&id).await;
    let urls = &stream["urls"];
    assert_eq!((&urls["rtmp"], &urls["rtsp"]), (&json!(""), &json!("")), "what is off has no address");
    assert_eq!(listening(status["ports"]["rtmp"].as_u64().unwrap()), [""; 0]);
    assert!(!reaches(ELSEWHERE, &status["ports"]["rtsp"]), "for our own publishers alone");
    plays(urls["hls"].as_str().unwrap()).await;
    let playlist = reqwest::get(urls["hls"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(playlist.starts_with("#EXTM3U") && !playlist.contains(".mp4"), "{playlist}");
    let config = fs::read_to_string(dir.data().join("run/mediamtx.yml")).unwrap();
    assert!(config.contains("203.0.113.7"));
    assert!(config.contains(&server.url), "the interface's own pages may play");

    // Out as a file, and in again as it is.
    let exported = server.get("/api/v1/server/config").await["content"].as_str().unwrap().to_owned();
    assert!(exported.contains("mpegts") && exported.contains("\"few\""), "{exported}");
    let passwords = config.lines().filter_map(|line| line.split_once("\"pass\":\"")?.1.split('"').next());
    for password in passwords.filter(|password| !password.is_empty()) {
        assert!(!exported.contains(password), "no password is exported");
    }
    let read = server.post("/api/v1/server/config/read", json!({ "content": exported })).await.ok();
    assert_eq!(read["settings"]["hls_variant"], "mpegts");
    assert_eq!(read["settings"]["webrtc_hosts"], json!(["203.0.113.7"]));
    assert_eq!(read["settings"]["ports"]["hls"], hls);
    let nonsense = server.post("/api/v1/server/config/read", json!({ "content": "- a" })).await;
    assert_eq!(nonsense.code(), "config_unreadable");
    assert_eq!(server.stop().await, Some(0));
}
