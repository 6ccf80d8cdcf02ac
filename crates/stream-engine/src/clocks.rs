//! The computer's clocks. Every decision uses the monotonic one; people read the wall clock, which may be set. What the
//! two and the time since boot do to each other tells that the computer slept, or that somebody set the clock.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use stream_api::UnixMillis;
use tokio::{
    sync::broadcast,
    time::{Interval, MissedTickBehavior, interval_at},
};

use crate::clock;

/// How often the clocks are compared.
const TICK: Duration = Duration::from_secs(1);
/// A gap at least this long is a sleep. The time since boot comes in whole seconds.
const SLEPT: Duration = Duration::from_secs(3);
/// A wall clock that is off by less than this, in milliseconds, was not set: network time nudges it.
const NUDGE: i64 = 2_000;

/// All clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Runs on steadily; on Linux and macOS it stands still while the computer sleeps.
    pub monotonic: Duration,
    /// Since boot, with the time asleep, in whole seconds; zero where the system does not tell.
    pub uptime: Duration,
    /// What people read.
    pub wall: UnixMillis,
}

/// What happened to the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jump {
    /// The computer slept, or this process was stopped: deadlines that passed meanwhile mean nothing, and what is
    /// waited for may be there.
    Woke,
    /// The wall clock was set, by so many milliseconds.
    Set(i64),
}

/// The clocks that an engine lives by. A cheap handle.
#[derive(Clone)]
pub struct Clocks {
    read: Arc<dyn Fn() -> Reading + Send + Sync>,
    wall: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
    /// When all [`seconds`](Clocks::seconds) begin.
    beat: tokio::time::Instant,
    jumps: broadcast::Sender<Jump>,
}

impl fmt::Debug for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clocks").field(&(self.read)()).finish()
    }
}

impl Clocks {
    /// The computer's own.
    pub fn real() -> Clocks {
        let start = Instant::now();
        let clocks = Clocks::by(move || Reading {
            monotonic: start.elapsed(),
            uptime: Duration::from_secs(sysinfo::System::uptime().unwrap_or_default()),
            wall: clock::now(),
        });
        // It is asked for each event, and the time since boot is in a file.
        Clocks { wall: Arc::new(clock::now), ..clocks }
    }

    /// Those of a test.
    pub fn by(read: impl Fn() -> Reading + Send + Sync + 'static) -> Clocks {
        let read = Arc::new(read);
        let wall = Arc::clone(&read);
        Clocks {
            read,
            wall: Arc::new(move || wall().wall),
            beat: tokio::time::Instant::now(),
            jumps: broadcast::channel(16).0,
        }
    }

    /// Now, as people read it.
    pub(crate) fn wall(&self) -> UnixMillis {
        (self.wall)()
    }

    /// Once a second, at the same moment for whoever asks: the computer wakes up once for all of them.
    pub(crate) fn seconds(&self) -> Interval {
        let next = self.beat.elapsed().as_secs() + 1;
        let mut seconds = interval_at(self.beat + Duration::from_secs(next), Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        seconds
    }

    /// Every jump from now on.
    pub(crate) fn jumps(&self) -> broadcast::Receiver<Jump> {
        self.jumps.subscribe()
    }

    /// Compares the clocks once a second and tells every jump. Until dropped.
    pub(crate) async fn watch(self) {
        let mut before = (self.read)();
        loop {
            tokio::time::sleep(TICK).await;
            let after = (self.read)();
            for jump in jumps(before, after) {
                tracing::info!(?jump, "the clocks jumped");
                // An error only says that nobody listens.
                let _ = self.jumps.send(jump);
            }
            before = after;
        }
    }
}

/// What happened between two readings that are meant to be a [`TICK`] apart.
fn jumps(before: Reading, after: Reading) -> Vec<Jump> {
    let ran = after.monotonic.saturating_sub(before.monotonic);
    let passed = ran.max(after.uptime.saturating_sub(before.uptime));
    let mut jumps = Vec::new();
    if passed >= TICK + SLEPT {
        jumps.push(Jump::Woke);
    }
    let passed = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
    let set = after.wall.0.saturating_sub(before.wall.0).saturating_sub(passed);
    if set.abs() >= NUDGE {
        jumps.push(Jump::Set(set));
    }
    jumps
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    /// A second later, as each clock sees it.
    fn later(monotonic: u64, uptime: u64, wall: i64) -> Vec<Jump> {
        let seconds = Duration::from_secs;
        let before = Reading { monotonic: seconds(50), uptime: seconds(900), wall: UnixMillis(7 * DAY) };
        let after = Reading {
            monotonic: seconds(50) + Duration::from_millis(monotonic),
            uptime: seconds(900 + uptime),
            wall: UnixMillis(7 * DAY + wall),
        };
        jumps(before, after)
    }

    #[test]
    fn a_usual_second_is_none() {
        assert_eq!(later(1_000, 1, 1_000), []);
        assert_eq!(later(1_004, 2, 1_003), [], "whole seconds are coarse");
        assert_eq!(later(2_900, 2, 2_950), [], "a busy computer");
        assert_eq!(later(1_000, 0, 1_000), [], "no time since boot");
        assert_eq!(later(1_000, 1, 400), [], "network time nudges it");
    }

    #[test]
    fn sleep_is_told_from_a_clock_that_was_set() {
        assert_eq!(later(1_000, 28_800, 28_800_000), [Jump::Woke], "Linux, macOS: slept for 8 hours");
        assert_eq!(
            later(28_800_000, 28_800, 28_800_000),
            [Jump::Woke],
            "Windows, or this process was stopped"
        );
        assert_eq!(later(1_000, 1, DAY + 1_000), [Jump::Set(DAY)]);
        assert_eq!(later(1_000, 1, 1_000 - DAY), [Jump::Set(-DAY)]);
        assert_eq!(later(1_000, 3_600, 3_600_000 - DAY), [Jump::Woke, Jump::Set(-DAY)], "both");
    }

    #[tokio::test(start_paused = true)]
    async fn everybodys_seconds_are_the_same() {
        let clocks = Clocks::real();
        tokio::time::sleep(TICK * 3 + TICK / 4).await;
        let mut first = clocks.seconds();
        tokio::time::sleep(TICK / 4).await;
        let mut second = clocks.clone().seconds();
        for _ in 0..3 {
            assert_eq!(first.tick().await, second.tick().await);
        }
        // Who was held up goes on with the others.
        tokio::time::sleep(TICK * 5).await;
        second.tick().await;
        assert_eq!(second.tick().await.duration_since(clocks.beat).subsec_nanos(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn listeners_hear_of_a_jump() {
        let wall = Arc::new(std::sync::atomic::AtomicI64::new(0));
        let (start, read) = (tokio::time::Instant::now(), Arc::clone(&wall));
        let clocks = Clocks::by(move || {
            let run = start.elapsed();
            let set = read.load(std::sync::atomic::Ordering::Relaxed);
            Reading {
                monotonic: run,
                uptime: run,
                wall: UnixMillis(i64::try_from(run.as_millis()).unwrap() + set),
            }
        });
        let mut heard = clocks.jumps();
        let watching = tokio::spawn(clocks.watch());
        tokio::time::sleep(TICK * 3).await;
        wall.store(DAY, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(heard.recv().await.unwrap(), Jump::Set(DAY), "and nothing before it");
        watching.abort();
    }
}
