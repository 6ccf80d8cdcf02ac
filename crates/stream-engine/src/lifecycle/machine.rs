//! A stream's machine: what is wanted, what is true, what can happen to it and what follows.

use child_process::Rung;
use stream_api::{Fault, Order, Playback, State};

use super::limits::{Ladders, Limits};

/// Milliseconds of a monotonic clock.
pub type Millis = u64;

/// Looks after the last rung; with the ladder's own time some 10 s after it was asked to end.
const HELD: usize = 2;

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
    /// Whose work it is to bring media to the path.
    pub feed: Feed,
    /// Whether the server has the source that a child is to convert.
    pub source_there: bool,
}

/// Who brings media to a stream's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// A child of ours, which is made anew until it works.
    Child,
    /// A child of ours, while the server has the source that it converts. Without the source all that we do is to keep
    /// the paths there.
    Converter,
    /// The server, which fetches it, or whoever publishes. All that we do is to keep the path there.
    Server,
}

/// What is true of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Nothing runs.
    Stopped,
    /// A child is being made, or it was made and is not on air yet. Or the path is being made, where no child is
    /// needed.
    Starting {
        /// 1 for the first.
        attempt: u32,
        /// When its making last got further; none while it waits for its turn, which comes by others' limits.
        since: Option<Millis>,
        /// When the child was made; none while it, or the path, is being made.
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
        /// When the child last got further; ahead of now until it did so once, see [`Limits::start`].
        progress_at: Millis,
        /// When the server last received something; likewise.
        received_at: Millis,
    },
    /// The path is there, and media flows whenever it comes. There is no child, and nothing to hurry; for a converter,
    /// until the source is there.
    Open,
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
    /// Its making waits for its turn.
    Queued,
    /// Its turn has come.
    Admitted,
    /// The child was made.
    Spawned,
    /// The path was made, and no child is needed.
    Opened,
    /// The child, or the path, could not be made.
    NotSpawned(Problem),
    /// The child got further.
    Progressed,
    /// The server has the stream online, or not.
    Online(bool),
    /// The server received more of it.
    Received,
    /// The server has what a child is to convert, or not.
    Source(bool),
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
    /// Make the path alone.
    Open,
    /// Give up making either.
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
    pub fn new(playback: Playback, feed: Feed, server_ready: bool) -> Machine {
        let (order, phase) = (Order::Stop, Phase::Stopped);
        Machine { order, phase, server_ready, playback, feed, source_there: false }
    }

    /// The phase as on the wire.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Stopped => State::Stopped,
            Phase::Starting { .. } => State::Starting,
            Phase::Running { .. } | Phase::Open => State::Running,
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
            Phase::Stopped | Phase::Open | Phase::Stopping { .. } | Phase::Failed { .. } => 0,
        }
    }

    /// Whether the child was killed a while ago and is still there: the system holds it, and nothing ends it until what
    /// it waits for answers.
    pub fn is_held(&self, limits: &Limits) -> bool {
        let Phase::Stopping { why, rung, .. } = &self.phase else { return false };
        *rung >= why.ladder(&limits.ladders).len() + HELD
    }

    /// When [`Input::Tick`] is due; none when only something else can happen.
    pub fn deadline(&self, limits: &Limits) -> Option<Millis> {
        match &self.phase {
            Phase::Stopped | Phase::Open | Phase::Backoff { until: Until::Server, .. } => None,
            Phase::Starting { spawned: Some(at), .. } => Some(at + limits.start),
            // Without the server nothing can be made; its own task never gives up.
            Phase::Starting { since, .. } => since.filter(|_| self.server_ready).map(|at| at + limits.make),
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
                Some(asked + why.ladder(&limits.ladders).get(*rung).map_or(limits.reap, |(_, wait)| *wait))
            }
            Phase::Backoff { until: Until::Time(at), .. } => Some(*at),
            Phase::Failed { check, .. } => Some(*check),
        }
    }
}

impl Why {
    pub(super) fn ladder(&self, ladders: &Ladders) -> &'static [(Rung, Millis)] {
        match self {
            Why::Order | Why::Edit => ladders.stop,
            Why::Hang { .. } => ladders.stalled,
        }
    }
}
