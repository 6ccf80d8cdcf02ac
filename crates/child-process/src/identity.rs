//! Telling a process from another that got the same pid later.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Pid, start time and program file: together they name one process for good. See [`Identity::is`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// As the system gives it, to be compared for equality only. Linux: boot id and clock ticks since boot
    /// (field 22 of `/proc/PID/stat`), which no change of the wall clock moves. Elsewhere: seconds of the epoch.
    pub(crate) started: String,
    /// The file that runs, as the system resolves it.
    pub(crate) exe: PathBuf,
}

impl Identity {
    /// Whether both are the same process.
    ///
    /// On Linux whatever program it runs: a script that becomes FFmpeg by `exec` is written down as its shell. Within
    /// one clock tick (10 ms) of one boot no pid is given twice, since all others come before it again. Elsewhere start
    /// times are whole seconds, in which that may happen.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.pid == other.pid
            && self.started == other.started
            && (cfg!(target_os = "linux") || self.exe == other.exe)
    }

    /// The process that has this pid now; `None` if there is none, if it is a zombie, or if it isn't ours to see.
    #[cfg(target_os = "linux")]
    pub(crate) fn of(pid: u32) -> Option<Self> {
        use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

        let exe = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        // An update of the program replaces the file under a running process.
        let bytes = exe.as_os_str().as_bytes();
        let exe = PathBuf::from(OsStr::from_bytes(bytes.strip_suffix(b" (deleted)").unwrap_or(bytes)));
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may hold spaces and parentheses itself; after it comes field 3.
        let ticks = stat.rsplit_once(')')?.1.split_whitespace().nth(22 - 3)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Some(Self { pid, started: format!("{}:{ticks}", boot.trim()), exe })
    }

    /// The process that has this pid now; `None` if there is none or if it isn't ours to see.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of(pid: u32) -> Option<Self> {
        use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

        let mut system = System::new().ok()?;
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[Pid::from_u32(pid)]),
            true,
            ProcessRefreshKind::nothing().with_exe(UpdateKind::Always),
        );
        let process = system.process(Pid::from_u32(pid))?;
        Some(Self { pid, started: process.start_time().to_string(), exe: process.exe()?.to_path_buf() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_this_process() {
        let me = Identity::of(std::process::id()).expect("our own process is there");
        let exe = std::env::current_exe().expect("we have a program file");
        assert_eq!(me.exe, exe);
        assert_eq!(Identity::of(std::process::id()), Some(me), "the same each time it is asked");
    }
}
