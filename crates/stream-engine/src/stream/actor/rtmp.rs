//! How a stream that is published by RTMP gets past the end of RTMP's clock.

use ffmpeg_cli::publish::By;
use stream_api::{Playback, t};

use super::Actor;
use crate::{
    lifecycle::{Feed, Input},
    wanted,
};

/// Of FFmpeg's output time, in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;
/// FLV's time stamps are milliseconds, which jump at 2^31: after 24.86 days of output (measured with FFmpeg's
/// `-output_ts_offset`). From here on it starts anew whenever nobody would notice,
const FROM: i64 = 20 * DAY;
/// and here at the latest.
const LATEST: i64 = 24 * DAY;

fn is_due(out_time: i64, unnoticed: bool) -> bool {
    out_time >= LATEST || (unnoticed && out_time >= FROM)
}

impl Actor {
    /// Once a second: starts it anew before its time stamps jump.
    pub(super) async fn look_at_its_clock(&mut self) {
        // What plays so many times would play them all again.
        let goes_on = self.machine.feed == Feed::Converter || self.spec.playback == Playback::Loop;
        if self.out_time < FROM || !goes_on || !self.is_on_air() {
            return;
        }
        let (by, _) = wanted::way(&self.parts.hub, self.spec.server, &self.spec.encoding);
        let kept = self.parts.server.slate(self.id, &self.spec.name).is_some();
        if by == By::Rtmp && is_due(self.out_time, self.is_unnoticed(kept)) {
            self.journal.manager("info", t!("log.rtmp_anew", days = self.out_time / DAY));
            self.take(Input::Edited).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_anew_unnoticed_if_it_can_and_always_before_the_jump() {
        const JUMP: i64 = (1 << 31) * 1_000;
        for (out_time, unnoticed, due) in [
            (FROM - 1, true, false),
            (FROM, false, false),
            (FROM, true, true),
            (LATEST - 1, false, false),
            (LATEST, false, true),
        ] {
            assert_eq!(is_due(out_time, unnoticed), due, "{out_time} {unnoticed}");
        }
        const { assert!(LATEST < JUMP - DAY / 2, "with time to spare") };
    }
}
