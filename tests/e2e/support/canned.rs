//! A host that serves the real interface with a picture of the world that never changes: ten o'clock on a Thursday, on
//! a computer that streams for a community centre.
//!
//! Everything in it fits together: lists, activity, runs and logs tell of the same things at the same times. Words,
//! plans, commands and codes are made by the program's own functions.

#[path = "canned_forms.rs"]
mod forms;
#[path = "canned_logs.rs"]
mod logs;
#[path = "canned_past.rs"]
mod past;
#[path = "canned_servers.rs"]
pub mod servers;
#[path = "canned_streams.rs"]
mod streams;

use std::convert::Infallible;

use anyhow::Result;
use axum::{
    Json, Router,
    extract::Path,
    http::{StatusCode, header},
    response::sse::{Event as Sse, KeepAlive, Sse as Answer},
    routing::{get, post},
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use stream_api::{
    Address, Change, Code, Computer, Encoder, EncoderTried, EncodersTried, Encoding, Error, Event, EventId,
    Fault, HostKind, HostStatus, Installer, Message, Metrics, Ports, Preset, Reach, SecretsPlace, ServerId,
    ServerSettings, ServerState, ServerStatus, Snapshot, Sound, Stream, StreamId, Tool, ToolState,
    UnixMillis, VideoCodec,
};
use tokio::net::TcpListener;

/// When time stands still: 2026-01-15 10:00 UTC, a Thursday.
pub const NOW: i64 = 1_768_471_200_000;
/// The computer, as others in its network see it.
const COMPUTER: &str = "192.168.1.7";
/// Where the headless host keeps everything.
const DATA: &str = "/var/lib/stream-manager";
/// Seconds of measurements behind each line of the sparklines.
const MEASURED: u64 = 60;

/// What the world looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// A stream in every state.
    Busy,
    /// The same with several servers.
    Several,
    /// No stream yet, and nobody has said from where they may be watched.
    Empty,
    /// The same in the desktop's window.
    Desktop,
    /// The same without FFmpeg.
    NoFfmpeg,
    /// The server can't be started.
    Failed,
    /// A file is held over the desktop's window.
    Dragging,
    /// The desktop app is to end while streams are live.
    Quitting,
    /// Files were opened that can't be streamed.
    Refused,
}

impl Scene {
    /// The program never ran before.
    fn is_new(self) -> bool {
        matches!(self, Scene::Empty | Scene::Desktop | Scene::NoFfmpeg)
    }

    /// In the desktop's window.
    pub fn is_desktop(self) -> bool {
        matches!(self, Scene::Desktop | Scene::Dragging | Scene::Quitting)
    }

    /// What the host tells besides.
    fn told(self) -> Option<Message> {
        match self {
            Scene::Dragging => Some(Message::DragOver { count: 1 }),
            Scene::Quitting => {
                let live = snapshot(self).streams.iter().filter(|stream| stream.on_air).count();
                Some(Message::AskQuit { live })
            }
            Scene::Refused => {
                let refused = |code, path: &str| Error::new(code).with("path", path);
                let errors = vec![
                    refused(Code::SourceIsPlaylist, "/srv/media/Saturday.m3u8"),
                    refused(Code::SourceEmpty, "/srv/media/Interview.mp4"),
                    refused(Code::SourceNotMedia, "/srv/media/Programme.pdf"),
                ];
                Some(Message::Refused { errors })
            }
            Scene::Busy
            | Scene::Several
            | Scene::Empty
            | Scene::Desktop
            | Scene::NoFfmpeg
            | Scene::Failed => None,
        }
    }
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
            .route("/guest/{link}", get(guest))
            // A player is handed to the page before it runs, so any answer will do.
            .route(
                "/guest/{link}/whep",
                post(async || (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/sdp")], "v=0")),
            )
            .merge(forms::routes())
            .merge(logs::routes())
            .merge(past::routes(scene))
            .merge(stream_server::guest_page())
            .merge(stream_server::interface());
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Host { url })
    }
}

/// What the page of a guest link asks; the link says whether the stream is live.
async fn guest(Path(link): Path<String>) -> Json<serde_json::Value> {
    Json(json!({ "name": "lobby", "live": link == "live", "whole": true }))
}

fn events(scene: Scene) -> Answer<impl futures_util::Stream<Item = Result<Sse, Infallible>>> {
    let picture = [Message::Snapshot { snapshot: Box::new(snapshot(scene)) }, measurements(scene)];
    let messages = picture.into_iter().chain(scene.told());
    let events = messages.map(|message| Ok(Sse::default().json_data(&message).expect("messages are JSON")));
    let events: Vec<_> = events.collect();
    Answer::new(stream::iter(events).chain(stream::pending())).keep_alive(KeepAlive::default())
}

pub fn id(n: u64) -> StreamId {
    format!("019bc0de-0000-7000-8000-{n:012}").parse().expect("an id")
}

/// A time of day, so many days ago.
fn at(days: i64, hour: i64, minute: i64, second: i64) -> UnixMillis {
    let since_midnight = |hour: i64, minute: i64, second: i64| ((hour * 60 + minute) * 60 + second) * 1000;
    UnixMillis(NOW - since_midnight(10, 0, 0) - days * 86_400_000 + since_midnight(hour, minute, second))
}

fn event_id(seq: u64) -> EventId {
    EventId { boot: "canned".to_owned(), seq }
}

fn snapshot(scene: Scene) -> Snapshot {
    let streams = if scene.is_new() { Vec::new() } else { streams::all(scene) };
    Snapshot {
        at: event_id(0),
        server: server(scene, outbound(&streams, ServerId::BUNDLED)),
        streams,
        others: if scene == Scene::Several { servers::others() } else { Vec::new() },
        host: host(scene),
        presets: presets(),
        computer: computer(),
        unseen_faults: past::unseen(scene),
        now: UnixMillis(NOW),
    }
}

/// Bits per second that a server sends.
fn outbound(streams: &[Stream], of: ServerId) -> u64 {
    let there = streams.iter().filter(|stream| stream.spec.server == of);
    there.filter_map(|stream| Some(stream.metrics.as_ref()?.outbound_bps)).sum()
}

/// A minute of measurements, so that there is something to draw.
fn measurements(scene: Scene) -> Message {
    let live: Vec<Stream> = snapshot(scene).streams.into_iter().filter(|stream| stream.on_air).collect();
    let mut servers: Vec<ServerId> = live.iter().map(|stream| stream.spec.server).collect();
    servers.sort();
    servers.dedup();
    let mut events = Vec::new();
    for ago in (0..MEASURED).rev() {
        for of in &servers {
            let there = live.iter().enumerate().filter(|(_, stream)| stream.spec.server == *of);
            events.push(Event {
                id: event_id(events.len() as u64 + 1),
                now: UnixMillis(NOW),
                change: Change::Metrics {
                    streams: there.map(|(n, stream)| measured(n, stream, ago)).collect(),
                    of: *of,
                    outbound_bps: outbound(&live, *of),
                },
            });
        }
    }
    Message::Events { events }
}

/// What was measured of the stream `n` so many seconds ago: it sways around the newest value, as an encoder does.
fn measured(n: usize, stream: &Stream, ago: u64) -> (StreamId, Metrics) {
    let metrics = stream.metrics.clone().unwrap_or_default();
    let (ago, pace) = (ago as f64, 1.0 + n as f64 / 7.0);
    let waves = [(0.31, 0.030), (0.83, 0.022), (1.9, 0.016)];
    let sway: f64 = waves.iter().map(|(speed, by)| (ago * speed * pace).sin() * by).sum();
    let inbound_bps = (metrics.inbound_bps as f64 * (1.0 + sway)) as u64;
    (stream.id, Metrics { inbound_bps, ..metrics })
}

/// The usual ones; another program had RTMP's.
fn ports() -> Ports {
    Ports { rtmp: 1936, ..Ports::USUAL }
}

fn server(scene: Scene, outbound_bps: u64) -> ServerStatus {
    let taken =
        Error::new(Code::PortTaken).with("port", 8554).with("what", "RTSP").with("holder", "vlc (4711)");
    let failed = scene == Scene::Failed;
    let reach = if scene.is_new() { Reach::ThisComputer } else { Reach::LocalNetwork };
    let settings =
        ServerSettings { reach, ports: ports(), guest_port: Some(8891), ..ServerSettings::default() };
    let started = if scene.is_new() { at(0, 9, 59, 40) } else { at(1, 6, 12, 2) };
    let address = |label: &str, host: &str| Address { label: label.to_owned(), host: host.to_owned() };
    let addresses = match reach {
        Reach::ThisComputer => vec![address("lo", "127.0.0.1")],
        Reach::LocalNetwork => vec![address("eth0", COMPUTER)],
    };
    ServerStatus {
        state: if failed { ServerState::Failed } else { ServerState::Running },
        version: (!failed).then(|| "1.20.1".to_owned()),
        started: (!failed).then_some(started),
        fault: failed.then(|| Fault::new(taken)),
        reach_chosen: !scene.is_new(),
        addresses,
        moved_ports: vec![("rtmp".to_owned(), 1935, 1936)],
        outbound_bps,
        uplink_mbps: (!scene.is_new()).then_some(1000),
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

fn missing(code: Code) -> Tool {
    Tool { path: None, version: None, state: ToolState::Unusable, fault: Some(Fault::new(Error::new(code))) }
}

fn host(scene: Scene) -> HostStatus {
    let desktop = scene.is_desktop();
    let data = if desktop { "/home/anna/.local/share/org.streammanager.StreamManager" } else { DATA };
    let (mut ffmpeg, mut ffprobe) = (tool("/usr/bin/ffmpeg", "7.1.1"), tool("/usr/bin/ffprobe", "7.1.1"));
    if scene == Scene::NoFfmpeg {
        (ffmpeg, ffprobe) = (missing(Code::FfmpegMissing), missing(Code::FfprobeMissing));
    }
    HostStatus {
        kind: if desktop { HostKind::Desktop } else { HostKind::Headless },
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_dir: data.to_owned(),
        recordings_dir: format!("{data}/recordings"),
        media_roots: if desktop { Vec::new() } else { vec!["/srv/media".to_owned()] },
        ffmpeg,
        ffprobe,
        mediamtx: tool("/usr/bin/stream-manager-mediamtx", "1.20.1"),
        encoders: encoders(),
        located: None,
        installer: Some(Installer::Apt),
        secrets: if desktop { SecretsPlace::Keychain } else { SecretsPlace::File },
        notes: Vec::new(),
    }
}

fn computer() -> Computer {
    Computer { cores: 8.0, free_cores: 6.3, memory: 16 << 30, free_memory: 9 << 30, measured: true }
}

fn presets() -> Vec<Preset> {
    let of = |name: &str, encoding| Preset { name: name.to_owned(), encoding };
    let small = Encoding { height: Some(720), kilobits: Some(2000), ..Encoding::default() };
    vec![of("Lobby screens", small), of("No sound", Encoding { audio: Sound::None, ..Encoding::default() })]
}

/// Without a graphics card.
fn encoders() -> EncodersTried {
    let tried = |encoder, codec, failure: Option<&str>| EncoderTried {
        encoder,
        codec,
        device: None,
        failure: failure.map(str::to_owned),
    };
    EncodersTried {
        tried: vec![
            tried(Encoder::Nvenc, VideoCodec::H264, Some("[h264_nvenc] Cannot load libcuda.so.1")),
            tried(Encoder::Software, VideoCodec::H264, None),
            tried(Encoder::Software, VideoCodec::H265, None),
        ],
        trying: false,
    }
}
