use std::time::{Duration, Instant};

use jiff::Timestamp;
use mediamtx_client::{Api, ApiError, Session, User};

use super::users;

/// Who asks for an on-demand source is let in at once and waits for it, up to 10 s (`sourceOnDemandStartTimeout`),
/// before the session tells its path.
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
    /// When another one took its place.
    ended: Option<(Timestamp, Instant)>,
}

impl Past {
    /// Whether the session may have come in by this list.
    fn let_in(&self, session: &Session) -> bool {
        let ended = self.ended.map(|(ended, _)| ended);
        session.created.parse::<Timestamp>().ok().zip(ended).is_none_or(|(created, ended)| created <= ended)
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
        self.past.extend(self.users.take().map(|users| Past { users, ended: None }));
    }

    /// Whether it is about the same owner's users.
    pub(super) fn is_of(&self, base: &[User]) -> bool {
        self.base == base
    }

    /// The server may have any list now: most likely the one it was started with.
    pub(super) fn distrust(&mut self) {
        self.past.push(Past { users: self.launched.clone(), ended: None });
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
                self.past.push(Past { users, ended: None });
            }
            api.set_users(&wanted).await?;
            api.barrier().await?;
            self.users = Some(wanted.clone());
        }
        if self.past.is_empty() {
            return Ok(());
        }
        for past in &mut self.past {
            past.ended.get_or_insert_with(|| (Timestamp::now(), Instant::now()));
        }
        let sessions = api.sessions().await?;
        for past in &self.past {
            let gone = users::evicted(&sessions, &past.users, &wanted);
            for session in gone.into_iter().filter(|session| past.let_in(session)) {
                tracing::info!(path = session.path, kind = ?session.kind, "disconnected: the right to be there is gone");
                api.kick(session.kind, &session.id).await?;
            }
        }
        self.past.retain(|past| past.ended.is_some_and(|(_, ended)| ended.elapsed() < COMING_IN));
        Ok(())
    }
}
