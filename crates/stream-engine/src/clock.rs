//! The wall clock, for people, and the monotonic one, by which durations are measured.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stream_api::UnixMillis;

/// Now, as people read it. Before 1970 counts as 1970.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A moment by both clocks: the one that people read may be set, the other one never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) wall: UnixMillis,
    pub(crate) steady: Instant,
}

impl Moment {
    pub(crate) fn now() -> Moment {
        Moment { wall: now(), steady: Instant::now() }
    }

    /// Milliseconds from `earlier` to this, by the steady clock.
    pub(crate) fn since(self, earlier: Moment) -> u64 {
        millis(self.steady.saturating_duration_since(earlier.steady))
    }

    /// How far the wall clock moved from `earlier` to this beyond the time that passed; 0 for a clock that goes well.
    pub(crate) fn drift(self, earlier: Moment) -> i64 {
        let passed = i64::try_from(self.since(earlier)).unwrap_or(i64::MAX);
        (self.wall.0 - earlier.wall.0).saturating_sub(passed)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
