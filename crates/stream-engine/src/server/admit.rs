use mediamtx_client::{Api, ApiError, User};

use super::users::{self, Keys};

/// Who may do what on a running server: one list, replaced whole. Nobody is disconnected by that, so who lost a right
/// is.
#[derive(Debug)]
pub(super) struct Admitted {
    keys: Keys,
    /// As it was started with.
    launched: Vec<User>,
    /// What it has; none when somebody else may have changed it.
    users: Option<Vec<User>>,
    /// By this list people may be in who should not be.
    before: Option<Vec<User>>,
}

impl Admitted {
    pub(super) fn new(keys: Keys, launched: Vec<User>) -> Admitted {
        Admitted { keys, users: Some(launched.clone()), launched, before: None }
    }

    /// The server may have any list now: most likely the one it was started with.
    pub(super) fn distrust(&mut self) {
        self.before = Some(self.launched.clone());
        self.users = None;
    }

    /// Whether the server's own account of its users is what it was given.
    pub(super) fn is_shown(&self, shown: &[User]) -> bool {
        self.users.as_ref().is_none_or(|users| {
            users.len() == shown.len() && users.iter().zip(shown).all(|(ours, shown)| ours.is_shown_as(shown))
        })
    }

    /// Whether the server has these users, and nobody is in who should not be.
    pub(super) fn is_done(&self, wanted: impl FnOnce(&Keys) -> Vec<User>) -> bool {
        self.before.is_none() && self.users.as_ref() == Some(&wanted(&self.keys))
    }

    /// Brings the server in line with `wanted`.
    ///
    /// # Errors
    /// [`ApiError`]; the next call goes on where this one ended.
    pub(super) async fn follow(
        &mut self,
        api: &Api,
        wanted: impl FnOnce(&Keys) -> Vec<User>,
    ) -> Result<(), ApiError> {
        let wanted = wanted(&self.keys);
        if self.users.as_ref() != Some(&wanted) {
            // Unknown from here on, should the answer be lost.
            if let Some(before) = self.users.take() {
                self.before.get_or_insert(before);
            }
            api.set_users(&wanted).await?;
            api.barrier().await?;
            self.users = Some(wanted.clone());
        }
        let Some(before) = &self.before else { return Ok(()) };
        let sessions = api.sessions().await?;
        for session in users::evicted(&sessions, before, &wanted) {
            tracing::info!(path = session.path, kind = ?session.kind, "disconnected: the right to be there is gone");
            api.kick(session.kind, &session.id).await?;
        }
        self.before = None;
        Ok(())
    }
}
