//! What processes use, by `/proc` (proc(5)): processor time, and memory with shared pages divided among their users.

use std::{collections::HashMap, path::Path, process::Command, thread, time::Duration};

use anyhow::{Context as _, Result};
use fs_err as fs;

use crate::process;

/// A process: what its `stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    name: String,
    parent: u32,
    /// Processor time since its start, in clock ticks.
    ticks: u64,
}

/// Use of some processes over a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// In percent of one core.
    pub(crate) cpu: f64,
    /// PSS at the end of the time, in MiB.
    pub(crate) memory: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `pid (name) state ppid …`; the name may hold anything, so its last `)` counts. Fields 14 and 15 are the times.
fn parse(line: &str) -> Option<Stat> {
    let (head, tail) = line.rsplit_once(')')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        name: head.split_once('(')?.1.to_owned(),
        parent: number(4)?.try_into().ok()?,
        ticks: number(14)? + number(15)?,
    })
}

/// The processes below `pid` at any depth, with their names.
pub(crate) fn below(pid: u32) -> Result<Vec<(u32, String)>> {
    let pids = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let all: HashMap<u32, Stat> = pids.filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let is_below = |mut at: u32| {
        while let Some(stat) = all.get(&at) {
            if stat.parent == pid {
                return true;
            }
            at = stat.parent;
        }
        false
    };
    Ok(all.iter().filter(|(at, _)| is_below(**at)).map(|(at, stat)| (*at, stat.name.clone())).collect())
}

/// Memory of `pids` together, in MiB. A process that has just ended counts nothing.
pub(crate) fn memory(pids: &[u32]) -> f64 {
    let kib = |pid: &u32| {
        let rollup =
            fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?.trim().to_owned();
        line.trim_end_matches(" kB").parse::<u32>().ok()
    };
    pids.iter().filter_map(kib).map(f64::from).sum::<f64>() / 1024.0
}

/// Use of each group of processes over the same `time`.
pub(crate) fn over<const N: usize>(time: Duration, groups: [&[u32]; N]) -> Result<[Usage; N]> {
    let tick = process::output(Command::new("getconf").arg("CLK_TCK"))?;
    let tick: f64 = tick.trim().parse().context("the length of a clock tick")?;
    let ticks = |pids: &[u32]| pids.iter().filter_map(|pid| Some(stat(*pid)?.ticks)).sum::<u64>();
    let before = groups.map(ticks);
    thread::sleep(time);
    let after = groups.map(ticks);
    let mut used = [Usage { cpu: 0.0, memory: 0.0 }; N];
    for (at, usage) in used.iter_mut().enumerate() {
        let ticks = u32::try_from(after[at].saturating_sub(before[at]))?;
        usage.cpu = f64::from(ticks) / tick / time.as_secs_f64() * 100.0;
        usage.memory = memory(groups[at]);
    }
    Ok(used)
}

/// Memory of `pids` once it has stopped growing or shrinking by more than 2 % a second; at the latest after 30 s.
pub(crate) fn settled_memory(pids: impl Fn() -> Result<Vec<u32>>) -> Result<f64> {
    let mut last = memory(&pids()?);
    for _ in 0..30 {
        thread::sleep(Duration::from_secs(1));
        let now = memory(&pids()?);
        if (now - last).abs() < 0.02 * last {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 1 0 100 1 1";
        assert_eq!(parse(line), Some(Stat { name: "a) b (c".into(), parent: 7, ticks: 42 }));
    }
}
