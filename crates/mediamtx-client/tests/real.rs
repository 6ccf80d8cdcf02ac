//! Against a real MediaMTX 1.20.1 and a real FFmpeg, on free ports.

#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod support;

use std::time::Instant;

use mediamtx_client::{
    Api, ApiAddress, ApiError, Broken, PROBE_QUERY, PathConfig, Role, SessionKind, Version, log::Fatal,
    publish_url, urls, viewers,
};
use stream_api::Viewers;
use support::{API_PASS, Child, PUBLISH_PASS, Server, bytes_in, ffmpeg, picture, wait_until};

fn publish(server: &Server, pass: &str, name: &str) -> Child {
    picture("rtsp", &publish_url(&server.config.settings.ports, "publisher", pass, name))
}

fn read(url: &str) -> Child {
    // FFmpeg ends over an option that the protocol does not have.
    let options = testkit::readers::options(url);
    ffmpeg(&[&options[..], &["-i", url, "-c", "copy", "-f", "null", "-"]].concat())
}

async fn online(server: &Server, name: &str) -> bool {
    server.api().paths().await.unwrap().iter().any(|path| path.name == name && path.online)
}

async fn watched(server: &Server, name: &str) -> Viewers {
    let api = server.api();
    let (paths, sessions) = (api.paths().await.unwrap(), api.sessions().await.unwrap());
    viewers(&paths, &sessions, &Default::default()).remove(name).unwrap_or_default()
}

#[tokio::test]
async fn the_written_file_starts_a_server_that_only_we_control() {
    let server = Server::start(|config| {
        config.paths.insert("from/file".to_owned(), PathConfig::default());
    })
    .await;
    let about = server.api().info().await.unwrap();
    assert_eq!(Version::parse(&about.version), Version::parse("v1.20.1"));
    assert!(about.started.is_some());
    assert_eq!(server.api().configured_paths().await.unwrap(), ["from/file"]);

    let stranger = server.api_as("control", "wrong").paths().await;
    assert!(matches!(stranger, Err(ApiError::Unauthorized)), "{stranger:?}");
    let publisher = server.api_as("publisher", PUBLISH_PASS).paths().await;
    assert!(matches!(publisher, Err(ApiError::Unauthorized)), "{publisher:?}");
    let anonymous = reqwest::Client::builder().no_proxy().build().unwrap();
    let metrics = format!("http://127.0.0.1:{}/metrics", server.config.settings.ports.metrics);
    assert_eq!(anonymous.get(&metrics).send().await.unwrap().status(), 401);
    let ours = anonymous.get(&metrics).basic_auth("control", Some(API_PASS)).send().await.unwrap();
    assert_eq!(ours.status(), 200);
}

#[tokio::test]
async fn the_root_file_works_by_itself_with_passwords_from_the_environment() {
    let server = Server::from_root_file().ready().await;
    let locked = server.api_as("control", "").info().await;
    assert!(matches!(locked, Err(ApiError::Unauthorized)), "{locked:?}");
    let _publisher = publish(&server, PUBLISH_PASS, "any/name");
    wait_until("online", async || online(&server, "any/name").await).await;
}

#[tokio::test]
async fn a_windows_folder_reaches_the_server_as_it_is() {
    let folder = r"C:\Users\Zoë\new table";
    let server = Server::start(|config| config.recordings = folder.into()).await;
    let url = format!("http://127.0.0.1:{}/v3/config/pathdefaults/get", server.config.settings.ports.api);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(&url).basic_auth("control", Some(API_PASS)).send().await.unwrap();
    let defaults: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(defaults["recordPath"], format!("{folder}/%path/%Y-%m-%d_%H-%M-%S-%f"));
}

#[tokio::test]
async fn no_server_no_answer() {
    let port = testkit::free_port();
    let address: ApiAddress = format!("http://127.0.0.1:{port}").parse().unwrap();
    let answer = Api::new(address.with_credentials("control", "x")).info().await;
    assert_eq!(answer, Err(ApiError::Unreachable(Broken::Refused)));
}

#[tokio::test]
async fn paths_come_and_go() {
    let server = Server::start(|_| ()).await;
    let api = server.api();
    for name in ["one", "deep/er", "dots.and-dashes_1"] {
        api.replace_path(name, &PathConfig::default()).await.unwrap();
    }
    api.replace_path("one", &PathConfig { record: false, ..PathConfig::default() }).await.unwrap();
    api.barrier().await.unwrap();
    let mut names = api.configured_paths().await.unwrap();
    names.sort();
    assert_eq!(names, ["deep/er", "dots.and-dashes_1", "one"]);
    assert_eq!(api.paths().await.unwrap().len(), 3);

    api.delete_path("deep/er").await.unwrap();
    api.delete_path("never-there").await.unwrap();
    api.barrier().await.unwrap();
    assert_eq!(api.configured_paths().await.unwrap().len(), 2);

    let invalid = PathConfig { record_path: Some("/no/placeholders".to_owned()), ..PathConfig::default() };
    let refused = api.replace_path("one", &invalid).await;
    assert!(
        matches!(&refused, Err(ApiError::Refused { status: 400, message }) if message.contains("%path")),
        "{refused:?}"
    );
    api.barrier().await.unwrap();

    api.kick(SessionKind::Rtsp, "00000000-0000-4000-8000-000000000000").await.unwrap();
}

#[tokio::test]
async fn publishers_viewers_probes_and_recording() {
    let server = Server::start(|_| ()).await;
    let api = server.api();
    api.replace_path("show/one", &PathConfig::default()).await.unwrap();
    api.barrier().await.unwrap();

    let mut stranger = publish(&server, "wrong", "show/one");
    let code = stranger.exit();
    assert_ne!(code, Some(0), "a wrong password was let in");
    assert!(stranger.stderr().contains("401"), "{}", stranger.stderr());

    let mut publisher = publish(&server, PUBLISH_PASS, "show/one");
    wait_until("online", async || online(&server, "show/one").await).await;
    let state = api.paths().await.unwrap().remove(0);
    let source = state.source.clone().unwrap();
    assert_eq!(
        (source.kind.as_str(), state.tracks.iter().map(|track| track.codec.as_str()).collect::<Vec<_>>()),
        ("rtspSession", vec!["H264"])
    );
    assert!(state.online_since.is_some());
    let sessions = api.sessions().await.unwrap();
    assert!(
        sessions.iter().any(|one| one.id == source.id && one.role == Role::Publish && one.path == "show/one")
    );

    // A viewer counts, our own probe beside it does not.
    let all = urls("127.0.0.1", &server.config.settings, "show/one");
    let viewer = read(&all.rtsp);
    let probe = read(&format!("{}?{PROBE_QUERY}", all.rtsp));
    let srt_probe = read(&format!("{}:{PROBE_QUERY}", all.srt));
    let srt_viewer = read(&all.srt);
    wait_until("four readers", async || api.paths().await.unwrap()[0].readers.len() == 4).await;
    let both = Viewers { rtsp: 1, srt: 1, ..Viewers::default() };
    wait_until("two viewers", async || watched(&server, "show/one").await == both).await;
    drop((probe, srt_probe, srt_viewer));
    wait_until("one reader", async || api.paths().await.unwrap()[0].readers.len() == 1).await;

    // Recording goes on and off under a running publisher and viewer.
    let folder = server.config.recordings.join("show/one");
    assert_eq!(bytes_in(&folder), 0);
    api.replace_path("show/one", &PathConfig { record: true, ..PathConfig::default() }).await.unwrap();
    api.barrier().await.unwrap();
    wait_until("recorded bytes", async || bytes_in(&folder) > 0).await;
    api.replace_path("show/one", &PathConfig::default()).await.unwrap();
    api.barrier().await.unwrap();
    let inbound = async || api.paths().await.unwrap()[0].inbound_bytes;
    wait_until("it records no longer", async || {
        let (recorded, before) = (bytes_in(&folder), inbound().await);
        wait_until("more bytes", async || inbound().await > before + 60_000).await;
        bytes_in(&folder) == recorded
    })
    .await;
    let now = api.paths().await.unwrap().remove(0);
    assert_eq!(now.source.as_ref(), Some(&source), "the publisher was disturbed");
    assert_eq!(now.readers.len(), 1, "the viewer was disturbed");

    // A kick ends it, and the viewer with it.
    api.kick(source.session().unwrap(), &source.id).await.unwrap();
    assert!(publisher.exit().is_some());
    wait_until("offline", async || !online(&server, "show/one").await).await;
    drop(viewer);

    let log = server.log();
    assert!(
        log.iter().any(|(level, text)| *level == "info" && text.contains("is publishing to path 'show/one'"))
    );
    assert!(
        log.iter().any(|(level, text)| *level == "warning" && text.contains("failed to authenticate")),
        "{log:#?}"
    );
}

#[tokio::test]
async fn the_log_tells_listeners_and_faults() {
    let server = Server::start(|_| ()).await;
    // The last one may answer before it says so.
    let announced = |log: &[(&str, String)]| -> Vec<String> {
        let listeners = log.iter().filter_map(|(_, text)| mediamtx_client::log::listener(text));
        listeners.map(|one| one.protocol.to_owned()).collect()
    };
    wait_until("the API is announced", async || announced(&server.log()).contains(&"API".to_owned())).await;
    let log = server.log();
    assert_eq!(announced(&log), ["metrics", "RTSP", "RTMP", "HLS", "WebRTC", "SRT", "API"]);
    assert!(log[0].1.starts_with("MediaMTX v1.20.1"), "{log:?}");

    // A second server on one of its ports.
    let taken = server.config.settings.ports.rtmp;
    let mut second = Server::spawn(|config| config.settings.ports.rtmp = taken);
    assert_eq!(second.exit(), Some(1));
    assert_eq!(second.fatal(), Some(Fatal::PortTaken(format!("127.0.0.1:{taken}"))));
}

#[tokio::test]
async fn a_broken_file_is_told_in_its_own_words() {
    let mut server = Server::spawn_with(|_| (), |text| text.replace("moq: false", "nope: false"));
    let started = Instant::now();
    assert_eq!(server.exit(), Some(1), "after {:?}", started.elapsed());
    assert_eq!(server.fatal(), Some(Fatal::Config("json: unknown field \"nope\"".to_owned())));
}

/// Sends a write as it is, past what [`mediamtx_client::Api`] offers.
async fn write(
    server: &Server,
    method: reqwest::Method,
    route: &str,
    body: serde_json::Value,
) -> (u16, String) {
    let url = format!("http://127.0.0.1:{}/v3/config/{route}", server.config.settings.ports.api);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.request(method, url).basic_auth("control", Some(API_PASS)).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Why paths are replaced and never patched: a `patch` that is refused still changes the live entry, and from then on
/// every write gets its error. A `replace` that is refused changes nothing.
#[tokio::test]
async fn a_refused_patch_poisons_later_writes_and_a_refused_replace_does_not() {
    let server = Server::start(|_| ()).await;
    let api = server.api();
    for name in ["good", "bad"] {
        api.replace_path(name, &PathConfig::default()).await.unwrap();
    }
    let invalid = serde_json::json!({ "recordPath": "/no/placeholders" });
    let (status, _) = write(&server, reqwest::Method::POST, "paths/replace/bad", invalid.clone()).await;
    assert_eq!(status, 400);
    api.barrier().await.expect("a refused replace changes nothing");

    let (status, reason) = write(&server, reqwest::Method::PATCH, "paths/patch/bad", invalid).await;
    assert_eq!(status, 400, "{reason}");
    let poisoned = api.barrier().await;
    assert!(matches!(poisoned, Err(ApiError::Refused { status: 400, .. })), "{poisoned:?}");
    let add = write(&server, reqwest::Method::POST, "paths/add/third", serde_json::json!({})).await;
    assert_eq!(add.0, 400, "even another path can't be added: {}", add.1);

    // The cure: the bad one is replaced.
    api.replace_path("bad", &PathConfig::default()).await.unwrap();
    api.barrier().await.unwrap();
}

/// An address that can't be used is answered by 200; then the process ends, and says so by code 0.
#[tokio::test]
async fn a_bad_address_is_answered_by_200_and_then_the_server_is_gone() {
    let mut server = Server::start(|_| ()).await;
    let change = serde_json::json!({ "hlsAddress": "zzz" });
    assert_eq!(write(&server, reqwest::Method::PATCH, "global/patch", change).await.0, 200);
    assert_eq!(server.exit(), Some(0), "it looks like an orderly end");
    assert!(server.fatal().is_some(), "but the log says why: {:#?}", server.log());
}

/// The file that is written again takes back every path that was made since, and says so in the log.
#[tokio::test]
async fn a_reload_forgets_paths_and_is_told() {
    let server = Server::start(|config| {
        config.paths.insert("from/file".to_owned(), PathConfig::default());
    })
    .await;
    let api = server.api();
    api.replace_path("made/later", &PathConfig::default()).await.unwrap();
    api.barrier().await.unwrap();
    server.touch_file();
    wait_until("the path is forgotten", async || {
        api.configured_paths().await.is_ok_and(|names| names == ["from/file"])
    })
    .await;
    assert!(
        server.log().iter().any(|(_, text)| mediamtx_client::log::is_reload(text)),
        "{:#?}",
        server.log()
    );
}
