//! Job objects. Closing the last handle of a job ends its members, so a crash of ours leaves nothing behind.

use std::io;

use process_wrap::tokio::{CommandWrap, CreationFlags, JobObject, KillOnDrop};
use tokio::process::Command;
use windows::Win32::System::Threading::{BELOW_NORMAL_PRIORITY_CLASS, CREATE_NO_WINDOW};

/// Gives the child a job of its own, and no console window.
pub(crate) fn prepare(command: Command, low_priority: bool) -> CommandWrap {
    let mut flags = CREATE_NO_WINDOW;
    if low_priority {
        flags |= BELOW_NORMAL_PRIORITY_CLASS;
    }
    let mut command = CommandWrap::from(command);
    // `JobObject` sets the flags anew unless it finds them in this wrapper; `KillOnDrop` makes it set
    // KILL_ON_JOB_CLOSE.
    command.wrap(CreationFlags(flags)).wrap(KillOnDrop).wrap(JobObject);
    command
}

/// Names the process. The job itself belongs to the task that waits for it, which alone can end it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    leader: u32,
}

impl Group {
    pub(crate) fn of(leader: u32) -> Self {
        Self { leader }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.leader
    }

    /// Nothing: no signal reaches a program without a console.
    pub(crate) fn interrupt(&self) {}

    /// Nothing: the task ends the job.
    pub(crate) fn kill(&self) {}

    /// Nothing: a handle can't name another process later.
    pub(crate) fn gone(&self) {}
}

/// Ends a process of an earlier run. The caller has checked its identity.
pub(crate) fn end_orphan(pid: u32) -> io::Result<()> {
    let mut system = sysinfo::System::new().map_err(io::Error::other)?;
    let pid = sysinfo::Pid::from_u32(pid);
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[pid]), false);
    match system.process(pid) {
        Some(process) if !process.kill() => Err(io::ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    }
}
