//! The handle to a running child.

use std::{process::ExitStatus, time::SystemTime};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{lines::Line, supervise::Supervised};

/// One step of a stop ladder, from polite to final. Climbing it in time is the caller's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Writes `q` to its standard input.
    Quit,
    /// Sends SIGINT to the leader of its group. Windows has no such signal for a program without a console, so
    /// there it is [`Rung::Quit`].
    Interrupt,
    /// Ends the whole group or job at once.
    Kill,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code, if it ended by itself. Windows reports a kill as code 1.
    pub code: Option<i32>,
    /// The number of the signal that ended it (Unix only).
    pub signal: Option<i32>,
}

impl Exit {
    /// Whether it ended by itself with code 0.
    #[must_use]
    pub fn success(self) -> bool {
        self.code == Some(0)
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None;
        Self { code: status.code(), signal }
    }
}

/// A running program and its whole process group (Unix) or job (Windows).
///
/// Dropping it kills the group. While it lives its output is drained, whether or not [`Child::lines`] is read.
#[derive(Debug)]
pub struct Child {
    /// What it prints, a line at a time. Ends (`None`) after the last line, shortly after its exit; read on
    /// after [`Child::exit`] to get the last words.
    pub lines: mpsc::Receiver<Line>,
    supervised: Supervised,
}

impl Child {
    pub(crate) fn new(supervised: Supervised, lines: mpsc::Receiver<Line>) -> Self {
        Self { lines, supervised }
    }

    /// Process id of the leader; on Unix the id of its group as well.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.supervised.pid
    }

    /// When it was started, by the wall clock.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        self.supervised.started
    }

    /// Asks it to end. Returns at once and does nothing if it has ended; [`Child::exit`] tells the outcome.
    pub fn ask(&self, rung: Rung) {
        self.supervised.ask(rung);
    }

    /// Waits until it has ended and the rest of its group is dead. May be dropped and called again any number
    /// of times; it doesn't borrow the child, so it can stand in one `select!` with `lines.recv()`.
    pub fn exit(&self) -> impl Future<Output = Exit> + Send + use<> {
        self.supervised.exit()
    }
}
