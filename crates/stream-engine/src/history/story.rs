//! What became of a stream, from how it looked before and after: pure. Every edge comes from here.

use stream_api::{ActivityKind, Awaited, Cause, Code, Fault, Order, RunEnd, RunId, State, Stream};

use crate::{clock::Moment, stream::arrival};

/// What follows from a change.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Edge {
    /// Something to tell.
    Tell(ActivityKind),
    /// A stretch of time begins.
    Open(Span),
    /// A stretch of time ends.
    Close(Span),
    /// A run is on air.
    RunLive(RunId, u64),
    /// A run ended.
    RunEnded(RunId, RunEnd),
}

/// A kind of time that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Span {
    /// The stream is on air.
    Air,
    /// It is ordered to run.
    Wanted,
}

impl Span {
    /// As stored.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Span::Air => "air",
            Span::Wanted => "wanted",
        }
    }
}

/// What is remembered of a stream between two looks.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// Since when it is awaited on air, as ordered.
    awaited: Option<Moment>,
    /// Since when it is off air by itself, and why.
    broke: Option<(Moment, Option<Cause>)>,
    /// The fault of this try was told.
    told: bool,
    /// The last fault that was told since it was on air.
    repeated: Option<Code>,
    run: Option<(RunId, Moment)>,
    last_run: Option<RunId>,
}

impl Story {
    /// The stream looked like `before` (nothing at first) and looks like `after` now.
    pub(super) fn look(&mut self, before: Option<&Stream>, after: &Stream, now: Moment) -> Vec<Edge> {
        let mut edges = Vec::new();
        let wanted = |stream: &Stream| stream.order == Order::Run;
        if wanted(after) != before.is_some_and(wanted) {
            edges.push(if wanted(after) { Edge::Open(Span::Wanted) } else { Edge::Close(Span::Wanted) });
        }
        let state = before.map_or(State::Stopped, |stream| stream.state);
        if state != after.state {
            self.state(state, before, after, now, &mut edges);
        }
        let earlier = before.map_or(&[][..], |stream| &stream.warnings);
        edges.extend(warnings(earlier, &after.warnings, after.on_air).into_iter().map(Edge::Tell));
        let was_on_air = before.is_some_and(|stream| stream.on_air);
        match (was_on_air, after.on_air) {
            (false, true) => self.on_air(now, &mut edges),
            (true, false) => {
                edges.push(Edge::Close(Span::Air));
                // Nobody watches what is fetched on demand: nothing broke.
                let idle = after.wait.as_ref().is_some_and(|wait| wait.of == Awaited::Viewer);
                if after.state == State::Running && !idle {
                    let cause = arrival::lost(after).as_ref().map(Cause::from);
                    self.broke.get_or_insert((now, cause.clone()));
                    edges.extend(cause.map(|cause| Edge::Tell(ActivityKind::Faulted { cause, attempt: 1 })));
                }
            }
            _ => {}
        }
        edges
    }

    /// A run begins. Whether nobody asked for it: the one before broke.
    pub(super) fn run_began(&mut self, run: RunId, now: Moment) -> bool {
        self.run = Some((run, now));
        self.last_run = Some(run);
        self.broke.is_some()
    }

    /// The source was played to its end.
    pub(super) fn completed(&mut self) -> Vec<Edge> {
        let mut edges = vec![Edge::Tell(ActivityKind::Completed)];
        edges.extend(self.last_run.map(|run| Edge::RunEnded(run, RunEnd::Completed)));
        edges
    }

    fn state(
        &mut self,
        from: State,
        before: Option<&Stream>,
        after: &Stream,
        now: Moment,
        edges: &mut Vec<Edge>,
    ) {
        let cause = after.fault.as_ref().map(|fault| Cause::from(&fault.error));
        // While one is ending, only a fault that is another one than before is the reason.
        let other = after.fault.as_ref() != before.and_then(|stream| stream.fault.as_ref());
        let broke = match after.state {
            State::Backoff | State::Failed => true,
            State::Stopping => after.order == Order::Run && other,
            _ => false,
        };
        // Of one that only waits nothing broke; the server's end is told of the server.
        let waited = from == State::Running
            && before.is_some_and(|stream| !stream.on_air && stream.wait.is_some())
            && cause.as_ref().is_some_and(|cause| cause.code == Code::ServerDown);
        if let Some(cause) = cause.clone().filter(|_| broke && !waited) {
            self.fault(cause, after, now, edges);
        }
        let ended = match after.state {
            State::Stopped | State::Backoff | State::Failed => true,
            State::Starting => from == State::Stopping,
            State::Running | State::Stopping => false,
        };
        if ended && let Some((run, _)) = self.run.take() {
            let end = match (cause.filter(|_| self.told), after.state) {
                (Some(cause), _) => RunEnd::Fault { cause },
                (None, State::Starting) => RunEnd::Edited,
                (None, _) => RunEnd::Ordered,
            };
            edges.push(Edge::RunEnded(run, end));
        }
        match after.state {
            State::Starting => {
                self.told = false;
                self.awaited.get_or_insert(now);
            }
            State::Stopped => {
                (self.awaited, self.broke, self.told, self.repeated) = (None, None, false, None)
            }
            State::Stopping if !broke => self.awaited = Some(now),
            _ => {}
        }
    }

    fn fault(&mut self, cause: Cause, after: &Stream, now: Moment, edges: &mut Vec<Edge>) {
        let (_, reason) = self.broke.get_or_insert((now, None));
        reason.get_or_insert_with(|| cause.clone());
        if self.told && after.state != State::Failed {
            return;
        }
        self.told = true;
        let attempt = after.attempt.max(1);
        // One that is tried for days would fill the history with the same words.
        let again = self.repeated == Some(cause.code) && !attempt.is_power_of_two();
        self.repeated = Some(cause.code);
        if after.state == State::Failed {
            edges.push(Edge::Tell(ActivityKind::Failed { cause }));
        } else if !again {
            edges.push(Edge::Tell(ActivityKind::Faulted { cause, attempt }));
        }
    }

    fn on_air(&mut self, now: Moment, edges: &mut Vec<Edge>) {
        let kind = match self.broke.take() {
            Some((at, cause)) => ActivityKind::Recovered { after_ms: now.since(at), cause },
            None => {
                let after_ms = self.awaited.map_or(0, |at| now.since(at));
                ActivityKind::Live { after_ms }
            }
        };
        edges.push(Edge::Tell(kind));
        edges.push(Edge::Open(Span::Air));
        if let Some((run, began)) = self.run {
            edges.push(Edge::RunLive(run, now.since(began)));
        }
        (self.awaited, self.told, self.repeated) = (None, false, None);
    }
}

/// What came to be wrong, or no longer is. The end of the whole is no end of the trouble.
pub(super) fn warnings(before: &[Fault], after: &[Fault], goes_on: bool) -> Vec<ActivityKind> {
    let missing = |fault: &&Fault, other: &[Fault]| !other.iter().any(|o| o.error.code == fault.error.code);
    let cause = |fault: &Fault| Cause::from(&fault.error);
    let new = after.iter().filter(|fault| missing(fault, before));
    let over = before.iter().filter(|fault| goes_on && missing(fault, after));
    let warned = new.map(|fault| ActivityKind::Warned { cause: cause(fault) });
    warned.chain(over.map(|fault| ActivityKind::Eased { cause: cause(fault) })).collect()
}
