//! Sleep of the computer and a clock that is set, with the real programs and clocks of the test's own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use stream_api::{HostKind, Origin, UnixMillis};
use stream_engine::{Clocks, Engine, Options, Reading, ToolPaths};

use crate::support::{Dir, media, process, server::file_source, until};

const HOUR: u64 = 3_600;
const DAY: i64 = 86_400_000;

/// What the test does to the clocks.
#[derive(Clone, Default)]
pub struct Dials {
    /// Seconds asleep.
    asleep: Arc<AtomicU64>,
    /// Milliseconds that the wall clock was set by.
    pub set: Arc<AtomicI64>,
}

impl Dials {
    pub fn clocks(&self) -> Clocks {
        let (start, dials) = (Instant::now(), self.clone());
        Clocks::by(move || {
            let (ran, asleep) = (start.elapsed(), dials.asleep.load(Ordering::Relaxed));
            let passed = ran + Duration::from_secs(asleep);
            let wall = 20_000 * DAY + i64::try_from(passed.as_millis()).unwrap();
            let wall = UnixMillis(wall + dials.set.load(Ordering::Relaxed));
            Reading { monotonic: ran, uptime: Duration::from_secs(passed.as_secs()), wall }
        })
    }
}

pub async fn ask(engine: &Engine, command: &str, request: Value) -> Value {
    engine.dispatch(Origin::Api, command, request).await.unwrap()
}

/// An engine of `dir` that lives by these clocks.
pub async fn start(dir: &Dir, dials: &Dials) -> Engine {
    Engine::start_by(options(dir), dials.clocks()).await.unwrap()
}

pub fn options(dir: &Dir) -> Options {
    let tool = |name: &str| std::env::var_os(name).map(Into::into);
    Options {
        reach: None,
        keychain: false,
        pages: Vec::new(),
        data_dir: dir.data(),
        kind: HostKind::Headless,
        media_roots: vec![dir.path().join("media")],
        tools: ToolPaths { mediamtx: tool("STREAM_MANAGER_MEDIAMTX"), ..ToolPaths::default() },
        beside: Vec::new(),
        kept: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_sleep_nor_a_clock_that_is_set_restarts_anything() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let dials = Dials::default();
    let engine = start(&dir, &dials).await;
    let body = json!({ "name": "awake", "source": file_source(&file), "start": true });
    let id = ask(&engine, "stream_create", body).await["id"].clone();
    let stream = async || ask(&engine, "stream_get", json!({ "id": id })).await;
    let before = until("on air", async || Some(stream().await).filter(|s| s["on_air"] == true)).await;
    let server = ask(&engine, "server_get", json!({})).await;
    // Whoever looks at a file ends by itself.
    let lasting = || {
        let mut all = process::about(dir.path());
        all.retain(|one| one.name == "mediamtx" || one.name == "ffmpeg" && !one.command.contains(" lavfi "));
        all
    };
    let processes = lasting();
    assert_eq!(processes.len(), 2, "FFmpeg and MediaMTX: {processes:?}");

    dials.asleep.store(8 * HOUR, Ordering::Relaxed);
    for set in [DAY, -DAY] {
        dials.set.store(set, Ordering::Relaxed);
        let near = |now: &Value, before: &Value| {
            // The time since boot, which sleep is measured by, comes in whole seconds.
            (now.as_i64().unwrap() - before.as_i64().unwrap() - set).abs() < 3_000
        };
        let after = until("its times follow the clock", async || {
            Some(stream().await).filter(|now| near(&now["on_air_since"], &before["on_air_since"]))
        })
        .await;
        assert!(near(&after["since"], &before["since"]), "{after:#}");
        until("the server's too", async || {
            let now = ask(&engine, "server_get", json!({})).await;
            near(&now["started"], &server["started"]).then_some(())
        })
        .await;
        let now = ask(&engine, "snapshot_get", json!({})).await["now"].as_i64().unwrap();
        let uptime = now - after["on_air_since"].as_i64().unwrap();
        assert!((8 * HOUR.cast_signed() * 1_000 - 3_000..DAY).contains(&uptime), "{uptime} ms on air");
        assert_eq!(after["state"], "running");
        assert_eq!(after["on_air"], true);
    }
    assert_eq!(lasting(), processes, "nothing was restarted");
    engine.shutdown().await;
    process::none_left(dir.path()).await;
}
