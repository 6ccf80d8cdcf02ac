//! How much of the machine is unused, live.

use std::{sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};
use tokio::time::{MissedTickBehavior, interval};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(2);
/// Looks that count: what one second brings is no load.
const LOOKS: usize = 5;
/// What the second thread of a core adds to it, about, where all of them encode.
const SECOND_THREAD: f64 = 0.3;

/// A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Headroom {
    busy: Arc<Mutex<Vec<f64>>>,
    /// Cores that streams may have in all.
    cores: f64,
}

/// What a machine has, and what of it is unused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Left {
    /// Cores that streams may have in all.
    pub(crate) cores: f64,
    pub(crate) free_cores: f64,
    /// Bytes.
    pub(crate) memory: u64,
    pub(crate) free_memory: u64,
}

impl Headroom {
    pub(crate) fn new() -> Headroom {
        Headroom { busy: Arc::default(), cores: cores() }
    }

    /// Looks on and on, and says when. Until dropped.
    pub(crate) async fn watch(&self, mut looked: impl FnMut()) {
        let mut meter = Meter::new();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(busy) = meter.busy() else { continue };
            {
                let mut seen = self.lock();
                if seen.len() == LOOKS {
                    seen.remove(0);
                }
                seen.push(busy);
            }
            looked();
        }
    }

    /// None during the first seconds. Blocks for a moment.
    pub(crate) fn left(&self) -> Option<Left> {
        let busy = {
            let seen = self.lock();
            if seen.is_empty() {
                return None;
            }
            seen.iter().sum::<f64>() / seen.len() as f64
        };
        let ((memory, free_memory), cores) = (memory()?, self.cores);
        Some(Left { cores, free_cores: (cores - busy).max(0.0), memory, free_memory })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<f64>> {
        self.busy.lock()
    }
}

/// Threads that may run at once: fewer than the machine has where a container says so.
fn threads() -> f64 {
    std::thread::available_parallelism().map_or(1.0, |threads| threads.get() as f64)
}

fn cores() -> f64 {
    let threads = threads();
    let physical = sysinfo::System::physical_core_count().unwrap_or_default() as f64;
    if physical <= 0.0 || physical >= threads {
        threads
    } else {
        physical + SECOND_THREAD * (threads - physical)
    }
}

fn memory() -> Option<(u64, u64)> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory_specifics(sysinfo::MemoryRefreshKind::nothing().with_ram());
    // A container has less than the machine.
    let limits = system.cgroup_limits().filter(|limits| limits.total_memory > 0);
    Some(limits.map_or((system.total_memory(), system.available_memory()), |limits| {
        (limits.total_memory, limits.free_memory.min(system.available_memory()))
    }))
}

#[cfg(target_os = "linux")]
use linux::Meter;
#[cfg(not(target_os = "linux"))]
use others::Meter;

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, time::Instant};

    /// Of a container that may not use the whole machine.
    const OWN: &str = "/sys/fs/cgroup/cpu.stat";

    /// Knows what was counted last.
    pub(super) struct Meter {
        /// Asked once: that reads half a dozen files.
        threads: f64,
        before: Option<(Instant, f64)>,
    }

    impl Meter {
        pub(super) fn new() -> Meter {
            Meter { threads: super::threads(), before: None }
        }

        /// Threads that were busy since the last call, on average. What has a low priority does not count.
        pub(super) fn busy(&mut self) -> Option<f64> {
            let now = Instant::now();
            let whole = busy_ticks(&fs::read_to_string("/proc/stat").ok()?)?;
            // Linux counts in hundredths (`USER_HZ`) on every machine that it runs on today.
            let counted = match self.threads < whole.threads as f64 {
                true => fs::read_to_string(OWN).ok().and_then(|stat| own_seconds(&stat)),
                false => None,
            };
            let counted = counted.unwrap_or(whole.ticks as f64 / 100.0);
            let before = self.before.replace((now, counted));
            let (then, counted_then) = before?;
            let seconds = now.duration_since(then).as_secs_f64();
            (seconds > 0.1).then(|| ((counted - counted_then) / seconds).max(0.0))
        }
    }

    pub(super) struct Busy {
        pub(super) ticks: u64,
        pub(super) threads: usize,
    }

    /// proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal. Without nice, idle and iowait.
    pub(super) fn busy_ticks(stat: &str) -> Option<Busy> {
        let all = stat.lines().next()?.strip_prefix("cpu ")?;
        let counts: Vec<u64> = all.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let ticks = [0, 2, 5, 6, 7].iter().filter_map(|at| counts.get(*at)).sum();
        let threads = stat.lines().skip(1).filter(|line| line.starts_with("cpu")).count();
        (counts.len() >= 4).then_some(Busy { ticks, threads })
    }

    pub(super) fn own_seconds(stat: &str) -> Option<f64> {
        let micros: f64 = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?.parse().ok()?;
        Some(micros / 1e6)
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    /// Knows what was counted last. What has a low priority counts too: these systems don't tell it apart.
    pub(super) struct Meter {
        system: Option<sysinfo::System>,
        looked: bool,
    }

    impl Meter {
        pub(super) fn new() -> Meter {
            Meter { system: sysinfo::System::new().ok(), looked: false }
        }

        /// Threads that were busy since the last call, on average.
        pub(super) fn busy(&mut self) -> Option<f64> {
            let system = self.system.as_mut()?;
            system.refresh_cpu_usage();
            let known = std::mem::replace(&mut self.looked, true);
            known.then(|| f64::from(system.global_cpu_usage()) / 100.0 * super::threads())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_gives_way_is_not_busy() {
        let stat = "cpu  100 5000 30 9000 400 5 6 7 0 0\ncpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 5\n";
        let busy = linux::busy_ticks(stat).unwrap();
        assert_eq!((busy.ticks, busy.threads), (148, 2));
        assert!(linux::busy_ticks("").is_none() && linux::busy_ticks("cpu  x").is_none());
        assert_eq!(linux::own_seconds("usage_usec 2500000\nuser_usec 1\n"), Some(2.5));
    }

    #[test]
    fn this_machine_has_cores_and_memory() {
        let headroom = Headroom::new();
        assert_eq!(headroom.left(), None, "nothing was looked at yet");
        headroom.lock().extend([0.5, 0.7]);
        let left = headroom.left().unwrap();
        assert!(left.cores >= 1.0 && (left.cores - left.free_cores - 0.6).abs() < 1e-9, "{left:?}");
        assert!(left.free_memory <= left.memory && left.memory > 1 << 28, "{left:?}");
        headroom.lock().push(1e6);
        assert_eq!(headroom.left().unwrap().free_cores, 0.0);
    }
}
