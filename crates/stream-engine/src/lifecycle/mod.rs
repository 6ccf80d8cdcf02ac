//! What a stream does next: pure. [`step`] takes a machine, one input and the time, and gives the effects that the
//! actor carries out. Nothing else decides.
//!
//! Order (what the user wants) is apart from phase (what is true); a phase carries its own facts.

mod limits;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use child_process::Rung;
use stream_api::{Code, Error, Fault, Order, Playback, State};

pub use limits::Limits;
use limits::{STALLED_LADDER, STOP_LADDER};

/// Milliseconds of a monotonic clock.
pub type Millis = u64;

/// A stream's order and phase, and what it knows of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// What the user wants.
    pub order: Order,
    /// What is true.
    pub phase: Phase,
    /// Whether the server answers.
    pub server_ready: bool,
    /// What the end of the source means.
    pub playback: Playback,
}

/// What is true of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Nothing runs.
    Stopped,
    /// A child is being made, or it was made and is not on air yet.
    Starting {
        /// 1 for the first.
        attempt: u32,
        /// When the child was made; none while it is being made.
        spawned: Option<Millis>,
        /// It has sent something.
        progressed: bool,
        /// The server has it.
        online: bool,
    },
    /// On air, or just not any more.
    Running {
        /// 0 once it has run well for long enough.
        attempt: u32,
        /// When it began.
        since: Millis,
        /// When the child last got further.
        progress_at: Millis,
        /// When the server last received something.
        received_at: Millis,
    },
    /// The child was asked to end.
    Stopping {
        /// What comes after its end.
        why: Why,
        /// Where on the ladder.
        rung: usize,
        /// When that rung was taken.
        asked: Millis,
    },
    /// Waiting to try again.
    Backoff {
        /// Of the attempt that failed.
        attempt: u32,
        /// Until when.
        until: Until,
        /// Why.
        fault: Fault,
    },
    /// Needs a person, or the thing that is missing.
    Failed {
        /// Why.
        fault: Fault,
        /// When to look whether the cause is gone.
        check: Millis,
    },
}

/// What a backoff waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A moment.
    Time(Millis),
    /// The server.
    Server,
}

/// Why a child was asked to end.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// The user ordered it to stop.
    Order,
    /// It starts again with other settings.
    Edit,
    /// It hangs.
    Hang {
        /// The attempt that hangs.
        attempt: u32,
        /// How.
        fault: Fault,
    },
}

/// Everything that can happen to a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The user wants it live; in backoff or failed, at once.
    Run,
    /// The user wants it stopped.
    Stop,
    /// Its settings changed such that a running child must be made anew.
    Edited,
    /// The server answers.
    ServerReady,
    /// The server does not answer.
    ServerLost,
    /// The child was made.
    Spawned,
    /// The child could not be made.
    NotSpawned(Problem),
    /// The child got further.
    Progressed,
    /// The server has the stream online, or not.
    Online(bool),
    /// The server received more of it.
    Received,
    /// The child ended, and why.
    Ended(Ending),
    /// What a failed stream missed is there again.
    Cured,
    /// A deadline may have come.
    Tick,
    /// The computer slept, or this process stood still: nobody could meet a deadline meanwhile.
    Woke,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// By itself, at the end of its input.
    Finished,
    /// Otherwise.
    Broken(Problem),
}

/// Something that keeps a stream from running.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What.
    pub fault: Fault,
    /// Trying again would not help.
    pub permanent: bool,
}

/// What the actor has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make a child.
    Spawn,
    /// Give up making one.
    CancelSpawn,
    /// Ask the child to end.
    Ask(Rung),
    /// The path is not needed any more.
    RemovePath,
    /// Look whether the cause of the failure is gone, and say [`Input::Cured`] if so.
    CheckCure,
    /// The source came to its end: the order is now Stop.
    Completed,
}

impl Machine {
    /// A stream that was just made or read; what is stored of an earlier run is not trusted.
    pub fn new(playback: Playback, server_ready: bool) -> Machine {
        Machine { order: Order::Stop, phase: Phase::Stopped, server_ready, playback }
    }

    /// The phase as on the wire.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Stopped => State::Stopped,
            Phase::Starting { .. } => State::Starting,
            Phase::Running { .. } => State::Running,
            Phase::Stopping { .. } => State::Stopping,
            Phase::Backoff { .. } => State::Backoff,
            Phase::Failed { .. } => State::Failed,
        }
    }

    /// Spawns since it last ran well.
    pub fn attempt(&self) -> u32 {
        match &self.phase {
            Phase::Starting { attempt, .. }
            | Phase::Running { attempt, .. }
            | Phase::Backoff { attempt, .. }
            | Phase::Stopping { why: Why::Hang { attempt, .. }, .. } => *attempt,
            Phase::Stopped | Phase::Stopping { .. } | Phase::Failed { .. } => 0,
        }
    }

    /// When [`Input::Tick`] is due; none when only something else can happen.
    pub fn deadline(&self, limits: &Limits) -> Option<Millis> {
        match &self.phase {
            Phase::Stopped | Phase::Backoff { until: Until::Server, .. } => None,
            Phase::Starting { spawned, .. } => spawned.map(|at| at + limits.start),
            Phase::Running { attempt, since, progress_at, received_at } => {
                let mut due = progress_at + limits.stall;
                if self.server_ready {
                    due = due.min(received_at + limits.received);
                }
                if *attempt > 0 {
                    due = due.min(since + limits.healthy);
                }
                Some(due)
            }
            Phase::Stopping { why, rung, asked } => {
                Some(asked + why.ladder().get(*rung).map_or(limits.reap, |(_, wait)| *wait))
            }
            Phase::Backoff { until: Until::Time(at), .. } => Some(*at),
            Phase::Failed { check, .. } => Some(*check),
        }
    }
}

impl Why {
    fn ladder(&self) -> &'static [(Rung, Millis)] {
        match self {
            Why::Order | Why::Edit => STOP_LADDER,
            Why::Hang { .. } => STALLED_LADDER,
        }
    }
}

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
            Input::ServerLost => self.machine.server_ready = false,
            Input::Spawned => self.spawned(),
            Input::NotSpawned(problem) => self.not_spawned(problem),
            Input::Progressed => self.progressed(),
            Input::Online(online) => self.online(online),
            Input::Received => self.received(),
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
            Phase::Starting { .. } | Phase::Running { .. } | Phase::Stopping { .. } => {}
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
            Phase::Backoff { .. } | Phase::Failed { .. } => self.stopped(),
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
            Phase::Backoff { .. } | Phase::Failed { .. } => self.start(1),
        }
    }

    fn server_ready(&mut self) {
        self.machine.server_ready = true;
        match &mut self.machine.phase {
            Phase::Running { received_at, .. } => *received_at = self.now,
            Phase::Backoff { attempt, until: Until::Server, .. } => {
                let attempt = *attempt;
                self.start(attempt + 1);
            }
            _ => {}
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
            Phase::Running { progress_at, .. } => *progress_at = self.now,
            _ => return,
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

    fn maybe_running(&mut self) {
        if let Phase::Starting { attempt, spawned: Some(_), progressed: true, online: true } =
            self.machine.phase
        {
            let now = self.now;
            self.machine.phase = Phase::Running { attempt, since: now, progress_at: now, received_at: now };
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
                if self.machine.playback == Playback::Once =>
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
            (Phase::Stopped | Phase::Backoff { .. } | Phase::Failed { .. }, _) => {}
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
            Phase::Stopped => {}
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
            Phase::Backoff { attempt, fault, .. } if !self.machine.server_ready => {
                self.wait_for_server(attempt, fault);
            }
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
            Phase::Starting { spawned: Some(spawned), .. } => *spawned = now,
            Phase::Running { progress_at, received_at, .. } => (*progress_at, *received_at) = (now, now),
            Phase::Stopping { asked, .. } => *asked = now,
            Phase::Backoff { attempt, until: until @ Until::Time(_), .. } => {
                (*attempt, *until) = (0, Until::Time(now));
            }
            Phase::Failed { check, .. } => *check = now,
            Phase::Stopped | Phase::Starting { spawned: None, .. } | Phase::Backoff { .. } => {}
        }
    }

    fn hang(&mut self, attempt: u32, error: Error) {
        self.ask(Why::Hang { attempt, fault: error.into() }, 0);
    }

    fn start(&mut self, attempt: u32) {
        self.machine.phase = Phase::Starting { attempt, spawned: None, progressed: false, online: false };
        self.effects.push(Effect::Spawn);
    }

    fn stopped(&mut self) {
        self.machine.phase = Phase::Stopped;
        self.effects.push(Effect::RemovePath);
    }

    fn ask(&mut self, why: Why, rung: usize) {
        // Past the ladder's end the group was killed and only the reaping is awaited; killing again costs nothing.
        let step = why.ladder().get(rung).map_or(Rung::Kill, |(step, _)| *step);
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
            self.wait_for_server(attempt, fault);
        }
    }

    /// An end of the server says nothing about the stream, so the attempt that it ended does not count.
    fn wait_for_server(&mut self, attempt: u32, fault: Fault) {
        let attempt = attempt.saturating_sub(1);
        self.machine.phase = Phase::Backoff { attempt, until: Until::Server, fault };
    }
}
