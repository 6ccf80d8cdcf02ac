use std::{
    collections::{BTreeSet, HashSet},
    time::{Duration, Instant},
};

use mediamtx_client::{Action, Api, ApiError, Pass, Paths, Permission, Session, User};
use stream_api::UserDrift;

use super::users;

/// Who asks for an on-demand source is let in at once and waits for it, up to 10 s (`sourceOnDemandStartTimeout`),
/// before the session, which is listed meanwhile, tells its path.
const COMING_IN: Duration = Duration::from_secs(12);
/// After so many writes that change nothing of what a server shows, it shows what it has in its own way.
const IN_VAIN: u32 = 2;
/// Who changes even our part of the list for the third time within this time does so for a reason: maybe another
/// program that writes it too. It is left as it is until this time is over.
const QUARREL: Duration = Duration::from_secs(60);

/// Who may do what on a running server: one list, replaced whole. Nobody is disconnected by that, so who lost a right
/// is.
#[derive(Debug)]
pub(super) struct Admitted {
    /// Those who are there whatever streams there are: our own users, or those of a server's owner.
    base: Vec<User>,
    /// What it has; none when somebody else may have changed it.
    users: Option<Vec<User>>,
    /// By these lists people may be in who should not be.
    past: Vec<Past>,
    /// Who was there when it was last seen to have what it was given: not by a list of somebody else.
    ours: HashSet<String>,
    /// What it showed instead, as long as it is not known whether somebody changed it.
    strange: Option<Vec<User>>,
    /// What it shows although it was given something else, and how many writes changed nothing of that.
    stubborn: Option<(Vec<User>, u32)>,
    /// What it shows, where somebody else changed more than our part of it: nothing is written until a person decides.
    held: Option<Vec<User>>,
    /// A person decided for ours.
    insisted: bool,
    /// When somebody else's change of our part was put back.
    quarrels: Vec<Instant>,
    /// A change of somebody else was put back, and not told yet.
    put_back: bool,
}

/// A list that does not hold any more.
#[derive(Debug)]
struct Past {
    users: Vec<User>,
    seen: Option<Seen>,
    /// Of a list of somebody else: who was there before it. Everybody else may have come in by it whom it lets in.
    before: Option<HashSet<String>>,
}

/// Who was there just after another list had taken the place of one. Told apart by their ids: the server's clock need
/// not be ours.
#[derive(Debug)]
struct Seen {
    sessions: HashSet<String>,
    at: Instant,
}

impl Past {
    fn of(users: Vec<User>) -> Past {
        Past { users, seen: None, before: None }
    }

    /// Whether the session may have come in by this list.
    fn let_in(&self, session: &Session) -> bool {
        let strange = |before: &HashSet<String>| {
            !before.contains(&session.id) && users::may_let_in(&self.users, session)
        };
        self.seen.as_ref().is_none_or(|seen| seen.sessions.contains(&session.id))
            && self.before.as_ref().is_none_or(strange)
    }
}

impl Admitted {
    pub(super) fn new(base: Vec<User>, launched: Vec<User>) -> Admitted {
        Admitted { users: Some(launched), ..Admitted::elsewhere(base) }
    }

    /// Of a server that was started by somebody else, with these users. What list it has now is not known.
    pub(super) fn elsewhere(base: Vec<User>) -> Admitted {
        Admitted {
            base,
            users: None,
            past: Vec::new(),
            ours: HashSet::new(),
            strange: None,
            stubborn: None,
            held: None,
            insisted: false,
            quarrels: Vec::new(),
            put_back: false,
        }
    }

    /// A person gave the list of these users just now: what is there instead is known, and written over.
    pub(super) fn decided(self) -> Admitted {
        Admitted { insisted: true, ..self }
    }

    /// Nobody has looked for a while: the list is said anew, unless the next look finds another reason against that.
    /// Who came in by the one that is known may still be there.
    pub(super) fn renew(&mut self) {
        self.held = None;
        self.past.extend(self.users.take().map(Past::of));
    }

    /// Whether it is about the same owner's users.
    pub(super) fn is_of(&self, base: &[User]) -> bool {
        self.base == base
    }

    /// Asks the server for its users. Whether it has what it was given; if not, it is given that again by the next
    /// [`follow`](Admitted::follow). `there` are the sessions that were seen last: they came before what is shown now.
    ///
    /// `names` are the paths of which it is ours to say who may watch, on a server of somebody else. There a change of
    /// more than these is left as it is, until it is undone or a person decides.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(super) async fn look(
        &mut self,
        api: &Api,
        there: &HashSet<String>,
        names: Option<&BTreeSet<String>>,
    ) -> Result<bool, ApiError> {
        if self.users.is_none() && names.is_none() {
            return Ok(true);
        }
        let shown = shown_by(api).await?;
        let given = |users: &Vec<User>| {
            users.len() == shown.len()
                && users.iter().zip(&shown).all(|(given, shown)| given.is_shown_as(shown))
        };
        let known = |(before, times): &(Vec<User>, u32)| *times >= IN_VAIN && *before == shown;
        if self.users.as_ref().is_some_and(given) || self.stubborn.as_ref().is_some_and(known) {
            self.ours.clone_from(there);
            self.held = None;
            return Ok(true);
        }
        let tried = self.insisted || self.stubborn.as_ref().is_some_and(|(before, _)| *before == shown);
        if let Some(names) = names
            && !tried
        {
            let strange = self.strangers(&shown, names);
            self.quarrels.retain(|at| at.elapsed() < QUARREL);
            let quarrels = self.users.is_some() && self.quarrels.len() >= 2;
            if quarrels || !strange.is_empty() {
                self.held = Some(shown);
                return Ok(true);
            }
        }
        self.held = None;
        if self.users.is_none() {
            return Ok(true);
        }
        if names.is_some() {
            self.quarrels.push(Instant::now());
        }
        self.past.extend(self.users.take().map(Past::of));
        self.strange = Some(shown);
        Ok(false)
    }

    /// The server's file was read again: what it showed before says nothing any more.
    pub(super) fn reloaded(&mut self) {
        self.stubborn = None;
    }

    /// Whether a change of somebody else was put back since this was asked last.
    pub(super) fn was_put_back(&mut self) -> bool {
        std::mem::take(&mut self.put_back)
    }

    /// What it shows, where that is left as it is until a person decides.
    pub(super) fn held(&self) -> Option<&[User]> {
        self.held.as_deref()
    }

    /// A person decided: the list is ours again, and who came in by the other one goes.
    pub(super) fn insist(&mut self) {
        if let Some(shown) = self.held.take() {
            self.past.extend(self.users.take().map(Past::of));
            (self.strange, self.insisted) = (Some(shown), true);
            self.quarrels.clear();
        }
    }

    /// What a person has to decide, of the paths of these names, where `wanted` is what is to be.
    pub(super) fn drift(&self, wanted: &[User], names: &BTreeSet<String>) -> Option<UserDrift> {
        let shown = self.held.as_ref()?;
        let Strangers { added, gone } = self.strangers(shown, names);
        let missing = wanted.iter().any(|user| !shown.iter().any(|shown| user.is_shown_as(shown)));
        let stale =
            |shown: &&User| is_about(shown, names) && !wanted.iter().any(|user| user.is_shown_as(shown));
        let behind = missing || shown.iter().any(|shown| stale(&shown));
        Some(UserDrift { added, gone, behind })
    }

    fn strangers(&self, shown: &[User], names: &BTreeSet<String>) -> Strangers {
        let is_base = |shown: &User| self.base.iter().any(|user| user.is_shown_as(shown));
        let added = shown.iter().filter(|shown| !is_base(shown) && !is_about(shown, names));
        let gone = self.base.iter().filter(|user| !shown.iter().any(|shown| user.is_shown_as(shown)));
        Strangers { added: added.map(name_of).collect(), gone: gone.map(name_of).collect() }
    }

    /// Whether the list that was seen instead is of somebody else, now that the server was given ours again: then
    /// people may be in by it.
    async fn judge(&mut self, api: &Api, given: &[User]) -> Result<(), ApiError> {
        let Some(strange) = &self.strange else { return Ok(()) };
        let shown = shown_by(api).await?;
        if shown == *strange {
            let times =
                self.stubborn.take().filter(|(before, _)| *before == shown).map_or(0, |(_, times)| times);
            tracing::warn!("the server shows other users than it is given, whatever it is given");
            self.stubborn = Some((shown, times + 1));
        } else {
            let users = strange.iter().map(|user| told(user, given)).collect();
            self.past.push(Past { before: Some(self.ours.clone()), ..Past::of(users) });
            self.stubborn = None;
            self.put_back = !self.insisted;
        }
        self.strange = None;
        Ok(())
    }

    /// Whether the server has these users, and nobody is in who should not be; or it is not ours to change that now.
    pub(super) fn is_done(&self, wanted: impl FnOnce(&[User]) -> Vec<User>) -> bool {
        self.held.is_some()
            || self.past.is_empty()
                && self.strange.is_none()
                && self.users.as_ref() == Some(&wanted(&self.base))
    }

    /// Takes back all that streams brought into the list, and says whether it did. One that somebody else changed stays
    /// as it is: what its owner made of it is not known in full.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(super) async fn retract(&mut self, api: &Api, names: &BTreeSet<String>) -> Result<bool, ApiError> {
        if !self.insisted {
            self.look(api, &HashSet::new(), Some(names)).await?;
        }
        if self.held.is_some() {
            tracing::warn!("somebody else changed the list of users; what was ours in it stays");
        }
        self.follow(api, <[User]>::to_vec, Some(names)).await?;
        Ok(self.held.is_none())
    }

    /// Those who may be there whatever streams there are.
    pub(super) fn base(&self) -> &[User] {
        &self.base
    }

    /// Brings the server in line with `wanted`, unless that is for a person to decide. Nobody is disconnected but from
    /// paths of these `names`, where there are others.
    ///
    /// # Errors
    /// [`ApiError`]; the next call goes on where this one ended.
    pub(super) async fn follow(
        &mut self,
        api: &Api,
        wanted: impl FnOnce(&[User]) -> Vec<User>,
        names: Option<&BTreeSet<String>>,
    ) -> Result<(), ApiError> {
        if self.held.is_some() {
            return Ok(());
        }
        let wanted = wanted(&self.base);
        if self.users.as_ref() != Some(&wanted) {
            // Unknown from here on, should the answer be lost.
            if let Some(users) = self.users.take() {
                self.past.push(Past::of(users));
            }
            api.set_users(&wanted).await?;
            api.barrier().await?;
            self.users = Some(wanted.clone());
        }
        self.judge(api, &wanted).await?;
        self.insisted = false;
        if self.past.is_empty() {
            return Ok(());
        }
        let sessions = api.sessions().await?;
        for past in &mut self.past {
            past.seen.get_or_insert_with(|| Seen {
                sessions: sessions.iter().map(|session| session.id.clone()).collect(),
                at: Instant::now(),
            });
        }
        for past in &self.past {
            let gone = users::evicted(&sessions, &past.users, &wanted);
            let is_ours = |session: &&Session| names.is_none_or(|names| names.contains(&session.path));
            for session in gone.into_iter().filter(is_ours).filter(|session| past.let_in(session)) {
                tracing::info!(path = session.path, kind = ?session.kind, "disconnected: the right to be there is gone");
                api.kick(session.kind, &session.id).await?;
            }
        }
        self.past.retain(|past| past.seen.as_ref().is_some_and(|seen| seen.at.elapsed() < COMING_IN));
        Ok(())
    }
}

/// Whom somebody else added to a list, and whom they took out of it.
#[derive(Debug, PartialEq, Eq)]
struct Strangers {
    added: Vec<String>,
    gone: Vec<String>,
}

impl Strangers {
    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.gone.is_empty()
    }
}

/// Whether an entry is about paths of these names alone, as those are that we write.
fn is_about(user: &User, names: &BTreeSet<String>) -> bool {
    let ours = |one: &Permission| match (one.action, &one.paths) {
        (Action::Read | Action::Publish, Paths::Named(name)) => names.contains(name),
        _ => false,
    };
    !user.permissions.is_empty() && user.permissions.iter().all(ours)
}

/// For people. One that is kept as a hash is nobody's business.
fn name_of(user: &User) -> String {
    match user.name.split_once(':') {
        Some(("sha256" | "argon2", _)) => "***".to_owned(),
        _ => user.name.clone(),
    }
}

/// The users of a server. A list that is not understood may let everybody do everything.
async fn shown_by(api: &Api) -> Result<Vec<User>, ApiError> {
    match api.users().await {
        Err(ApiError::Garbage(_)) => {
            let all = [Action::Read, Action::Publish].map(Permission::everywhere);
            Ok(vec![User::anybody(all.to_vec())])
        }
        users => users,
    }
}

/// The user with the password that it most likely has where the server tells none.
fn told(user: &User, given: &[User]) -> User {
    let same = |given: &&User| {
        given.name == user.name && given.permissions.iter().any(|one| user.permissions.contains(one))
    };
    let known = given.iter().filter(|_| user.pass == Pass::Redacted).find(same).map(|given| &given.pass);
    let pass = known.filter(|pass| **pass != Pass::Open).unwrap_or(&user.pass).clone();
    User { pass, ..user.clone() }
}

#[cfg(test)]
mod tests;
