use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use stream_api::{
    Activity, ActivityKind, Change, Computer, Event, EventId, HostStatus, Message, Metrics, Notice,
    OtherServer, Preset, RunId, ServerId, ServerSettings, ServerStatus, Snapshot, Stream, StreamId,
    StreamSpec, UnixMillis, Urls,
};
use tokio::sync::broadcast;

use crate::{clocks::Clocks, history::Chronicle, server};

/// How many events a slow client may fall behind before it gets a fresh snapshot.
const BACKLOG: usize = 1024;
/// How many events go out as one message.
const BATCH: usize = 256;

/// The picture of the world that clients see, and the events that change it. Written by the actors alone.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    picture: Arc<Mutex<Picture>>,
    events: broadcast::Sender<Arc<Event>>,
    clocks: Clocks,
}

#[derive(Debug)]
struct Picture {
    at: EventId,
    streams: BTreeMap<StreamId, Stream>,
    server: ServerStatus,
    others: BTreeMap<ServerId, OtherServer>,
    host: HostStatus,
    presets: Vec<Preset>,
    computer: Computer,
    chronicle: Chronicle,
}

impl Hub {
    pub(crate) fn new(
        boot: String,
        server: ServerStatus,
        host: HostStatus,
        chronicle: Chronicle,
        clocks: Clocks,
    ) -> Hub {
        let at = EventId { boot, seq: 0 };
        let (streams, others, presets) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let computer = Computer::default();
        let picture = Picture { at, streams, server, others, host, presets, computer, chronicle };
        Hub { picture: Arc::new(Mutex::new(picture)), events: broadcast::channel(BACKLOG).0, clocks }
    }

    /// Puts a stream into the picture; sets its `rev`. A stream that looks as before causes no event.
    pub(crate) fn stream(&self, mut stream: Stream) -> Stream {
        let mut picture = self.lock();
        stream.urls = picture.urls(&stream.spec);
        if let Some(before) = picture.streams.get(&stream.id) {
            stream.rev = before.rev;
            // Figures come from the server's task by `metrics`; they live as long as the stream is on air.
            stream.metrics = before.metrics.clone().filter(|_| stream.on_air);
            if *before == stream {
                return stream;
            }
        }
        stream.rev += 1;
        let before = picture.streams.insert(stream.id, stream.clone());
        self.send(&mut picture, Change::Stream { stream: Box::new(stream.clone()) });
        let told = picture.chronicle.stream(before.as_ref(), &stream);
        self.told(&mut picture, told);
        stream
    }

    /// Takes a stream out of the picture.
    pub(crate) fn removed(&self, id: StreamId) {
        let mut picture = self.lock();
        if picture.streams.remove(&id).is_some() {
            self.send(&mut picture, Change::Removed { id });
            picture.chronicle.removed(id);
        }
    }

    /// New measurements of a server, all its streams at once.
    pub(crate) fn metrics(&self, of: ServerId, streams: Vec<(StreamId, Metrics)>, outbound_bps: u64) {
        let mut picture = self.lock();
        for (id, metrics) in &streams {
            if let Some(stream) = picture.streams.get_mut(id) {
                stream.metrics = Some(metrics.clone());
            }
        }
        if of.is_bundled() {
            picture.server.outbound_bps = outbound_bps;
        } else if let Some(other) = picture.others.get_mut(&of) {
            other.outbound_bps = outbound_bps;
        }
        self.send(&mut picture, Change::Metrics { streams, of, outbound_bps });
    }

    /// Changes the server's part of the picture.
    pub(crate) fn server(&self, change: impl FnOnce(&mut ServerStatus)) {
        let mut picture = self.lock();
        let before = picture.server.clone();
        change(&mut picture.server);
        if picture.server != before {
            let server = picture.server.clone();
            let told = picture.chronicle.server(&before, &server);
            let moved = server.settings != before.settings || server.addresses != before.addresses;
            self.send(&mut picture, Change::Server { server: Box::new(server) });
            self.told(&mut picture, told);
            if moved {
                self.move_urls(&mut picture);
            }
        }
    }

    /// Puts another server into the picture.
    pub(crate) fn add_other(&self, other: OtherServer) {
        let mut picture = self.lock();
        picture.chronicle.server_added(other.id);
        picture.others.insert(other.id, other.clone());
        self.send(&mut picture, Change::Other { other: Box::new(other) });
        self.move_urls(&mut picture);
    }

    /// Changes another server's part of the picture, as long as it is in it.
    pub(crate) fn other(&self, id: ServerId, change: impl FnOnce(&mut OtherServer)) {
        let mut picture = self.lock();
        let Some(other) = picture.others.get_mut(&id) else { return };
        let before = other.clone();
        change(other);
        if *other != before {
            let other = other.clone();
            let moved = other.addresses != before.addresses || other.doors != before.doors;
            let mut told = picture.chronicle.server(&before, &other);
            told.extend(picture.chronicle.drifted(&before, &other));
            self.send(&mut picture, Change::Other { other: Box::new(other) });
            self.told(&mut picture, told);
            if moved {
                self.move_urls(&mut picture);
            }
        }
    }

    /// Takes another server out of the picture.
    pub(crate) fn other_removed(&self, removed: ServerId) {
        let mut picture = self.lock();
        if picture.others.remove(&removed).is_some() {
            self.send(&mut picture, Change::OtherRemoved { removed });
            picture.chronicle.server_removed(removed);
        }
    }

    pub(crate) fn get_other(&self, id: ServerId) -> Option<OtherServer> {
        self.lock().others.get(&id).cloned()
    }

    /// Viewers find the streams elsewhere now.
    fn move_urls(&self, picture: &mut MutexGuard<'_, Picture>) {
        let mut changed = Vec::new();
        let Picture { streams, server, others, .. } = &mut **picture;
        for stream in streams.values_mut() {
            let urls = urls(server, others, &stream.spec);
            if stream.urls != urls {
                (stream.urls, stream.rev) = (urls, stream.rev + 1);
                changed.push(stream.clone());
            }
        }
        for stream in changed {
            self.send(picture, Change::Stream { stream: Box::new(stream) });
        }
    }

    /// Changes the host's part of the picture.
    pub(crate) fn host(&self, change: impl FnOnce(&mut HostStatus)) {
        let mut picture = self.lock();
        let before = picture.host.clone();
        change(&mut picture.host);
        if picture.host != before {
            let host = Box::new(picture.host.clone());
            self.send(&mut picture, Change::Host { host });
        }
    }

    /// The settings that are kept.
    pub(crate) fn presets(&self, presets: Vec<Preset>) {
        let mut picture = self.lock();
        if picture.presets != presets {
            picture.presets = presets.clone();
            self.send(&mut picture, Change::Presets { presets });
        }
    }

    /// What the computer has left.
    pub(crate) fn computer(&self, computer: Computer) {
        let mut picture = self.lock();
        if picture.computer != computer {
            picture.computer = computer;
            self.send(&mut picture, Change::Computer { computer });
        }
    }

    /// Looks at each stream as it is now.
    pub(crate) fn each_stream(&self, look: impl FnMut(&Stream)) {
        self.lock().streams.values().for_each(look);
    }

    /// Writes down what was done to a stream (its id and name), or to all.
    pub(crate) fn tell(&self, stream: Option<(StreamId, &str)>, kind: ActivityKind) {
        let mut picture = self.lock();
        let told = picture.chronicle.tell(stream, kind);
        self.told(&mut picture, [told]);
    }

    /// Writes down what was done to an added server of this name; without one, to the bundled one.
    pub(crate) fn tell_server(&self, name: &str, kind: ActivityKind) {
        let mut picture = self.lock();
        let told = picture.chronicle.tell_server(name, kind);
        self.told(&mut picture, [told]);
    }

    /// A run of a stream begins.
    pub(crate) fn run_began(&self, stream: StreamId, run: RunId) {
        self.lock().chronicle.run_began(stream, run);
    }

    /// A stream played its source to the end.
    pub(crate) fn completed(&self, stream: StreamId, name: &str) {
        let mut picture = self.lock();
        let told = picture.chronicle.completed((stream, name));
        self.told(&mut picture, told);
    }

    /// Somebody looked at the activities.
    pub(crate) fn seen(&self) {
        let mut picture = self.lock();
        picture.chronicle.seen();
        let unseen_faults = picture.chronicle.unseen();
        self.send(&mut picture, Change::Seen { unseen_faults });
    }

    /// Tells a person something at once.
    pub(crate) fn notice(&self, notice: Notice) {
        self.send(&mut self.lock(), Change::Notice { notice });
    }

    /// The clocks that the picture's times are of.
    pub(crate) fn clocks(&self) -> &Clocks {
        &self.clocks
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.lock().snapshot(self.clocks.wall())
    }

    /// What the server was started with, or would be.
    pub(crate) fn settings(&self) -> ServerSettings {
        self.lock().server.settings.clone()
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<Stream> {
        self.lock().streams.get(&id).cloned()
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        // Subscribed under the lock: no event falls between the snapshot and the first event.
        let picture = self.lock();
        let events = self.events.subscribe();
        Subscription { first: Some(picture.snapshot(self.clocks.wall())), events, hub: self.clone() }
    }

    fn told(&self, picture: &mut MutexGuard<'_, Picture>, activities: impl IntoIterator<Item = Activity>) {
        for activity in activities {
            let unseen_faults = picture.chronicle.unseen();
            self.send(picture, Change::Activity { activity: Box::new(activity), unseen_faults });
        }
    }

    fn send(&self, picture: &mut MutexGuard<'_, Picture>, change: Change) {
        picture.at.seq += 1;
        let event = Event { id: picture.at.clone(), now: self.clocks.wall(), change };
        // An error only says that nobody listens.
        let _ = self.events.send(Arc::new(event));
    }

    fn lock(&self) -> MutexGuard<'_, Picture> {
        self.picture.lock()
    }
}

/// Where viewers watch a stream: at its own server. Nowhere while that is not known.
fn urls(server: &ServerStatus, others: &BTreeMap<ServerId, OtherServer>, spec: &StreamSpec) -> Urls {
    if spec.server.is_bundled() {
        return server::urls(server, &spec.name);
    }
    others.get(&spec.server).map(|other| server::urls_there(other, &spec.name)).unwrap_or_default()
}

impl Picture {
    fn urls(&self, spec: &StreamSpec) -> Urls {
        urls(&self.server, &self.others, spec)
    }

    fn snapshot(&self, now: UnixMillis) -> Snapshot {
        let mut streams: Vec<Stream> = self.streams.values().cloned().collect();
        streams.sort_by_cached_key(|stream| stream.spec.name.to_lowercase());
        let mut others: Vec<OtherServer> = self.others.values().cloned().collect();
        others.sort_by_cached_key(|other| other.spec.name.to_lowercase());
        Snapshot {
            at: self.at.clone(),
            streams,
            server: self.server.clone(),
            others,
            host: self.host.clone(),
            presets: self.presets.clone(),
            computer: self.computer,
            unseen_faults: self.chronicle.unseen(),
            now,
        }
    }
}

/// A client's view: a snapshot first, then every event after it; a client that was too slow gets a new snapshot.
#[derive(Debug)]
pub struct Subscription {
    first: Option<Snapshot>,
    events: broadcast::Receiver<Arc<Event>>,
    hub: Hub,
}

impl Subscription {
    /// The next message, in order; `None` when the engine is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Message> {
        if let Some(snapshot) = self.first.take() {
            return Some(Message::Snapshot { snapshot: Box::new(snapshot) });
        }
        match self.events.recv().await {
            Ok(event) => Some(self.batch(event)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(self.resync()),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    fn batch(&mut self, first: Arc<Event>) -> Message {
        let mut events = vec![Event::clone(&first)];
        while events.len() < BATCH {
            match self.events.try_recv() {
                Ok(event) => events.push(Event::clone(&event)),
                Err(broadcast::error::TryRecvError::Lagged(_)) => return self.resync(),
                Err(_) => break,
            }
        }
        Message::Events { events }
    }

    fn resync(&mut self) -> Message {
        let fresh = self.hub.subscribe();
        self.events = fresh.events;
        let snapshot = fresh.first.unwrap_or_else(|| self.hub.snapshot());
        Message::Snapshot { snapshot: Box::new(snapshot) }
    }
}

#[cfg(test)]
impl Hub {
    /// Of an engine that has nothing but its history, in `folder`.
    pub(crate) fn of_test(folder: &std::path::Path) -> Hub {
        use stream_api::{HostKind, SecretsPlace, Tool, ToolState};
        let (history, left) =
            crate::history::History::open(folder, crate::drives::Drives::default()).unwrap();
        let tool = Tool { path: None, version: None, state: ToolState::Checking, fault: None };
        let host = HostStatus {
            kind: HostKind::Headless,
            version: String::new(),
            data_dir: String::new(),
            recordings_dir: String::new(),
            media_roots: Vec::new(),
            ffmpeg: tool.clone(),
            ffprobe: tool.clone(),
            mediamtx: tool,
            located: None,
            encoders: Default::default(),
            installer: None,
            secrets: SecretsPlace::File,
            notes: Vec::new(),
        };
        let chronicle = Chronicle::new(history, &left, "1.2.3");
        let server = server::first_status(&crate::stored_server::StoredServer::default());
        Hub::new("boot".to_owned(), server, host, chronicle, Clocks::real())
    }
}

#[cfg(test)]
mod tests {
    use stream_api::ServerSpec;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn figures_of_a_server_that_is_gone_are_nobodys() {
        let dir = tempfile::tempdir().unwrap();
        let (hub, id) = (Hub::of_test(dir.path()), ServerId(Uuid::now_v7()));
        hub.add_other(OtherServer::connecting(id, ServerSpec::remote("a", "h")));
        let figures = || (hub.snapshot().server.outbound_bps, hub.get_other(id).map(|it| it.outbound_bps));
        hub.metrics(ServerId::BUNDLED, Vec::new(), 1);
        hub.metrics(id, Vec::new(), 2);
        assert_eq!(figures(), (1, Some(2)));
        hub.other_removed(id);
        hub.metrics(id, Vec::new(), 3);
        assert_eq!(figures(), (1, None));
    }
}
