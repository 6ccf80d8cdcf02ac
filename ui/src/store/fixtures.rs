//! Pictures for the tests of the store.

use stream_api::{
    Event, EventId, HostKind, HostStatus, Message, Mode, Order, Plan, ServerState, ServerStatus, Snapshot,
    Source, State, Stream, StreamId, StreamSpec, Tool, ToolState, Tracks, UnixMillis,
};
use uuid::Uuid;

pub(crate) fn id(n: u128) -> StreamId {
    StreamId(Uuid::from_u128(n))
}

pub(crate) fn stream(n: u128, name: &str) -> Stream {
    let source = Source::File { path: format!("/videos/{name}.mp4") };
    Stream { rev: 1, ..Stream::new(id(n), StreamSpec::new(name, source)) }
}

pub(crate) fn live(n: u128, name: &str) -> Stream {
    Stream { state: State::Running, order: Order::Run, on_air: true, ..stream(n, name) }
}

/// A file that is sent as it is.
pub(crate) fn plan() -> Plan {
    let sent = Tracks { video: Some("h264".into()), audio: None, second_audio: None };
    Plan {
        mode: Mode::Copy,
        video: sent.video.clone(),
        audio: None,
        encodes_video: false,
        encodes_audio: false,
        encodes_second_audio: false,
        picture: None,
        cost: None,
        reasons: Vec::new(),
        warnings: Vec::new(),
        gains: Vec::new(),
        sent,
        unkept: None,
    }
}

pub(crate) fn at(seq: u64) -> EventId {
    EventId { boot: "b1".into(), seq }
}

pub(crate) fn event(seq: u64, change: stream_api::Change) -> Event {
    Event { id: at(seq), now: UnixMillis(1_000 + seq as i64), change }
}

pub(crate) fn snapshot(seq: u64, streams: Vec<Stream>) -> Message {
    let tool = || Tool { path: None, version: None, state: ToolState::Ready, fault: None };
    Message::Snapshot {
        snapshot: Box::new(Snapshot {
            at: at(seq),
            streams,
            server: ServerStatus {
                state: ServerState::Running,
                ..ServerStatus::starting(stream_api::ServerSettings::default())
            },
            others: Vec::new(),
            host: HostStatus {
                kind: HostKind::Headless,
                version: "0.1.0".into(),
                data_dir: String::new(),
                recordings_dir: String::new(),
                media_roots: Vec::new(),
                ffmpeg: tool(),
                ffprobe: tool(),
                mediamtx: tool(),
                located: None,
                encoders: Default::default(),
                installer: None,
                secrets: stream_api::SecretsPlace::File,
                notes: Vec::new(),
            },
            presets: Vec::new(),
            computer: Default::default(),
            unseen_faults: 0,
            now: UnixMillis(1_000),
        }),
    }
}
