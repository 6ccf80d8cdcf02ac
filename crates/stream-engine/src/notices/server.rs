//! A server as last seen, the bundled one or another: whether it runs, and what is wrong although it does.

use stream_api::{Notice, ServerState};

use super::{
    seen::{GRACE, Seen, Told},
    warnings::Warnings,
    words,
};
use crate::{lifecycle::Millis, server_look::ServerLook};

/// What is remembered of a server.
#[derive(Debug, Default)]
pub(super) struct ServerSeen {
    seen: Seen,
    warnings: Warnings,
    is_up: bool,
}

impl ServerSeen {
    pub(super) fn is_up(&self) -> bool {
        self.is_up
    }

    /// Whether it broke off just now.
    pub(super) fn see(&mut self, server: &ServerLook<'_>, now: Millis) -> bool {
        self.warnings.see(server, now);
        let was_up = std::mem::replace(&mut self.is_up, server.state == ServerState::Running);
        let broken = matches!(server.state, ServerState::Restarting | ServerState::Failed);
        let broke = broken && !self.seen.broken;
        let seen = &mut self.seen;
        (seen.server, seen.broken, seen.wanted) = (server.id, broken, server.state != ServerState::Stopped);
        server.name.clone_into(&mut seen.name);
        if let Some(fault) = server.fault {
            seen.fault = Some(fault.clone());
        }
        if !seen.wanted {
            seen.forget();
        } else if broken {
            seen.notice(Told::Failed, now);
        }
        if broke && was_up {
            seen.broke(now);
        }
        seen.well(self.is_up, now);
        broke && was_up
    }

    /// When [`ServerSeen::tell`] has something to do.
    pub(super) fn due(&self) -> Option<Millis> {
        self.seen.due(GRACE).into_iter().chain(self.warnings.due()).min()
    }

    /// What has become worth telling; `waiting` streams need it.
    pub(super) fn tell(&mut self, waiting: usize, now: Millis) -> Vec<Notice> {
        let mut notices = self.warnings.tell(now);
        match self.seen.ripe(GRACE, now) {
            Some(told) => {
                self.seen.told(told);
                if waiting > 0 {
                    notices.push(words::server(told, &self.seen, waiting));
                }
            }
            None if self.seen.is_over(now) => {
                self.seen.trouble = None;
                if waiting > 0 {
                    notices.push(words::server_back(&self.seen));
                }
            }
            None => {}
        }
        notices
    }
}
