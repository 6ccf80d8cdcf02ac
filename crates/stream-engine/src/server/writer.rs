mod admission;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use mediamtx_client::{Api, ApiError, PathConfig, Session};
use parking_lot::{Mutex, MutexGuard};
use stream_api::{Code, Error, Mended};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::{
    Request,
    admit::Admitted,
    board::{Board, Slated},
    change::Change,
    own::Own,
    theirs::{self, Theirs},
};
use crate::clocks::Clocks;

/// How often the server's paths are compared with what is wanted, besides whenever one is missing.
const RECONCILE: Duration = Duration::from_secs(5);
/// So long a drive that did not answer counts as one that does not: until it is asked again to reconcile, at the
/// latest.
const UNANSWERED: Duration = Duration::from_secs(10);
/// After a reload the server needs about 20 ms, in which a write could hang it for good (a deadlock of 1.20.1's core
/// when the API's own listener restarts meanwhile).
pub(super) const RELOAD: Duration = Duration::from_millis(300);

/// The only writer to one run of the server: one change after the other, each awaited until it is applied.
///
/// It replaces whole paths and never patches one: a `patch` that MediaMTX 1.20.1 refuses still changes the live
/// entry, and every later write then gets its error.
pub(super) struct Writer<'a> {
    pub(super) api: Api,
    pub(super) board: Board,
    inbox: &'a mut mpsc::Receiver<Request>,
    pub(super) whose: Whose,
    /// Who may do what; none where that is not ours to say.
    pub(super) admitted: Option<&'a mut Admitted>,
    pub(super) clocks: Clocks,
    news: &'a News,
    /// What the running server has.
    pub(super) applied: BTreeMap<String, PathConfig>,
    /// Paths that were taken away, since the server would show them to people who may not watch them.
    pub(super) hidden: BTreeSet<String>,
    /// Paths that were not brought in line, since the drive of the slates did not answer.
    postponed: BTreeSet<String>,
    /// When the drive of the slates did not answer.
    unanswered: Option<Instant>,
    /// The server was started anew meanwhile.
    pub(super) lost: bool,
    /// What somebody else did to the server that can't be put back while it runs.
    pub(super) ruined: Option<Error>,
}

/// Whose server it is, and what is known of it for that.
pub(super) enum Whose {
    /// Ours alone.
    Ours(Own),
    /// Somebody else's, where we are guests.
    Theirs(Theirs),
}

/// What the writer, and for [`arrived`](News::arrived) the poller, should look into.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The server says that it read its file again: changes made since its start are forgotten.
    pub(super) reloaded: Notify,
    /// A path that is wanted is not there.
    pub(super) missing: Notify,
    /// The server says that a path has a publisher.
    pub(super) arrived: Notify,
    /// The sessions that were listed last.
    there: Mutex<HashSet<String>>,
}

impl News {
    /// These are there.
    pub(super) fn listed(&self, sessions: &[Session]) {
        *self.there() = sessions.iter().map(|session| session.id.clone()).collect();
    }

    fn there(&self) -> MutexGuard<'_, HashSet<String>> {
        self.there.lock()
    }
}

/// Why a writer is done.
pub(super) enum Done {
    /// A new run was asked for, or is needed: a slate is lost for good, or the server takes no change any more.
    Restart,
    /// A new run with other settings was asked for.
    Change(Change),
    /// What is ours there was to be taken away: nothing may be brought back.
    Left,
    /// A write did not return.
    Frozen,
    /// A new run is needed, and why.
    Ruined(Error),
}

/// Why something was not written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritten {
    /// It must not be, on a server of somebody else.
    #[error(transparent)]
    Barred(Error),
    /// The server did not take it.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

impl<'a> Writer<'a> {
    /// To a server of which it is not known that it has a path of ours.
    pub(super) fn new(
        api: Api,
        board: Board,
        inbox: &'a mut mpsc::Receiver<Request>,
        whose: Whose,
        admitted: Option<&'a mut Admitted>,
        clocks: Clocks,
        news: &'a News,
    ) -> Writer<'a> {
        Writer {
            api,
            board,
            inbox,
            whose,
            admitted,
            clocks,
            news,
            applied: BTreeMap::new(),
            hidden: BTreeSet::new(),
            postponed: BTreeSet::new(),
            unanswered: None,
            lost: false,
            ruined: None,
        }
    }
}

impl Writer<'_> {
    /// What is known of a server of somebody else.
    pub(super) fn theirs(&self) -> Option<&Theirs> {
        match &self.whose {
            Whose::Ours(_) => None,
            Whose::Theirs(theirs) => Some(theirs),
        }
    }

    /// Until a restart is asked for, or the server hangs.
    pub(super) async fn run(mut self) -> Done {
        let mut reconcile = interval(if self.theirs().is_some() { theirs::RECONCILE } else { RECONCILE });
        reconcile.reset();
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let result = tokio::select! {
                Some(request) = self.inbox.recv() => match self.carry_out(request).await {
                    Ok(result) => result,
                    Err(done) => return done,
                },
                () = self.news.reloaded.notified() => self.after_reload().await,
                () = self.news.missing.notified() => match self.is_unanswered() {
                    true => Ok(()),
                    false => self.reconcile().await,
                },
                // Guest links end by themselves.
                _ = second.tick() => match self.renew().await {
                    Some(result) => result,
                    None => return Done::Restart,
                },
                _ = reconcile.tick() => match self.mend_slates().await {
                    Slated::There => self.catch_up().await,
                    Slated::Lost => return Done::Restart,
                    Slated::Unanswered => Ok(()),
                },
            };
            if self.lost {
                return Done::Restart;
            }
            if let Some(error) = self.ruined.take() {
                return Done::Ruined(error);
            }
            match result {
                // An answer takes milliseconds; its limit is seconds.
                Err(ApiError::Timeout) => return Done::Frozen,
                Err(error) => tracing::warn!(%error, "the server's paths could not be checked"),
                Ok(()) => {}
            }
        }
    }

    /// Does what was asked, and answers. Whether that went well enough to go on, or why not.
    async fn carry_out(&mut self, request: Request) -> Result<Result<(), ApiError>, Done> {
        let (result, done) = match request {
            Request::Restart => return Err(Done::Restart),
            Request::Change(change) => return Err(Done::Change(change)),
            Request::Kick { kind, id, done } => {
                (self.api.kick(kind, &id.to_string()).await.map_err(Unwritten::from), done)
            }
            Request::Overwrite { names, done } => (self.overwrite(&names).await, done),
            Request::Insist { done } => (self.insist().await.map_err(Unwritten::from), done),
            Request::TakeOver { name, done } => (self.take_over(&name).await, done),
            Request::Leave { done } => {
                let _ = done.send(self.leave().await.map_err(|error| told(error.into())));
                return Err(Done::Left);
            }
            Request::Apply { name, done } => {
                // With a slate missing every write is refused, and the server ends when it wants to play it.
                let brought = match self.slates().await {
                    Slated::There => self.bring(name.as_deref()).await,
                    Slated::Lost => None,
                    Slated::Unanswered => {
                        let _ = done.send(self.postpone(name));
                        return Ok(Ok(()));
                    }
                };
                let Some(result) = brought else {
                    let _ = done.send(Err(Error::new(Code::ServerDown)));
                    return Err(Done::Restart);
                };
                (result, done)
            }
        };
        let frozen = matches!(result, Err(Unwritten::Failed(ApiError::Timeout)));
        // Who asked may have gone away meanwhile.
        let _ = done.send(result.map_err(told));
        Ok(if frozen { Err(ApiError::Timeout) } else { Ok(()) })
    }

    /// How the slates are. A drive that did not answer a moment ago is not waited for again by each of many.
    async fn slates(&mut self) -> Slated {
        match self.is_unanswered() {
            true => Slated::Unanswered,
            false => self.mend_slates().await,
        }
    }

    fn is_unanswered(&self) -> bool {
        self.unanswered.is_some_and(|at| at.elapsed() < UNANSWERED)
    }

    async fn mend_slates(&mut self) -> Slated {
        let slated = self.board.mend_slates().await;
        self.unanswered = (slated == Slated::Unanswered).then(Instant::now);
        slated
    }

    /// Leaves a path as it is until the drive of the slates answers. An error where that is not as it is wanted.
    fn postpone(&mut self, name: Option<String>) -> Result<(), Error> {
        let as_wanted = |name: &String| self.board.get(name).as_ref() == self.applied.get(name);
        if name.as_ref().is_some_and(as_wanted) {
            return Ok(());
        }
        self.postponed.extend(name);
        let terms = self.board.terms();
        let folder = terms.slates.as_ref().map(|slates| slates.folder().display().to_string());
        Err(Error::new(Code::DataDirSilent).with("path", folder.unwrap_or_default()))
    }

    /// Does what was postponed, and puts back what somebody else's change took away.
    async fn catch_up(&mut self) -> Result<(), ApiError> {
        while let Some(name) = self.postponed.pop_first() {
            self.restore(&name).await?;
        }
        self.reconcile().await
    }

    /// Brings the users, and the path of this name, in line with the board, and mends what keeps the server from taking
    /// it. None when that takes a new run.
    async fn bring(&mut self, name: Option<&str>) -> Option<Result<(), Unwritten>> {
        for last in [false, true] {
            let result = match name {
                Some(name) => self.apply(name).await,
                None => match self.admit().await {
                    Ok(()) => self.check_held(),
                    Err(error) => Err(error.into()),
                },
            };
            let refused = matches!(result, Err(Unwritten::Failed(ApiError::Refused { .. })));
            // What others have on a server of theirs is not ours to mend.
            let mendable = !last && self.theirs().is_none() && refused;
            if !mendable || !self.is_poisoned().await {
                return Some(result);
            }
            if !self.purge().await {
                return None;
            }
        }
        None
    }

    /// Brings one path in line with the board: the only way by which paths are written.
    pub(super) async fn apply(&mut self, name: &str) -> Result<(), Unwritten> {
        let Some(wanted) = self.board.get(name) else {
            // Where many end one after the other, their parts of somebody else's list go together.
            if self.theirs().is_none() {
                self.admit().await?;
            }
            self.remove(name).await?;
            if self.theirs().is_some() && self.board.is_idle() {
                self.admit().await?;
            }
            return Ok(());
        };
        // A path without its users would be open to nobody, or to those of an earlier one of that name.
        self.admit_first().await?;
        self.check(name).await?;
        if self.applied.get(name) == Some(&wanted) {
            return Ok(());
        }
        if let Some(theirs) = self.theirs() {
            theirs.ledger.note(theirs.id, name, &wanted).await;
            // From now on it is ours to say who may watch it; it may have been somebody else's when that was said last.
            self.admit_first().await?;
        }
        if !self.is_nearer(name).await? {
            self.api.replace_path(name, &wanted).await?;
            // MediaMTX answers before it applied the change; the answer to this one comes after it has.
            self.api.barrier().await?;
        }
        self.applied.insert(name.to_owned(), wanted);
        Ok(())
    }

    /// Takes a path of ours away, and nobody else's: the only way by which paths are removed of a server that others
    /// use too.
    pub(super) async fn remove(&mut self, name: &str) -> Result<(), ApiError> {
        let is_there = match self.theirs() {
            Some(theirs) => theirs.ledger.owns(theirs.id, name),
            None => self.applied.contains_key(name),
        };
        if !is_there {
            return Ok(());
        }
        self.api.delete_path(name).await?;
        self.api.barrier().await?;
        self.applied.remove(name);
        if let Some(theirs) = self.theirs() {
            theirs.ledger.forget(theirs.id, name).await;
        }
        Ok(())
    }

    /// Whether the server refuses even a change that changes nothing: somebody else's refused `patch` is in one of its
    /// paths, ours or not (see [`Writer`]).
    async fn is_poisoned(&self) -> bool {
        matches!(self.api.barrier().await, Err(ApiError::Refused { .. }))
    }

    /// Removes the paths that nobody here wants, or says ours anew, until the server takes changes again: a bundled
    /// server is ours alone. Whether it does: it takes none at all while two paths are bad, since each change mends
    /// one.
    async fn purge(&mut self) -> bool {
        tracing::warn!("somebody's bad change makes the server refuse ours; removing what is not ours");
        let Ok(names) = self.api.configured_paths().await else { return false };
        let (ours, theirs): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| self.board.get(name).is_some());
        for name in theirs {
            if self.api.delete_path(&name).await.is_ok() {
                tracing::warn!(name, "a path of somebody else was removed");
                self.tell(Mended::Strangers);
                return true;
            }
        }
        for name in ours {
            if let Some(config) = self.board.get(&name)
                && self.api.replace_path(&name, &config).await.is_ok()
            {
                self.tell(Mended::Path(name));
                return true;
            }
        }
        tracing::warn!("the server takes no change any more; starting it again");
        false
    }

    /// Puts back what somebody else's change took away.
    async fn reconcile(&mut self) -> Result<(), ApiError> {
        match self.whose {
            Whose::Ours(_) => self.mend().await,
            Whose::Theirs(_) => {
                // First: at another process nothing is ours to write before it was met.
                self.look().await?;
                if self.lost {
                    return Ok(());
                }
                let held = self.user_drift();
                self.mend_users().await?;
                if self.user_drift() == held { Ok(()) } else { self.look().await }
            }
        }
    }

    /// Says everything again: the file may hold anything now.
    async fn after_reload(&mut self) -> Result<(), ApiError> {
        tracing::warn!("somebody made the server read its file again; saying everything anew");
        self.tell(Mended::File);
        sleep(RELOAD).await;
        if let Some(admitted) = &mut self.admitted {
            admitted.reloaded();
        }
        self.has_its_users().await?;
        self.admit().await?;
        // That is told by then.
        if let Some(admitted) = &mut self.admitted {
            admitted.was_put_back();
        }
        let names = self.api.configured_paths().await?;
        self.applied.clear();
        let (kept, lost): (Vec<String>, Vec<String>) =
            self.board.configs().into_keys().partition(|name| names.contains(name));
        for name in lost.iter().chain(&kept) {
            self.restore(name).await?;
        }
        // The rest of the file may have changed too.
        match self.whose {
            Whose::Ours(_) => self.mend().await,
            Whose::Theirs(_) => Ok(()),
        }
    }

    /// One path that can't be put back keeps none of the others away.
    pub(super) async fn restore(&mut self, name: &str) -> Result<(), ApiError> {
        match self.apply(name).await {
            Err(error @ (Unwritten::Failed(ApiError::Refused { .. }) | Unwritten::Barred(_))) => {
                tracing::warn!(%error, name, "the path could not be put back");
                Ok(())
            }
            Err(Unwritten::Failed(error)) => Err(error),
            Ok(()) => Ok(()),
        }
    }
}

fn told(error: Unwritten) -> Error {
    match error {
        Unwritten::Barred(error) => error,
        Unwritten::Failed(ApiError::Unreachable(_) | ApiError::Timeout) => Error::new(Code::ServerDown),
        Unwritten::Failed(other) => Error::new(Code::ServerRefused).with("reason", other),
    }
}
