use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use mediamtx_client::{Api, ApiError, PathState, Peer, Session, SessionKind, Track};
use stream_api::{Code, Error, Metrics};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    audience::{Audience, Rates, watchers},
    board::Board,
    inner::is_inner,
    pressure::Pressure,
    sink::Sink,
    writer::News,
};
use crate::room::Room;

/// Between two questions; while a stream starts, [`EAGER`].
const USUAL: Duration = Duration::from_secs(1);
const EAGER: Duration = Duration::from_millis(50);
/// The same for one that is not ours.
const POLITE: Duration = Duration::from_millis(200);
/// Rates are taken over at least this long.
const WINDOW: Duration = Duration::from_millis(950);
/// The disk is looked at this often.
const DISK: Duration = Duration::from_secs(10);
/// A server that leaves a question open for [`SILENT`] of these is frozen: 6 s, since all its viewers go with it, and a
/// computer that is short of memory keeps it from answering for seconds; within 4 s it also tells that it does not know
/// our password. Our own ticks are counted, so that a computer that slept, or was too busy to run us, does not take its
/// own absence for the server's silence.
const TICK: Duration = Duration::from_millis(250);
const SILENT: u32 = 24;
/// A list of sessions that takes longer is done without, for now.
const LIST: Duration = Duration::from_secs(2);

/// The newest state of every path, by name.
pub(crate) type Samples = HashMap<String, Sample>;

/// A path at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) online: bool,
    /// From the publisher itself, where there is a slate: what a path receives counts that too.
    pub(crate) inbound_bytes: u64,
    /// Whether it receives more could not be seen: the server did not say it.
    pub(crate) unjudged: bool,
    /// The publisher's session: another one after each start. Empty where the server fetches.
    pub(crate) publisher: Option<String>,
    /// Who that is.
    pub(crate) session: Option<Arc<Session>>,
    /// What comes in.
    pub(crate) tracks: Vec<Track>,
}

/// Asks one run of the server for its paths, and turns the answers into samples and figures.
pub(super) struct Poller<'a> {
    api: Api,
    board: Board,
    audience: Audience,
    sink: Sink,
    samples: watch::Sender<Arc<Samples>>,
    whose: Polled,
    news: &'a News,
}

/// Whose server is asked.
pub(super) enum Polled {
    /// Ours, which records to a disk of this computer.
    Ours(Room),
    /// Somebody else's: nothing tells of its end but that nobody answers.
    Theirs,
}

#[derive(Default)]
struct Memory {
    taken: HashMap<String, (u64, u64)>,
    /// The publishers when they were last asked for, by the ids of their sessions.
    publishers: HashMap<String, Publisher>,
    /// Of which kinds the server did not say who is there when it was last asked.
    unknown: Vec<SessionKind>,
    /// What each path had received then.
    received: HashMap<String, u64>,
    at: Option<Instant>,
    total_bps: u64,
    rates: Rates,
    pressure: Pressure,
}

/// Clients, as far as the server lists them.
#[derive(Debug, Default)]
struct Clients {
    listed: Vec<Session>,
    /// Kinds whose list could not be had.
    unknown: Vec<SessionKind>,
}

impl Memory {
    /// Takes note of who publishes. Who was there before still is, where that is not known.
    fn note(&mut self, clients: &Clients) {
        self.publishers.retain(|_, publisher| clients.unknown.contains(&publisher.session.kind));
        let sending = clients.listed.iter().filter(|session| session.inbound_bytes > 0);
        self.publishers.extend(sending.map(|session| (session.id.clone(), Publisher::of(session))));
        self.unknown.clone_from(&clients.unknown);
    }

    fn publisher(&self, path: &PathState) -> Option<&Publisher> {
        path.source.as_ref().and_then(|source| self.publishers.get(&source.id))
    }

    /// Bytes that its publisher sent; `is_slated`: what the path received counts the slate too.
    fn sent(&self, path: &PathState, is_slated: bool) -> u64 {
        match is_slated {
            true => self.publisher(path).map_or(0, |publisher| publisher.sent),
            false => self.received.get(&path.name).copied().unwrap_or(0),
        }
    }

    fn sample(&self, path: &PathState, is_slated: bool) -> Sample {
        let kind = path.source.as_ref().and_then(Peer::session);
        Sample {
            online: path.online,
            inbound_bytes: self.sent(path, is_slated),
            unjudged: is_slated && kind.is_some_and(|kind| self.unknown.contains(&kind)),
            publisher: path.source.as_ref().map(|source| source.id.clone()),
            session: self.publisher(path).map(|publisher| Arc::clone(&publisher.session)),
            tracks: path.tracks.clone(),
        }
    }
}

struct Publisher {
    /// Bytes so far.
    sent: u64,
    /// Without its counters, which change all the time; who it is does not.
    session: Arc<Session>,
}

impl Publisher {
    fn of(session: &Session) -> Publisher {
        let who = Session { inbound_bytes: 0, outbound_bytes: 0, ..session.clone() };
        Publisher { sent: session.inbound_bytes, session: Arc::new(who) }
    }
}

impl<'a> Poller<'a> {
    pub(super) fn new(
        api: Api,
        board: Board,
        audience: Audience,
        sink: Sink,
        samples: watch::Sender<Arc<Samples>>,
        whose: Polled,
        news: &'a News,
    ) -> Poller<'a> {
        Poller { api, board, audience, sink, samples, whose, news }
    }

    /// Until the server can't be asked any more: why.
    pub(super) async fn run(self) -> Error {
        // Side by side: streams whose server is not asked for want of a disk's answer would all count as stalled.
        tokio::select! {
            error = self.poll() => error,
            never = self.watch_room() => match never {},
        }
    }

    async fn poll(&self) -> Error {
        let mut memory = Memory::default();
        let mut silent = 0;
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut question = pin!(self.api.paths());
            ticks.reset();
            let answer = loop {
                if silent >= SILENT {
                    return Error::new(Code::ServerSilent);
                }
                tokio::select! {
                    answer = &mut question => break answer,
                    _ = ticks.tick() => {
                        silent += 1;
                        if silent > SILENT / 3 {
                            self.unjudge();
                        }
                    }
                }
            };
            match answer {
                Ok(paths) => {
                    silent = 0;
                    self.take(&paths, &mut memory).await;
                }
                Err(ApiError::Unauthorized) => return Error::new(Code::ServerLockedOut),
                Err(error) => {
                    tracing::debug!(%error, "the server did not answer");
                    ticks.tick().await;
                    let is_gone = self.is_theirs() && matches!(error, ApiError::Unreachable(_));
                    silent += if is_gone { SILENT / 3 } else { 1 };
                    continue;
                }
            }
            self.pause().await;
        }
    }

    /// As long as the server does not answer nobody knows what it receives.
    fn unjudge(&self) {
        self.samples.send_modify(|samples| {
            Arc::make_mut(samples).values_mut().for_each(|sample| sample.unjudged = true);
        });
    }

    /// A second, or until a stream starts; a moment while one does. Until somebody publishes, where the server tells.
    async fn pause(&self) {
        let usual = async {
            if self.board.is_eager() {
                sleep(if self.is_theirs() { POLITE } else { EAGER }).await;
            } else {
                // Elapsing is the usual case.
                let _ = timeout(USUAL, self.board.until_eager()).await;
            }
        };
        tokio::select! {
            () = usual => {}
            () = self.news.arrived.notified() => {}
        }
    }

    async fn take(&self, paths: &[PathState], memory: &mut Memory) {
        let elapsed = memory.at.map_or(WINDOW, |at| at.elapsed());
        let clients = if elapsed >= WINDOW { Some(self.clients(paths).await) } else { None };
        if let Some(clients) = &clients {
            memory.note(clients);
            memory.received = paths.iter().map(|path| (path.name.clone(), path.inbound_bytes)).collect();
        }
        let slated = self.board.slated();
        let sample = |path: &PathState| memory.sample(path, slated.contains(&path.name));
        let samples: Samples = paths.iter().map(|path| (path.name.clone(), sample(path))).collect();
        self.samples.send_if_modified(|before| {
            let changed = **before != samples || samples.values().any(|sample| sample.unjudged);
            *before = Arc::new(samples);
            changed
        });
        let Some(clients) = clients else { return };
        let wanted = self.board.all();
        let now = Instant::now();
        if clients.unknown.is_empty() {
            self.news.listed(&clients.listed);
            memory.rates.take(&clients.listed, now);
            self.audience.set(watchers(paths, &clients.listed, &wanted, &memory.rates));
        }
        let viewers = mediamtx_client::viewers(paths, &clients.listed, memory.rates.gone());
        let names: HashSet<&str> = paths.iter().map(|path| path.name.as_str()).collect();
        if wanted.keys().any(|name| !names.contains(name.as_str())) {
            self.news.missing.notify_one();
        }
        let (mut figures, mut total, mut watching) = (Vec::new(), 0, 0);
        for path in paths.iter().filter(|path| !is_inner(&path.name)) {
            let inbound_bytes = memory.sent(path, slated.contains(&path.name));
            let before = memory.taken.insert(path.name.clone(), (inbound_bytes, path.outbound_bytes));
            let viewers = viewers.get(&path.name).copied().unwrap_or_default();
            watching += viewers.total();
            let Some(before) = before else { continue };
            let outbound_bps = rate(before.1, path.outbound_bytes, elapsed);
            total += outbound_bps;
            let Some(wanted) = wanted.get(&path.name).filter(|_| path.online) else { continue };
            let metrics = Metrics {
                inbound_bps: rate(before.0, inbound_bytes, elapsed),
                outbound_bps,
                speed: wanted.speed,
                viewers,
            };
            figures.push((wanted.id, metrics));
        }
        memory.at = Some(now);
        memory.taken.retain(|name, _| names.contains(name.as_str()));
        if !figures.is_empty() || total != memory.total_bps {
            memory.total_bps = total;
            self.sink.metrics(figures, total);
        }
        self.sink.judge(&mut memory.pressure, watching, total, now);
    }

    /// Everybody where somebody watches, else the publishers, of which there may be none.
    async fn clients(&self, paths: &[PathState]) -> Clients {
        // What the server fetches has no session.
        let publishers = || paths.iter().filter_map(|path| path.source.as_ref().and_then(Peer::session));
        let watched = paths.iter().any(|path| !path.readers.is_empty() && !is_inner(&path.name));
        let kinds: &[SessionKind] = if watched || publishers().any(|kind| kind != SessionKind::Rtsp) {
            &SessionKind::ALL
        } else if publishers().next().is_some() {
            &[SessionKind::Rtsp]
        } else {
            &[]
        };
        listed(&self.api, kinds).await
    }

    fn is_theirs(&self) -> bool {
        matches!(self.whose, Polled::Theirs)
    }

    async fn watch_room(&self) -> Infallible {
        let Polled::Ours(room) = &self.whose else { return std::future::pending().await };
        loop {
            self.sink.disk(room.folder(), room.look().await);
            sleep(DISK).await;
        }
    }
}

/// The clients of these kinds. Each list by itself: one that fails says nothing about the others.
async fn listed(api: &Api, kinds: &[SessionKind]) -> Clients {
    let lists = kinds.iter().map(|kind| timeout(LIST, api.sessions_by(*kind)));
    let mut clients = Clients::default();
    for (kind, list) in kinds.iter().zip(join_all(lists).await) {
        match list {
            Ok(Ok(list)) => clients.listed.extend(list),
            failed => {
                tracing::debug!(?kind, ?failed, "the server did not list its sessions");
                clients.unknown.push(*kind);
            }
        }
    }
    clients
}

/// Bits per second; a counter that began anew counts from nothing.
fn rate(before: u64, after: u64, elapsed: Duration) -> u64 {
    let bytes = if after >= before { after - before } else { after };
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    bytes.saturating_mul(8000) / millis
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::fake::Fake, *};

    #[tokio::test]
    async fn a_list_that_fails_leaves_the_others_and_judges_nobody() {
        let fake = Fake::default();
        let api = fake.api().await;
        let path = |kind: &str, id: &str| -> PathState {
            let source = json!({ "type": kind, "id": id });
            serde_json::from_value(json!({ "name": id, "online": true, "source": source })).unwrap()
        };
        let (file, phone) = (path("rtspSession", "file"), path("srtConn", "phone"));
        let mut memory = Memory::default();
        let mut look = async |bytes: u64, broken: Option<&'static str>| {
            let session = json!({ "id": "file", "path": "file", "state": "publish", "inboundBytes": bytes });
            fake.state().sessions = vec![session];
            fake.state().broken = broken;
            memory.note(&listed(&api, &SessionKind::ALL).await);
            [&file, &phone].map(|path| {
                let sample = memory.sample(path, true);
                (sample.inbound_bytes, sample.unjudged)
            })
        };
        assert_eq!(look(7, None).await, [(7, false), (0, false)]);
        assert_eq!(look(8, Some("srt")).await, [(8, false), (0, true)], "the other list still counts");
        assert_eq!(look(9, Some("rtsp/sessions")).await, [(8, true), (0, false)], "nothing is known of it");
        assert_eq!(look(9, None).await, [(9, false), (0, false)]);
        assert!(!memory.sample(&file, false).unjudged, "without a slate its path says it");
    }

    #[test]
    fn rates_are_bits_a_second_and_never_negative() {
        let two = Duration::from_secs(2);
        assert_eq!(rate(1_000, 251_000, two), 1_000_000);
        assert_eq!(rate(251_000, 1_000, two), 4_000, "a counter that began anew");
        assert!(rate(0, u64::MAX, Duration::ZERO) > 0, "no division by zero");
    }
}
