//! Encoders of this computer: what is tried, and what takes over from one that fails.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    faults::script,
    support::{
        Dir, Server, media, process,
        server::{command, file_source},
        until,
    },
};

/// What is known, by the host's picture.
async fn known(server: &Server) -> Value {
    server.get("/api/v1/snapshot").await["host"]["encoders"].clone()
}

/// What comes of it once all were tried.
async fn tried(server: &Server, again: bool) -> Vec<Value> {
    let first = server.post("/api/v1/encoders", json!({ "again": again })).await.ok();
    assert!(first["trying"].is_boolean(), "{first:#}");
    let done = until("all are tried", async || {
        let known = known(server).await;
        (known["trying"] == false && known["tried"] != json!([])).then_some(known)
    });
    done.await["tried"].as_array().unwrap().clone()
}

fn of<'a>(tried: &'a [Value], encoder: &str) -> &'a Value {
    tried.iter().find(|one| one["encoder"] == encoder && one["codec"] == "h264").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_tried_and_what_does_not_work_says_why() {
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let found = tried(&server, false).await;
    assert!(of(&found, "software")["failure"].is_null(), "{found:#?}");
    for one in &found {
        let said = one["failure"].as_str();
        assert!(said.is_none_or(|said| !said.is_empty()), "{one}");
    }
    let kept = dir.data().join("cache/encoders.json");
    assert!(kept.exists(), "it is known at the next start");
    assert_eq!(tried(&server, true).await.len(), found.len());
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

/// What was found out counts until FFmpeg or a driver changes.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_tried_is_known_at_the_next_start_until_ffmpeg_changes() {
    let dir = Dir::new();
    let (real, log) = (testkit::fixtures::ffmpeg(), dir.path().join("trials"));
    // One encoder is enough, and quick.
    let text = format!(
        "case \"$*\" in\n\
         *-frames:v*libx264*) echo trial >> {};;\n\
         *-frames:v*) exit 1;;\n\
         esac\n\
         exec {} \"$@\"",
        log.display(),
        real.display()
    );
    let ffmpeg = script(&dir, "ffmpeg", &text);
    let run = async || {
        let mut command = command(&dir);
        command.arg("--ffmpeg").arg(&ffmpeg);
        let server = Server::run(command).await;
        server.until_server("running").await;
        server
    };
    let trials = || fs::read_to_string(&log).unwrap_or_default().lines().count();
    let server = run().await;
    let first = tried(&server, false).await;
    assert_eq!(trials(), 1, "{first:#?}");
    assert_eq!(server.stop().await, Some(0));

    let server = run().await;
    let again = until("it is known without a trial", async || {
        let known = known(&server).await;
        (known["tried"] != json!([])).then_some(known)
    })
    .await;
    assert_eq!((&again["tried"], &again["trying"]), (&json!(first), &json!(false)));
    assert_eq!((tried(&server, false).await, trials()), (first.clone(), 1), "nor when somebody asks");
    assert_eq!(server.stop().await, Some(0));

    // As an update of the system would.
    let later = SystemTime::now() + Duration::from_secs(100);
    fs::File::options().append(true).open(&ffmpeg).unwrap().set_modified(later).unwrap();
    let server = run().await;
    assert_eq!((tried(&server, false).await, trials()), (first, 2), "another FFmpeg is another matter");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

/// With this FFmpeg, whose card works when it is tried, a stream is on air by the processor after one restart, and says so
/// with this warning.
async fn is_stood_in_for(dir: &Dir, ffmpeg: &str, code: &str) {
    let file = media::plain(&dir.media("a.mp4"));
    let mut command = command(dir);
    command.arg("--ffmpeg").arg(script(dir, "ffmpeg", ffmpeg));
    let server = Server::run(command).await;
    server.until_server("running").await;
    assert!(of(&tried(&server, false).await, "nvenc")["failure"].is_null());
    let chosen = json!({ "height": 120 });
    let made = json!({ "name": "card", "source": file_source(&file), "encoding": chosen, "start": true });
    let id = server.post("/api/v1/streams", made).await.ok()["id"].as_str().unwrap().to_owned();
    let stream = server.until_on_air(&id).await;
    assert_eq!(stream["plan"]["picture"]["encoder"], "software", "{stream:#}");
    assert_eq!(stream["attempt"], 2, "one restart: {stream:#}");
    let warnings = stream["plan"]["warnings"].as_array().unwrap();
    let told = warnings.iter().find(|one| one["code"] == code);
    assert_eq!(told.map(|one| &one["args"]["failed"]), Some(&json!("NVENC")), "{stream:#}");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

/// A graphics card that is gone since it was tried: the trial alone is made up, and what the real FFmpeg says of a
/// computer without one ends the stream's first attempt.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_not_there_is_stood_in_for() {
    let dir = Dir::new();
    let real = testkit::fixtures::ffmpeg();
    let line = "-v error -f lavfi -i color=s=640x360 -frames:v 5 -pix_fmt yuv420p -c:v h264_nvenc -f null -";
    #[expect(clippy::disallowed_methods, reason = "FFmpeg itself, which ends by itself")]
    let there = std::process::Command::new(&real).args(line.split(' ')).output().unwrap();
    if there.status.success() {
        eprintln!("not tested: this computer has such a card");
        return;
    }
    let text = format!(
        "case \"$*\" in\n\
         *-frames:v*h264_nvenc*) printf 'frame=5\\nprogress=end\\n'; exit 0;;\n\
         *-frames:v*_nvenc*) exit 1;;\n\
         esac\n\
         exec {} \"$@\"",
        real.display()
    );
    is_stood_in_for(&dir, &text, "encoder_failed").await;
}

/// A driver that does not answer: what else there is, is known meanwhile, and is used.
#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_hangs_holds_up_nobody() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let real = testkit::fixtures::ffmpeg();
    let text = format!("case \"$*\" in *_nvenc*) exec sleep 60;; esac\nexec {} \"$@\"", real.display());
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(script(&dir, "ffmpeg", &text));
    let server = Server::run(command).await;
    server.until_server("running").await;
    let asked = server.post("/api/v1/encoders", json!({})).await.ok();
    assert_eq!(asked["trying"], true, "it is said at once: {asked:#}");
    let software = until("the processor is known to encode", async || {
        let known = known(&server).await;
        let tried = known["tried"].as_array().unwrap().clone();
        tried.into_iter().find(|one| one["encoder"] == "software" && one["codec"] == "h264")
    })
    .await;
    assert!(software["failure"].is_null(), "{software:#}");
    let id = server.create("meanwhile", &file, true).await;
    server.until_on_air(&id).await;
    let nvenc = until("the driver is given up", async || {
        let known = known(&server).await;
        let tried = known["tried"].as_array().unwrap().clone();
        let nvenc = tried.into_iter().filter(|one| one["encoder"] == "nvenc");
        let nvenc: Vec<Value> = nvenc.collect();
        (nvenc.len() > 1).then_some(nvenc)
    })
    .await;
    assert!(nvenc.iter().all(|one| one["failure"].as_str().unwrap().contains("no answer")), "{nvenc:#?}");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}

/// An FFmpeg whose graphics card works when it is tried and is full when a stream comes: what the line says is what a
/// GeForce does that has no room for one more session.
#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_fails_is_stood_in_for_within_one_restart() {
    let dir = Dir::new();
    let real = testkit::fixtures::ffmpeg();
    let text = format!(
        "case \"$*\" in\n\
         *h264_nvenc*null*) printf 'frame=5\\nprogress=end\\n'; exit 0;;\n\
         *_nvenc*rtsp*) echo '[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: out of memory (10)' >&2; exit 1;;\n\
         *_nvenc*) exit 1;;\n\
         esac\n\
         exec {} \"$@\"",
        real.display()
    );
    is_stood_in_for(&dir, &text, "encoder_full").await;
}

/// An FFmpeg whose graphics card comes late and has one session: its NVENC is the processor in disguise.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_counted_and_one_that_is_free_again_is_used() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let real = testkit::fixtures::ffmpeg();
    let (session, card) = (dir.path().join("session"), dir.path().join("card"));
    let text = format!(
        "case \"$*\" in\n\
         *h264_nvenc*null*) [ -e {card} ] || exit 1; printf 'frame=5\\nprogress=end\\n'; exit 0;;\n\
         *h264_nvenc*rtsp*) ;;\n\
         *_nvenc*) exit 1;;\n\
         *) exec {ffmpeg} \"$@\";;\n\
         esac\n\
         if ! mkdir {session}; then\n\
         echo '[h264_nvenc @ 0x1] OpenEncodeSessionEx failed: out of memory (10)' >&2; exit 1\n\
         fi\n\
         for word; do shift\n\
         case \"$word\" in\n\
         h264_nvenc) word=libx264;; p4) word=veryfast;; ll) word=zerolatency;; -rc|-forced-idr) left=1; continue;;\n\
         esac\n\
         if [ \"$left\" ]; then left=; continue; fi\n\
         set -- \"$@\" \"$word\"\n\
         done\n\
         {ffmpeg} \"$@\"; code=$?\n\
         rmdir {session}; exit $code",
        ffmpeg = real.display(),
        session = session.display(),
        card = card.display(),
    );
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(script(&dir, "ffmpeg", &text));
    let server = Server::run(command).await;
    server.until_server("running").await;
    assert!(of(&tried(&server, false).await, "nvenc")["failure"].is_string());
    let start = async |name: &str| {
        let chosen = json!({ "height": 120 });
        let made = json!({ "name": name, "source": file_source(&file), "encoding": chosen, "start": true });
        let id = server.post("/api/v1/streams", made).await.ok()["id"].as_str().unwrap().to_owned();
        server.until_on_air(&id).await
    };
    let encoder =
        |stream: &Value| stream["plan"]["picture"]["encoder"].as_str().unwrap_or_default().to_owned();
    let first = start("first").await;
    assert_eq!(encoder(&first), "software", "there is no card yet: {first:#}");
    fs::write(&card, "").unwrap();
    assert!(of(&tried(&server, true).await, "nvenc")["failure"].is_null());
    let moved = |stream: &Value| stream["on_air"] == true && encoder(stream) == "nvenc";
    let first = server.until(first["id"].as_str().unwrap(), "it moves to the card", moved).await;
    let second = start("second").await;
    assert_eq!((encoder(&second), &second["attempt"]), ("software".to_owned(), &json!(2)), "{second:#}");
    let third = start("third").await;
    assert_eq!(
        (encoder(&third), &third["attempt"]),
        ("software".to_owned(), &json!(1)),
        "it is known: {third:#}"
    );

    server.order(first["id"].as_str().unwrap(), "stop").await;
    until("one of them has the session that is free", async || {
        let all = server.streams().await;
        let on_air = all.iter().filter(|stream| stream["on_air"] == true);
        (on_air.filter(|stream| encoder(stream) == "nvenc").count() == 1).then_some(())
    })
    .await;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
