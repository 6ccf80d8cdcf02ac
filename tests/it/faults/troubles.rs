//! What is wrong with a stream that is on air all the same.

use std::{
    fs,
    os::unix::fs as unix,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use stream_api::Code;

use super::{
    Made::{Fake, Real},
    Row, bench,
};
use crate::support::{Dir, PATIENCE, Server, process, server::command, until_within};

pub const ROWS: &[Row] = &[
    (
        Code::Overloaded,
        Fake("the real FFmpeg, told to read at 0.8 of real time: nobody can order a busy computer"),
    ),
    (Code::RecordingNoSpace, Real),
    (Code::RecordingDenied, Real),
    (Code::RecordingReadOnly, Real),
    (Code::RecordingFailed, Real),
    (Code::SourceGone, Real),
    (Code::SourceChanged, Real),
];

fn warned(stream: &Value, code: Code) -> bool {
    stream["warnings"].as_array().is_some_and(|all| all.iter().any(|one| one["code"] == code.as_str()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_vanishes_while_it_is_sent() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let id = server.create("gone", &dir.media("good.mp4"), true).await;
    server.until_on_air(&id).await;
    let ffmpeg = server.children("ffmpeg");
    fs::rename(dir.media("good.mp4"), dir.media("renamed.mp4")).unwrap();
    let stream = server.until(&id, "said", |stream| warned(stream, Code::SourceGone)).await;
    assert_eq!((&stream["on_air"], &stream["fault"]), (&json!(true), &Value::Null), "{stream:#}");
    assert_eq!(stream["warnings"][0]["action"], "locate_file");
    assert_eq!(server.children("ffmpeg"), ffmpeg, "it is sent on");
    fs::rename(dir.media("renamed.mp4"), dir.media("good.mp4")).unwrap();
    server.until(&id, "nothing is wrong", |stream| stream["warnings"] == json!([])).await;
    assert_eq!(told(&server, Code::SourceGone).await, ["warned", "eased"]);
    assert_eq!(server.children("ffmpeg"), ffmpeg, "nor does its return disturb it");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_while_it_is_sent() {
    let dir = Dir::new();
    bench::fill(&dir);
    let server = Server::ready(&dir).await;
    let id = server.create("changed", &dir.media("good.mp4"), true).await;
    server.until_on_air(&id).await;
    let ffmpeg = server.children("ffmpeg");
    let log = async || server.get(&format!("/api/v1/streams/{id}/history")).await["runs"].clone();
    let new = crate::support::media::plain(&dir.media("new.mp4"));
    let replace = async || {
        let modified = std::time::SystemTime::now();
        fs::File::options().write(true).open(&new).unwrap().set_modified(modified).unwrap();
        fs::copy(&new, dir.media("copy.mp4")).unwrap();
        fs::rename(dir.media("copy.mp4"), dir.media("good.mp4")).unwrap();
    };
    let mut replaced = None::<Instant>;
    let stream = until_within(2 * PATIENCE, "said", async || {
        // One that was replaced before the first look at it is no other one.
        if replaced.is_none_or(|at| at.elapsed() > Duration::from_secs(15)) {
            replace().await;
            replaced = Some(Instant::now());
        }
        Some(server.stream(&id).await).filter(|stream| warned(stream, Code::SourceChanged))
    })
    .await;
    assert_eq!((&stream["on_air"], &stream["warnings"][0]["action"]), (&json!(true), &json!("restart")));
    assert_eq!(server.children("ffmpeg"), ffmpeg, "it is sent on");
    let runs = log().await.as_array().unwrap().len();
    server.order(&id, "restart").await;
    server.until(&id, "nothing is wrong", |s| s["warnings"] == json!([]) && s["on_air"] == true).await;
    assert_ne!(server.children("ffmpeg"), ffmpeg, "the new one is sent");
    assert_eq!(log().await.as_array().unwrap().len(), runs + 1, "{:#}", log().await);
    assert_eq!(server.stop().await, Some(0));
}

/// The kinds of what was told of `code`, oldest first.
pub async fn told(server: &Server, code: Code) -> Vec<String> {
    let page = server.get("/api/v1/activity").await;
    let about =
        page["activities"].as_array().unwrap().iter().filter(|entry| entry["cause"]["code"] == code.as_str());
    let mut kinds: Vec<String> = about.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    kinds.reverse();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn a_computer_that_cannot_keep_up() {
    let dir = Dir::new();
    bench::fill(&dir);
    let real = testkit::fixtures::ffmpeg();
    let text = format!(
        "for a in \"$@\"; do shift; if [ \"$a\" = -re ]; then set -- \"$@\" -readrate 0.8; \
         else set -- \"$@\" \"$a\"; fi; done; exec {} \"$@\"",
        real.display()
    );
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(bench::script(&dir, "ffmpeg", &text));
    let server = Server::run(command).await;
    let id = server.create("slow", &dir.media("good.mp4"), true).await;
    server.until_on_air(&id).await;
    let pids = server.children("ffmpeg");
    let stream = until_within(2 * PATIENCE, "too slow", async || {
        let stream = server.stream(&id).await;
        warned(&stream, Code::Overloaded).then_some(stream)
    })
    .await;
    assert_eq!((&stream["health"], &stream["on_air"]), (&json!("slow"), &json!(true)));
    let speed = stream["metrics"]["speed"].as_f64().unwrap();
    assert!((0.2..0.97).contains(&speed), "{speed}");
    assert_eq!(server.children("ffmpeg"), pids, "it is not restarted for that");
    assert_eq!(told(&server, Code::Overloaded).await, ["warned"]);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_that_are_not_written() {
    if !bench::has_namespaces() {
        return;
    }
    let dir = Dir::new();
    bench::fill(&dir);
    let recordings = dir.data().join("recordings");
    for folder in ["full", "read-only", "denied"] {
        fs::create_dir_all(recordings.join(folder)).unwrap();
    }
    fs::write(recordings.join("odd"), "a file where the folder should be").unwrap();
    let mut wanted = vec![
        ("full", Code::RecordingNoSpace),
        ("read-only", Code::RecordingReadOnly),
        ("odd", Code::RecordingFailed),
    ];
    // In a namespace of its own, root may do nothing to what belongs to others.
    match unix::chown(recordings.join("denied"), Some(65534), Some(65534)) {
        Ok(()) => wanted.push(("denied", Code::RecordingDenied)),
        Err(error) => eprintln!("no folder of another user here: {error}"),
    }
    let mounts = format!(
        "cd {} && mount -t tmpfs -o size=64k none full && mount -t tmpfs -o ro none read-only || exit 3; \
         cd / && exec \"$@\"",
        recordings.display()
    );
    let inner = command(&dir);
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &mounts, "sh"]).arg(inner.get_program()).args(inner.get_args());
    let server = Server::run(command).await;
    server.until_server("running").await;
    let mut ids = Vec::new();
    for (name, code) in &wanted {
        let id = server.create(name, &dir.media("good.mp4"), true).await;
        server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "record": true }))).await.ok();
        ids.push((id, *code));
    }
    for (id, code) in &ids {
        let stream = server.until(id, code.as_str(), |stream| warned(stream, *code)).await;
        assert_eq!((&stream["recording"], &stream["on_air"]), (&json!("stuck"), &json!(true)), "{stream:#}");
        let words = format!("{} {}", stream["warnings"][0]["message"], stream["warnings"][0]["hint"]);
        assert!(!words.contains('{'), "{words}");
        let log = server.get("/api/v1/server/log").await;
        let mut errors = log["lines"].as_array().unwrap().iter().filter(|line| line["level"] == "error");
        let is_told =
            errors.any(|line| code.signs()[0].is_in(&format!("ERR {}", line["text"].as_str().unwrap())));
        assert!(is_told, "{code:?}: its line is in {log:#}");
    }
    assert_eq!(told(&server, Code::RecordingReadOnly).await, ["warned"]);

    // Switched off, nothing is wrong any more.
    let (id, code) = &ids[0];
    server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "record": false }))).await.ok();
    server.until(id, "nothing is wrong", |stream| stream["warnings"] == json!([])).await;
    assert_eq!(told(&server, *code).await, ["warned", "eased"]);
    drop(server);
    process::none_left(dir.path()).await;
}
