//! What is wrong with a server that runs: each matter told once, until it is over.

use std::collections::BTreeMap;

use stream_api::{Fault, Notice, NoticeKind, ServerState};

use crate::{lifecycle::Millis, server_look::ServerLook};

/// What is over within this time is not told.
const GATHER: Millis = 1_500;
/// Without it for this long it is over, and news when it comes again. Figures hover around their limits.
const OVER: Millis = 60_000;

/// The warnings of a server.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    known: BTreeMap<&'static str, Known>,
}

#[derive(Debug)]
struct Known {
    fault: Fault,
    /// When it is to be told; none once it was.
    due: Option<Millis>,
    /// Since when it has not been there.
    gone: Option<Millis>,
}

impl Warnings {
    /// A server that starts anew has none, and is not well for that.
    pub(super) fn see(&mut self, server: &ServerLook<'_>, now: Millis) {
        if server.state != ServerState::Running {
            return;
        }
        for known in self.known.values_mut() {
            known.gone.get_or_insert(now);
        }
        for fault in server.warnings.iter().chain(&server.drifted) {
            let new = || Known { fault: fault.clone(), due: Some(now + GATHER), gone: None };
            let known = self.known.entry(fault.error.code.as_str()).or_insert_with(new);
            (known.fault, known.gone) = (fault.clone(), None);
        }
        // What healed before it was told needs no telling.
        self.known.retain(|_, known| known.due.is_none() || known.gone.is_none());
    }

    pub(super) fn due(&self) -> Option<Millis> {
        self.known.values().filter_map(|known| known.due.or(known.gone.map(|at| at + OVER))).min()
    }

    pub(super) fn tell(&mut self, now: Millis) -> Vec<Notice> {
        self.known.retain(|_, known| known.gone.is_none_or(|at| now < at + OVER));
        let ripe = self.known.values_mut().filter_map(|known| {
            known.due.take_if(|due| now >= *due)?;
            let error = &known.fault.error;
            let (title, body) = (error.message.clone(), error.hint.clone());
            Some(Notice { kind: NoticeKind::ServerWarned, stream: None, title, body })
        });
        ripe.collect()
    }
}
