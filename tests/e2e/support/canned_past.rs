//! What happened in the canned world: activities, the past of streams, and who watches.

use axum::{
    Json, Router,
    extract::{Path, Query},
    routing::{get, post},
};
use stream_api::{
    Activity, ActivityKind, Cause, Code, Error, Level, Order, Origin, PastFault, Protocol, Run, RunEnd,
    RunId, Stream, StreamHistory, StreamId, UnixMillis, Uptime, Viewer, ViewerId,
    commands::{Activities, Nothing, ViewerList, Watching},
    t,
};

use super::{NOW, Scene, at, id, streams};

/// Milliseconds of a day.
const DAY: u64 = 86_400_000;

pub fn routes(scene: Scene) -> Router {
    Router::new()
        .route(
            "/api/v1/viewers",
            get(async move |Query(of): Query<ViewerList>| Json(watching(scene, of.stream))),
        )
        .route(
            "/api/v1/activity",
            get(async move || Json(Activities { activities: happened(scene), next: None })),
        )
        .route("/api/v1/activity/seen", post(async || Json(Nothing {})))
        .route("/api/v1/streams/{id}/history", get(async |Path(id): Path<StreamId>| Json(history(id))))
}

/// What ended the lobby's FFmpeg.
pub fn crashed() -> Error {
    Error::new(Code::FfmpegSignal).with("reason", t!("fault.exit.signal", signal = 11))
}

fn missing(code: Code) -> Cause {
    Cause::from(&Error::new(code).with("path", "/srv/media/Winter promo.mp4"))
}

/// A stream's file and name.
pub fn file_of(of: StreamId) -> (&'static str, &'static str) {
    let known = [
        (1, "/srv/media/Lobby loop 2026.mp4", "lobby"),
        (2, "/srv/media/Sunday service.mkv", "church/main"),
        (3, "/srv/media/Menu board.mov", "menu-board"),
        (4, "/srv/media/Winter promo.mp4", "entrance"),
        (5, "/srv/media/Evening concert.mp4", "evening"),
        (6, "/srv/media/Gym classes.avi", "gym"),
        (7, "/srv/media/Welcome.webm", "reception"),
    ];
    let found = known.into_iter().find(|(n, ..)| id(*n) == of);
    found.map(|(_, file, name)| (file, name)).unwrap_or_default()
}

/// When a stream without an FFmpeg of ours was ordered to run.
pub fn awaited(of: StreamId) -> UnixMillis {
    if of == id(8) { at(0, 9, 18, 2) } else { at(1, 6, 12, 2) }
}

/// Failures since somebody last looked at them.
pub fn unseen(scene: Scene) -> u32 {
    let looked = at(0, 9, 40, 0);
    let bad = |activity: &&Activity| activity.kind.level() >= Level::Warning && activity.at > looked;
    u32::try_from(happened(scene).iter().filter(bad).count()).expect("a few")
}

/// Newest first.
fn happened(scene: Scene) -> Vec<Activity> {
    use ActivityKind::{
        AppLost, AppStarted, Created, Deleted, Edited, Failed, Faulted, GuestLinkMade, Live, Ordered,
        Recovered, Renamed, Restarted, ServerStarted, Warned,
    };
    use Origin::{Api, Browser, Opened};
    if scene.is_new() {
        return Vec::new();
    }
    let run = |by| Ordered { order: Order::Run, by };
    let stop = |by| Ordered { order: Order::Stop, by };
    let killed = |attempt| Faulted { cause: Cause::from(&Error::new(Code::FfmpegKilled)), attempt };
    let slow = Cause::from(&Error::new(Code::Overloaded));
    let crash = || Cause::from(&crashed());
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let happened: Vec<(UnixMillis, u64, &str, ActivityKind)> = vec![
        (at(0, 9, 59, 59), 6, "gym", killed(3)),
        (at(0, 9, 59, 59), 7, "reception", run(Browser)),
        (at(0, 9, 59, 58), 6, "gym", killed(2)),
        (at(0, 9, 59, 57), 6, "gym", killed(1)),
        (at(0, 9, 52, 10), 3, "menu-board", Warned { cause: slow }),
        (at(0, 9, 51, 0), 3, "menu-board", Live { after_ms: 2_130 }),
        (at(0, 9, 50, 58), 3, "menu-board", run(Browser)),
        (at(0, 9, 47, 26), 4, "entrance", Failed { cause: missing(Code::SourceMissing) }),
        (at(0, 9, 47, 25), 4, "entrance", Restarted { by: Browser }),
        (at(0, 9, 31, 8), 4, "entrance", Warned { cause: missing(Code::SourceGone) }),
        (at(0, 9, 20, 14), 8, "stage", Live { after_ms: 240 }),
        (at(0, 9, 13, 1), 2, "church/main", Live { after_ms: 1_240 }),
        (at(0, 9, 13, 0), 2, "church/main", run(Browser)),
        (at(0, 9, 9, 30), 2, "church/main", Edited { by: Browser }),
        (at(0, 7, 49, 1), 1, "lobby", Recovered { after_ms: 820, cause: Some(crash()) }),
        (at(0, 7, 49, 0), 1, "lobby", Faulted { cause: crash(), attempt: 1 }),
        (at(0, 6, 30, 1), 6, "gym", Live { after_ms: 1_480 }),
        (at(0, 6, 30, 0), 6, "gym", run(Api)),
        (at(1, 22, 20, 14), 5, "evening", Renamed { from: "concert".to_owned(), by: Api }),
        (at(1, 22, 4, 29), 5, "concert", stop(Browser)),
        (at(1, 19, 30, 1), 5, "concert", Live { after_ms: 970 }),
        (at(1, 19, 30, 0), 5, "concert", run(Browser)),
        (at(1, 19, 2, 40), 99, "old-promo", Deleted { by: Browser }),
        (at(1, 17, 5, 0), 9, "courtyard", GuestLinkMade { label: "Caretaker".to_owned(), by: Browser }),
        (at(1, 6, 12, 4), 9, "courtyard", Live { after_ms: 1_910 }),
        (at(1, 6, 12, 3), 4, "entrance", Live { after_ms: 1_110 }),
        (at(1, 6, 12, 3), 1, "lobby", Live { after_ms: 960 }),
        (at(1, 6, 12, 2), 0, "", ServerStarted { after_ms: 310 }),
        (at(1, 6, 12, 1), 0, "", AppLost { seen: at(1, 6, 5, 12) }),
        (at(1, 6, 12, 1), 0, "", AppStarted { version: version.clone() }),
        (at(2, 18, 30, 0), 1, "lobby", Edited { by: Browser }),
        (at(4, 9, 0, 2), 1, "lobby", Live { after_ms: 1_020 }),
        (at(4, 9, 0, 1), 1, "lobby", Created { by: Opened }),
        (at(4, 9, 0, 0), 0, "", ServerStarted { after_ms: 330 }),
        (at(4, 9, 0, 0), 0, "", AppStarted { version }),
    ];
    let ids = (1..=happened.len() as u64).rev();
    let activity = |((at, stream, name, kind), n): ((UnixMillis, u64, &str, ActivityKind), u64)| Activity {
        id: n,
        at,
        stream: (stream > 0).then(|| id(stream)),
        name: name.to_owned(),
        kind,
    };
    happened.into_iter().zip(ids).map(activity).collect()
}

/// The last runs of a stream, newest first.
pub fn runs(of: StreamId) -> Vec<Run> {
    let run = |began: UnixMillis, live_after_ms: Option<u64>, ended: Option<(UnixMillis, RunEnd)>| {
        let (ended, end) = ended.unzip();
        Run { id: RunId(began.0), began, live_after_ms, ended, end }
    };
    let fault = |cause| RunEnd::Fault { cause };
    let killed = || fault(Cause::from(&Error::new(Code::FfmpegKilled)));
    let goes_on = |began, ms| vec![run(began, Some(ms), None)];
    let of_number = (1..=9).find(|n| id(*n) == of).unwrap_or_default();
    match of_number {
        1 => vec![
            run(at(0, 7, 49, 0), Some(620), None),
            run(at(1, 6, 12, 2), Some(960), Some((at(0, 7, 49, 0), fault(Cause::from(&crashed()))))),
            run(at(2, 18, 30, 0), Some(840), Some((at(1, 6, 5, 12), RunEnd::Lost))),
            run(at(4, 9, 0, 1), Some(1_020), Some((at(2, 18, 30, 0), RunEnd::Edited))),
        ],
        2 => goes_on(at(0, 9, 13, 0), 1_240),
        3 => goes_on(at(0, 9, 50, 58), 2_130),
        4 => vec![
            run(at(0, 9, 47, 26), None, Some((at(0, 9, 47, 26), fault(missing(Code::SourceMissing))))),
            run(at(1, 6, 12, 2), Some(1_110), Some((at(0, 9, 47, 26), RunEnd::Ordered))),
        ],
        5 => vec![run(at(1, 19, 30, 0), Some(970), Some((at(1, 22, 4, 30), RunEnd::Ordered)))],
        6 => vec![
            run(at(0, 9, 59, 59), None, Some((UnixMillis(NOW - 200), killed()))),
            run(at(0, 9, 59, 58), None, Some((at(0, 9, 59, 59), killed()))),
            run(at(0, 6, 30, 0), Some(1_480), Some((at(0, 9, 59, 57), killed()))),
        ],
        7 => vec![run(at(0, 9, 59, 59), None, None)],
        // Without an FFmpeg of ours there are none.
        _ => Vec::new(),
    }
}

fn history(of: StreamId) -> StreamHistory {
    let always = |wanted_ms: u64, off_air_ms: u64, restarts: u32| Uptime {
        wanted_ms,
        on_air_ms: wanted_ms - off_air_ms,
        restarts,
    };
    let since = |began: UnixMillis| u64::try_from(NOW - began.0).unwrap_or_default();
    let runs = runs(of);
    let (day, week, fault) = if of == id(1) {
        // A crash and, a day before, a power cut.
        let fault = (at(0, 7, 49, 0), Cause::from(&crashed()));
        (always(DAY, 820, 1), always(since(at(4, 9, 0, 1)), 412_660, 2), Some(fault))
    } else if of == id(4) {
        let fault = (at(0, 9, 47, 26), missing(Code::SourceMissing));
        (always(DAY, 754_000, 0), always(since(at(1, 6, 12, 2)), 755_110, 0), Some(fault))
    } else if of == id(6) {
        let fault = (UnixMillis(NOW - 200), Cause::from(&Error::new(Code::FfmpegKilled)));
        let today = always(since(at(0, 6, 30, 0)), 4_480, 2);
        (today, today, Some(fault))
    } else if of == id(8) {
        let today = always(since(at(0, 9, 18, 2)), 132_000, 0);
        (today, today, None)
    } else if of == id(9) {
        (always(DAY, 0, 0), always(since(at(1, 6, 12, 2)), 1_910, 0), None)
    } else {
        let run = runs.first();
        let late = run.and_then(|run| run.live_after_ms).unwrap_or_default();
        let wanted = run.map_or(0, |run| since(run.began) - run.ended.map_or(0, since));
        let all = always(wanted, late.min(wanted), 0);
        (all, all, None)
    };
    let last_fault = fault.map(|(at, cause)| PastFault { at, cause });
    StreamHistory { day, week, last_fault, runs }
}

/// Those who watch a stream, or all.
fn watching(scene: Scene, of: Option<StreamId>) -> Watching {
    let streams = streams::all(scene).into_iter().filter(|stream| of.is_none_or(|of| of == stream.id));
    let mut viewers: Vec<Viewer> = streams.flat_map(|stream| seats(&stream)).collect();
    viewers.sort_by_key(|viewer| viewer.since);
    Watching { viewers }
}

/// The viewers of one stream, who came one after the other.
fn seats(stream: &Stream) -> Vec<Viewer> {
    let Some(metrics) = stream.metrics.as_ref().filter(|_| stream.on_air) else { return Vec::new() };
    // The lobby's stayed while its FFmpeg crashed.
    let began =
        if stream.id == id(1) { at(1, 6, 20, 0) } else { stream.on_air_since.unwrap_or(stream.since) };
    let protocols = metrics.viewers.each().flat_map(|(protocol, n)| (0..n).map(move |_| protocol));
    let seat = |(n, protocol): (u64, Protocol)| {
        let agent = match protocol {
            Protocol::Rtsp | Protocol::Rtmp => "VLC/3.0.21",
            Protocol::Webrtc => "Firefox/147.0",
            Protocol::Hls => "Safari/605.1.15",
            Protocol::Srt => "",
        };
        let since = UnixMillis(NOW - (NOW - began.0) / (n as i64 + 1));
        let seconds = u64::try_from(NOW - since.0).unwrap_or_default() / 1000;
        Viewer {
            id: ViewerId(id(stream.id.0.as_u128() as u64 % 1000 * 1000 + n).0),
            stream: stream.id,
            protocol: Some(protocol),
            encrypted: false,
            address: if n == 1 { "127.0.0.1".to_owned() } else { format!("192.168.1.{}", 40 + 7 * n) },
            user: if stream.access.asks_password() { stream.access.user.clone() } else { String::new() },
            agent: agent.to_owned(),
            since: Some(since),
            outbound_bytes: seconds * metrics.inbound_bps / 8,
            outbound_bps: metrics.inbound_bps,
        }
    };
    (0..).zip(protocols).map(seat).collect()
}
