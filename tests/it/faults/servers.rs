//! A MediaMTX that can't run, ends or does not answer.

use std::{
    fs,
    net::{TcpListener, UdpSocket},
    process::Command,
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use stream_api::{Code, Ports};
use testkit::free_ports_in_a_row;

use super::{
    Made::{Fake, Real},
    Row, bench,
    ffmpeg::configure,
};
use crate::support::{
    Dir, Server,
    control::Control,
    process,
    server::{command, file_source},
    until,
};

pub const ROWS: &[Row] = &[
    (Code::PortTaken, Real),
    (Code::PortDenied, Real),
    (Code::NoFreePort, Real),
    (Code::ServerConfig, Real),
    (Code::ServerCrashed, Real),
    (Code::ServerKilled, Real),
    (Code::ServerPanicked, Real),
    (Code::ServerSilent, Real),
    (Code::ServerLockedOut, Real), // in `healing`
    (Code::ServerTampered, Real),  // in `healing`
    (
        Code::ServerDeaf,
        Fake(
            "a listener of our own, in the engine's `server/listening.rs`: the real one loses none by itself",
        ),
    ),
    (Code::ServerRefused, Real),
    (Code::ServerDown, Fake("the real MediaMTX, stopped before its first word")),
];

/// Waits until the server's log tells this fault, which may be cured a moment later. Returns the log's texts.
async fn told(server: &Server, code: Code) -> Vec<String> {
    let words = code.message().split('{').next().unwrap();
    until(code.as_str(), async || {
        let log = server.get("/api/v1/server/log").await;
        let lines: Vec<String> =
            log["lines"].as_array()?.iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect();
        lines.iter().any(|line| line.starts_with(words)).then_some(lines)
    })
    .await
}

fn sign_is_in(code: Code, sign: usize, lines: &[String]) {
    let sign = code.signs()[sign];
    assert!(lines.iter().any(|line| sign.is_in(line)), "{sign:?} is in {lines:#?}");
}

/// The real MediaMTX with its configuration changed by this `sed`.
fn changed(dir: &Dir, sed: &str) -> Command {
    let real = testkit::fixtures::mediamtx();
    let text = format!(
        "case \"$1\" in --version) ;; *) sed -i '{sed}' \"$1\";; esac; exec {} \"$@\"",
        real.display()
    );
    let mut command = command(dir);
    command.arg("--mediamtx").arg(bench::script(dir, "mediamtx", &text));
    command
}

/// Sets the port of `what` for the next start.
fn configured(dir: &Dir, what: &str, port: u16) {
    let file = dir.data().join("config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    config["server"]["ports"][what] = port.into();
    fs::write(&file, config.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_cannot_be_had() {
    let dir = Dir::new();
    // The next ones are taken instead, which must be no other test's.
    configured(&dir, "rtsp", free_ports_in_a_row(20));
    let stored = |dir: &Dir| -> Ports {
        let text = fs::read(dir.data().join("config.json")).unwrap();
        let config: Value = serde_json::from_slice(&text).unwrap();
        serde_json::from_value(config["server"]["ports"].clone()).unwrap()
    };
    let before = stored(&dir);
    let holder = TcpListener::bind(("127.0.0.1", before.rtsp)).unwrap();
    let server = Server::start(&dir).await;
    let status = server.until_server("failed").await;
    assert_eq!(status["fault"]["code"], Code::PortTaken.as_str(), "{status:#}");
    assert_eq!(status["fault"]["action"], "use_another_port");
    assert!(status["fault"]["args"]["holder"].as_str().unwrap().contains("(pid "), "it is named: {status:#}");
    // The action: other ports for those alone that can't be used, and the server runs.
    server.ask("POST", "/api/v1/server/ports/renew", None).await.ok();
    server.until_server("running").await;
    let after = stored(&dir);
    assert_ne!(after.rtsp, before.rtsp);
    assert_eq!(Ports { rtsp: before.rtsp, ..after }, before, "the others are kept");
    let again = server.ask("POST", "/api/v1/server/ports/renew", None).await.ok();
    assert_eq!(again["ports"]["rtsp"], after.rtsp, "a server that runs keeps its ports");
    assert_eq!(server.stop().await, Some(0));
    drop(holder);

    // What MediaMTX itself says of a port that is taken between our look and its own.
    let dir = Dir::new();
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let server = Server::run(changed(&dir, &format!("s/^hlsAddress:.*/hlsAddress: 127.0.0.1:{port}/"))).await;
    sign_is_in(Code::PortTaken, 0, &told(&server, Code::PortTaken).await);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_for_administrators() {
    if !bench::has_namespaces() {
        return;
    }
    let dir = Dir::new();
    configured(&dir, "rtsp", 554);
    // Root of a namespace of its own is nobody towards the network.
    let inner = command(&dir);
    let mut command = Command::new("unshare");
    command.arg("-r").arg(inner.get_program()).args(inner.get_args());
    let server = Server::run(command).await;
    let status = server.until_server("failed").await;
    assert_eq!(status["fault"]["code"], Code::PortDenied.as_str(), "{status:#}");
    server.ask("POST", "/api/v1/server/ports/renew", None).await.ok();
    let status = server.until_server("running").await;
    assert!(status["ports"]["rtsp"].as_u64().unwrap() >= 8554, "{status:#}");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_port_is_free() {
    let dir = Dir::bare();
    // All that would be tried for SRT; who else holds one helps.
    let first = Ports::USUAL.srt;
    let _held: Vec<_> = (first..=first + 400).map(|port| UdpSocket::bind(("127.0.0.1", port))).collect();
    let server = Server::start(&dir).await;
    let status = server.until_server("failed").await;
    assert_eq!(status["fault"]["code"], Code::NoFreePort.as_str(), "{status:#}");
    assert_eq!(status["fault"]["args"]["what"], "SRT");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_is_not_taken() {
    let dir = Dir::new();
    let server = Server::run(changed(&dir, "s/^moq:.*/nope: no/")).await;
    let status = server.until_server("failed").await;
    assert_eq!(status["fault"]["code"], Code::ServerConfig.as_str(), "{status:#}");
    let tail: Vec<String> = serde_json::from_value(status["fault"]["log_tail"].clone()).unwrap();
    sign_is_in(Code::ServerConfig, 0, &tail);
    assert_eq!(server.stop().await, Some(0));

    let dir = Dir::new();
    let server = Server::run(changed(&dir, "s/^hlsAddress:.*/hlsAddress: 127.0.0.1:notaport/")).await;
    let lines = told(&server, Code::ServerCrashed).await;
    assert!(lines.iter().any(|line| line.contains("notaport")), "its own words: {lines:#?}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let ports = server.get("/api/v1/server").await["ports"].clone();

    // A slate whose end is missing: MediaMTX takes it, and panics where the hole begins.
    let slate = dir.path().join("slate.mp4");
    let whole = fs::read(dir.media("fast.mp4")).unwrap();
    fs::write(&slate, &whole[..whole.len() * 6 / 10]).unwrap();
    let body = json!({ "alwaysAvailable": true, "alwaysAvailableFile": slate });
    let pid = || server.children("mediamtx")[0].pid;
    let panics = pid();
    configure(&dir, &ports, "add/slate", body).await;
    let lines = told(&server, Code::ServerPanicked).await;
    sign_is_in(Code::ServerPanicked, 0, &lines);
    server.until_another_mediamtx(panics).await;

    let killed = pid();
    process::signal(killed, Signal::SIGKILL);
    told(&server, Code::ServerKilled).await;
    server.until_another_mediamtx(killed).await;
    let id = server.create("obs", &dir.media("good.mp4"), false).await;
    process::signal(pid(), Signal::SIGSTOP);
    // What replaced an earlier key, and is shown this once, is shown although the server falls over meanwhile.
    let key = server.post(&format!("/api/v1/streams/{id}/publish-key"), json!({})).await.ok();
    assert!(key["key"].as_str().is_some_and(|key| key.len() > 20), "{key}");
    let stream = server.stream(&id).await;
    assert_eq!((&stream["access"]["publisher"], &stream["warnings"]), (&json!("encoder"), &json!([])));
    told(&server, Code::ServerSilent).await;
    server.until_server("running").await;
    assert_eq!(server.stop().await, Some(0));
}

/// Somebody else's default makes every path of ours a bad one; the stream is tried until that is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_our_changes() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let control = Control::of(&dir);
    // It is put back every few seconds, so a stream may come just too late.
    let mut tries = 0;
    let (id, stream) = loop {
        tries += 1;
        assert!(tries < 10, "it never refused");
        // While a path has a publisher for its source, this default itself is refused.
        let bad = json!({ "sourceOnDemand": true });
        let spoilt = async || (control.patch_defaults(&bad).await.0 == 200).then_some(());
        until("the default is taken", spoilt).await;
        let (status, answer) = control.add_path("same", &json!({ "source": "publisher" })).await;
        if status == 200 {
            assert_eq!(control.remove_path("same").await.0, 200);
            continue;
        }
        sign_is_in(Code::ServerRefused, 0, std::slice::from_ref(&answer));
        // With a slate it would be tried a second time without, and that may come too late.
        let source = file_source(&dir.media("good.mp4"));
        let name = format!("refused-{tries}");
        let body = json!({ "name": name, "source": source, "start": true, "keep_viewers": false });
        let id = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
        let settled = |stream: &Value| !stream["fault"].is_null() || stream["on_air"] == true;
        let stream = server.until(&id, "refused, or too late", settled).await;
        if !stream["fault"].is_null() {
            break (id, stream);
        }
        server.ask("DELETE", &format!("/api/v1/streams/{id}"), None).await.ok();
    };
    assert_eq!(stream["fault"]["code"], Code::ServerRefused.as_str(), "{stream:#}");
    let reason = stream["fault"]["args"]["reason"].as_str().unwrap();
    assert!(reason.contains("'sourceOnDemand' is useless"), "its own words: {reason}");
    // The default is put back.
    server.until_on_air(&id).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_comes_up() {
    let dir = Dir::new();
    bench::fill(&dir);
    let real = testkit::fixtures::mediamtx();
    let text =
        format!("case \"$1\" in --version) ;; *) kill -STOP $$;; esac; exec {} \"$@\"", real.display());
    let mut command = command(&dir);
    command.arg("--mediamtx").arg(bench::script(&dir, "mediamtx", &text));
    let server = Server::run(command).await;
    let id = server.create("waits", &dir.media("good.mp4"), true).await;
    let stream = server.until(&id, "told why", |stream| !stream["fault"].is_null()).await;
    assert_eq!(stream["fault"]["code"], Code::ServerDown.as_str(), "{stream:#}");
    assert_eq!(server.stop().await, Some(0));
}
