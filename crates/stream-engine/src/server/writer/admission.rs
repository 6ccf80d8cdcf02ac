//! Who may use the server: what its writer says of it, and what becomes of it when others change it.

use mediamtx_client::{ApiError, User};
use stream_api::{Code, Error, Mended, UnixMillis};

use super::{
    super::board::{Board, Slated},
    Unwritten, Whose, Writer,
};

impl Writer<'_> {
    /// Brings the users in line with the board if they are not. None when that takes a new run.
    pub(super) async fn renew(&mut self) -> Option<Result<(), ApiError>> {
        if self.is_done() {
            self.board.set_behind(self.user_drift().is_some_and(|drift| drift.behind));
            return Some(Ok(()));
        }
        // With a slate missing every write is refused.
        match self.slates().await {
            Slated::There => match self.bring(None).await? {
                Err(Unwritten::Failed(error)) => Some(Err(error)),
                Ok(()) | Err(Unwritten::Barred(_)) => Some(Ok(())),
            },
            Slated::Lost => None,
            Slated::Unanswered => {
                self.board.set_behind(true);
                Some(Ok(()))
            }
        }
    }

    /// Lets in whom the board names, and nobody else.
    pub(in super::super) async fn admit(&mut self) -> Result<(), ApiError> {
        if self.theirs().is_some() && !self.is_done() {
            self.survey().await?;
            if self.lost {
                return Ok(());
            }
        }
        let now = self.clocks.wall();
        let names = self.theirs().map(|theirs| theirs.names(&self.board));
        let followed = match &mut self.admitted {
            Some(admitted) => {
                let wanted = |base: &[User]| wanted(&self.board, &self.whose, base, now);
                admitted.follow(&self.api, wanted, names.as_ref()).await
            }
            None => Ok(()),
        };
        self.board.set_behind(followed.is_err() || self.user_drift().is_some_and(|drift| drift.behind));
        followed
    }

    /// The same before a path is written: never at a process that was not met.
    pub(in super::super) async fn admit_first(&mut self) -> Result<(), Unwritten> {
        self.admit().await?;
        match self.lost {
            true => Err(Unwritten::Barred(Error::new(Code::ServerDown))),
            false => Ok(()),
        }
    }

    /// Whether the server has the users that are wanted, as far as that is known and ours to change.
    fn is_done(&self) -> bool {
        let wanted = |base: &[User]| wanted(&self.board, &self.whose, base, self.clocks.wall());
        self.admitted.as_ref().is_none_or(|admitted| admitted.is_done(wanted))
    }

    /// Whether what is wanted could be said.
    pub(in super::super) fn check_held(&self) -> Result<(), Unwritten> {
        match (self.theirs(), self.user_drift()) {
            (Some(theirs), Some(drift)) if drift.behind => {
                let drifted = Error::new(Code::UsersDrifted).with("server", &theirs.server);
                Err(Unwritten::Barred(drifted))
            }
            _ => Ok(()),
        }
    }

    /// Puts back who may use the server.
    pub(in super::super) async fn mend_users(&mut self) -> Result<(), ApiError> {
        self.has_its_users().await?;
        self.admit().await?;
        if self.admitted.as_mut().is_some_and(|admitted| admitted.was_put_back()) {
            tracing::warn!("somebody changed who may use the server; it was put back");
            self.tell(Mended::Users);
        }
        Ok(())
    }

    /// Whether the server has the users that it was given.
    pub(in super::super) async fn has_its_users(&mut self) -> Result<bool, ApiError> {
        let there = self.news.there().clone();
        let names = self.theirs().map(|theirs| theirs.names(&self.board));
        match &mut self.admitted {
            Some(admitted) => admitted.look(&self.api, &there, names.as_ref()).await,
            None => Ok(true),
        }
    }
}

/// Everybody who is to be on the list.
fn wanted(board: &Board, whose: &Whose, base: &[User], now: UnixMillis) -> Vec<User> {
    match whose {
        Whose::Ours(_) => board.users(base, now),
        Whose::Theirs(theirs) => theirs.users(board, base, now),
    }
}
