use std::collections::{BTreeMap, VecDeque};

use stream_api::{
    Activity, Change, Computer, Event, EventId, HostStatus, Message, Metrics, Notice, OtherServer, Preset,
    ServerId, ServerStatus, Snapshot, Stream, StreamId,
};

use crate::store::timeline::remember;

/// Samples that a sparkline keeps.
pub(crate) const SAMPLES: usize = 120;

/// The whole picture, as far as the host told it.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    /// The newest event that is contained.
    pub at: Option<EventId>,
    /// Every stream.
    pub streams: BTreeMap<StreamId, Stream>,
    /// The last inbound bit rates of streams on air, oldest first.
    pub samples: BTreeMap<StreamId, VecDeque<u64>>,
    /// The bundled server.
    pub server: Option<ServerStatus>,
    /// All other servers.
    pub others: BTreeMap<ServerId, OtherServer>,
    /// The host.
    pub host: Option<HostStatus>,
    /// Settings that are kept, sorted by name.
    pub presets: Vec<Preset>,
    /// What the host's computer has left for streams.
    pub computer: Computer,
    /// Faults that nobody has looked at.
    pub unseen_faults: u32,
    /// The newest of what happened since the page was opened, oldest first.
    pub heard: VecDeque<Activity>,
    /// The engine's clock at the newest message, in Unix milliseconds.
    pub now: i64,
}

/// What a message changed, so that only that is drawn again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Touched {
    /// Everything.
    All,
    /// A stream is new or different.
    Stream(StreamId),
    /// A stream is gone.
    Removed(StreamId),
    /// The bundled server.
    Server,
    /// Other servers.
    Others,
    /// The host.
    Host,
    /// Settings that are kept.
    Presets,
    /// What the host's computer has left.
    Computer,
    /// Something was written into the history.
    Heard,
    /// The history was looked at.
    Seen,
    /// Something to tell a person.
    Notice(Notice),
    /// Events are missing: a fresh snapshot is needed.
    Gap,
}

/// Applies a message and says what changed. Messages about the window change nothing here.
pub(crate) fn apply(picture: &mut Picture, message: Message) -> Vec<Touched> {
    match message {
        Message::Snapshot { snapshot } => replace(picture, *snapshot),
        Message::Events { events } => {
            let mut touched = Vec::new();
            events.into_iter().for_each(|event| step(picture, event, &mut touched));
            touched
        }
        _ => Vec::new(),
    }
}

fn replace(picture: &mut Picture, snapshot: Snapshot) -> Vec<Touched> {
    let newer = |at: &EventId| at.boot == snapshot.at.boot && at.seq > snapshot.at.seq;
    if picture.at.as_ref().is_some_and(newer) {
        return Vec::new();
    }
    picture.streams = snapshot.streams.into_iter().map(|stream| (stream.id, stream)).collect();
    picture.server = Some(snapshot.server);
    picture.others = snapshot.others.into_iter().map(|other| (other.id, other)).collect();
    picture.host = Some(snapshot.host);
    (picture.presets, picture.computer) = (snapshot.presets, snapshot.computer);
    picture.unseen_faults = snapshot.unseen_faults;
    picture.now = snapshot.now.0;
    picture.at = Some(snapshot.at);
    let on_air = |id: &StreamId| picture.streams.get(id).is_some_and(|stream| stream.on_air);
    picture.samples.retain(|id, _| on_air(id));
    vec![Touched::All]
}

fn step(picture: &mut Picture, event: Event, touched: &mut Vec<Touched>) {
    match &picture.at {
        Some(at) if at.boot == event.id.boot && event.id.seq <= at.seq => return,
        Some(at) if at.boot == event.id.boot && event.id.seq == at.seq + 1 => {}
        _ => touched.push(Touched::Gap),
    }
    picture.at = Some(event.id);
    picture.now = event.now.0;
    match event.change {
        Change::Stream { stream } => {
            let id = stream.id;
            if picture.streams.get(&id).is_some_and(|known| known.rev > stream.rev) {
                return;
            }
            if !stream.on_air {
                picture.samples.remove(&id);
            }
            picture.streams.insert(id, *stream);
            touched.push(Touched::Stream(id));
        }
        Change::Removed { id } => {
            picture.streams.remove(&id);
            picture.samples.remove(&id);
            touched.push(Touched::Removed(id));
        }
        Change::Metrics { streams, of, outbound_bps } => {
            for (id, metrics) in streams {
                if measured(picture, id, metrics) {
                    touched.push(Touched::Stream(id));
                }
            }
            if let Some(other) = picture.others.get_mut(&of) {
                other.outbound_bps = outbound_bps;
                touched.push(Touched::Others);
            } else if let Some(server) = picture.server.as_mut().filter(|_| of.is_bundled())
                && server.outbound_bps != outbound_bps
            {
                server.outbound_bps = outbound_bps;
                touched.push(Touched::Server);
            }
        }
        Change::Server { server } => {
            picture.server = Some(*server);
            touched.push(Touched::Server);
        }
        Change::Other { other } => {
            picture.others.insert(other.id, *other);
            touched.push(Touched::Others);
        }
        Change::OtherRemoved { removed } => {
            picture.others.remove(&removed);
            touched.push(Touched::Others);
        }
        Change::Host { host } => {
            picture.host = Some(*host);
            touched.push(Touched::Host);
        }
        Change::Presets { presets } => {
            picture.presets = presets;
            touched.push(Touched::Presets);
        }
        Change::Computer { computer } => {
            picture.computer = computer;
            touched.push(Touched::Computer);
        }
        Change::Activity { activity, unseen_faults } => {
            picture.unseen_faults = unseen_faults;
            remember(&mut picture.heard, *activity);
            touched.push(Touched::Heard);
        }
        Change::Seen { unseen_faults } => {
            picture.unseen_faults = unseen_faults;
            touched.push(Touched::Seen);
        }
        Change::Notice { notice } => touched.push(Touched::Notice(notice)),
    }
}

/// Takes a measurement over. One that arrives late, after the stream went off air, is dropped.
fn measured(picture: &mut Picture, id: StreamId, metrics: Metrics) -> bool {
    let Some(stream) = picture.streams.get_mut(&id).filter(|stream| stream.on_air) else { return false };
    let samples = picture.samples.entry(id).or_default();
    if samples.len() == SAMPLES {
        samples.pop_front();
    }
    samples.push_back(metrics.inbound_bps);
    stream.metrics = Some(metrics);
    true
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
