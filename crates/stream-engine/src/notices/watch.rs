//! When somebody is told: pure. [`Watch`] sees every change of the picture, and says what has become worth telling.

use std::collections::{BTreeMap, VecDeque};

use stream_api::{
    Change, Fault, Notice, Order, ServerState, ServerStatus, Snapshot, State, Stream, StreamId,
};

use super::words;
use crate::lifecycle::Millis;

/// Trouble that comes within this time is told together: one cause mostly hits several streams at once.
const GATHER: Millis = 1_500;
/// A server that is back within this time is not told of.
const GRACE: Millis = 5_000;
/// Well for this long counts as well again.
const STEADY: Millis = 5_000;
/// This many breaks within [`WINDOW`] are flapping.
const FLAPS: usize = 5;
const WINDOW: Millis = 10 * 60_000;
/// A stream's break this shortly before the server's was the server's: FFmpeg notices first.
const BEFORE: Millis = 3_000;

/// Sees the picture change.
#[derive(Debug, Default)]
pub(super) struct Watch {
    streams: BTreeMap<StreamId, Seen>,
    server: Seen,
    server_is_up: bool,
}

/// A stream, or the server, as last seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) id: Option<StreamId>,
    pub(super) name: String,
    pub(super) fault: Option<Fault>,
    muted: bool,
    wanted: bool,
    broken: bool,
    /// When it last broke off, oldest first, within [`WINDOW`].
    pub(super) breaks: VecDeque<Millis>,
    /// What is going to be told, and when it was noticed.
    pending: Option<(Told, Millis)>,
    /// The trouble that was told and is not over.
    trouble: Option<Told>,
    well_since: Option<Millis>,
}

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Failed,
    Flapping,
}

impl Watch {
    /// Everything as it is; what is missing is gone.
    pub(super) fn see_all(&mut self, snapshot: &Snapshot, now: Millis) {
        self.streams.retain(|id, _| snapshot.streams.iter().any(|stream| stream.id == *id));
        self.see_server(&snapshot.server, now);
        for stream in &snapshot.streams {
            self.see_stream(stream, now);
        }
    }

    pub(super) fn see(&mut self, change: &Change, now: Millis) {
        match change {
            Change::Stream { stream } => self.see_stream(stream, now),
            Change::Removed { id } => drop(self.streams.remove(id)),
            Change::Server { server } => self.see_server(server, now),
            _ => {}
        }
    }

    fn see_stream(&mut self, stream: &Stream, now: Millis) {
        let seen = self.streams.entry(stream.id).or_default();
        seen.id = Some(stream.id);
        seen.name.clone_from(&stream.spec.name);
        seen.muted = stream.spec.muted;
        seen.wanted = stream.order == Order::Run;
        if !seen.wanted {
            seen.forget();
            return;
        }
        let broke = matches!(stream.state, State::Backoff | State::Failed) && !seen.broken;
        seen.broken = matches!(stream.state, State::Backoff | State::Failed);
        if stream.fault.is_some() {
            seen.fault.clone_from(&stream.fault);
        }
        if broke && self.server_is_up {
            seen.broke(now);
        }
        if stream.state == State::Failed {
            seen.notice(Told::Failed, now);
        }
        seen.well(stream.on_air, now);
    }

    fn see_server(&mut self, server: &ServerStatus, now: Millis) {
        let was_up = std::mem::replace(&mut self.server_is_up, server.state == ServerState::Running);
        let broken = matches!(server.state, ServerState::Restarting | ServerState::Failed);
        let broke = broken && !self.server.broken;
        (self.server.broken, self.server.wanted) = (broken, server.state != ServerState::Stopped);
        if server.fault.is_some() {
            self.server.fault.clone_from(&server.fault);
        }
        if !self.server.wanted {
            self.server.forget();
        } else if broken {
            self.server.notice(Told::Failed, now);
        }
        if broke && was_up {
            self.server.broke(now);
            for stream in self.streams.values_mut() {
                stream.breaks.retain(|at| at + BEFORE < now);
                stream.pending.take_if(|(told, _)| *told == Told::Flapping);
            }
        }
        self.server.well(self.server_is_up, now);
    }

    /// When [`Watch::tell`] has something to do; none as long as all is well.
    pub(super) fn due(&self) -> Option<Millis> {
        let streams = self.streams.values().filter_map(|seen| seen.due(GATHER));
        streams.chain(self.server.due(GRACE)).min()
    }

    /// What has become worth telling, and takes note that it was told.
    pub(super) fn tell(&mut self, now: Millis) -> Vec<Notice> {
        let mut notices = Vec::new();
        let waiting = self.streams.values().filter(|seen| seen.wanted && !seen.muted).count();
        match self.server.ripe(GRACE, now) {
            Some(told) => {
                self.server.told(told);
                if waiting > 0 {
                    notices.push(words::server(told, &self.server, waiting));
                }
            }
            None if self.server.is_over(now) => {
                self.server.trouble = None;
                if waiting > 0 {
                    notices.push(words::server_back());
                }
            }
            None => {}
        }
        for told in [Told::Failed, Told::Flapping] {
            // One that is ripe takes those along that are not yet.
            if self.streams.values().any(|seen| seen.ripe(GATHER, now) == Some(told)) {
                let group = self.take(|seen| match seen.pending {
                    Some((pending, _)) if pending == told => {
                        seen.told(told);
                        true
                    }
                    _ => false,
                });
                notices.extend(words::by_cause(told, &group));
            }
        }
        let well = self.take(|seen| seen.is_over(now) && seen.trouble.take().is_some());
        notices.extend(words::back(&well));
        notices
    }

    /// Those that `take` takes and that are not muted.
    fn take(&mut self, mut take: impl FnMut(&mut Seen) -> bool) -> Vec<&Seen> {
        let mut taken = Vec::new();
        for seen in self.streams.values_mut() {
            if take(seen) && !seen.muted {
                taken.push(&*seen);
            }
        }
        taken
    }
}

impl Seen {
    fn forget(&mut self) {
        (self.pending, self.trouble, self.well_since, self.broken) = (None, None, None, false);
        self.breaks.clear();
    }

    fn broke(&mut self, now: Millis) {
        self.breaks.retain(|at| at + WINDOW > now);
        self.breaks.push_back(now);
        if self.breaks.len() >= FLAPS {
            self.notice(Told::Flapping, now);
        }
    }

    fn notice(&mut self, told: Told, now: Millis) {
        let known = self.trouble == Some(told) || self.trouble == Some(Told::Failed);
        match self.pending {
            // A failure is worse than breaking off again and again.
            Some((Told::Flapping, since)) if told == Told::Failed => self.pending = Some((told, since)),
            None if !known => self.pending = Some((told, now)),
            _ => {}
        }
    }

    fn well(&mut self, well: bool, now: Millis) {
        if !well {
            self.well_since = None;
            return;
        }
        self.well_since.get_or_insert(now);
        // What healed before it was told needs no telling, unless it does so again and again.
        if self.pending.take_if(|(told, _)| *told == Told::Failed).is_some() && self.breaks.len() >= FLAPS {
            self.notice(Told::Flapping, now);
        }
    }

    fn told(&mut self, told: Told) {
        (self.pending, self.trouble) = (None, Some(told));
    }

    fn ripe(&self, gather: Millis, now: Millis) -> Option<Told> {
        self.pending.filter(|(told, since)| now >= since + told.gather(gather)).map(|(told, _)| told)
    }

    /// When the trouble that was told is over, if it stays as it is.
    fn over_at(&self) -> Option<Millis> {
        let steady = self.well_since? + STEADY;
        match self.trouble? {
            Told::Failed => Some(steady),
            Told::Flapping => Some(steady.max(self.breaks.back().map_or(0, |at| at + WINDOW))),
        }
    }

    fn is_over(&self, now: Millis) -> bool {
        self.over_at().is_some_and(|at| now >= at)
    }

    fn due(&self, gather: Millis) -> Option<Millis> {
        let pending = self.pending.map(|(told, since)| since + told.gather(gather));
        [pending, self.over_at()].into_iter().flatten().min()
    }
}

impl Told {
    fn gather(self, failed: Millis) -> Millis {
        match self {
            Told::Failed => failed,
            Told::Flapping => GATHER,
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
