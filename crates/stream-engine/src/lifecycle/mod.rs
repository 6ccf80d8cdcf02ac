//! What a stream does next: pure. [`step`] takes a machine, one input and the time, and gives the effects that the
//! actor carries out. Nothing else decides.
//!
//! Order (what the user wants) is apart from phase (what is true); a phase carries its own facts.

mod limits;
mod machine;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use child_process::Rung;
use stream_api::{Code, Error, Fault, Order, Playback, t};

pub use limits::{Ladders, Limits};
pub use machine::{Effect, Ending, Feed, Input, Machine, Millis, Phase, Problem, Until, Why};

/// One step: `now` in milliseconds, `jitter` in 0..1.
pub fn step(machine: &mut Machine, input: Input, now: Millis, jitter: f64, limits: &Limits) -> Vec<Effect> {
    Step { machine, now, jitter, limits, effects: Vec::new() }.take(input)
}

struct Step<'a> {
    machine: &'a mut Machine,
    now: Millis,
    jitter: f64,
    limits: &'a Limits,
    effects: Vec<Effect>,
}

impl Step<'_> {
    fn take(mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Run => self.run(),
            Input::Stop => self.stop(),
            Input::Edited => self.edited(),
            Input::ServerReady => self.server_ready(),
            Input::ServerLost => self.server_lost(),
            Input::Queued => self.queued(true),
            Input::Admitted => self.queued(false),
            Input::Spawned => self.spawned(),
            Input::Opened => self.opened(),
            Input::NotSpawned(problem) => self.not_spawned(problem),
            Input::Progressed => self.progressed(),
            Input::Online(online) => self.online(online),
            Input::Received => self.received(),
            Input::Source(there) => self.source(there),
            Input::Ended(ending) => self.ended(ending),
            Input::Cured => self.cured(),
            Input::Tick => self.tick(),
            Input::Woke => self.woke(),
        }
        self.effects
    }

    fn run(&mut self) {
        self.machine.order = Order::Run;
        match self.machine.phase {
            Phase::Stopped | Phase::Backoff { .. } | Phase::Failed { .. } => self.start(1),
            // A child that is ending is followed by a new one; see `ended`.
            Phase::Starting { .. } | Phase::Running { .. } | Phase::Open | Phase::Stopping { .. } => {}
        }
    }

    fn stop(&mut self) {
        self.machine.order = Order::Stop;
        match &self.machine.phase {
            Phase::Stopped | Phase::Stopping { .. } => {}
            Phase::Starting { spawned: None, .. } => {
                self.effects.push(Effect::CancelSpawn);
                self.stopped();
            }
            Phase::Starting { spawned: Some(_), .. } | Phase::Running { .. } => self.ask(Why::Order, 0),
            Phase::Open | Phase::Backoff { .. } | Phase::Failed { .. } => self.stopped(),
        }
    }

    fn edited(&mut self) {
        match &self.machine.phase {
            Phase::Stopped | Phase::Stopping { why: Why::Order | Why::Edit, .. } => {}
            Phase::Stopping { why: Why::Hang { .. }, rung, asked } => {
                self.machine.phase = Phase::Stopping { why: Why::Edit, rung: rung + 1, asked: *asked };
            }
            Phase::Starting { spawned: None, .. } => {
                self.effects.push(Effect::CancelSpawn);
                self.start(1);
            }
            Phase::Starting { spawned: Some(_), .. } | Phase::Running { .. } => self.ask(Why::Edit, 0),
            Phase::Open | Phase::Backoff { .. } | Phase::Failed { .. } => self.start(1),
        }
    }

    /// Whatever waits is tried at once, and what broke before counts no more: it may all have been the server's doing.
    /// A stream that breaks by itself soon waits longer again.
    fn server_ready(&mut self) {
        self.machine.server_ready = true;
        match &mut self.machine.phase {
            Phase::Backoff { .. } => self.start(1),
            Phase::Running { attempt, received_at, .. } => {
                (*attempt, *received_at) = ((*attempt).min(1), self.now);
            }
            Phase::Starting { attempt, since, .. } => {
                *attempt = 1;
                *since = since.map(|_| self.now);
            }
            Phase::Stopping { why: Why::Hang { attempt, .. }, .. } => *attempt = 1,
            Phase::Stopped | Phase::Open | Phase::Stopping { .. } | Phase::Failed { .. } => {}
        }
    }

    /// A child notices by itself, and later; an open path is gone with its server.
    fn server_lost(&mut self) {
        self.machine.server_ready = false;
        match &self.machine.phase {
            Phase::Open => self.wait_for_server(Fault::new(Error::new(Code::ServerDown))),
            Phase::Backoff { fault, .. } => {
                let fault = fault.clone();
                self.wait_for_server(fault);
            }
            Phase::Stopped
            | Phase::Starting { .. }
            | Phase::Running { .. }
            | Phase::Stopping { .. }
            | Phase::Failed { .. } => {}
        }
    }

    fn opened(&mut self) {
        if let Phase::Starting { .. } = self.machine.phase {
            self.machine.phase = Phase::Open;
            if !self.machine.server_ready {
                self.wait_for_server(Fault::new(Error::new(Code::ServerDown)));
            } else {
                self.convert();
            }
        }
    }

    /// A child that loses its source ends by itself.
    fn source(&mut self, there: bool) {
        self.machine.source_there = there;
        self.convert();
    }

    /// What was waited for is there.
    fn convert(&mut self) {
        let Machine { feed, source_there, .. } = *self.machine;
        if self.machine.phase == Phase::Open && feed == Feed::Converter && source_there {
            self.start(1);
        }
    }

    fn queued(&mut self, waits: bool) {
        if let Phase::Starting { since, spawned: None, .. } = &mut self.machine.phase {
            *since = (!waits).then_some(self.now);
        }
    }

    fn spawned(&mut self) {
        if let Phase::Starting { spawned, .. } = &mut self.machine.phase {
            *spawned = Some(self.now);
        }
    }

    fn not_spawned(&mut self, problem: Problem) {
        if let Phase::Starting { attempt, .. } = self.machine.phase {
            self.broken(attempt, problem);
        }
    }

    fn progressed(&mut self) {
        match &mut self.machine.phase {
            Phase::Starting { spawned: Some(_), progressed, .. } => *progressed = true,
            Phase::Running { progress_at, received_at, .. } => {
                (*progress_at, *received_at) = (self.now, (*received_at).min(self.now));
            }
            Phase::Starting { spawned: None, .. }
            | Phase::Stopped
            | Phase::Open
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Failed { .. } => return,
        }
        self.maybe_running();
    }

    fn online(&mut self, is_online: bool) {
        if let Phase::Starting { online, .. } = &mut self.machine.phase {
            *online = is_online;
            self.maybe_running();
        }
    }

    fn received(&mut self) {
        if let Phase::Running { received_at, .. } = &mut self.machine.phase {
            *received_at = self.now;
        }
    }

    /// What the server has is on air. FFmpeg tells of its first progress up to half a second later; 5.1 does at once.
    fn maybe_running(&mut self) {
        if let Phase::Starting { attempt, spawned: Some(born), progressed, online: true, .. } =
            self.machine.phase
        {
            let now = self.now;
            // Until it has got further once, it has the time of a start.
            let from = |limit: Millis| match progressed {
                true => now,
                false => now.max((born + self.limits.start).saturating_sub(limit)),
            };
            let (progress_at, received_at) = (from(self.limits.stall), from(self.limits.received));
            self.machine.phase = Phase::Running { attempt, since: now, progress_at, received_at };
        }
    }

    fn ended(&mut self, ending: Ending) {
        let attempt = self.machine.attempt();
        match (&self.machine.phase, ending) {
            (Phase::Stopping { .. }, _) if self.machine.order == Order::Stop => self.stopped(),
            (Phase::Stopping { why: Why::Hang { fault, .. }, .. }, _) => {
                let fault = fault.clone();
                self.broken(attempt, Problem { fault, permanent: false });
            }
            (Phase::Stopping { why: Why::Order | Why::Edit, .. }, _) => self.start(1),
            (Phase::Starting { .. } | Phase::Running { .. }, Ending::Finished)
                if self.machine.playback != Playback::Loop && self.machine.feed == Feed::Child =>
            {
                self.machine.order = Order::Stop;
                self.effects.push(Effect::Completed);
                self.stopped();
            }
            (Phase::Starting { .. } | Phase::Running { .. }, Ending::Finished) => {
                let fault = Fault::new(Error::new(Code::FfmpegEndedEarly));
                self.broken(attempt, Problem { fault, permanent: false });
            }
            (Phase::Starting { .. } | Phase::Running { .. }, Ending::Broken(problem)) => {
                self.broken(attempt, problem)
            }
            (Phase::Stopped | Phase::Open | Phase::Backoff { .. } | Phase::Failed { .. }, _) => {}
        }
    }

    fn cured(&mut self) {
        if matches!(self.machine.phase, Phase::Failed { .. }) && self.machine.order == Order::Run {
            self.start(1);
        }
    }

    fn tick(&mut self) {
        if self.machine.deadline(self.limits).is_none_or(|due| self.now < due) {
            return;
        }
        match self.machine.phase.clone() {
            Phase::Stopped | Phase::Open => {}
            Phase::Starting { attempt, spawned: None, .. } => {
                self.effects.push(Effect::CancelSpawn);
                let error = Error::new(Code::Internal).with("reason", t!("log.not_made"));
                self.broken(attempt, Problem { fault: error.into(), permanent: false });
            }
            Phase::Starting { attempt, .. } => {
                let seconds = self.limits.start / 1000;
                self.hang(attempt, Error::new(Code::NoProgress).with("seconds", seconds));
            }
            Phase::Running { attempt, since, progress_at, received_at } => {
                let silent = self.machine.server_ready && self.now >= received_at + self.limits.received;
                if self.now >= progress_at + self.limits.stall || silent {
                    let seconds = (self.now - progress_at.min(received_at)) / 1000;
                    self.hang(attempt, Error::new(Code::Stalled).with("seconds", seconds));
                } else {
                    self.machine.phase = Phase::Running { attempt: 0, since, progress_at, received_at };
                }
            }
            Phase::Stopping { why, rung, .. } => self.ask(why, rung + 1),
            Phase::Backoff { attempt, .. } => self.start(attempt + 1),
            Phase::Failed { fault, .. } => {
                self.machine.phase = Phase::Failed { fault, check: self.now + self.limits.recheck };
                self.effects.push(Effect::CheckCure);
            }
        }
    }

    /// Whatever was alive gets its whole time again; whatever waits is tried at once.
    fn woke(&mut self) {
        let now = self.now;
        match &mut self.machine.phase {
            Phase::Starting { spawned: Some(at), .. } | Phase::Starting { since: Some(at), .. } => *at = now,
            Phase::Running { progress_at, received_at, .. } => (*progress_at, *received_at) = (now, now),
            Phase::Stopping { asked, .. } => *asked = now,
            Phase::Backoff { attempt, until: until @ Until::Time(_), .. } => {
                (*attempt, *until) = (0, Until::Time(now));
            }
            Phase::Failed { check, .. } => *check = now,
            Phase::Stopped | Phase::Open | Phase::Starting { .. } | Phase::Backoff { .. } => {}
        }
    }

    fn hang(&mut self, attempt: u32, error: Error) {
        self.ask(Why::Hang { attempt, fault: error.into() }, 0);
    }

    fn start(&mut self, attempt: u32) {
        let since = Some(self.now);
        self.machine.phase =
            Phase::Starting { attempt, since, spawned: None, progressed: false, online: false };
        self.effects.push(match self.machine.feed {
            Feed::Child => Effect::Spawn,
            Feed::Converter if self.machine.source_there => Effect::Spawn,
            Feed::Converter | Feed::Server => Effect::Open,
        });
    }

    fn stopped(&mut self) {
        self.machine.phase = Phase::Stopped;
        self.effects.push(Effect::RemovePath);
    }

    fn ask(&mut self, why: Why, rung: usize) {
        // Past the ladder's end the group was killed and only the reaping is awaited; killing again costs nothing.
        let step = why.ladder(&self.limits.ladders).get(rung).map_or(Rung::Kill, |(step, _)| *step);
        self.machine.phase = Phase::Stopping { why, rung, asked: self.now };
        self.effects.push(Effect::Ask(step));
    }

    fn broken(&mut self, attempt: u32, Problem { fault, permanent }: Problem) {
        if permanent {
            self.machine.phase = Phase::Failed { fault, check: self.now + self.limits.recheck };
            return;
        }
        let attempt = attempt.max(1);
        if self.machine.server_ready {
            let until = Until::Time(self.now + self.limits.backoff(attempt, self.jitter));
            self.machine.phase = Phase::Backoff { attempt, until, fault };
        } else {
            self.wait_for_server(fault);
        }
    }

    /// An end of the server says nothing about the stream, so no attempt before it counts.
    fn wait_for_server(&mut self, fault: Fault) {
        self.machine.phase = Phase::Backoff { attempt: 0, until: Until::Server, fault };
    }
}
