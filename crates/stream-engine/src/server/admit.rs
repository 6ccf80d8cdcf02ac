use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use mediamtx_client::{Action, Api, ApiError, Pass, Permission, Session, User};

use super::users;

/// Who asks for an on-demand source is let in at once and waits for it, up to 10 s (`sourceOnDemandStartTimeout`),
/// before the session, which is listed meanwhile, tells its path.
const COMING_IN: Duration = Duration::from_secs(12);
/// After so many writes that change nothing of what a server shows, it shows what it has in its own way.
const IN_VAIN: u32 = 2;

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
        Admitted { base, users: None, past: Vec::new(), ours: HashSet::new(), strange: None, stubborn: None }
    }

    /// Nobody has looked for a while: the list is said anew. Who came in by the one that is known may still be there.
    pub(super) fn renew(&mut self) {
        self.past.extend(self.users.take().map(Past::of));
    }

    /// Whether it is about the same owner's users.
    pub(super) fn is_of(&self, base: &[User]) -> bool {
        self.base == base
    }

    /// Asks the server for its users. Whether it has what it was given; if not, it is given that again by the next
    /// [`follow`](Admitted::follow). `there` are the sessions that were seen last: they came before what is shown now.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(super) async fn look(&mut self, api: &Api, there: &HashSet<String>) -> Result<bool, ApiError> {
        let Some(users) = &self.users else { return Ok(true) };
        let shown = shown_by(api).await?;
        let is_given = users.len() == shown.len()
            && users.iter().zip(&shown).all(|(given, shown)| given.is_shown_as(shown));
        let known = |(before, times): &(Vec<User>, u32)| *times >= IN_VAIN && *before == shown;
        if is_given || self.stubborn.as_ref().is_some_and(known) {
            self.ours.clone_from(there);
            return Ok(true);
        }
        self.past.extend(self.users.take().map(Past::of));
        self.strange = Some(shown);
        Ok(false)
    }

    /// The server's file was read again: what it showed before says nothing any more.
    pub(super) fn reloaded(&mut self) {
        self.stubborn = None;
    }

    /// Whether what it shows is not what it was given, and stays so.
    pub(super) fn is_stubborn(&self) -> bool {
        self.stubborn.is_some()
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
        }
        self.strange = None;
        Ok(())
    }

    /// Whether the server has these users, and nobody is in who should not be.
    pub(super) fn is_done(&self, wanted: impl FnOnce(&[User]) -> Vec<User>) -> bool {
        self.past.is_empty() && self.strange.is_none() && self.users.as_ref() == Some(&wanted(&self.base))
    }

    /// Takes back all that streams brought into the list.
    ///
    /// # Errors
    /// [`ApiError`].
    pub(super) async fn retract(&mut self, api: &Api) -> Result<(), ApiError> {
        self.follow(api, <[User]>::to_vec).await
    }

    /// Brings the server in line with `wanted`.
    ///
    /// # Errors
    /// [`ApiError`]; the next call goes on where this one ended.
    pub(super) async fn follow(
        &mut self,
        api: &Api,
        wanted: impl FnOnce(&[User]) -> Vec<User>,
    ) -> Result<(), ApiError> {
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
            for session in gone.into_iter().filter(|session| past.let_in(session)) {
                tracing::info!(path = session.path, kind = ?session.kind, "disconnected: the right to be there is gone");
                api.kick(session.kind, &session.id).await?;
            }
        }
        self.past.retain(|past| past.seen.as_ref().is_some_and(|seen| seen.at.elapsed() < COMING_IN));
        Ok(())
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
mod tests {
    use mediamtx_client::Secret;
    use serde_json::{Value, json};
    use stream_api::{UnixMillis, ViewerAccess};

    use super::{
        super::{
            fake::Fake,
            users::{Keys, Rights},
        },
        *,
    };
    use crate::access::{Digest, StoredAccess};

    /// Somebody by RTSP, who tells the path once its source is there.
    fn comes(fake: &Fake, id: &str, path: &str, created: &str) {
        fake.state().sessions.retain(|session| session["id"] != id);
        fake.state().sessions.push(json!({
            "id": id, "path": path, "state": if path.is_empty() { "idle" } else { "read" },
            "remoteAddr": "192.168.1.5:5000", "user": "viewer", "created": created,
        }));
    }

    fn kicked(fake: &Fake) -> Vec<String> {
        std::mem::take(&mut fake.state().kicked)
    }

    async fn look(admitted: &mut Admitted, api: &Api) -> bool {
        let there = api.sessions().await.unwrap().into_iter().map(|session| session.id).collect();
        admitted.look(api, &there).await.unwrap()
    }

    fn keys() -> Keys {
        let secret = |name: &str| (name.to_owned(), Secret::new("pass"));
        Keys { control: secret("manager"), publisher: secret("publisher"), reader: secret("reader") }
    }

    fn list(viewers: ViewerAccess) -> Vec<User> {
        let access = StoredAccess { viewers, ..StoredAccess::default() };
        let show = Rights { name: "show".to_owned(), access };
        users::users(&keys().users(), std::iter::once(&show), UnixMillis(0))
    }

    #[tokio::test]
    async fn who_asked_before_the_stream_was_shut_goes_even_when_they_come_in_later() {
        // Clocks of other computers may be anywhere.
        for (before, after) in [
            ("2026-01-01T10:00:00Z", "2026-01-01T10:00:01Z"),
            ("2099-01-01T10:00:00Z", "1999-01-01T10:00:00Z"),
        ] {
            let fake = Fake::default();
            let (api, open, shut) =
                (fake.api().await, list(ViewerAccess::Open), list(ViewerAccess::Restricted));
            let mut admitted = Admitted::new(keys().users(), open.clone());
            assert!(admitted.is_done(|_| open.clone()));
            comes(&fake, "watches", "show", before);
            comes(&fake, "waited", "", before);
            admitted.follow(&api, |_| shut.clone()).await.unwrap();
            assert_eq!(kicked(&fake), ["watches"]);
            assert!(
                !admitted.is_done(|_| shut.clone()),
                "somebody may wait for a source that is fetched on demand"
            );

            // The source came, and with it who waited; and somebody whom the new list let in, whatever it is by.
            comes(&fake, "waited", "show", before);
            comes(&fake, "new", "show", after);
            admitted.follow(&api, |_| shut.clone()).await.unwrap();
            assert_eq!(kicked(&fake), ["waited"]);

            // Nobody waits for longer than that.
            let seen = admitted.past.last_mut().unwrap().seen.as_mut().unwrap();
            seen.at = seen.at.checked_sub(COMING_IN).unwrap();
            admitted.follow(&api, |_| shut.clone()).await.unwrap();
            assert!(admitted.is_done(|_| shut.clone()), "there is nothing left to look for");
        }
    }

    /// With a password.
    fn locked() -> Vec<User> {
        let password = Some(Digest::of("s3cret"));
        let access = StoredAccess { viewers: ViewerAccess::Restricted, password, ..StoredAccess::default() };
        let show = Rights { name: "show".to_owned(), access };
        users::users(&keys().users(), std::iter::once(&show), UnixMillis(0))
    }

    /// A list of somebody else, as a server shows it.
    fn foreign(permissions: &Value) -> Value {
        json!([{ "user": "any", "permissions": permissions }])
    }

    #[tokio::test]
    async fn who_came_in_by_a_list_of_somebody_else_goes_and_nobody_else() {
        let fake = Fake::default();
        let (api, locked) = (fake.api().await, locked());
        let mut admitted = Admitted::elsewhere(keys().users());
        admitted.follow(&api, |_| locked.clone()).await.unwrap();
        comes(&fake, "before", "show", "2026-01-01T10:00:00Z");
        assert!(look(&mut admitted, &api).await);

        fake.state().users = Some(foreign(&json!([{ "action": "read" }])));
        comes(&fake, "meanwhile", "show", "2026-01-01T10:00:00Z");
        assert!(!look(&mut admitted, &api).await);
        assert!(!admitted.is_done(|_| locked.clone()));
        admitted.follow(&api, |_| locked.clone()).await.unwrap();
        assert_eq!(kicked(&fake), ["meanwhile"]);
        assert!(look(&mut admitted, &api).await, "it has ours again");

        // Nobody comes in by a list that doesn't let them in.
        for other in [json!([]), json!([{ "action": "read", "path": "other" }])] {
            comes(&fake, "later", "show", "2026-01-01T10:00:00Z");
            fake.state().users = Some(foreign(&other));
            assert!(!look(&mut admitted, &api).await);
            admitted.follow(&api, |_| locked.clone()).await.unwrap();
            assert_eq!(kicked(&fake), [""; 0], "{other}");
        }
        // Nor does it matter what is added, or that passwords are not told.
        let mut shown = fake.state().users.clone().unwrap();
        let entries = shown.as_array_mut().unwrap();
        entries.iter_mut().for_each(|entry| entry["pass"] = "<redacted>".into());
        entries.push(json!({ "user": "bob", "pass": "<redacted>", "permissions": [{ "action": "read" }] }));
        fake.state().users = Some(shown);
        assert!(!look(&mut admitted, &api).await);
        admitted.follow(&api, |_| locked.clone()).await.unwrap();
        assert_eq!(kicked(&fake), [""; 0]);
    }

    #[tokio::test]
    async fn a_server_that_shows_its_users_otherwise_is_not_told_for_ever_and_nobody_has_to_go() {
        let fake = Fake::default();
        let (api, locked) = (fake.api().await, locked());
        let mut admitted = Admitted::elsewhere(keys().users());
        fake.state().shown = Some(foreign(&json!([{ "action": "read" }])));
        admitted.follow(&api, |_| locked.clone()).await.unwrap();
        comes(&fake, "watches", "show", "2026-01-01T10:00:00Z");
        let mut looks = Vec::new();
        for _ in 0..4 {
            looks.push(look(&mut admitted, &api).await);
            admitted.follow(&api, |_| locked.clone()).await.unwrap();
        }
        assert_eq!(looks, [false, false, true, true]);
        assert!(admitted.is_stubborn());
        assert_eq!(kicked(&fake), [""; 0]);

        // What it shows then is somebody's.
        fake.state().shown = None;
        fake.state().users = Some(foreign(&json!([{ "action": "publish" }])));
        assert!(!look(&mut admitted, &api).await);
        admitted.follow(&api, |_| locked.clone()).await.unwrap();
        assert!(look(&mut admitted, &api).await && !admitted.is_stubborn());
    }
}
