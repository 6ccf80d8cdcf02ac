//! A host that serves the real interface with a picture of the world that never changes.

#[path = "canned_past.rs"]
mod past;
#[path = "canned_servers.rs"]
pub mod servers;

use std::convert::Infallible;

use anyhow::Result;
use axum::{
    Json, Router,
    response::sse::{Event as Sse, KeepAlive, Sse as Answer},
    routing::{get, post},
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use stream_api::{
    AudioTrack, Change, Code, Error, Event, EventId, Fault, GuestLink, Health, HostKind, HostStatus,
    LinkLasts, LogLine, LogOrigin, Message, Metrics, Mode, Order, Outcome, Plan, Ports, ProbeReport,
    Recording, Remark, RemarkCode, Secret, SentAudio, ServerId, ServerSettings, ServerState, ServerStatus,
    Snapshot, Source, SourceMedia, SourceTested, State, Step, Stream, StreamId, StreamSpec, TestStep, Tool,
    ToolState, Tracks, UnixMillis, Urls, VideoTrack, Viewers,
    commands::{GuestLinkMade, Log, MediaFolder},
};
use tokio::net::TcpListener;

/// When time stands still: 2026-01-15 10:00 UTC.
pub const NOW: i64 = 1_768_471_200_000;
/// Seconds of measurements behind each line of the sparklines.
const MEASURED: u64 = 60;

/// What the world looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// A stream in every state.
    Busy,
    /// The same with several servers.
    Several,
    /// No stream yet.
    Empty,
    /// The server can't be started.
    Failed,
}

/// The host; ends with the test.
pub struct Host {
    pub url: String,
}

impl Host {
    pub async fn start(scene: Scene) -> Result<Host> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new()
            .route("/api/v1/events", get(async move || events(scene)))
            .route("/api/v1/snapshot", get(async move || Json(snapshot(scene))))
            .route("/api/v1/streams/{id}/log", get(async || Json(stream_log())))
            .route("/api/v1/server/log", get(async || Json(server_log())))
            .route("/api/v1/media", get(async || Json(media_folder())))
            .route("/api/v1/probe", post(async || Json(report())))
            .route("/api/v1/source-test", post(async || Json(source_tested())))
            .route("/api/v1/streams/{id}/guest-links", post(async || Json(guest_link())))
            .route(
                "/guest/{link}",
                get(async || Json(json!({ "name": "lobby", "live": false, "whole": true }))),
            )
            .route("/api/v1/servers/test", post(async || Json(servers::tested())))
            .merge(past::routes(scene))
            .merge(stream_server::guest_page())
            .merge(stream_server::interface());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Host { url })
    }
}

fn events(scene: Scene) -> Answer<impl futures_util::Stream<Item = Result<Sse, Infallible>>> {
    let messages = [Message::Snapshot { snapshot: Box::new(snapshot(scene)) }, measurements(scene)];
    let events = messages.map(|message| Ok(Sse::default().json_data(&message).expect("messages are JSON")));
    Answer::new(stream::iter(events).chain(stream::pending())).keep_alive(KeepAlive::default())
}

pub fn id(n: u64) -> StreamId {
    format!("019bc0de-0000-7000-8000-{n:012}").parse().expect("an id")
}

fn event_id(seq: u64) -> EventId {
    EventId { boot: "canned".to_owned(), seq }
}

fn snapshot(scene: Scene) -> Snapshot {
    let streams = if scene == Scene::Empty { Vec::new() } else { streams(scene) };
    Snapshot {
        at: event_id(0),
        streams,
        server: server(scene),
        others: if scene == Scene::Several { servers::others() } else { Vec::new() },
        host: host(),
        unseen_faults: if scene == Scene::Busy { 2 } else { 0 },
        now: UnixMillis(NOW),
    }
}

/// A minute of measurements, so that there is something to draw.
fn measurements(scene: Scene) -> Message {
    let live: Vec<Stream> = snapshot(scene).streams.into_iter().filter(|stream| stream.on_air).collect();
    let at = |second: u64| {
        let one = |(n, stream): (usize, &Stream)| {
            let metrics = stream.metrics.clone().unwrap_or_default();
            // Waves of its own for each stream.
            let swing = ((second as f64 / (3.0 + n as f64)).sin() * 0.18 + 1.0) * metrics.inbound_bps as f64;
            let inbound_bps = if second == MEASURED { metrics.inbound_bps } else { swing as u64 };
            (stream.id, Metrics { inbound_bps, ..metrics })
        };
        let streams: Vec<(StreamId, Metrics)> = live.iter().enumerate().map(one).collect();
        let outbound_bps = streams.iter().map(|(_, metrics)| metrics.outbound_bps).sum();
        Event {
            id: event_id(second),
            now: UnixMillis(NOW),
            change: Change::Metrics { streams, of: Default::default(), outbound_bps },
        }
    };
    Message::Events { events: (1..=MEASURED).map(at).collect() }
}

fn media(width: u32, height: u32, fps: f64, minutes: f64) -> SourceMedia {
    SourceMedia {
        container: "mov,mp4,m4a,3gp,3g2,mj2".to_owned(),
        duration: Some(minutes * 60.0),
        size: (minutes * 60.0 * 512_000.0) as u64,
        bitrate_bps: Some(4_096_000),
        video: Some(VideoTrack {
            codec: "h264".to_owned(),
            profile: Some("High".to_owned()),
            width,
            height,
            fps,
            pixel_format: "yuv420p".to_owned(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(2.0),
            variable_fps: false,
            hdr: false,
        }),
        audio: Some(AudioTrack {
            codec: "aac".to_owned(),
            profile: Some("LC".to_owned()),
            sample_rate: 48_000,
            channels: 2,
        }),
        audio_tracks: 1,
        sound_longer_by: None,
    }
}

fn copied() -> Plan {
    Plan {
        mode: Mode::Copy,
        video: Some("h264".to_owned()),
        audio: Some("aac".to_owned()),
        encodes_video: false,
        encodes_audio: false,
        reasons: Vec::new(),
        warnings: vec![Remark::new(RemarkCode::WebrtcSilent)],
        sent: Tracks {
            video: Some("h264".to_owned()),
            audio: Some(SentAudio { codec: "aac".to_owned(), sample_rate: 48_000, channels: 2 }),
            second_audio: None,
        },
        gains: Vec::new(),
        unkept: None,
    }
}

fn encoded() -> Plan {
    Plan {
        mode: Mode::Transcode,
        encodes_video: true,
        reasons: vec![Remark::new(RemarkCode::BFrames)],
        warnings: Vec::new(),
        ..copied()
    }
}

fn stopped(n: u64, name: &str, file: &str) -> Stream {
    let ports = Ports::USUAL;
    let source = Source::File { path: format!("/srv/media/{file}") };
    Stream {
        rev: 1,
        since: UnixMillis(NOW - 3_600_000),
        media: Some(media(1920, 1080, 25.0, 12.0)),
        plan: Some(copied()),
        urls: Urls {
            rtsp: format!("rtsp://127.0.0.1:{}/{name}", ports.rtsp),
            rtmp: format!("rtmp://127.0.0.1:{}/{name}", ports.rtmp),
            hls: format!("http://127.0.0.1:{}/{name}/index.m3u8", ports.hls),
            webrtc: format!("http://127.0.0.1:{}/{name}/", ports.webrtc),
            srt: format!("srt://127.0.0.1:{}?streamid=read:{name}", ports.srt),
        },
        ..Stream::new(id(n), StreamSpec::new(name, source))
    }
}

fn live(n: u64, name: &str, file: &str, bps: u64, minutes: i64, viewers: Viewers) -> Stream {
    Stream {
        order: Order::Run,
        state: State::Running,
        on_air: true,
        on_air_since: Some(UnixMillis(NOW - minutes * 60_000)),
        health: Health::Good,
        attempt: 1,
        metrics: Some(Metrics {
            inbound_bps: bps,
            outbound_bps: bps * u64::from(viewers.total()),
            speed: Some(1.0),
            viewers,
        }),
        ..stopped(n, name, file)
    }
}

fn streams(scene: Scene) -> Vec<Stream> {
    let running = |stream: Stream| Stream { order: Order::Run, attempt: 3, ..stream };
    let many = Viewers { rtsp: 3, hls: 14, webrtc: 2, ..Viewers::default() };
    let lobby = live(1, "lobby", "Lobby loop 2026.mp4", 4_180_000, 3 * 1440 + 131, many);
    let church = live(2, "church/main", "Sunday service.mkv", 6_320_000, 47, Viewers::default());
    let menu =
        live(3, "menu-board", "Menu board.mov", 1_240_000, 9, Viewers { rtsp: 1, ..Viewers::default() });
    let gone = Error::new(Code::SourceMissing).with("path", "/srv/media/Winter promo.mp4");
    let crashed = Error::new(Code::FfmpegKilled);
    let all = vec![
        Stream {
            spec: StreamSpec { record: true, server: church_server(scene), ..church.spec.clone() },
            recording: Recording::Writing,
            plan: Some(encoded()),
            ..church
        },
        running(Stream {
            state: State::Failed,
            since: UnixMillis(NOW - 754_000),
            fault: Some(Fault::new(gone)),
            ..stopped(4, "entrance", "Winter promo.mp4")
        }),
        stopped(5, "evening", "Evening concert.mp4"),
        running(Stream {
            state: State::Backoff,
            since: UnixMillis(NOW - 2_000),
            retry_at: Some(UnixMillis(NOW + 4_000)),
            fault: Some(Fault { log_tail: vec!["Conversion failed!".to_owned()], ..Fault::new(crashed) }),
            ..stopped(6, "gym", "Gym classes.avi")
        }),
        Stream {
            spec: StreamSpec { record: true, ..lobby.spec.clone() },
            recording: Recording::Writing,
            ..lobby
        },
        Stream {
            health: Health::Slow,
            metrics: menu.metrics.clone().map(|metrics| Metrics { speed: Some(0.82), ..metrics }),
            plan: Some(encoded()),
            media: Some(media(3840, 2160, 50.0, 2.0)),
            ..menu
        },
        running(Stream {
            state: State::Starting,
            since: UnixMillis(NOW - 1_000),
            ..stopped(7, "reception", "Welcome.webm")
        }),
    ];
    match scene {
        Scene::Failed => all.into_iter().map(|stream| stopped_copy(&stream)).collect(),
        _ => all,
    }
}

/// Where one of them is from.
fn church_server(scene: Scene) -> ServerId {
    if scene == Scene::Several { servers::church() } else { ServerId::BUNDLED }
}

fn stopped_copy(stream: &Stream) -> Stream {
    let path = stream.spec.source.title();
    Stream { spec: stream.spec.clone(), id: stream.id, ..stopped(0, &stream.spec.name, path) }
}

fn server(scene: Scene) -> ServerStatus {
    let taken =
        Error::new(Code::PortTaken).with("port", 8554).with("what", "RTSP").with("holder", "vlc (4711)");
    let failed = scene == Scene::Failed;
    let ports = Ports { rtmp: 1936, ..Ports::USUAL };
    let settings = ServerSettings { ports, guest_port: Some(8891), ..ServerSettings::default() };
    ServerStatus {
        state: if failed { ServerState::Failed } else { ServerState::Running },
        version: (!failed).then(|| "1.20.1".to_owned()),
        started: (!failed).then_some(UnixMillis(NOW - 4 * 86_400_000)),
        fault: failed.then(|| Fault::new(taken)),
        reach_chosen: true,
        moved_ports: vec![("rtmp".to_owned(), 1935, 1936)],
        disk_free: Some(212_400_000_000),
        disk_total: Some(499_900_000_000),
        ..ServerStatus::starting(settings)
    }
}

fn tool(path: &str, version: &str) -> Tool {
    Tool {
        path: Some(path.to_owned()),
        version: Some(version.to_owned()),
        state: ToolState::Ready,
        fault: None,
    }
}

fn host() -> HostStatus {
    HostStatus {
        kind: HostKind::Headless,
        version: "0.1.0".to_owned(),
        data_dir: "/var/lib/stream-manager".to_owned(),
        recordings_dir: "/var/lib/stream-manager/recordings".to_owned(),
        media_roots: vec!["/srv/media".to_owned()],
        ffmpeg: tool("/usr/bin/ffmpeg", "7.1.1"),
        ffprobe: tool("/usr/bin/ffprobe", "7.1.1"),
        mediamtx: tool("/usr/bin/stream-manager-mediamtx", "1.20.1"),
        installer: None,
        secrets: stream_api::SecretsPlace::File,
        notes: Vec::new(),
    }
}

fn report() -> ProbeReport {
    ProbeReport {
        path: "/srv/media/evening-concert.mp4".to_owned(),
        proposed_name: "evening-concert".to_owned(),
        media: media(1920, 1080, 50.0, 94.0),
        plan: copied(),
        command:
            "ffmpeg -re -stream_loop -1 -i /srv/media/evening-concert.mp4 -map 0:v:0 -map 0:a:0 -c copy -f \
                  rtsp -rtsp_transport tcp rtsp://127.0.0.1:8554/evening-concert"
                .to_owned(),
    }
}

fn line(seconds: i64, origin: LogOrigin, level: &str, text: &str) -> LogLine {
    LogLine { at: UnixMillis(NOW - seconds * 1000), origin, level: level.to_owned(), text: text.to_owned() }
}

fn stream_log() -> Log {
    let lines = vec![
        line(131, LogOrigin::Manager, "info", "start, attempt 1"),
        line(
            130,
            LogOrigin::Ffmpeg,
            "info",
            "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'Lobby loop 2026.mp4':",
        ),
        line(130, LogOrigin::Ffmpeg, "info", "  Stream #0:0: Video: h264 (High), yuv420p, 1920x1080, 25 fps"),
        line(130, LogOrigin::Ffmpeg, "info", "  Stream #0:1: Audio: aac (LC), 48000 Hz, stereo, fltp"),
        line(129, LogOrigin::Manager, "info", "on air"),
        line(12, LogOrigin::Ffmpeg, "warning", "Non-monotonous DTS in output stream 0:1"),
    ];
    Log { lines, file: "/var/lib/stream-manager/logs/streams/lobby.log".to_owned() }
}

fn server_log() -> Log {
    let lines = vec![
        line(9000, LogOrigin::Server, "info", "MediaMTX v1.20.1"),
        line(9000, LogOrigin::Server, "info", "[RTSP] listener opened on 127.0.0.1:8554 (TCP)"),
        line(9000, LogOrigin::Server, "info", "[HLS] listener opened on 127.0.0.1:8888"),
        line(131, LogOrigin::Server, "info", "[path lobby] stream is available and online, 2 tracks"),
        line(60, LogOrigin::Server, "warning", "[HLS] [muxer lobby] reader is too slow, discarding 4 frames"),
    ];
    Log { lines, file: "/var/lib/stream-manager/logs/mediamtx.log".to_owned() }
}

fn media_folder() -> MediaFolder {
    let entries: Value = json!([
        { "name": "Archive", "path": "/srv/media/Archive", "is_dir": true, "size": null },
        { "name": "Lobby loop 2026.mp4", "path": "/srv/media/Lobby loop 2026.mp4", "is_dir": false, "size": 368_640_000 },
    ]);
    let entries = serde_json::from_value(entries).expect("entries");
    MediaFolder { path: Some("/srv/media".to_owned()), parent: None, entries }
}

/// A camera that wants another password.
fn source_tested() -> SourceTested {
    let step = |step, outcome, error| TestStep { step, outcome, error };
    let refused = Error::new(Code::PullLogin).with("host", "192.168.1.20");
    let steps = vec![
        step(Step::Name, Outcome::Passed, None),
        step(Step::Connect, Outcome::Passed, None),
        step(Step::Login, Outcome::Failed, Some(refused)),
        step(Step::Media, Outcome::Skipped, None),
    ];
    SourceTested { steps, media: None, plan: None }
}

fn guest_link() -> GuestLinkMade {
    let expires = UnixMillis(NOW + LinkLasts::Day.millis());
    let link =
        GuestLink { id: "guest-1".to_owned(), label: "Anna".to_owned(), created: UnixMillis(NOW), expires };
    let url = "http://192.168.1.7:8891/watch/lobby#guest-a5e1c02b97.4f16ca6cfa1845228f6cc7eb467d4efb";
    // The pattern of a code, which nobody reads.
    let dark = (0..29 * 29).filter(|n| n * n % 7 % 3 == 1);
    let path: String = dark.map(|n| format!("M{} {}h1v1h-1z", n % 29 + 2, n / 29 + 2)).collect();
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 33 33'><rect width='33' height='33' fill='#fff'/><path \
         d='{path}'/></svg>"
    );
    GuestLinkMade { link, urls: vec![Secret::new(url)], qr: Secret::new(svg) }
}
