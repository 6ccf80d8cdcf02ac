use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use mediamtx_client::{Api, ApiError, Session, User};

use super::users;

/// Who asks for an on-demand source is let in at once and waits for it, up to 10 s (`sourceOnDemandStartTimeout`),
/// before the session, which is listed meanwhile, tells its path.
const COMING_IN: Duration = Duration::from_secs(12);

/// Who may do what on a running server: one list, replaced whole. Nobody is disconnected by that, so who lost a right
/// is.
#[derive(Debug)]
pub(super) struct Admitted {
    /// Those who are there whatever streams there are: our own users, or those of a server's owner.
    base: Vec<User>,
    /// As it was started with.
    launched: Vec<User>,
    /// What it has; none when somebody else may have changed it.
    users: Option<Vec<User>>,
    /// By these lists people may be in who should not be.
    past: Vec<Past>,
}

/// A list that does not hold any more.
#[derive(Debug)]
struct Past {
    users: Vec<User>,
    seen: Option<Seen>,
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
        Past { users, seen: None }
    }

    /// Whether the session may have come in by this list.
    fn let_in(&self, session: &Session) -> bool {
        self.seen.as_ref().is_none_or(|seen| seen.sessions.contains(&session.id))
    }
}

impl Admitted {
    pub(super) fn new(base: Vec<User>, launched: Vec<User>) -> Admitted {
        Admitted { base, users: Some(launched.clone()), launched, past: Vec::new() }
    }

    /// Of a server that was started by somebody else, with these users. What list it has now is not known.
    pub(super) fn elsewhere(base: Vec<User>) -> Admitted {
        Admitted { launched: base.clone(), base, users: None, past: Vec::new() }
    }

    /// Nobody has looked for a while: the list is said anew. Who came in by the one that is known may still be there.
    pub(super) fn renew(&mut self) {
        self.past.extend(self.users.take().map(Past::of));
    }

    /// Whether it is about the same owner's users.
    pub(super) fn is_of(&self, base: &[User]) -> bool {
        self.base == base
    }

    /// The server may have any list now: most likely the one it was started with.
    pub(super) fn distrust(&mut self) {
        self.past.push(Past::of(self.launched.clone()));
        self.users = None;
    }

    /// Whether the server's own account of its users is what it was given.
    pub(super) fn is_shown(&self, shown: &[User]) -> bool {
        self.users.as_ref().is_none_or(|users| {
            users.len() == shown.len() && users.iter().zip(shown).all(|(ours, shown)| ours.is_shown_as(shown))
        })
    }

    /// Whether the server has these users, and nobody is in who should not be.
    pub(super) fn is_done(&self, wanted: impl FnOnce(&[User]) -> Vec<User>) -> bool {
        self.past.is_empty() && self.users.as_ref() == Some(&wanted(&self.base))
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

#[cfg(test)]
mod tests {
    use mediamtx_client::Secret;
    use serde_json::json;
    use stream_api::{UnixMillis, ViewerAccess};

    use super::{
        super::{
            fake::Fake,
            users::{Keys, Rights},
        },
        *,
    };
    use crate::access::StoredAccess;

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

    #[tokio::test]
    async fn who_came_in_by_a_list_of_somebody_else_goes_too() {
        let fake = Fake::default();
        let (api, open, shut) = (fake.api().await, list(ViewerAccess::Open), list(ViewerAccess::Restricted));
        let mut admitted = Admitted::new(keys().users(), open);
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        admitted.past.clear();
        // The file was read again, with the users that it was started with.
        admitted.distrust();
        assert!(!admitted.is_done(|_| shut.clone()));
        comes(&fake, "meanwhile", "show", "2026-01-01T10:00:00Z");
        admitted.follow(&api, |_| shut.clone()).await.unwrap();
        assert_eq!(kicked(&fake), ["meanwhile"]);
    }
}
