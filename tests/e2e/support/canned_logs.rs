//! The logs of the canned world: the program's own lines, FFmpeg's and MediaMTX's.

use axum::{Json, Router, extract::Path, routing::get};
use stream_api::{
    Code, Encoding, Error, LogLine, LogOrigin, Playback, RunEnd, RunId, RunLog, StreamId, UnixMillis,
    commands::{Log, StreamRunLog},
    t,
};

use super::{DATA, NOW, at, id, past, streams};

/// Lines of a run's beginning that are kept apart.
const HEAD: usize = 40;
/// Milliseconds of one pass of the lobby's film.
const PASS: i64 = 12 * 60_000;

pub fn routes() -> Router {
    Router::new()
        .route("/api/v1/streams/{id}/log", get(async |Path(id): Path<StreamId>| Json(stream_log(id))))
        .route(
            "/api/v1/streams/{id}/runs/{run}/log",
            get(async |Path(of): Path<StreamRunLog>| Json(run_log(&of))),
        )
        .route("/api/v1/server/log", get(async || Json(server_log())))
}

fn line(at: UnixMillis, origin: LogOrigin, level: &str, text: impl Into<String>) -> LogLine {
    LogLine { at, origin, level: level.to_owned(), text: text.into() }
}

fn ours(at: UnixMillis, text: impl Into<String>) -> LogLine {
    line(at, LogOrigin::Manager, "info", text)
}

fn broken(at: UnixMillis, error: &Error) -> LogLine {
    line(at, LogOrigin::Manager, "error", error.message.clone())
}

/// A little later.
fn after(at: UnixMillis, ms: i64) -> UnixMillis {
    UnixMillis(at.0 + ms)
}

/// FFmpeg is started, and on air where it gets that far.
fn started(of: StreamId, began: UnixMillis, pid: u32, on_air_after: Option<i64>) -> Vec<LogLine> {
    let (path, name) = past::file_of(of);
    let (_, _, command) = streams::probed(path, name, Playback::Loop, Encoding::default());
    let mut lines =
        vec![ours(began, t!("log.started", pid = pid)), line(began, LogOrigin::Manager, "debug", command)];
    lines.extend(on_air_after.map(|ms| ours(after(began, ms), t!("log.on_air"))));
    lines
}

/// What FFmpeg 7 writes at the end of each pass of a file whose sound is a little longer than its picture.
fn passes(began: UnixMillis, until: UnixMillis) -> impl Iterator<Item = LogLine> {
    let count = (until.0 - began.0) / PASS;
    (1..=count).map(move |pass| {
        let previous = pass * PASS * 48 + 1_021;
        let text = format!(
            "Non-monotonic DTS; previous: {previous}, current: {}; changing to {}. This may result in incorrect \
             timestamps in the output file.",
            previous - 1_021,
            previous + 1
        );
        line(after(began, pass * PASS), LogOrigin::Ffmpeg, "warning", text)
    })
}

fn stream_log(of: StreamId) -> Log {
    let ordered = |at| ours(at, t!("log.order_run"));
    let newest = past::runs(of).into_iter().next();
    let on_air_after = newest.as_ref().and_then(|run| run.live_after_ms).map(|ms| ms as i64);
    let newest = newest.map_or(past::awaited(of), |run| run.began);
    let killed = Error::new(Code::FfmpegKilled);
    let lines = if of == id(1) {
        let crash = broken(at(0, 7, 49, 0), &past::crashed());
        let run = started(of, newest, 20_417, Some(620));
        [vec![crash], run, passes(newest, UnixMillis(NOW)).collect()].concat()
    } else if of == id(4) {
        vec![ours(at(0, 9, 47, 25), t!("log.order_restart")), ours(at(0, 9, 47, 26), t!("log.ended"))]
    } else if of == id(5) {
        vec![ours(at(1, 22, 4, 29), t!("log.order_stop")), ours(at(1, 22, 4, 30), t!("log.ended"))]
    } else if of == id(6) {
        let tries = [(at(0, 9, 59, 57), 24_101), (at(0, 9, 59, 58), 24_118), (at(0, 9, 59, 59), 24_130)];
        let one =
            |(began, pid)| [started(of, began, pid, None), vec![broken(after(began, 800), &killed)]].concat();
        tries.into_iter().flat_map(one).collect()
    } else if of == id(8) || of == id(9) {
        let since = if of == id(8) { at(0, 9, 20, 14) } else { at(1, 6, 12, 4) };
        vec![ordered(newest), ours(since, t!("log.on_air"))]
    } else {
        [vec![ordered(newest)], started(of, newest, 21_730, on_air_after)].concat()
    };
    Log { lines, file: file(of, RunId(newest.0)) }
}

fn file(of: StreamId, run: RunId) -> String {
    format!("{DATA}/logs/streams/{of}/{run}.log")
}

fn run_log(of: &StreamRunLog) -> RunLog {
    let run = past::runs(of.id).into_iter().find(|run| run.id == of.run);
    let began = UnixMillis(of.run.0);
    let ended = run.as_ref().and_then(|run| run.ended).unwrap_or(UnixMillis(NOW));
    let mut lines = started(of.id, began, 1_893, Some(960));
    lines.extend(passes(began, ended));
    if let Some(RunEnd::Fault { cause }) = run.and_then(|run| run.end) {
        lines.push(broken(ended, &cause.error()));
    }
    let tail = lines.split_off(HEAD.min(lines.len()));
    RunLog { head: lines, omitted: 0, tail, file: file(of.id, of.run) }
}

fn server_log() -> Log {
    let said = |at, text: &str| line(at, LogOrigin::Server, "info", text);
    let start = at(1, 6, 12, 2);
    let lines = vec![
        said(start, "MediaMTX v1.20.1, linux, amd64"),
        said(start, "[RTSP] started with listener on :8554 (TCP/RTSP)"),
        said(start, "[RTMP] started with listener on :1936 (TCP/RTMP)"),
        said(start, "[HLS] started with listener on :8888 (TCP/HTTP)"),
        said(start, "[WebRTC] started with listeners on :8889 (TCP/HTTP), :8189 (UDP/ICE)"),
        said(start, "[SRT] started with listener on :8890 (UDP/SRT)"),
        ours(after(start, 310), t!("log.server_up", version = "1.20.1")),
        said(at(0, 7, 49, 1), "[path lobby] stream is online"),
        said(
            at(0, 9, 13, 1),
            "[RTSP] [session 7c1e05aa] is publishing to path 'church/main', 2 tracks (H264, MPEG-4 Audio)",
        ),
        said(
            at(0, 9, 20, 14),
            "[RTMP] [conn 192.168.1.30:52114] is publishing to path 'stage', 2 tracks (H264, MPEG-4 Audio)",
        ),
        said(
            at(0, 9, 51, 0),
            "[RTSP] [session e09b44f1] is publishing to path 'menu-board', 2 tracks (H264, MPEG-4 Audio)",
        ),
        line(
            at(0, 9, 58, 47),
            LogOrigin::Server,
            "warning",
            "[RTSP] [session 2f60d81b] reader is too slow, discarding 4 frames",
        ),
    ];
    Log { lines, file: format!("{DATA}/logs/mediamtx.log") }
}
