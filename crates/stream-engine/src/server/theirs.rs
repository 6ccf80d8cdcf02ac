//! Writing to a server that is not ours: only what is ours there is touched, and what others changed of it is shown
//! and left until a person decides.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use mediamtx_client::{ApiError, Difference, PathState, User};
use serde_json::{Map, Value};
use stream_api::{Alike, Code, Drift, Error, Mended, ServerId, StreamId, UnixMillis};

use super::{
    board::Board,
    ledger::Ledger,
    mends::Mends,
    terms::is_open,
    writer::{Unwritten, Whose, Writer},
};
use crate::hub::Hub;

/// How often our paths there are looked at: what vanished is back within 5 s.
pub(super) const RECONCILE: Duration = Duration::from_secs(3);
/// Foreign paths whose names are told.
const NAMED: usize = 100;
/// Keys that a stream has a setting for.
const ADOPTABLE: [&str; 5] = ["record", "source", "sourceFingerprint", "sourceOnDemand", "rtspTransport"];
/// Parts of keys whose values are nobody's business.
const SECRET: [&str; 4] = ["pass", "Pass", "Token", "Secret"];

/// What a writer knows of a server that is not ours.
#[derive(Debug)]
pub(super) struct Theirs {
    pub(super) id: ServerId,
    /// Its name, for people.
    pub(super) server: String,
    pub(super) hub: Hub,
    pub(super) mends: Mends,
    pub(super) ledger: Ledger,
    /// When the process started that was met.
    pub(super) started: Option<String>,
    /// Names there that are not ours, when they were looked at last.
    pub(super) foreign: BTreeSet<String>,
}

impl Theirs {
    /// Who may do what, besides those of `base`. Of a stream whose path is not ours yet nothing is said before it is
    /// wanted, and never of one that has the name of somebody else's: whom that lets in is theirs to say.
    pub(super) fn users(&self, board: &Board, base: &[User], now: UnixMillis) -> Vec<User> {
        let terms = board.terms();
        board.users_of(base, now, |rights, is_wanted| {
            let ours =
                self.ledger.owns(self.id, &rights.name) || is_wanted && !self.foreign.contains(&rights.name);
            ours && terms.check(&rights.name, &rights.access).is_ok()
        })
    }

    /// The paths of which it is ours to say who may watch.
    pub(super) fn names(&self, board: &Board) -> BTreeSet<String> {
        let mut names = names(board, &self.ledger, self.id);
        names.retain(|name| !self.foreign.contains(name));
        names
    }
}

/// The paths of which it may be ours to say who may watch.
pub(super) fn names(board: &Board, ledger: &Ledger, id: ServerId) -> BTreeSet<String> {
    ledger.names(id).into_iter().chain(board.names()).collect()
}

type Configs = BTreeMap<String, Map<String, Value>>;

impl Writer<'_> {
    /// At first contact: takes away what nobody wants any more, and brings what is missing. None of it has to be known
    /// to this run of the program.
    pub(super) async fn begin(&mut self) -> Result<(), ApiError> {
        let Some(theirs) = self.theirs() else { return Ok(()) };
        let (id, ledger) = (theirs.id, theirs.ledger.clone());
        self.admit().await?;
        if self.lost {
            return Ok(());
        }
        let there = self.configs().await?;
        for (name, config) in self.board.configs() {
            if there.contains_key(&name) && ledger.wrote(id, &name, &config) {
                self.applied.insert(name, config);
            }
        }
        for name in ledger.names(id) {
            // It may be wanted from any moment on, and is expected until then.
            if !self.board.is_expected(&name) && self.board.get(&name).is_none() {
                tracing::info!(name, "a path that nobody wants any more is removed");
                self.remove(&name).await?;
            }
        }
        for name in self.board.configs().into_keys() {
            self.restore(&name).await?;
        }
        self.look().await
    }

    /// Before who may do what is written: whether it is the process that was met, what is not ours there, and whether
    /// somebody changed the list.
    pub(super) async fn survey(&mut self) -> Result<(), ApiError> {
        let started = self.api.started().await?;
        let (there, live) = (self.configs().await?, self.api.paths().await?);
        self.note_foreign(started, &there, &live);
        if !self.lost {
            self.has_its_users().await?;
        }
        Ok(())
    }

    /// Takes note of names that others have there: with an entry, or with a publisher where the server takes any name.
    fn note_foreign(&mut self, started: Option<String>, there: &Configs, live: &[PathState]) {
        let board = self.board.clone();
        let Whose::Theirs(theirs) = &mut self.whose else { return };
        self.lost |= started != theirs.started;
        let live = live.iter().filter(|path| path.source.is_some() && !board.awaits(&path.name));
        let names = there.keys().chain(live.map(|path| &path.name));
        theirs.foreign = names.filter(|name| !theirs.ledger.owns(theirs.id, name)).cloned().collect();
    }

    /// Brings back what vanished, and shows what somebody changed.
    pub(super) async fn look(&mut self) -> Result<(), ApiError> {
        let started = self.api.started().await?;
        let (there, live) = (self.configs().await?, self.api.paths().await?);
        let defaults = self.api.path_defaults().await?;
        let features = self.api.features().await?;
        self.note_foreign(started, &there, &live);
        let Some(theirs) = self.theirs() else { return Ok(()) };
        if self.lost {
            return Ok(());
        }
        let (id, hub, foreign) = (theirs.id, theirs.hub.clone(), theirs.foreign.clone());
        // What somebody else's list shows to all goes, as long as it does.
        let shown: Vec<String> = self.applied.keys().filter(|name| self.is_exposed(name)).cloned().collect();
        for name in shown {
            tracing::warn!(
                name,
                "somebody else's list of users lets everybody watch; the path is taken away"
            );
            self.hide(&name).await?;
        }
        let lost: Vec<String> =
            self.applied.keys().filter(|name| !there.contains_key(*name)).cloned().collect();
        for name in lost {
            tracing::warn!(name, "another server lost this path; putting it back");
            let before = self.applied.remove(&name);
            if let Err(error) = self.restore(&name).await {
                // It is still missing, the next time too.
                self.applied.extend(before.map(|config| (name, config)));
                return Err(error);
            }
            self.tell(Mended::Path(name));
        }
        self.unhide().await?;
        let mut drift = BTreeMap::new();
        for (name, config) in &self.applied {
            let Some(shown) = there.get(name) else { continue };
            let differences = config.differences(&features, &defaults, shown)?;
            if !differences.is_empty() {
                drift.insert(name.clone(), differences);
            }
        }
        let mut alike = Vec::new();
        for (path, stream) in foreign.iter().filter_map(|name| Some((name, self.board.stream(name)?))) {
            let pair = self.board.get(path).zip(there.get(path));
            let Some((config, shown)) = pair else { continue };
            let is_same = config.differences(&features, &defaults, shown)?.is_empty();
            if is_same && self.check_shown(path).is_ok() {
                alike.push(Alike { stream, path: path.clone() });
            }
        }
        let users = self.user_drift();
        let shown = self.board.set_drift(drift);
        hub.other(id, |other| {
            other.foreign = u32::try_from(foreign.len()).unwrap_or(u32::MAX);
            other.foreign_paths = foreign.into_iter().take(NAMED).collect();
            (other.alike, other.drift, other.users) = (alike, shown, users);
        });
        Ok(())
    }

    /// What a person has to decide about the list of users.
    pub(super) fn user_drift(&self) -> Option<stream_api::UserDrift> {
        let (admitted, theirs) = (self.admitted.as_deref()?, self.theirs()?);
        admitted.held()?;
        let wanted = theirs.users(&self.board, admitted.base(), self.clocks.wall());
        admitted.drift(&wanted, &theirs.names(&self.board))
    }

    /// Whether a list of somebody else lets everybody watch a stream that not everybody may watch.
    fn is_exposed(&self, name: &str) -> bool {
        let held = self.admitted.as_ref().and_then(|admitted| admitted.held());
        held.is_some_and(|shown| self.board.is_restricted(name) && is_open(shown, name))
    }

    /// Whether those are kept out of a path who may not watch its stream, by the list that its server's owner gave and
    /// by what others made of that.
    fn check_shown(&self, name: &str) -> Result<(), Error> {
        self.board.check_access(name)?;
        match self.theirs().filter(|_| self.is_exposed(name)) {
            Some(theirs) => {
                Err(Error::new(Code::AccessOpenAnyway).with("name", name).with("server", &theirs.server))
            }
            None => Ok(()),
        }
    }

    /// Takes away a path of ours that the server would show to people who may not watch its stream.
    async fn hide(&mut self, name: &str) -> Result<(), ApiError> {
        self.hidden.insert(name.to_owned());
        self.remove(name).await
    }

    /// Brings back what was hidden, once nobody else would see it: a stream to which we send nothing does not ask again.
    async fn unhide(&mut self) -> Result<(), ApiError> {
        for name in self.hidden.clone() {
            if self.check_shown(&name).is_err() {
                continue;
            }
            match self.apply(&name).await {
                Ok(()) => drop(self.hidden.remove(&name)),
                Err(error @ (Unwritten::Failed(ApiError::Refused { .. }) | Unwritten::Barred(_))) => {
                    tracing::debug!(%error, name, "a hidden path can't be brought back now");
                }
                Err(Unwritten::Failed(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes who may do what as it is set here, whatever somebody else made of it.
    pub(super) async fn insist(&mut self) -> Result<(), ApiError> {
        if let Some(admitted) = &mut self.admitted {
            admitted.insist();
        }
        self.admit().await?;
        self.look().await
    }

    /// Takes a path as ours that has an entry just as we would write it. Not where not all may watch the stream whom the
    /// server lets in: what is ours is removed then, and this one stays its owner's.
    pub(super) async fn take_over(&mut self, name: &str) -> Result<(), Unwritten> {
        self.admit_first().await?;
        self.check_shown(name).map_err(Unwritten::Barred)?;
        let Some(theirs) = self.theirs() else { return Ok(()) };
        let (id, ledger) = (theirs.id, theirs.ledger.clone());
        let foreign = Error::new(Code::PathForeign).with("name", name).with("server", &theirs.server);
        let (Some(config), Some(shown)) = (self.board.get(name), self.api.path_config(name).await?) else {
            return Err(Unwritten::Barred(foreign));
        };
        let defaults = self.api.path_defaults().await?;
        if !config.differences(&*self.api.features().await?, &defaults, &shown)?.is_empty() {
            return Err(Unwritten::Barred(foreign));
        }
        ledger.note(id, name, &config).await;
        self.applied.insert(name.to_owned(), config);
        self.apply(name).await?;
        Ok(self.look().await?)
    }

    /// Whether what is wanted of this path may be written. A path whose stream the server would show to people who
    /// may not watch it is taken away.
    pub(super) async fn check(&mut self, name: &str) -> Result<(), Unwritten> {
        if self.theirs().is_none() {
            return Ok(());
        }
        if let Err(open) = self.check_shown(name) {
            self.hide(name).await?;
            return Err(Unwritten::Barred(open));
        }
        let Some(theirs) = self.theirs() else { return Ok(()) };
        let error = |code| Error::new(code).with("name", name).with("server", &theirs.server);
        if theirs.ledger.owns(theirs.id, name) {
            return Ok(());
        }
        if self.api.path_config(name).await?.is_some() {
            return Err(Unwritten::Barred(error(Code::PathForeign)));
        }
        // Where the server takes any name, an entry of ours would throw out who sends to it. Who is to send anyway may
        // be there before us: after a restart of the server, say.
        let is_theirs = |path: &PathState| path.name == name && path.source.is_some();
        match !self.board.awaits(name) && self.api.paths().await?.iter().any(is_theirs) {
            true => Err(Unwritten::Barred(error(Code::PathBusy))),
            false => Ok(()),
        }
    }

    /// Whether the server has everything of this as it is wanted now but for what somebody changed there, and more of
    /// it than before: then there is nothing to write.
    pub(super) async fn is_nearer(&self, name: &str) -> Result<bool, ApiError> {
        let before = self.board.drift(name);
        let (Some(config), Some(_), false) = (self.board.get(name), self.theirs(), before.is_empty()) else {
            return Ok(false);
        };
        let Some(shown) = self.api.path_config(name).await? else { return Ok(false) };
        let defaults = self.api.path_defaults().await?;
        let now = config.differences(&*self.api.features().await?, &defaults, &shown)?;
        let known =
            |one: &Difference| before.iter().any(|old| old.key == one.key && old.theirs == one.theirs);
        Ok(now.len() < before.len() && now.iter().all(known))
    }

    /// Makes these paths as they are wanted, whatever somebody changed. One that can't be keeps none of the others from
    /// it.
    pub(super) async fn overwrite(&mut self, names: &[String]) -> Result<(), Unwritten> {
        let mut overwritten = Ok(());
        for name in names {
            self.board.forget_drift(name);
            self.applied.remove(name);
            match self.apply(name).await {
                Err(barred @ Unwritten::Barred(_)) => overwritten = Err(barred),
                result => result?,
            }
        }
        self.look().await?;
        overwritten
    }

    /// Takes away all that is ours: paths, and who may use them.
    pub(super) async fn leave(&mut self) -> Result<(), ApiError> {
        let Some(theirs) = self.theirs() else { return Ok(()) };
        let names = theirs.names(&self.board);
        for name in theirs.ledger.names(theirs.id) {
            self.remove(&name).await?;
        }
        match &mut self.admitted {
            Some(admitted) => admitted.retract(&self.api, &names).await.map(drop),
            None => Ok(()),
        }
    }

    async fn configs(&self) -> Result<Configs, ApiError> {
        let configs = self.api.path_configs().await?.into_iter();
        Ok(configs.filter_map(|keys| Some((keys.get("name")?.as_str()?.to_owned(), keys))).collect())
    }
}

/// Whether a stream has a setting for it. Of a source that is its address: what is fetched goes on being fetched.
pub(crate) fn is_adoptable(difference: &Difference) -> bool {
    let is_address = |value: &Value| {
        value.as_str().is_some_and(|text| text.contains("://") && !text.contains("<redacted>"))
    };
    match difference.key.as_str() {
        "source" => is_address(&difference.ours) && is_address(&difference.theirs),
        key => ADOPTABLE.contains(&key),
    }
}

/// For people and programs, without what is secret.
pub(super) fn shown(stream: StreamId, path: &str, differences: &[Difference]) -> Drift {
    let one = |difference: &Difference| {
        let secret = SECRET.iter().any(|part| difference.key.contains(part));
        let text = |value: &Value| match secret {
            true => "***".to_owned(),
            false => ffmpeg_cli::log::redact(&value.to_string()).into_owned(),
        };
        stream_api::Difference {
            key: difference.key.clone(),
            ours: (!difference.ours.is_null()).then(|| text(&difference.ours)),
            theirs: text(&difference.theirs),
            adoptable: is_adoptable(difference),
        }
    };
    Drift { stream, path: path.to_owned(), differences: differences.iter().map(one).collect() }
}

#[cfg(test)]
mod tests;
