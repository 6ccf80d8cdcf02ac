//! What happened in the canned world: activities, a stream's past, the log of a run.

use axum::{
    Json, Router,
    routing::{get, post},
};
use stream_api::{
    Activity, ActivityKind, Cause, Code, Error, LogOrigin, Order, Origin, PastFault, Protocol, Run, RunEnd,
    RunId, RunLog, StreamHistory, UnixMillis, Uptime, Viewer, ViewerId,
    commands::{Activities, Nothing, Watching},
};

use super::{NOW, Scene, id, line};

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

pub fn routes(scene: Scene) -> Router {
    Router::new()
        .route("/api/v1/viewers", get(async move || Json(watching())))
        .route("/api/v1/activity", get(async move || Json(activities(scene))))
        .route("/api/v1/activity/seen", post(async || Json(Nothing {})))
        .route("/api/v1/streams/{id}/history", get(async || Json(history())))
        .route("/api/v1/streams/{id}/runs/{run}/log", get(async || Json(run_log())))
}

fn cause(error: &Error) -> Cause {
    Cause::from(error)
}

fn crashed() -> Cause {
    cause(&Error::new(Code::FfmpegCrashed).with("reason", "exit code 1"))
}

fn missing() -> Cause {
    cause(&Error::new(Code::SourceMissing).with("path", "/srv/media/Winter promo.mp4"))
}

fn activities(scene: Scene) -> Activities {
    use ActivityKind::{
        AppLost, AppStarted, Created, Edited, Failed, Faulted, Live, Ordered, Recovered, Renamed,
        ServerStarted,
    };
    if scene == Scene::Empty {
        return Activities { activities: Vec::new(), next: None };
    }
    let run = |by| Ordered { order: Order::Run, by };
    let happened: [(i64, Option<u64>, &str, ActivityKind); 14] = [
        (1, Some(6), "gym", Faulted { cause: crashed(), attempt: 3 }),
        (12, Some(4), "entrance", Failed { cause: missing() }),
        (47, Some(2), "church/main", Live { after_ms: 1_240 }),
        (47, Some(2), "church/main", run(Origin::Browser)),
        (51, Some(2), "church/main", Edited { by: Origin::Browser }),
        (131, Some(1), "lobby", Recovered { after_ms: 820, cause: Some(crashed()) }),
        (131, Some(1), "lobby", Faulted { cause: crashed(), attempt: 1 }),
        (700, Some(5), "evening", Renamed { from: "concert".to_owned(), by: Origin::Api }),
        (900, Some(99), "old-promo", ActivityKind::Deleted { by: Origin::Window }),
        (1440, None, "", ServerStarted { after_ms: 310 }),
        (1440, None, "", AppLost { seen: UnixMillis(NOW - 1450 * MINUTE) }),
        (1440, None, "", AppStarted { version: "0.1.0".to_owned() }),
        (3 * 1440, Some(1), "lobby", Live { after_ms: 960 }),
        (3 * 1440, Some(1), "lobby", Created { by: Origin::Opened }),
    ];
    let activities =
        happened.into_iter().zip((1..=14).rev()).map(|((minutes, stream, name, kind), n)| Activity {
            id: n,
            at: UnixMillis(NOW - minutes * MINUTE),
            stream: stream.map(id),
            name: name.to_owned(),
            kind,
        });
    Activities { activities: activities.collect(), next: None }
}

fn history() -> StreamHistory {
    let run = |n: i64, ago: i64, long: Option<i64>, end: Option<RunEnd>| Run {
        id: RunId(n),
        began: UnixMillis(NOW - ago * MINUTE),
        live_after_ms: Some(840),
        ended: long.map(|long| UnixMillis(NOW - (ago - long) * MINUTE)),
        end,
    };
    StreamHistory {
        day: Uptime { wanted_ms: 86_400_000, on_air_ms: 86_398_100, restarts: 1 },
        week: Uptime { wanted_ms: 518_400_000, on_air_ms: 518_300_000, restarts: 3 },
        last_fault: Some(PastFault { at: UnixMillis(NOW - 131 * MINUTE), cause: crashed() }),
        runs: vec![
            run(4, 131, None, None),
            run(3, 1400, Some(1269), Some(RunEnd::Fault { cause: crashed() })),
            run(2, 3100, Some(1650), Some(RunEnd::Lost)),
            run(1, 4320, Some(1220), Some(RunEnd::Edited)),
        ],
    }
}

fn run_log() -> RunLog {
    RunLog {
        head: vec![
            line(7860, LogOrigin::Manager, "info", "FFmpeg was started (process 4711)"),
            line(
                7860,
                LogOrigin::Ffmpeg,
                "info",
                "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'Lobby loop 2026.mp4':",
            ),
            line(7859, LogOrigin::Manager, "info", "On air"),
        ],
        omitted: 128,
        tail: vec![
            line(131, LogOrigin::Ffmpeg, "error", "av_interleaved_write_frame(): Broken pipe"),
            line(131, LogOrigin::Manager, "info", "FFmpeg ended"),
        ],
        file: "/var/lib/stream-manager/logs/streams/lobby/run-3.log".to_owned(),
    }
}

/// Those who watch the first stream.
fn watching() -> Watching {
    let seat = |n: u64| {
        let (protocol, agent) = match n {
            0..3 => (Protocol::Rtsp, "VLC/3.0.20"),
            3..5 => (Protocol::Webrtc, "Firefox/147.0"),
            _ => (Protocol::Hls, "Safari/605.1.15"),
        };
        let minutes = 3000 / (n + 1);
        Viewer {
            id: ViewerId(id(n).0),
            stream: id(1),
            protocol: Some(protocol),
            encrypted: false,
            address: if n == 1 { "127.0.0.1".to_owned() } else { format!("192.168.1.{}", 20 + 7 * n) },
            user: if n == 3 { "viewer".to_owned() } else { String::new() },
            agent: agent.to_owned(),
            since: Some(UnixMillis(NOW - minutes as i64 * MINUTE)),
            outbound_bytes: minutes * 31_350_000,
            outbound_bps: 4_180_000 + n * 12_345,
        }
    };
    Watching { viewers: (0..19).map(seat).collect() }
}
