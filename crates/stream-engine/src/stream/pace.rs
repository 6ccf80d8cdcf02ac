//! How fast a stream is sent, and whether this computer keeps up.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The speed is that of the last quarter of a minute. FFmpeg's own `speed` won't do: it is the average since its
/// start, so that after a day on air it hides an hour of trouble.
const WINDOW: Duration = Duration::from_secs(15);
/// Less says nothing: FFmpeg 7 and newer begin with a burst, and frames come in steps.
const LEAST: Duration = Duration::from_secs(8);
/// Below this for [`SLOW_AFTER`] it does not keep up with real time.
const SLOW: f64 = 0.97;
const SLOW_AFTER: Duration = Duration::from_secs(15);
/// From this on for [`GOOD_AFTER`] it does again.
const GOOD: f64 = 0.99;
const GOOD_AFTER: Duration = Duration::from_secs(10);

/// Judges one child by how its output time moves.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the output time got further, and to where, in microseconds.
    steps: VecDeque<(Instant, i64)>,
    /// Since when the speed speaks against the verdict.
    against: Option<Instant>,
    slow: bool,
}

impl Pace {
    /// The output time got to `out_time` microseconds. Only then: between two frames nothing can be said of a video of
    /// one frame in five seconds.
    pub(super) fn step(&mut self, out_time: i64, now: Instant) {
        self.steps.push_back((now, out_time));
        while self.steps.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.steps.pop_front();
        }
        let Some(speed) = self.speed() else { return };
        let (against, after) = match self.slow {
            false => (speed < SLOW, SLOW_AFTER),
            true => (speed >= GOOD, GOOD_AFTER),
        };
        let since = against.then(|| *self.against.get_or_insert(now));
        self.against = since;
        if since.is_some_and(|since| now.duration_since(since) >= after) {
            (self.slow, self.against) = (!self.slow, None);
        }
    }

    /// Of real time, over the last 15 s; none until it says something.
    pub(super) fn speed(&self) -> Option<f64> {
        let ((began, from), (now, to)) = (self.steps.front()?, self.steps.back()?);
        let elapsed = now.duration_since(*began);
        #[expect(clippy::cast_precision_loss, reason = "seconds in microseconds")]
        let sent = (to - from) as f64 / 1e6;
        (elapsed >= LEAST).then(|| sent / elapsed.as_secs_f64())
    }

    /// Whether it lastingly does not keep up.
    pub(super) fn is_slow(&self) -> bool {
        self.slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sent at these speeds for so many seconds each, in steps of `step` seconds of output; the seconds at which the
    /// verdict changed.
    fn turns(step: f64, stretches: &[(f64, u32)]) -> Vec<u64> {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let (mut out, mut told, mut turns, mut slow) = (0.0, f64::MIN, Vec::new(), false);
        let mut tick = 0_u32;
        for (speed, seconds) in stretches {
            for _ in 0..seconds * 2 {
                tick += 1;
                out += speed / 2.0;
                let now = start + Duration::from_millis(500) * tick;
                // FFmpeg tells twice a second, of whole frames.
                let whole = (out / step).floor() * step;
                if whole > told {
                    told = whole;
                    #[expect(clippy::cast_possible_truncation, reason = "a test's minutes")]
                    pace.step((whole * 1e6) as i64, now);
                }
                if pace.is_slow() != slow {
                    slow = !slow;
                    turns.push(now.duration_since(start).as_secs());
                }
            }
        }
        turns
    }

    #[test]
    fn real_time_is_never_slow_however_few_the_frames() {
        for step in [0.04, 1.0, 5.0, 10.0] {
            assert_eq!(turns(step, &[(1.0, 600)]), [0; 0], "a frame in {step} s");
        }
    }

    #[test]
    fn slow_is_told_once_and_taken_back_once() {
        let hours = 3600 * 5;
        let seen = turns(0.04, &[(1.0, hours), (0.8, 60), (1.0, 120)]);
        let [slow, good] = seen[..] else { panic!("{seen:?}") };
        assert!((15..=25).contains(&(slow - u64::from(hours))), "{slow}");
        assert!((10..=30).contains(&(good - u64::from(hours) - 60)), "{good}");
        assert_eq!(turns(1.0, &[(0.8, 60)]).len(), 1, "a frame a second too");
    }

    #[test]
    fn a_dip_is_not_told_and_what_hovers_does_not_flap() {
        assert_eq!(turns(0.04, &[(1.0, 60), (0.0, 3), (1.9, 3), (1.0, 60)]), [0; 0]);
        assert_eq!(turns(0.04, &[(0.9, 60), (0.98, 300)]).len(), 1, "between the limits it stays");
    }
}
