//! Streams without an FFmpeg of ours: what the server fetches, and what others publish.

use std::fs;

use futures_util::future::join_all;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::support::{
    Dir, Server,
    camera::{Camera, ODD_PASSPHRASE, ODD_PASSWORD, ODD_USER, PASSWORD, Sender, USER},
    media, until,
};

fn network(url: &str) -> Value {
    json!({ "type": "network", "url": url })
}

async fn create(server: &Server, name: &str, source: Value) -> String {
    let body = json!({ "name": name, "source": source, "start": true });
    let made = server.post("/api/v1/streams", body).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

/// Kinds of what happened to a stream, oldest first.
async fn told(server: &Server, id: &str) -> Vec<Value> {
    let page = server.get(&format!("/api/v1/activity?streams={id}")).await;
    page["activities"].as_array().unwrap().iter().rev().cloned().collect()
}

fn files_hold(dir: &Dir, names: &[&str], text: &str) -> bool {
    let read = |name: &&str| fs::read_to_string(dir.data().join(name)).unwrap_or_default();
    names.iter().any(|name| read(name).contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_fetched_by_every_protocol_and_comes_back() {
    let mut camera = Camera::on_air().await;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let mut ids = Vec::new();
    for protocol in ["rtsp", "rtsps", "rtmp", "srt", "hls", "whep", "udp"] {
        let mut source = network(&camera.url(protocol));
        if protocol == "rtsps" {
            source["fingerprint"] = json!(camera.fingerprint());
        }
        ids.push((protocol, create(&server, protocol, source).await));
    }
    for (protocol, id) in &ids {
        let stream = server.until_on_air(id).await;
        assert_eq!(stream["state"], "running", "{stream:#}");
        let stream = server.until(id, "known", |stream| !stream["media"].is_null()).await;
        assert_eq!(stream["media"]["video"]["codec"], "h264", "{protocol}: {stream:#}");
        assert_eq!(stream["plan"]["mode"], "copy");
        assert_eq!(stream["media"]["video"]["width"], 1280, "{protocol}");
        assert_eq!(
            stream["media"]["audio"].is_null(),
            *protocol == "whep",
            "AAC is not for WebRTC: {stream:#}"
        );
        let codecs = media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
        assert!(codecs.contains(&"h264".to_owned()), "{protocol} is passed on: {codecs:?}");
        assert!(!stream.to_string().contains(PASSWORD), "{protocol}: {stream:#}");
        assert_eq!(stream["source"]["has_secret"], *protocol != "udp");
        let bits = async || server.stream(id).await["metrics"]["inbound_bps"].as_u64();
        until("it is measured", async || bits().await.filter(|bps| *bps > 10_000)).await;
    }
    assert_eq!(server.children("ffmpeg"), [], "the server fetches by itself");
    assert!(!files_hold(&dir, &["config.json", "config.json.1"], PASSWORD), "passwords are kept apart");
    assert!(files_hold(&dir, &["secrets.json"], PASSWORD));

    // A power cut at the camera: each says why, none is given up, and all come back by themselves.
    camera.stop();
    for (protocol, id) in &ids {
        // By UDP nothing tells of it but silence, which takes 10 s.
        let why = |s: &Value| *protocol == "udp" || s["wait"]["error"]["code"].is_string();
        let is_told = |s: &Value| s["wait"]["lost"] == true && why(s);
        let stream = server.until(id, "lost and told why", is_told).await;
        assert_eq!(
            (&stream["wait"]["of"], &stream["wait"]["lost"]),
            (&json!("source"), &json!(true)),
            "{protocol}"
        );
        assert_eq!((&stream["state"], &stream["on_air"]), (&json!("running"), &json!(false)));
        assert!(!stream.to_string().contains(PASSWORD), "{stream:#}");
    }
    camera.start().await;
    for (protocol, id) in &ids {
        let stream = server.until_on_air(id).await;
        assert_eq!(stream["wait"], Value::Null, "{protocol}");
        if *protocol == "udp" {
            continue;
        }
        let told = told(&server, id).await;
        let kinds: Vec<&str> = told.iter().map(|activity| activity["kind"].as_str().unwrap()).collect();
        assert!(kinds.ends_with(&["live", "faulted", "recovered"]), "{protocol}: {kinds:?}");
        assert_eq!(told[kinds.len() - 2]["cause"]["code"], "pull_lost");
    }

    // With the server, and with the program.
    let mediamtx = server.children("mediamtx")[0].pid;
    crate::support::process::signal(mediamtx, nix::sys::signal::Signal::SIGKILL);
    until("another MediaMTX", async || {
        (server.get("/api/v1/server").await["restarts"].as_u64()? > 0).then_some(())
    })
    .await;
    for (_, id) in &ids {
        server.until_on_air(id).await;
    }
    assert_eq!(server.stop().await, Some(0));
    let server = Server::ready(&dir).await;
    for (_, id) in &ids {
        server.until_on_air(id).await;
    }
    let (_, id) = &ids[0];
    server.ask("DELETE", &format!("/api/v1/streams/{id}"), None).await.ok();
    let kept = fs::read_to_string(dir.data().join("secrets.json")).unwrap();
    assert!(!kept.contains(id.as_str()), "a stream's secrets go with it");
    assert_eq!(server.stop().await, Some(0));
    assert!(!files_hold(&dir, &["logs/mediamtx.log"], PASSWORD), "nor are they logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_and_never_goes_elsewhere() {
    let camera = Camera::on_air().await;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let url = camera.path("rtsp", "cam", USER, "wrong");
    let id = create(&server, "cam", network(&url)).await;
    let stream = server.until(&id, "told why", |stream| stream["wait"]["error"]["code"].is_string()).await;
    assert_eq!(stream["wait"]["error"]["code"], "pull_login", "{stream:#}");
    assert_eq!(stream["wait"]["lost"], false, "it never was there");
    assert!(stream["wait"]["tried"].is_number());

    let path = format!("/api/v1/streams/{id}");
    server.ask("PATCH", &path, Some(json!({ "password": PASSWORD }))).await.ok();
    let stream = server.until_on_air(&id).await;
    assert_eq!(stream["source"]["user"], USER);
    // The same place again, without saying the password: it stays.
    let mut source = stream["source"].clone();
    source["transport"] = json!("tcp");
    server.ask("PATCH", &path, Some(json!({ "source": source }))).await.ok();
    server.until(&id, "on air by TCP", |s| s["on_air"] == true && s["source"]["transport"] == "tcp").await;
    // Another host: it is not sent there.
    source["url"] = json!(format!("rtsp://localhost:{}/cam", camera.port()));
    let changed = server.ask("PATCH", &path, Some(json!({ "source": source }))).await.ok();
    assert_eq!(changed["source"]["has_secret"], false, "{changed:#}");

    // Only while somebody watches.
    let mut source = network(&camera.url("rtsp"));
    source["when"] = json!("on_demand");
    server.ask("PATCH", &path, Some(json!({ "source": source }))).await.ok();
    let stream = server.until(&id, "idle", |stream| stream["wait"]["of"] == "viewer").await;
    assert_eq!((&stream["on_air"], &stream["wait"]["lost"]), (&json!(false), &json!(false)));
    let watched = media::watched(stream["urls"]["rtsp"].as_str().unwrap()).await;
    assert!(watched.contains(&"h264".to_owned()), "{watched:?}");
    assert_eq!(server.stop().await, Some(0));
}

/// What our own publisher gives: user and password of this run of the server.
fn publisher(dir: &Dir) -> (String, String) {
    let file = fs::read_to_string(dir.data().join("run/mediamtx.yml")).unwrap();
    let users =
        file.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("  - ")?).ok());
    let publishes = |user: &Value| {
        let all = |permission: &Value| permission["action"] == "publish" && permission["path"] == "";
        user["permissions"].as_array().is_some_and(|permissions| permissions.iter().any(all))
    };
    let user = users.into_iter().find(publishes).expect("our publisher");
    (user["user"].as_str().unwrap().to_owned(), user["pass"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_publishes_is_shown_and_awaited() {
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let (user, pass) = publisher(&dir);
    let ports = server.get("/api/v1/server").await["ports"].clone();
    let login = format!("{user}:{pass}");
    let ways = [
        ("RTSP", "rtsp", format!("rtsp://{login}@127.0.0.1:{}/by-RTSP", ports["rtsp"])),
        ("RTMP", "flv", format!("rtmp://127.0.0.1:{}/by-RTMP?user={user}&pass={pass}", ports["rtmp"])),
        (
            "SRT",
            "mpegts",
            format!("srt://127.0.0.1:{}?streamid=publish:by-SRT:{login}&pkt_size=1316", ports["srt"]),
        ),
    ];
    let ids = join_all(ways.iter().map(async |(protocol, format, url)| {
        let id = create(&server, &format!("by-{protocol}"), json!({ "type": "incoming" })).await;
        let stream = server.until(&id, "waiting", |stream| stream["wait"]["of"] == "publisher").await;
        let wait = (&stream["state"], &stream["wait"]["lost"]);
        assert_eq!(wait, (&json!("running"), &json!(false)), "{stream:#}");
        let sender = Sender::to(url, format);
        let stream = server.until(&id, "published", |stream| stream["publisher"].is_object()).await;
        assert_eq!(stream["publisher"]["protocol"], *protocol, "{stream:#}");
        assert!(stream["publisher"]["address"].as_str().unwrap().starts_with("127.0.0.1:"));
        assert!(stream["publisher"]["since"].is_number(), "{stream:#}");
        assert_eq!((&stream["on_air"], &stream["wait"]), (&json!(true), &Value::Null));
        assert_eq!(stream["media"]["audio"]["codec"], "aac", "{stream:#}");
        assert!(!stream.to_string().contains(&pass), "{stream:#}");
        drop(sender);
        let stream = server.until(&id, "left", |stream| stream["wait"]["lost"] == true).await;
        assert_eq!((&stream["publisher"], &stream["state"]), (&Value::Null, &json!("running")));
        let told = told(&server, &id).await;
        let left =
            |activity: &Value| activity["cause"]["code"] == "publisher_left" && activity["kind"] == "faulted";
        assert!(told.iter().any(left), "{protocol}: {told:#?}");
        id
    }))
    .await;
    let id = &ids[0];

    // It is stopped without anything to end, and another kind of source takes over.
    server.order(id, "stop").await;
    server.until_state(id, "stopped").await;
    let file = media::plain(&dir.media("a.mp4"));
    let source = crate::support::server::file_source(&file);
    server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "source": source }))).await.ok();
    server.order(id, "start").await;
    let stream = server.until_on_air(id).await;
    assert_eq!((&stream["publisher"], &stream["wait"]), (&Value::Null, &Value::Null));
    server
        .ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "source": { "type": "incoming" } })))
        .await
        .ok();
    server.until(id, "waiting again", |stream| stream["wait"]["of"] == "publisher").await;
    assert_eq!(server.children("ffmpeg"), []);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_can_not_be_is_refused() {
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    for (url, code) in [
        ("", "address_empty"),
        ("camera/stream", "address_scheme"),
        ("file:///etc/passwd", "address_scheme"),
        ("rtsp://", "address_host"),
        ("rtsp://cam era/x", "address_host"),
        ("rtsp://cam:99999/x", "address_port"),
        ("srt://cam?streamid=read:x", "address_port"),
    ] {
        let body = json!({ "name": "x", "source": network(url), "start": true });
        assert_eq!(server.post("/api/v1/streams", body).await.code(), code, "{url:?}");
    }
    let made = server.post("/api/v1/streams", json!({ "source": network("rtsp://[::1]:554/a b?q=ä") })).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["source"]["url"], "rtsp://[::1]:554/a%20b?q=%C3%A4");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_with_its_stream_or_not_at_all() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    // Left by a crash, of a stream that is not there.
    let gone = json!({ "01940000-0000-7000-8000-000000000000": { "source": { "password": "left-behind" } } });
    fs::write(dir.data().join("secrets.json"), gone.to_string()).unwrap();
    let server = Server::start(&dir).await;
    assert!(!files_hold(&dir, &["secrets.json"], "left-behind"));
    let body = json!({ "name": "cam", "source": network("rtsp://u:the-first-one@127.0.0.1:1/x") });
    let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/streams/{id}");

    // The configuration can't be written, by root either: a folder is in its place.
    let (config, aside) = (dir.data().join("config.json"), dir.data().join("aside"));
    fs::rename(&config, &aside).unwrap();
    fs::create_dir_all(config.join("folder")).unwrap();
    let change = json!({ "password": "another-one", "record": true });
    assert_eq!(server.ask("PATCH", &path, Some(change.clone())).await.code(), "data_dir_denied");
    assert!(files_hold(&dir, &["secrets.json"], "the-first-one"), "that of the stream as it is");
    assert!(!files_hold(&dir, &["secrets.json"], "another-one"));
    let body = json!({ "name": "new", "source": network("rtsp://u:new-one@127.0.0.1:1/x") });
    assert_eq!(server.post("/api/v1/streams", body.clone()).await.code(), "data_dir_denied");
    assert!(!files_hold(&dir, &["secrets.json"], "new-one"));
    fs::remove_dir_all(&config).unwrap();
    fs::rename(&aside, &config).unwrap();
    server.ask("PATCH", &path, Some(change)).await.ok();
    assert!(files_hold(&dir, &["secrets.json"], "another-one"));

    // What is kept can't be read: that is no matter of streams that have no secret.
    fs::write(dir.data().join("secrets.json"), "{ half").unwrap();
    let plain = server.create("plain", &file, false).await;
    let copy = server.ask("POST", &format!("/api/v1/streams/{plain}/duplicate"), None).await.ok();
    let source = server.stream(&plain).await["source"].clone();
    let update = json!({ "record": true, "source": source });
    server.ask("PATCH", &format!("/api/v1/streams/{plain}"), Some(update)).await.ok();
    server.ask("DELETE", &format!("/api/v1/streams/{}", copy["id"].as_str().unwrap()), None).await.ok();
    assert_eq!(
        server.post("/api/v1/streams", body).await.code(),
        "data_dir_denied",
        "its secret can't be kept"
    );
    assert_eq!(server.streams().await.len(), 2, "so it was not made");
    assert_eq!(
        fs::read_to_string(dir.data().join("secrets.json")).unwrap(),
        "{ half",
        "nothing is overwritten"
    );
    assert_eq!(server.stop().await, Some(0));
}

/// Tests until it says so: on a busy computer a step may take longer than it may.
async fn until_tested(server: &Server, request: Value, expected: &(String, Value)) {
    until(&format!("{request} is found to be {expected:?}"), async || {
        let found = outcomes(server, request.clone()).await;
        if found != *expected {
            eprintln!("{request}: {found:?}");
        }
        (found == *expected).then_some(())
    })
    .await;
}

/// Outcomes of the four steps, and the code of the one that failed.
async fn outcomes(server: &Server, request: Value) -> (String, Value) {
    let tested = server.post("/api/v1/source-test", request).await.ok();
    let steps = tested["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["name", "connect", "login", "media"], "{tested:#}");
    let outcomes: Vec<&str> = steps.iter().map(|step| step["outcome"].as_str().unwrap()).collect();
    let failed = steps.iter().find(|step| step["outcome"] == "failed");
    (outcomes.join(" "), failed.map_or(Value::Null, |step| step["error"]["code"].clone()))
}

/// Somebody whose HLS has sound alone that MediaMTX does not know (AC-4).
async fn of_an_unknown_codec() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/index.m3u8", listener.local_addr().unwrap());
    let playlist =
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS=\"ac-4.02.01.00\"\na.m3u8\n";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nConnection: close";
    let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{playlist}", playlist.len());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let _ = client.read(&mut [0; 2048]).await;
            let _ = client.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_which_step_fails() {
    let camera = Camera::on_air().await;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let nobody = format!("127.0.0.1:{}", testkit::free_port());
    for (url, outcomes, code) in [
        (camera.url("rtsp"), "passed passed passed passed", Value::Null),
        (camera.url("hls"), "passed passed passed passed", Value::Null),
        (camera.url("srt"), "passed skipped passed passed", Value::Null),
        (
            "rtsp://no-such-camera.invalid/x".to_owned(),
            "failed skipped skipped skipped",
            json!("pull_name_unknown"),
        ),
        (format!("rtsp://{nobody}/x"), "passed failed skipped skipped", json!("pull_connection_refused")),
        (camera.path("rtsp", "cam", USER, "wrong"), "passed passed failed skipped", json!("pull_login")),
        (
            camera.path("srt", "empty", USER, PASSWORD),
            "passed skipped failed skipped",
            json!("pull_rejected"),
        ),
        (camera.path("rtsp", "empty", USER, PASSWORD), "passed passed passed failed", json!("pull_no_path")),
        (of_an_unknown_codec().await, "passed passed passed failed", json!("pull_codec")),
        // Encrypted by a certificate that nobody agreed to: whether it takes the password is not known.
        (camera.url("rtsps"), "passed passed skipped failed", json!("pull_certificate")),
    ] {
        until_tested(&server, json!({ "source": network(&url) }), &(outcomes.to_owned(), code)).await;
    }
    let report =
        server.post("/api/v1/source-test", json!({ "source": network(&camera.url("rtsp")) })).await.ok();
    assert_eq!(
        (&report["media"]["video"]["codec"], &report["plan"]["mode"]),
        (&json!("h264"), &json!("copy"))
    );
    assert!(!report.to_string().contains(PASSWORD), "{report:#}");
    // SRT with a user, a password and a passphrase that an address has to encode: said apart, and in the address.
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (user, pass, phrase) = (encoded(ODD_USER), encoded(ODD_PASSWORD), encoded(ODD_PASSPHRASE));
    let srt = camera.srt_port();
    let mut apart = network(&format!("srt://127.0.0.1:{srt}?streamid=read:odd&passphrase={phrase}"));
    apart["user"] = json!(ODD_USER);
    let wrong =
        network(&format!("srt://127.0.0.1:{srt}?streamid=read:odd:{user}:{pass}&passphrase=not-it-at-all"));
    for (request, expected) in [
        (json!({ "source": apart, "password": ODD_PASSWORD }), "passed skipped passed passed"),
        (
            json!({ "source": network(&format!(
                "srt://127.0.0.1:{srt}?passphrase={phrase}&streamid=#!::m=request,r=odd,u={user},s={pass}"
            )) }),
            "passed skipped passed passed",
        ),
    ] {
        until_tested(&server, request, &(expected.to_owned(), Value::Null)).await;
    }
    assert_eq!(outcomes(&server, json!({ "source": wrong })).await.0, "passed skipped failed skipped");
    // Nothing is left of it, neither here nor there.
    assert_eq!(server.streams().await.len(), 0);
    until("the tests' paths are gone", async || {
        let log = server.get("/api/v1/server/log").await.to_string();
        let count = |text: &str| log.matches(text).count();
        (count("source] started") > 0 && count("source] started") == count("source] stopped")).then_some(())
    })
    .await;
    assert_eq!(server.stop().await, Some(0));
}
