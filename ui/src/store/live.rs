use std::collections::{BTreeMap, VecDeque};

use leptos::prelude::*;
use stream_api::{
    Activity, Address, Computer, HostStatus, Lack, Message, OtherServer, Preset, Protocols, ServerId,
    ServerStatus, Stream, StreamId, t,
};

use crate::{
    browser::monotonic,
    store::{Line, Picture, Tally, Touched, apply, tally},
};

/// A stream as a row draws it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Everything there is to know about it.
    pub stream: Stream,
    /// Its last inbound bit rates, oldest first.
    pub samples: Vec<u64>,
}

/// The connection to the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not made yet.
    Opening,
    /// Messages come.
    Up,
    /// Lost; tried again by itself.
    Down,
}

/// The picture as signals. Each stream has one of its own, so that a change draws one row.
#[derive(Clone, Copy)]
pub(crate) struct World {
    picture: StoredValue<Picture>,
    rows: StoredValue<BTreeMap<StreamId, ArcRwSignal<Row>>>,
    /// Engine time minus this page's monotonic time, in milliseconds.
    offset: StoredValue<f64>,
    /// All streams, by name.
    pub lines: RwSignal<Vec<Line>>,
    /// The summary.
    pub tally: RwSignal<Tally>,
    /// The bundled server, once known.
    pub server: RwSignal<Option<ServerStatus>>,
    /// All other servers, sorted by name.
    pub others: RwSignal<Vec<OtherServer>>,
    /// The host, once known.
    pub host: RwSignal<Option<HostStatus>>,
    /// Settings that are kept, sorted by name.
    pub presets: RwSignal<Vec<Preset>>,
    /// What the host's computer has left for streams.
    pub computer: RwSignal<Computer>,
    /// Faults that nobody has looked at.
    pub unseen: RwSignal<u32>,
    /// The newest of what happened since the page was opened, oldest first.
    pub heard: RwSignal<VecDeque<Activity>>,
    /// Snapshots so far: with another one, something may have happened unheard.
    pub snapshots: RwSignal<u32>,
    /// The engine's clock in Unix milliseconds; ticks each second.
    pub now: RwSignal<i64>,
    /// The connection.
    pub link: RwSignal<Link>,
}

impl World {
    pub(crate) fn new() -> Self {
        World {
            picture: StoredValue::new(Picture::default()),
            rows: StoredValue::new(BTreeMap::new()),
            offset: StoredValue::new(0.0),
            lines: RwSignal::new(Vec::new()),
            tally: RwSignal::new(Tally::default()),
            server: RwSignal::new(None),
            others: RwSignal::new(Vec::new()),
            host: RwSignal::new(None),
            presets: RwSignal::new(Vec::new()),
            computer: RwSignal::new(Computer::default()),
            unseen: RwSignal::new(0),
            heard: RwSignal::new(VecDeque::new()),
            snapshots: RwSignal::new(0),
            now: RwSignal::new(0),
            link: RwSignal::new(Link::Opening),
        }
    }

    /// Whether the first snapshot has come.
    pub(crate) fn ready(self) -> bool {
        self.host.with(Option::is_some)
    }

    /// A stream's row.
    pub(crate) fn row(self, id: StreamId) -> Option<RwSignal<Row>> {
        self.rows.with_value(|rows| rows.get(&id).cloned()).map(RwSignal::from)
    }

    /// An added server.
    pub(crate) fn other(self, id: ServerId) -> Option<OtherServer> {
        self.others.with(|others| others.iter().find(|other| other.id == id).cloned())
    }

    /// What a server is called, where there are several.
    pub(crate) fn server_name(self, id: ServerId) -> Option<String> {
        self.others.with(|others| match others.iter().find(|other| other.id == id) {
            Some(other) => Some(other.spec.name.clone()),
            None => (!others.is_empty()).then(|| t!("server.here").to_owned()),
        })
    }

    /// What streams of this server have to do without; nothing on the bundled one.
    pub(crate) fn lacks(self, id: ServerId) -> Vec<Lack> {
        self.others.with(|others| {
            others.iter().find(|other| other.id == id).map(|other| other.lacks.clone()).unwrap_or_default()
        })
    }

    /// The protocols that a server's viewers can use; of another server than ours it is not known which are off.
    pub(crate) fn protocols(self, id: ServerId) -> Protocols {
        let own = || self.server.with(|server| server.as_ref().map(|server| server.settings.protocols));
        id.is_bundled().then(own).flatten().unwrap_or_default()
    }

    /// The addresses under which a server is reached, the best first.
    pub(crate) fn addresses(self, id: ServerId) -> Vec<Address> {
        match id.is_bundled() {
            true => self.server.with(|s| s.as_ref().map(|s| s.addresses.clone()).unwrap_or_default()),
            false => self.other(id).map(|other| other.addresses).unwrap_or_default(),
        }
    }

    /// Whether another stream of `server` than `but` has this name, ignoring case.
    pub(crate) fn taken(self, name: &str, server: ServerId, but: Option<StreamId>) -> bool {
        let name = name.to_lowercase();
        let other = |line: &Line| line.server == server && Some(line.id) != but;
        self.lines.with(|lines| lines.iter().any(|line| other(line) && line.name.to_lowercase() == name))
    }

    /// Moves the clock on; called each second.
    pub(crate) fn tick(self) {
        self.now.set((self.offset.get_value() + monotonic()) as i64);
    }

    /// Takes a message over into the signals. Returns what concerns more than the picture.
    pub(crate) fn take(self, message: Message) -> Vec<Touched> {
        let Some(touched) = self.picture.try_update_value(|picture| apply(picture, message)) else {
            return Vec::new();
        };
        if touched.is_empty() {
            return touched;
        }
        self.picture.with_value(|picture| {
            self.offset.set_value(picture.now as f64 - monotonic());
            for touch in &touched {
                self.draw(picture, touch);
            }
            let (sum, lines) = tally(picture);
            set_if_changed(self.tally, sum);
            set_if_changed(self.lines, lines);
        });
        touched
    }

    fn draw(self, picture: &Picture, touch: &Touched) {
        match touch {
            Touched::All => {
                for id in picture.streams.keys() {
                    self.draw_row(picture, *id);
                }
                self.rows.update_value(|rows| rows.retain(|id, _| picture.streams.contains_key(id)));
                set_if_changed(self.server, picture.server.clone());
                self.draw_others(picture);
                set_if_changed(self.host, picture.host.clone());
                set_if_changed(self.presets, picture.presets.clone());
                set_if_changed(self.computer, picture.computer);
                set_if_changed(self.unseen, picture.unseen_faults);
                self.snapshots.update(|snapshots| *snapshots += 1);
                self.tick();
            }
            Touched::Stream(id) => self.draw_row(picture, *id),
            Touched::Removed(id) => self.rows.update_value(|rows| drop(rows.remove(id))),
            Touched::Others => self.draw_others(picture),
            Touched::Server => set_if_changed(self.server, picture.server.clone()),
            Touched::Host => set_if_changed(self.host, picture.host.clone()),
            Touched::Computer => set_if_changed(self.computer, picture.computer),
            Touched::Presets => set_if_changed(self.presets, picture.presets.clone()),
            Touched::Heard => {
                set_if_changed(self.unseen, picture.unseen_faults);
                self.heard.set(picture.heard.clone());
            }
            Touched::Seen => set_if_changed(self.unseen, picture.unseen_faults),
            Touched::Notice(_) | Touched::Gap => {}
        }
    }

    fn draw_others(self, picture: &Picture) {
        let mut others: Vec<OtherServer> = picture.others.values().cloned().collect();
        others.sort_by_key(|other| other.spec.name.to_lowercase());
        set_if_changed(self.others, others);
    }

    fn draw_row(self, picture: &Picture, id: StreamId) {
        let Some(stream) = picture.streams.get(&id).cloned() else { return };
        let samples = picture.samples.get(&id).map(|s| s.iter().copied().collect()).unwrap_or_default();
        let row = Row { stream, samples };
        match self.rows.with_value(|rows| rows.get(&id).cloned()) {
            Some(known) if known.with_untracked(|known| *known == row) => {}
            Some(known) => known.set(row),
            None => self.rows.update_value(|rows| drop(rows.insert(id, ArcRwSignal::new(row)))),
        }
    }
}

fn set_if_changed<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|known| *known != value) {
        signal.set(value);
    }
}
