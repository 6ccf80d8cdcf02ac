use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use ffmpeg_cli::slate::Slate;
use mediamtx_client::{Difference, PathConfig, Pull, PullFailure, Source, User};
use parking_lot::{Mutex, MutexGuard};
use stream_api::{Drift, Error, Kept, StreamId, UnixMillis, Unkept, ViewerAccess};
use tokio::{sync::watch, time::timeout};

use super::{
    Seat, Terms, theirs,
    users::{self, Rights},
};
use crate::{access::StoredAccess, slates::NotMade};

/// A lost slate is made again within half a second. Every change of the server waits for it, since it refuses all
/// meanwhile.
const MEND: Duration = Duration::from_secs(5);
/// A recorder that fails says so every 3 s.
const TROUBLE_LASTS: Duration = Duration::from_secs(8);

/// FFmpeg may end before the line is read that says why,
const LINE_LIMIT: Duration = Duration::from_millis(500);
/// and a little after it.
const JUST_NOW: Duration = Duration::from_secs(2);

/// How the slates are that paths want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slated {
    There,
    /// At least one is lost for good: its paths can't be as the server has them.
    Lost,
    /// Their drive does not answer. The server reads all of them again at each change, and would hang with it: it is
    /// left as it is.
    Unanswered,
}

/// What streams want of the server: our side of the truth, written into the file at each launch.
#[derive(Debug, Clone)]
pub(super) struct Board {
    terms: watch::Receiver<Arc<Terms>>,
    eager: watch::Sender<usize>,
    /// Why a publisher was sent away for its tracks, and when that was said last.
    mismatch: watch::Sender<Option<(String, Instant)>>,
    posted: Arc<Mutex<Posted>>,
}

#[derive(Debug, Default)]
struct Posted {
    paths: HashMap<String, Wanted>,
    /// Names that will be wanted: their streams are about to start for the first time.
    expected: HashSet<String>,
    /// Of every stream, whether it runs or not: a path's users are there before the path is.
    rights: BTreeMap<StreamId, Rights>,
    /// The server refused the newest users.
    behind: bool,
    /// Why a path is not recorded, by its name, and when that was said last.
    recorders: HashMap<String, (String, Instant)>,
    /// Why the sources of paths could not be fetched when they were last tried, by the path's name.
    pulls: HashMap<String, PullTrouble>,
    /// What somebody else changed of our paths, by name.
    drift: BTreeMap<String, Vec<Difference>>,
}

/// A source could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullTrouble {
    pub(crate) failure: PullFailure,
    /// When that was.
    pub(crate) at: UnixMillis,
}

/// A path that should exist.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) id: StreamId,
    pub(super) wish: Wish,
    pub(super) speed: Option<f64>,
}

/// How a stream wants its path.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) record: bool,
    pub(crate) keep: Keep,
    /// What the server fetches; none where somebody publishes.
    pub(crate) pull: Option<Pull>,
    /// That somebody is not our FFmpeg: who publishes already is who is waited for.
    pub(crate) outside: bool,
}

/// Whether viewers stay while nobody publishes.
#[derive(Debug, Clone)]
pub(crate) enum Keep {
    /// The user does not want it.
    No,
    /// They get this.
    With(Slate),
    /// The user wants it, and it can't be done.
    Unable(Unkept),
}

impl Board {
    pub(super) fn new(terms: watch::Receiver<Arc<Terms>>) -> Board {
        Board {
            terms,
            eager: watch::Sender::default(),
            mismatch: watch::Sender::default(),
            posted: Arc::default(),
        }
    }

    pub(super) fn want(&self, id: StreamId, name: &str, wish: Wish) {
        let mut posted = self.lock();
        let speed = posted.paths.get(name).and_then(|wanted| wanted.speed);
        posted.paths.insert(name.to_owned(), Wanted { id, wish, speed });
        posted.expected.remove(name);
    }

    /// It will be wanted.
    pub(super) fn expect(&self, name: &str) {
        self.lock().expected.insert(name.to_owned());
    }

    pub(super) fn is_expected(&self, name: &str) -> bool {
        self.lock().expected.contains(name)
    }

    /// Whether a path of this stream was there to be recorded or not.
    pub(super) fn record(&self, id: StreamId, name: &str, record: bool) -> bool {
        let mut posted = self.lock();
        let ours = posted.paths.get_mut(name).filter(|wanted| wanted.id == id);
        ours.map(|wanted| wanted.wish.record = record).is_some()
    }

    /// Whether this stream's viewers stay.
    pub(super) fn kept(&self, id: StreamId, name: &str) -> Kept {
        match self.lock().paths.get(name).filter(|wanted| wanted.id == id).map(|wanted| &wanted.wish.keep) {
            None | Some(Keep::No) => Kept::Off,
            Some(Keep::With(_)) => Kept::On,
            Some(Keep::Unable(reason)) => Kept::Unable { reason: *reason },
        }
    }

    /// The slate that this stream's viewers get.
    pub(super) fn slate(&self, id: StreamId, name: &str) -> Option<Slate> {
        match &self.lock().paths.get(name).filter(|wanted| wanted.id == id)?.wish.keep {
            Keep::With(slate) => Some(slate.clone()),
            Keep::No | Keep::Unable(_) => None,
        }
    }

    /// Sees to it that every wanted slate is there. Paths whose slate is lost for good are wanted without one from then
    /// on.
    pub(super) async fn mend_slates(&self) -> Slated {
        let (mut found, slates) = (Slated::There, self.terms().slates.clone());
        for slate in self.wanted_slates() {
            let lost = match &slates {
                Ok(slates) => match timeout(MEND, slates.ensure(&slate)).await {
                    Ok(Err(NotMade::Unanswered)) => return Slated::Unanswered,
                    Ok(made) => made.err().map(|error| error.to_string()),
                    Err(late) => Some(late.to_string()),
                },
                Err(_) => Some("the server does not see our files any more".to_owned()),
            };
            let Some(error) = lost else { continue };
            found = Slated::Lost;
            self.forgo(&slate, &error);
        }
        found
    }

    /// Makes do without those that the drive does not give now.
    pub(super) fn forgo_slates(&self) {
        for slate in self.wanted_slates() {
            self.forgo(&slate, "the drive does not answer");
        }
    }

    fn wanted_slates(&self) -> HashSet<Slate> {
        self.lock().paths.values().filter_map(Wanted::slate).cloned().collect()
    }

    fn forgo(&self, slate: &Slate, error: &str) {
        tracing::warn!(error, file = slate.file_name(), "a slate is lost; its streams go on without");
        for wanted in self.lock().paths.values_mut().filter(|wanted| wanted.slate() == Some(slate)) {
            wanted.wish.keep = Keep::Unable(Unkept::NotMade);
        }
    }

    /// Whether it was wanted, by this stream: a name may have gone to another one since.
    pub(super) fn unwant(&self, id: StreamId, name: &str) -> bool {
        let mut posted = self.lock();
        let ours = posted.paths.get(name).is_some_and(|wanted| wanted.id == id);
        posted.expected.remove(name);
        if ours {
            posted.paths.remove(name);
            posted.pulls.remove(name);
            posted.drift.remove(name);
        }
        ours
    }

    pub(super) fn get(&self, name: &str) -> Option<PathConfig> {
        self.lock().paths.get(name).map(|wanted| self.config(wanted))
    }

    /// Whether the server keeps those out of the path who may not watch or send its stream.
    ///
    /// # Errors
    /// As [`Terms::check`].
    pub(super) fn check_access(&self, name: &str) -> Result<(), Error> {
        let posted = self.lock();
        let rights = posted.paths.get(name).and_then(|wanted| posted.rights.get(&wanted.id));
        rights.map_or(Ok(()), |rights| self.terms().check(name, &rights.access))
    }

    pub(super) fn configs(&self) -> BTreeMap<String, PathConfig> {
        self.lock().paths.iter().map(|(name, wanted)| (name.clone(), self.config(wanted))).collect()
    }

    fn config(&self, wanted: &Wanted) -> PathConfig {
        let terms = self.terms();
        let slate = wanted.slate().zip(terms.slates.as_ref().ok()).map(|(slate, slates)| slates.seen(slate));
        let source = wanted.wish.pull.clone().map_or(Source::Publisher, Source::Pull);
        PathConfig { source, record: wanted.wish.record, record_path: terms.record_path.clone(), slate }
    }

    pub(super) fn all(&self) -> HashMap<String, Wanted> {
        self.lock().paths.clone()
    }

    pub(super) fn admit(&self, id: StreamId, name: &str, access: &StoredAccess) {
        self.lock().rights.insert(id, Rights { name: name.to_owned(), access: access.clone() });
    }

    pub(super) fn forget(&self, id: StreamId) {
        self.lock().rights.remove(&id);
    }

    /// Whether the server refused the newest users.
    pub(super) fn is_behind(&self) -> bool {
        self.lock().behind
    }

    pub(super) fn set_behind(&self, behind: bool) {
        self.lock().behind = behind;
    }

    /// Everybody who may do anything, besides those of `base`.
    pub(super) fn users(&self, base: &[User], now: UnixMillis) -> Vec<User> {
        users::users(base, self.lock().rights.values(), now)
    }

    /// The same of those streams alone of which `may` says so. It is told whether a stream wants its path, or
    /// is about to.
    pub(super) fn users_of(
        &self,
        base: &[User],
        now: UnixMillis,
        may: impl Fn(&Rights, bool) -> bool,
    ) -> Vec<User> {
        let posted = self.lock();
        let is_wanted = |id: &StreamId, name: &str| {
            posted.paths.get(name).map_or(posted.expected.contains(name), |wanted| wanted.id == *id)
        };
        let ours = posted.rights.iter().filter(|(id, rights)| may(rights, is_wanted(id, &rights.name)));
        users::users(base, ours.map(|(_, rights)| rights), now)
    }

    /// The names of all streams, whether they run or not.
    pub(super) fn names(&self) -> Vec<String> {
        self.lock().rights.values().map(|rights| rights.name.clone()).collect()
    }

    /// Whether no path is wanted.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().paths.is_empty()
    }

    /// Whether a path is wanted to which somebody else than our FFmpeg is to send.
    pub(super) fn awaits(&self, name: &str) -> bool {
        self.lock().paths.get(name).is_some_and(|wanted| wanted.wish.outside)
    }

    /// Whether not everybody may watch the stream that wants this path.
    pub(super) fn is_restricted(&self, name: &str) -> bool {
        let posted = self.lock();
        let rights = posted.paths.get(name).and_then(|wanted| posted.rights.get(&wanted.id));
        rights.is_some_and(|rights| rights.access.viewers == ViewerAccess::Restricted)
    }

    /// Whose path it is that is wanted.
    pub(super) fn stream(&self, name: &str) -> Option<StreamId> {
        self.lock().paths.get(name).map(|wanted| wanted.id)
    }

    /// Whom a guest link lets in.
    pub(super) fn guest(&self, link: &str, token: &str, now: UnixMillis) -> Option<Seat> {
        let posted = self.lock();
        let (id, rights, stored) = posted.rights.iter().find_map(|(id, rights)| {
            let stored = rights.access.valid_links(now).find(|stored| stored.link.id == link)?;
            Some((*id, rights, stored))
        })?;
        let seat = || Seat { id, name: rights.name.clone(), expires: stored.link.expires };
        stored.token.fits(token).then(seat)
    }

    /// Takes note of what somebody else changed. The same for the picture.
    pub(super) fn set_drift(&self, drift: BTreeMap<String, Vec<Difference>>) -> Vec<Drift> {
        let mut posted = self.lock();
        let owned = drift
            .iter()
            .filter_map(|(name, differences)| Some((posted.paths.get(name)?.id, name, differences)));
        let shown = owned.map(|(id, name, differences)| theirs::shown(id, name, differences)).collect();
        posted.drift = drift;
        shown
    }

    /// What somebody else changed of this path.
    pub(super) fn drift(&self, name: &str) -> Vec<Difference> {
        self.lock().drift.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn forget_drift(&self, name: &str) {
        self.lock().drift.remove(name);
    }

    pub(super) fn terms(&self) -> Arc<Terms> {
        Arc::clone(&self.terms.borrow())
    }

    /// The paths that have a slate.
    pub(super) fn slated(&self) -> HashSet<String> {
        let posted = self.lock();
        let slated = posted.paths.iter().filter(|(_, wanted)| wanted.slate().is_some());
        slated.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn note_speed(&self, name: &str, speed: Option<f64>) {
        if let Some(wanted) = self.lock().paths.get_mut(name) {
            wanted.speed = speed;
        }
    }

    pub(super) fn note_recorder(&self, name: &str, reason: &str) {
        self.lock().recorders.insert(name.to_owned(), (reason.to_owned(), Instant::now()));
    }

    pub(super) fn recorder_trouble(&self, name: &str) -> Option<String> {
        let mut posted = self.lock();
        posted.recorders.retain(|_, (_, said)| said.elapsed() < TROUBLE_LASTS);
        posted.recorders.get(name).map(|(reason, _)| reason.clone())
    }

    pub(super) fn note_mismatch(&self, reason: String) {
        self.mismatch.send_replace(Some((reason, Instant::now())));
    }

    /// Why a publisher was sent away for its tracks, if that was said just now or is in a moment. The server does not
    /// say which one, so each reason is told once: another stream would take it for its own.
    pub(super) async fn mismatch(&self) -> Option<String> {
        let is_new =
            |said: &Option<(String, Instant)>| said.as_ref().is_some_and(|(_, at)| at.elapsed() < JUST_NOW);
        let mut words = self.mismatch.subscribe();
        let taken = async {
            loop {
                // What it answers locks the channel, so it is let go before the reason is taken.
                drop(words.wait_for(is_new).await.ok()?);
                let mut taken = None;
                self.mismatch.send_if_modified(|said| {
                    taken = is_new(said).then(|| said.take()).flatten();
                    taken.is_some()
                });
                if let Some((reason, _)) = taken {
                    return Some(reason);
                }
            }
        };
        timeout(LINE_LIMIT, taken).await.ok()?
    }

    pub(super) fn note_pull(&self, name: &str, failure: PullFailure, at: UnixMillis) {
        self.lock().pulls.insert(name.to_owned(), PullTrouble { failure, at });
    }

    pub(super) fn pull_trouble(&self, name: &str) -> Option<PullTrouble> {
        self.lock().pulls.get(name).cloned()
    }

    /// It is fetched, or nobody wants it any more.
    pub(super) fn forget_pull_trouble(&self, name: &str) {
        self.lock().pulls.remove(name);
    }

    pub(super) fn eager(&self) -> Eager {
        self.eager.send_modify(|count| *count += 1);
        Eager { count: self.eager.clone() }
    }

    pub(super) fn is_eager(&self) -> bool {
        *self.eager.borrow() > 0
    }

    /// Completes as soon as a stream is starting.
    pub(super) async fn until_eager(&self) {
        // The sender is ours, so it can't be gone.
        let _ = self.eager.subscribe().wait_for(|count| *count > 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, Posted> {
        self.posted.lock()
    }
}

impl Wanted {
    fn slate(&self) -> Option<&Slate> {
        match &self.wish.keep {
            Keep::With(slate) => Some(slate),
            Keep::No | Keep::Unable(_) => None,
        }
    }
}

/// While it lives, the server is asked often: a stream is starting.
#[derive(Debug)]
pub(crate) struct Eager {
    count: watch::Sender<usize>,
}

impl Drop for Eager {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::terms::Listed, *};

    #[tokio::test]
    async fn a_reason_is_told_to_one_stream_alone() {
        let terms = Terms {
            name: String::new(),
            users: Listed::Nobody,
            digest: false,
            kick: true,
            recordings: None,
            record_path: None,
            slates: Err(Unkept::NotMade),
        };
        let board = Board::new(watch::channel(Arc::new(terms)).1);
        board.note_mismatch("other tracks".to_owned());
        let (one, other) = tokio::join!(board.mismatch(), board.mismatch());
        let mut told = [one, other];
        told.sort();
        assert_eq!(told, [None, Some("other tracks".to_owned())]);
    }
}
