use stream_api::{ActivityKind, Cause, ServerState};

use super::story::warnings;
use crate::{clock::Moment, server_look::ServerLook};

/// What became of a server, from how it looked before and after: pure.
#[derive(Debug)]
pub(super) struct ServerStory {
    /// Since when it is not running.
    down: Option<Moment>,
    /// The last fault that was told since it ran.
    broke: Option<Cause>,
    /// It has run.
    ran: bool,
}

impl ServerStory {
    pub(super) fn new(now: Moment) -> ServerStory {
        ServerStory { down: Some(now), broke: None, ran: false }
    }

    /// The server looked like `before` and looks like `after` now.
    pub(super) fn look(
        &mut self,
        before: &ServerLook<'_>,
        after: &ServerLook<'_>,
        now: Moment,
    ) -> Vec<ActivityKind> {
        let runs = after.state == ServerState::Running;
        let state = self.state(before, after, now);
        state.into_iter().chain(warnings(before.warnings, after.warnings, runs)).collect()
    }

    fn state(
        &mut self,
        before: &ServerLook<'_>,
        after: &ServerLook<'_>,
        now: Moment,
    ) -> Option<ActivityKind> {
        if after.state != ServerState::Running {
            self.down.get_or_insert(now);
        }
        match after.state {
            ServerState::Running if before.state != ServerState::Running => {
                let after_ms = self.down.take().map_or(0, |at| now.since(at));
                let ran = std::mem::replace(&mut self.ran, true);
                match self.broke.take() {
                    Some(cause) if ran => {
                        Some(ActivityKind::ServerRecovered { after_ms, cause: Some(cause) })
                    }
                    // One of somebody else was asked anew, and is well: it did not start.
                    None if ran && !after.id.is_bundled() => None,
                    _ => Some(ActivityKind::ServerStarted { after_ms }),
                }
            }
            ServerState::Restarting | ServerState::Failed => {
                let cause = after.fault.as_ref().map(|fault| Cause::from(&fault.error))?;
                let known = self.broke.as_ref().is_some_and(|known| known.code == cause.code);
                if known && (before.state == after.state || after.state == ServerState::Restarting) {
                    return None;
                }
                self.broke = Some(cause.clone());
                Some(match after.state {
                    ServerState::Failed => ActivityKind::ServerFailed { cause },
                    _ => ActivityKind::ServerCrashed { cause },
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{Code, Error, OtherServer, OtherState, ServerId, ServerSpec};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_server_of_somebody_else_is_lost_and_back_and_refuses() {
        let hall = ServerId(Uuid::from_u128(9));
        let mut before = OtherServer::connecting(hall, ServerSpec::remote("Hall", "http://hall:9997/"));
        let mut story = ServerStory::new(Moment::now());
        let mut becomes = |state, code: Option<Code>| {
            let fault = code.map(|code| Error::new(code).with("host", "hall").into());
            let after = OtherServer { state, fault, ..before.clone() };
            let told = story.look(&(&before).into(), &(&after).into(), Moment::now());
            before = after;
            told.iter().map(ActivityKind::as_str).collect::<Vec<_>>()
        };
        assert_eq!(becomes(OtherState::Running, None), ["server_started"]);
        // Edited, or lost for a moment.
        assert_eq!(becomes(OtherState::Connecting, None), [""; 0]);
        assert_eq!(becomes(OtherState::Running, None), [""; 0]);
        assert_eq!(becomes(OtherState::Connecting, None), [""; 0]);
        assert_eq!(becomes(OtherState::Unreachable, Some(Code::RemoteRefused)), ["server_crashed"]);
        assert_eq!(becomes(OtherState::Unreachable, Some(Code::RemoteRefused)), [""; 0], "once");
        assert_eq!(becomes(OtherState::Running, None), ["server_recovered"]);
        assert_eq!(becomes(OtherState::Connecting, None), [""; 0]);
        assert_eq!(becomes(OtherState::Failed, Some(Code::RemotePasswordWrong)), ["server_failed"]);
    }
}
