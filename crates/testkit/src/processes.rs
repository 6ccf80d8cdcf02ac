//! Questions about running processes, asked from outside. A zombie counts as dead.

use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

fn all() -> System {
    let mut system = System::new().expect("the list of processes");
    let kind = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    system
}

fn is_dead(status: ProcessStatus) -> bool {
    matches!(status, ProcessStatus::Zombie | ProcessStatus::Dead)
}

/// Whether a process with this pid runs.
#[must_use]
pub fn alive(pid: u32) -> bool {
    let mut system = System::new().expect("the list of processes");
    system.refresh_processes(ProcessesToUpdate::Some(&[Pid::from_u32(pid)]), true);
    system.process(Pid::from_u32(pid)).is_some_and(|process| !is_dead(process.status()))
}

/// The living children of this process, their children, and so on.
#[must_use]
pub fn children_of(pid: u32) -> Vec<u32> {
    let system = all();
    let mut found = vec![Pid::from_u32(pid)];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        let children = system.processes().values().filter(|process| process.parent() == Some(parent));
        found.extend(children.filter(|process| !is_dead(process.status())).map(sysinfo::Process::pid));
        at += 1;
    }
    found.into_iter().skip(1).map(Pid::as_u32).collect()
}

/// The living processes with this text somewhere in their command line, which is joined by spaces.
#[must_use]
pub fn matching(fragment: &str) -> Vec<u32> {
    let system = all();
    let matches = |process: &&sysinfo::Process| {
        let words: Vec<_> = process.cmd().iter().map(|word| word.to_string_lossy()).collect();
        !is_dead(process.status()) && words.join(" ").contains(fragment)
    };
    system.processes().values().filter(matches).map(|process| process.pid().as_u32()).collect()
}
