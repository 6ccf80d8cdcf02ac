//! What can happen to a MediaMTX that runs, other than an end: each is seen, named and cured, and the streams are back.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Dir, Server, control::Control, media, process, until};

/// One stream on air, and what the tests do to its server.
struct Rig {
    dir: Dir,
    server: Server,
    id: String,
}

impl Rig {
    async fn on_air() -> Rig {
        let dir = Dir::new();
        let file = media::plain(&dir.media("a.mp4"));
        let server = Server::ready(&dir).await;
        let id = server.create("steady", &file, true).await;
        server.until_on_air(&id).await;
        Rig { dir, server, id }
    }

    fn mediamtx(&self) -> i32 {
        let found = self.server.children("mediamtx");
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].pid
    }

    async fn restarts(&self) -> u64 {
        self.server.get("/api/v1/server").await["restarts"].as_u64().unwrap()
    }

    /// Waits until the server counts another restart; gives the code of what was told to be wrong, and the time.
    async fn until_restarted(&self, before: u64) -> (Value, Duration) {
        let began = Instant::now();
        until("it is started again", async || (self.restarts().await > before).then_some(())).await;
        let took = began.elapsed();
        let code = until("it is told why", async || {
            let told = self.server.get("/api/v1/activity?kinds=server_crashed&limit=1").await;
            told["activities"].get(0).map(|crash| crash["cause"]["code"].clone())
        })
        .await;
        (code, took)
    }

    /// On air by another FFmpeg than `before`.
    async fn until_back(&self, before: &[process::Process]) -> Duration {
        let began = Instant::now();
        until("on air again", async || {
            let now = self.server.children("ffmpeg");
            let fresh = now.len() == 1 && !before.contains(&now[0]);
            (fresh && self.server.stream(&self.id).await["on_air"] == true).then_some(())
        })
        .await;
        began.elapsed()
    }

    async fn end(self) {
        assert_eq!(self.server.stop().await, Some(0));
        process::none_left(self.dir.path()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_killed_and_started_again() {
    let rig = Rig::on_air().await;
    let (before, restarts) = (rig.server.children("ffmpeg"), rig.restarts().await);
    process::signal(rig.mediamtx(), Signal::SIGSTOP);
    let (_, seen) = rig.until_restarted(restarts).await;
    assert!(seen < Duration::from_secs(30), "a freeze was seen after {seen:?}");
    let back = rig.until_back(&before).await;
    eprintln!("freeze: seen after {seen:?}, on air {back:?} later");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_does_not_return_is_a_freeze_too() {
    let rig = Rig::on_air().await;
    let other = rig.server.create("other", &media::plain(&rig.dir.media("b.mp4")), false).await;
    let restarts = rig.restarts().await;
    process::signal(rig.mediamtx(), Signal::SIGSTOP);
    rig.server.order(&other, "start").await;
    rig.until_restarted(restarts).await;
    rig.server.until_on_air(&other).await;
    rig.server.until_on_air(&rig.id).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_somebody_elses_reload_took_away_come_back() {
    let rig = Rig::on_air().await;
    let pid = rig.mediamtx();
    let before = rig.server.children("ffmpeg");
    // As an editor saves it: the same file, written in place, without our streams.
    let file = rig.dir.data().join("run/mediamtx.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\npaths: {}"), "the stream was made after the start");
    std::fs::write(&file, text).unwrap();
    let back = rig.until_back(&before).await;
    assert!(back < Duration::from_secs(30), "back after {back:?}");
    assert_eq!(rig.mediamtx(), pid, "no restart was needed");
    eprintln!("wiped paths: on air after {back:?}");
    rig.end().await;
}

/// A `patch` by somebody else that MediaMTX 1.20.1 refuses stays in it all the same, and every write after it gets the
/// refusal, ours too, until that path is mended or gone.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_bad_change_does_not_keep_streams_off_the_air() {
    let rig = Rig::on_air().await;
    let (pid, control) = (rig.mediamtx(), Control::of(&rig.dir));
    let ffmpeg = rig.server.children("ffmpeg");
    let second = media::plain(&rig.dir.media("second.mp4"));
    let bad = json!({ "recordPath": "nowhere" });

    assert_eq!(control.add_path("poison", &json!({ "record": false })).await.0, 200);
    assert_eq!(control.patch_path("poison", &bad).await.0, 400);
    assert_eq!(control.add_path("other", &json!({ "record": false })).await.0, 400, "nobody can write");
    let began = Instant::now();
    let id = rig.server.create("second", &second, true).await;
    rig.server.until_on_air(&id).await;
    eprintln!("a foreign path: on air after {:?}", began.elapsed());
    assert!(!control.paths().await.contains(&"poison".to_owned()), "{:?}", control.paths().await);

    assert_eq!(control.patch_path("steady", &bad).await.0, 400);
    let id = rig.server.create("third", &second, true).await;
    rig.server.until_on_air(&id).await;
    assert_eq!(rig.mediamtx(), pid, "no restart was needed");
    assert!(rig.server.children("ffmpeg").contains(&ffmpeg[0]), "and nobody was interrupted");

    for name in ["poison", "more"] {
        assert_eq!(control.add_path(name, &json!({ "record": false })).await.0, 200);
    }
    for name in ["poison", "more"] {
        assert_eq!(control.patch_path(name, &bad).await.0, 400);
    }
    let id = rig.server.create("fourth", &second, true).await;
    rig.server.until_on_air(&id).await;
    rig.server.until_on_air(&rig.id).await;
    assert_ne!(rig.mediamtx(), pid, "it took no change at all any more");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_our_password_is_named_and_started_again() {
    let rig = Rig::on_air().await;
    let restarts = rig.restarts().await;
    let control = Control::of(&rig.dir);
    let users = json!({ "authInternalUsers": [{ "user": "stranger", "pass": "stranger", "ips": [],
        "permissions": [{ "action": "api" }] }] });
    assert_eq!(control.patch_global(&users).await, 200);
    let (fault, seen) = rig.until_restarted(restarts).await;
    assert_eq!(fault, "server_locked_out");
    rig.server.until_server("running").await;
    rig.server.until_on_air(&rig.id).await;
    eprintln!("locked out: seen after {seen:?}");
    rig.end().await;
}

/// What was put back, as the activity names it, newest first.
async fn mended(server: &Server) -> Vec<Value> {
    let page = server.get("/api/v1/activity?kinds=server_mended").await;
    page["activities"].as_array().unwrap().iter().map(|entry| entry["mended"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_of_our_paths_is_put_back_and_named() {
    let rig = Rig::on_air().await;
    let (pid, control) = (rig.mediamtx(), Control::of(&rig.dir));
    let back = async |what: &str, key: &str, value: Value| {
        let began = Instant::now();
        until(what, async || (control.path("steady").await[key] == value).then_some(())).await;
        eprintln!("{what}: put back after {:?}", began.elapsed());
    };
    assert_eq!(control.patch_path("steady", &json!({ "record": true })).await.0, 200);
    back("a recording", "record", json!(false)).await;
    // The server tells of a change a moment after it took it. What ends FFmpeg comes later: its next start writes the
    // path too.
    until("named", async || (mended(&rig.server).await == [json!({ "path": "steady" })]).then_some(())).await;
    let camera = json!({ "source": "rtsp://127.0.0.1:1/x", "overridePublisher": false, "alwaysAvailable": false,
        "alwaysAvailableFile": "" });
    assert_eq!(control.patch_path("steady", &camera).await.0, 200);
    back("another source", "source", json!("publisher")).await;
    rig.server.until_on_air(&rig.id).await;

    assert_eq!(control.patch_defaults(&json!({ "maxReaders": 1 })).await.0, 200);
    until("the defaults are back", async || (control.defaults().await["maxReaders"] == 0).then_some(()))
        .await;
    until("named", async || (mended(&rig.server).await.first() == Some(&json!("defaults"))).then_some(()))
        .await;
    rig.server.until_on_air(&rig.id).await;
    assert_eq!(rig.mediamtx(), pid, "no restart was needed");
    // Nothing of ours is taken for a change by somebody else.
    let count = mended(&rig.server).await.len();
    let other = rig.server.create("other", &media::plain(&rig.dir.media("b.mp4")), true).await;
    rig.server.until_on_air(&other).await;
    let began = Instant::now();
    until("two more looks", async || (began.elapsed() > Duration::from_secs(11)).then_some(())).await;
    assert_eq!(mended(&rig.server).await.len(), count, "{:#?}", mended(&rig.server).await);
    rig.end().await;
}

/// Switched off by a change of the global configuration, RTSP is gone; the API answers all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_protocol_that_somebody_switched_off_comes_back() {
    let rig = Rig::on_air().await;
    let restarts = rig.restarts().await;
    assert_eq!(Control::of(&rig.dir).patch_global(&json!({ "rtsp": false })).await, 200);
    let (fault, seen) = rig.until_restarted(restarts).await;
    assert!(fault == "server_tampered" || fault == "server_deaf", "{fault}");
    rig.server.until_server("running").await;
    rig.server.until_on_air(&rig.id).await;
    eprintln!("RTSP off: seen after {seen:?}");
    let log = rig.server.get("/api/v1/server/log").await;
    let visits = log["lines"].as_array().unwrap().iter().filter(|line| {
        line["text"].as_str().is_some_and(|text| text.contains("[RTMP] [conn") && text.contains("opened"))
    });
    assert_eq!(visits.count(), 0, "our own visits are not told: {log:#}");
    rig.end().await;
}

/// MediaMTX answers 200 to an address that it can't use, and then ends with exit code 0: a crash to us.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_with_exit_code_0_is_a_crash() {
    let rig = Rig::on_air().await;
    let restarts = rig.restarts().await;
    assert_eq!(Control::of(&rig.dir).patch_global(&json!({ "hlsAddress": "zzz" })).await, 200);
    rig.until_restarted(restarts).await;
    rig.server.until_server("running").await;
    rig.server.until_on_air(&rig.id).await;
    rig.end().await;
}

/// The deadlock of 1.20.1's core: writes while a change of the global configuration restarts the API's listener. That
/// change itself is seen too and makes for restarts of its own, so it is tried until the server fell silent.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "heavy"]
async fn heavy_a_deadlocked_server_is_healed() {
    let rig = Rig::on_air().await;
    let deadline = Instant::now() + Duration::from_secs(180);
    let (mut rounds, mut causes) = (0, Vec::new());
    while causes.last() != Some(&json!("server_silent")) {
        assert!(
            Instant::now() < deadline,
            "no deadlock in {rounds} rounds, so nothing was healed: {causes:?}"
        );
        let (restarts, control) = (rig.restarts().await, Control::of(&rig.dir));
        while rig.restarts().await == restarts && Instant::now() < deadline {
            rounds += 1;
            let low = json!({ "hlsPartDuration": if rounds % 2 == 0 { "200ms" } else { "250ms" } });
            let _ = tokio::join!(control.patch_global(&low), control.write_paths(40));
        }
        if rig.restarts().await > restarts {
            causes.push(rig.until_restarted(restarts).await.0);
        }
        rig.server.until_server("running").await;
    }
    eprintln!("deadlocked after {rounds} rounds, among {causes:?}");
    rig.server.until_on_air(&rig.id).await;
    rig.end().await;
}
