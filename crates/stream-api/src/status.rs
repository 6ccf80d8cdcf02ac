use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Access, Encoding, Fault, Kept, Order, Plan, Playback, Preparation, Publisher, ServerId, Source,
    SourceMedia, StreamSpec, UnixMillis, Wait,
};

/// The identity of a stream: never changes, and keys everything that is stored about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub Uuid);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for StreamId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(StreamId)
    }
}

/// Everything there is to know about one stream: what is wanted and what is true. The wire form of a stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stream {
    /// Never changes.
    pub id: StreamId,
    /// Grows with every change of this stream; an older one never replaces a newer one.
    pub rev: u64,
    /// What the user configured.
    #[serde(flatten)]
    pub spec: StreamSpec,
    /// What the user wants.
    pub order: Order,
    /// What is true.
    pub state: State,
    /// When `state` began.
    pub since: UnixMillis,
    /// Media flows: running, and the server has it online.
    pub on_air: bool,
    /// When it last went on air, while it is.
    pub on_air_since: Option<UnixMillis>,
    /// How well it runs; meaningful while on air.
    pub health: Health,
    /// Spawns since it last ran well; 1 for the first.
    pub attempt: u32,
    /// Its place among those that wait to be started, 1 for the next; only in `starting`, since few start at a time.
    pub queue: Option<u32>,
    /// When the next attempt comes, in `backoff`.
    pub retry_at: Option<UnixMillis>,
    /// Why it failed or waits; kept until it runs again.
    pub fault: Option<Fault>,
    /// What is wrong although it is on air, and the cure: it is too slow, its recording is not written.
    pub warnings: Vec<Fault>,
    /// What the source holds, once probed.
    pub media: Option<SourceMedia>,
    /// How it is or was last sent, once probed.
    pub plan: Option<Plan>,
    /// The recording as it truly is.
    pub recording: Recording,
    /// Whether viewers stay connected while it starts anew.
    pub kept: Kept,
    /// Who may watch, and who else may send it.
    pub access: Access,
    /// Where viewers watch.
    pub urls: Urls,
    /// The newest measurement, while on air.
    pub metrics: Option<Metrics>,
    /// Who publishes, of an incoming stream on air.
    #[serde(default)]
    pub publisher: Option<Publisher>,
    /// What a stream without a program of ours waits for, while it runs and is not on air.
    #[serde(default)]
    pub wait: Option<Wait>,
    /// How far its prepared file is, where it wants one.
    #[serde(default)]
    pub preparation: Option<Preparation>,
    /// It is stopped, and starts once its prepared file is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub starts_prepared: bool,
}

read_flat! {
    Stream { spec: StreamSpec }
    {
        #[serde(default)]
        server: ServerId,
        name: String,
        source: Source,
        #[serde(default)]
        playback: Playback,
        #[serde(default)]
        record: bool,
        #[serde(default)]
        muted: bool,
        #[serde(default = "crate::spec::kept_by_default")]
        keep_viewers: bool,
        #[serde(default)]
        prepare: bool,
        #[serde(default)]
        encoding: Encoding,
    }
    {
        id: StreamId,
        rev: u64,
        order: Order,
        state: State,
        since: UnixMillis,
        on_air: bool,
        on_air_since: Option<UnixMillis>,
        health: Health,
        attempt: u32,
        #[serde(default)]
        queue: Option<u32>,
        retry_at: Option<UnixMillis>,
        fault: Option<Fault>,
        #[serde(default)]
        warnings: Vec<Fault>,
        media: Option<SourceMedia>,
        plan: Option<Plan>,
        recording: Recording,
        kept: Kept,
        #[serde(default)]
        access: Access,
        urls: Urls,
        metrics: Option<Metrics>,
        #[serde(default)]
        publisher: Option<Publisher>,
        #[serde(default)]
        wait: Option<Wait>,
        #[serde(default)]
        preparation: Option<Preparation>,
        #[serde(default)]
        starts_prepared: bool,
    }
}

impl Stream {
    /// A stream that has never run.
    pub fn new(id: StreamId, spec: StreamSpec) -> Stream {
        Stream {
            id,
            rev: 0,
            spec,
            order: Order::Stop,
            state: State::Stopped,
            since: UnixMillis(0),
            on_air: false,
            on_air_since: None,
            health: Health::Unknown,
            attempt: 0,
            queue: None,
            retry_at: None,
            fault: None,
            warnings: Vec::new(),
            media: None,
            plan: None,
            recording: Recording::Off,
            kept: Kept::Off,
            access: Access::default(),
            urls: Urls::default(),
            metrics: None,
            publisher: None,
            wait: None,
            preparation: None,
            starts_prepared: false,
        }
    }

    /// Whether it needs a person: it is started, not restarted.
    pub fn has_failed(&self) -> bool {
        self.state == State::Failed
    }
}

/// What a stream is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing runs, and nothing should.
    Stopped,
    /// FFmpeg was started and is not on air yet.
    Starting,
    /// FFmpeg makes progress; or, without an FFmpeg, the server has the path, and media flows as soon as it comes.
    Running,
    /// FFmpeg was asked to end.
    Stopping,
    /// Waiting to try again.
    Backoff,
    /// It needs a person, or the thing that is missing.
    Failed,
}

/// How well a stream on air runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing to judge yet.
    #[default]
    Unknown,
    /// In real time.
    Good,
    /// FFmpeg can't keep up with real time: below 0.97 for 15 s, until it was at 0.99 or more for 10 s.
    Slow,
}

/// The recording of a stream as it truly is, not as it is wanted (`record` in the spec).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// Not wanted, or the stream is not on air.
    #[default]
    Off,
    /// Wanted, and no byte has reached the disk yet.
    Waiting,
    /// Bytes are being written.
    Writing,
    /// Wanted, and nothing was written for some time although the stream is on air.
    Stuck,
    /// Wanted and on air; its server writes it to a disk of its own, which can't be looked at from here.
    Elsewhere,
}

/// Where viewers watch a stream, one URL a protocol, without credentials; empty where the protocol is off. Formed
/// for the first of the addresses of its own server ([`ServerStatus::addresses`](crate::ServerStatus::addresses),
/// [`OtherServer::addresses`](crate::OtherServer::addresses)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Urls {
    /// `rtsp://…` or `rtsps://…`
    pub rtsp: String,
    /// `rtmp://…` or `rtmps://…`
    pub rtmp: String,
    /// `http://…/index.m3u8` or `https://…`
    pub hls: String,
    /// `http://…/` or `https://…`, the page that MediaMTX serves.
    pub webrtc: String,
    /// `srt://…?streamid=read:…`
    pub srt: String,
}

impl Urls {
    /// In the order people look for them: (protocol, URL). Those of protocols that are on.
    pub fn each(&self) -> impl Iterator<Item = (Protocol, &str)> {
        let all: [(Protocol, &str); 5] = [
            (Protocol::Rtsp, &self.rtsp),
            (Protocol::Hls, &self.hls),
            (Protocol::Webrtc, &self.webrtc),
            (Protocol::Rtmp, &self.rtmp),
            (Protocol::Srt, &self.srt),
        ];
        all.into_iter().filter(|(_, url)| !url.is_empty())
    }

    /// The same by another address of the server; an IPv6 one without brackets.
    pub fn at(&self, host: &str) -> Urls {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let moved = |url: &String| match url.split_once("://").and_then(|(scheme, rest)| {
            let from = if rest.starts_with('[') { rest.find(']')? } else { 0 };
            Some((scheme, &rest[from + rest[from..].find(':')?..]))
        }) {
            Some((scheme, rest)) => format!("{scheme}://{host}{rest}"),
            None => url.clone(),
        };
        Urls {
            rtsp: moved(&self.rtsp),
            rtmp: moved(&self.rtmp),
            hls: moved(&self.hls),
            webrtc: moved(&self.webrtc),
            srt: moved(&self.srt),
        }
    }
}

/// How a viewer watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// RTSP or RTSPS.
    Rtsp,
    /// HLS.
    Hls,
    /// WebRTC by WHEP.
    Webrtc,
    /// RTMP or RTMPS.
    Rtmp,
    /// SRT.
    Srt,
}

impl Protocol {
    /// As people write it. A proper name, the same in every language.
    pub const fn label(self) -> &'static str {
        match self {
            Protocol::Rtsp => "RTSP",
            Protocol::Hls => "HLS",
            Protocol::Webrtc => "WebRTC",
            Protocol::Rtmp => "RTMP",
            Protocol::Srt => "SRT",
        }
    }
}

/// One measurement of a stream on air.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Bits per second that the server receives.
    pub inbound_bps: u64,
    /// Bits per second that the server sends to all viewers of this stream.
    pub outbound_bps: u64,
    /// How fast it is sent, over the last 15 s: 1.0 = exactly real time; absent until that is known.
    pub speed: Option<f64>,
    /// Who watches.
    pub viewers: Viewers,
}

/// How many watch, by protocol. Our own probes and previews are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewers {
    /// RTSP and RTSPS.
    pub rtsp: u32,
    /// HLS.
    pub hls: u32,
    /// WebRTC.
    pub webrtc: u32,
    /// RTMP and RTMPS.
    pub rtmp: u32,
    /// SRT.
    pub srt: u32,
    /// Others, such as MoQ.
    pub other: u32,
}

impl Viewers {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.rtsp + self.hls + self.webrtc + self.rtmp + self.srt + self.other
    }

    /// The protocols that have viewers, and how many.
    pub fn each(&self) -> impl Iterator<Item = (Protocol, u32)> {
        [
            (Protocol::Rtsp, self.rtsp),
            (Protocol::Hls, self.hls),
            (Protocol::Webrtc, self.webrtc),
            (Protocol::Rtmp, self.rtmp),
            (Protocol::Srt, self.srt),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_takes_the_place_of_another() {
        let urls = Urls {
            rtsp: "rtsps://127.0.0.1:8322/a/b".into(),
            srt: "srt://[fd00::2]:8890?streamid=read:a".into(),
            ..Urls::default()
        };
        let moved = urls.at("fd00::9");
        assert_eq!(moved.rtsp, "rtsps://[fd00::9]:8322/a/b");
        assert_eq!(moved.srt, "srt://[fd00::9]:8890?streamid=read:a");
        assert_eq!(moved.at("pc.local").srt, "srt://pc.local:8890?streamid=read:a");
        assert_eq!(
            moved.each().map(|(protocol, _)| protocol).collect::<Vec<_>>(),
            [Protocol::Rtsp, Protocol::Srt]
        );
    }
}
