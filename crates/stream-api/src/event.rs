use serde::{Deserialize, Serialize};

use crate::{
    Activity, Computer, HostStatus, Metrics, OtherServer, Preset, ServerId, ServerStatus, Stream, StreamId,
    UnixMillis,
};

/// The whole picture at one moment. A client starts from it and then applies every later [`Event`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The newest event that is contained.
    pub at: EventId,
    /// All streams, sorted by name.
    pub streams: Vec<Stream>,
    /// The bundled server.
    pub server: ServerStatus,
    /// All other servers, sorted by name.
    #[serde(default)]
    pub others: Vec<OtherServer>,
    /// The host.
    pub host: HostStatus,
    /// Settings that are kept, sorted by name.
    #[serde(default)]
    pub presets: Vec<Preset>,
    /// What the host's computer has left for streams.
    #[serde(default)]
    pub computer: Computer,
    /// Activities of the levels `warning` and `error` since somebody last looked at them
    /// ([`ActivitySeen`](crate::commands::ActivitySeen)).
    pub unseen_faults: u32,
    /// Now, by the engine's clock; the interface counts from it, so that a wrong browser clock does not matter.
    pub now: UnixMillis,
}

/// A change of the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order of events.
    pub id: EventId,
    /// When, by the engine's clock.
    pub now: UnixMillis,
    /// What changed.
    pub change: Change,
}

/// The place of an event: `{boot}-{seq}` on the wire. Another boot, or a gap, asks for a fresh [`Snapshot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventId {
    /// Random, one for each start of an engine.
    pub boot: String,
    /// Grows by one.
    pub seq: u64,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// A stream is new or different.
    Stream {
        /// The stream as it is now.
        stream: Box<Stream>,
    },
    /// A stream is gone.
    Removed {
        /// Which.
        id: StreamId,
    },
    /// New measurements of streams on air; at most 2 a second.
    Metrics {
        /// Each with its stream; a stream that is missing has none new.
        streams: Vec<(StreamId, Metrics)>,
        /// The server whose streams these are.
        of: ServerId,
        /// Bits per second that it sends in all.
        outbound_bps: u64,
    },
    /// The bundled server is different.
    Server {
        /// As it is now.
        server: Box<ServerStatus>,
    },
    /// Another server is new or different.
    Other {
        /// As it is now.
        other: Box<OtherServer>,
    },
    /// Another server was removed.
    OtherRemoved {
        /// Which.
        removed: ServerId,
    },
    /// The host is different.
    Host {
        /// As it is now.
        host: Box<HostStatus>,
    },
    /// The settings that are kept are others.
    Presets {
        /// All of them, sorted by name.
        presets: Vec<Preset>,
    },
    /// The host's computer has more or less left for streams; looked at every 2 s.
    Computer {
        /// As it is now, in steps that matter.
        computer: Computer,
    },
    /// Something happened that the history keeps.
    Activity {
        /// What.
        activity: Box<Activity>,
        /// As [`Snapshot::unseen_faults`], now.
        unseen_faults: u32,
    },
    /// Somebody looked at the activities.
    Seen {
        /// As [`Snapshot::unseen_faults`], now.
        unseen_faults: u32,
    },
    /// Something to tell a person at once.
    Notice {
        /// What to tell.
        notice: Notice,
    },
}

read_tagged! {
    Change by r#type {
        stream: Box<Stream>,
        id: StreamId,
        streams: Vec<(StreamId, Metrics)>,
        of: ServerId,
        outbound_bps: u64,
        server: Box<ServerStatus>,
        other: Box<OtherServer>,
        removed: ServerId,
        host: Box<HostStatus>,
        presets: Vec<Preset>,
        computer: Computer,
        activity: Box<Activity>,
        unseen_faults: u32,
        notice: Notice,
    }
    "stream" => Stream { stream },
    "removed" => Removed { id },
    "metrics" => Metrics { streams, of, outbound_bps },
    "server" => Server { server },
    "other" => Other { other },
    "other_removed" => OtherRemoved { removed },
    "host" => Host { host },
    "presets" => Presets { presets },
    "computer" => Computer { computer },
    "activity" => Activity { activity, unseen_faults },
    "seen" => Seen { unseen_faults },
    "notice" => Notice { notice },
}

/// Something to tell a person at once, in a notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The stream, when it is about one only.
    pub stream: Option<StreamId>,
    /// One line.
    pub title: String,
    /// The cause and the cure.
    pub body: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Streams failed and need a person.
    StreamFailed,
    /// A stream breaks off again and again.
    StreamFlapping,
    /// Something is wrong with streams that are on air: they are too slow, or not recorded.
    StreamWarned,
    /// Streams that were told of are well again.
    StreamBack,
    /// The server is not running, and streams wait for it.
    ServerFailed,
    /// The server breaks off again and again.
    ServerFlapping,
    /// Something is wrong with a server that runs: more to send than is good, a certificate of no use.
    ServerWarned,
    /// A server that was told of is well again.
    ServerBack,
}
