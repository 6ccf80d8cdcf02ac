//! Process groups, signals and, on Linux, the death signal.

use std::{io, sync::Arc};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::{Pid, getpgid},
};
use parking_lot::Mutex;
use process_wrap::tokio::{CommandWrap, ProcessGroup};
use tokio::process::Command;

/// How much lower the priority of a [`crate::Spec::low_priority`] child is, in steps of `nice`.
const NICE: i32 = 10;

/// Gives the child a group of its own and ties its life to ours.
pub(crate) fn prepare(mut command: Command, low_priority: bool) -> CommandWrap {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let parent = std::process::id();
    let hook = move || -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
            // We may have died between fork and here; then no death is left to be told of.
            if nix::unistd::getppid().as_raw().cast_unsigned() != parent {
                return Err(nix::errno::Errno::ESRCH.into());
            }
        }
        if low_priority {
            lower_priority();
        }
        Ok(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed: the hook makes plain system calls
    // (prctl, getppid, setpriority, ioprio_set) and neither allocates nor takes a lock.
    #[expect(unsafe_code, reason = "the death signal can be set in the child alone")]
    unsafe {
        command.pre_exec(hook);
    }
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessGroup::leader());
    command
}

/// Best effort: a child at normal priority is better than none. On Linux its disk work waits for everybody else's too
/// (`ioprio_set(2)`: one process, class idle), where the disk's scheduler minds that.
fn lower_priority() {
    // SAFETY: a system call on plain numbers; 0 means the calling process.
    #[expect(unsafe_code, reason = "nix has neither setpriority nor ioprio_set")]
    unsafe {
        nix::libc::setpriority(nix::libc::PRIO_PROCESS, 0, NICE);
        #[cfg(target_os = "linux")]
        nix::libc::syscall(nix::libc::SYS_ioprio_set, 1, 0, 3 << 13);
    }
}

/// A process group, until it is [`Group::gone`]; then signals go nowhere, for its number may be in use again.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    leader: Pid,
    lives: Arc<Mutex<bool>>,
}

impl Group {
    /// The group that this process leads.
    pub(crate) fn of(leader: u32) -> Self {
        Self { leader: Pid::from_raw(leader.cast_signed()), lives: Arc::new(Mutex::new(true)) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.leader.as_raw().cast_unsigned()
    }

    /// SIGINT to the leader alone: FFmpeg and shells pass it on as they see fit.
    pub(crate) fn interrupt(&self) {
        self.while_alive(|| kill(self.leader, Signal::SIGINT));
    }

    /// SIGKILL to every member.
    pub(crate) fn kill(&self) {
        self.while_alive(|| killpg(self.leader, Signal::SIGKILL));
    }

    /// No signal is sent from here on.
    pub(crate) fn gone(&self) {
        *self.lives.lock() = false;
    }

    fn while_alive(&self, signal: impl FnOnce() -> nix::Result<()>) {
        let lives = self.lives.lock();
        // ESRCH: it ended a moment ago, which is what we want.
        if *lives
            && let Err(error) = signal()
            && error != nix::errno::Errno::ESRCH
        {
            tracing::warn!(%error, pid = self.pid(), "the signal could not be sent");
        }
    }
}

/// Kills a process of an earlier run together with its group. The caller has checked its identity.
pub(crate) fn end_orphan(pid: u32) -> io::Result<()> {
    let pid = Pid::from_raw(pid.cast_signed());
    // Only a group that it leads is surely ours.
    if getpgid(Some(pid))? == pid {
        killpg(pid, Signal::SIGKILL)?
    } else {
        kill(pid, Signal::SIGKILL)?
    }
    Ok(())
}
