use child_process::Rung;

use super::Millis;

/// The rungs to a child's end, each with the milliseconds that it is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ladders {
    /// Asked to stop.
    pub stop: &'static [(Rung, Millis)],
    /// Hanging: `q` would not be read.
    pub stalled: &'static [(Rung, Millis)],
}

impl Ladders {
    /// FFmpeg 5.1 to 9.0 obey `q` while healthy, and the second signal while blocked in a write (measured;
    /// `fftools/ffmpeg.c`, `decode_interrupt_cb`).
    pub const UNIX: Ladders = Ladders {
        stop: &[(Rung::Quit, 2_000), (Rung::Interrupt, 1_000), (Rung::Interrupt, 1_000), (Rung::Kill, 2_000)],
        stalled: &[(Rung::Interrupt, 1_000), (Rung::Interrupt, 1_000), (Rung::Kill, 2_000)],
    };
    /// No signal reaches a program without a console.
    pub const WINDOWS: Ladders =
        Ladders { stop: &[(Rung::Quit, 2_000), (Rung::Kill, 2_000)], stalled: &[(Rung::Kill, 2_000)] };
}

/// How long a stream waits for what, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// For the making of a child, or of a path: more than its parts may take together, each of which has a limit.
    /// Nothing is ever awaited for good.
    pub make: Millis,
    /// From the child's birth to its first progress on air.
    pub start: Millis,
    /// Without progress of the child.
    pub stall: Millis,
    /// Without bytes at the server, while the child makes progress.
    pub received: Millis,
    /// Running this long counts as well again.
    pub healthy: Millis,
    /// Between two looks whether a failure's cause is gone.
    pub recheck: Millis,
    /// After the last rung, for the child's end to be noticed.
    pub reap: Millis,
    /// The first wait before another attempt.
    pub backoff_first: Millis,
    /// The longest.
    pub backoff_cap: Millis,
    /// How a child is ended.
    pub ladders: Ladders,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            make: 180_000,
            start: 15_000,
            stall: 5_000,
            received: 6_000,
            healthy: 60_000,
            recheck: 2_000,
            reap: 2_000,
            backoff_first: 200,
            backoff_cap: 30_000,
            ladders: if cfg!(windows) { Ladders::WINDOWS } else { Ladders::UNIX },
        }
    }
}

/// A child that sends one frame in a long time is alive as long as this many frames are not missing.
const FRAMES: f64 = 3.0;
/// No video is so slow that more than this must be waited for.
const SLOWEST: f64 = 300_000.0;

impl Limits {
    /// For a video of `fps` frames a second: nobody can see it get further between two frames, and the server receives
    /// the sound with the pictures.
    #[must_use]
    pub fn paced(self, fps: f64) -> Limits {
        if !(fps.is_finite() && fps > 0.0) {
            return self;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to SLOWEST")]
        let frames = (FRAMES * 1000.0 / fps).min(SLOWEST) as Millis;
        // What FFmpeg holds back while it starts comes on top of the usual.
        let held = frames.saturating_sub(self.stall);
        Limits {
            start: self.start + held,
            stall: self.stall.max(frames),
            // The server is asked once a second.
            received: self.received.max(frames + 1_000),
            ..self
        }
    }

    /// The wait after attempt `attempt` (from 1): doubled each time up to the cap, ±20 % by `jitter` in 0..1.
    pub fn backoff(&self, attempt: u32, jitter: f64) -> Millis {
        let doubled = self.backoff_first.saturating_mul(1 << attempt.saturating_sub(1).min(20));
        let factor = 0.8 + 0.4 * jitter.clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small"
        )]
        let wait = (doubled.min(self.backoff_cap) as f64 * factor) as Millis;
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_frames_are_waited_for() {
        let usual = Limits::default;
        for fps in [25.0, 1.0, 0.0, f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(usual().paced(fps), usual(), "{fps} frames a second");
        }
        let slow = usual().paced(0.2);
        assert_eq!((slow.start, slow.stall, slow.received), (25_000, 15_000, 16_000));
        assert_eq!(usual().paced(1e-9).stall, 300_000);
    }
}
