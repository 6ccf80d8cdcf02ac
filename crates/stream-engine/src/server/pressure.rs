//! When a server has more to send than is good: pure.

use std::time::{Duration, Instant};

use stream_api::{Code, Error, Fault};

/// More viewers than this are told.
const MANY: u32 = 100;
/// Down to this many it is over.
const FEW: u32 = 90;
/// From this share of the connection on it is busy.
const BUSY_PERCENT: u64 = 80;
/// Below this share it is over.
const CALM_PERCENT: u64 = 70;
/// So long either must last.
const LASTS: Duration = Duration::from_secs(10);
/// Figures that are told change by such steps, in percent points.
const STEP: u64 = 5;

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub(super) struct Pressure {
    /// How many were told.
    many: Option<u32>,
    uplink_mbps: Option<u32>,
    /// Bits per second that were told.
    busy: Option<u64>,
    /// Since when it has been otherwise.
    turned: Option<Instant>,
}

impl Pressure {
    /// What is wrong when so many watch and so many bits per second are sent over a connection of that speed.
    pub(super) fn judge(
        &mut self,
        viewers: u32,
        bps: u64,
        uplink_mbps: Option<u32>,
        now: Instant,
    ) -> Vec<Fault> {
        self.count(viewers);
        if uplink_mbps != self.uplink_mbps {
            (self.uplink_mbps, self.busy, self.turned) = (uplink_mbps, None, None);
        }
        let busy = uplink_mbps.and_then(|mbps| self.measure(bps, mbps, now));
        let many = self
            .many
            .map(|viewers| Error::new(Code::ManyViewers).with("viewers", viewers).with("limit", MANY));
        many.into_iter().chain(busy).map(Fault::new).collect()
    }

    fn count(&mut self, viewers: u32) {
        self.many = match self.many {
            Some(_) if viewers <= FEW => None,
            None if viewers <= MANY => None,
            // No news with each that comes or goes.
            Some(told) if told.abs_diff(viewers) * 10 < told => Some(told),
            _ => Some(viewers),
        };
    }

    fn measure(&mut self, bps: u64, mbps: u32, now: Instant) -> Option<Error> {
        let percent = |bps: u64| bps / (u64::from(mbps.max(1)) * 10_000);
        let otherwise = match self.busy {
            Some(_) => percent(bps) < CALM_PERCENT,
            None => percent(bps) >= BUSY_PERCENT,
        };
        if !otherwise {
            self.turned = None;
        } else if now.duration_since(*self.turned.get_or_insert(now)) >= LASTS {
            self.turned = None;
            self.busy = self.busy.is_none().then_some(bps);
        }
        let told = self.busy.as_mut()?;
        if percent(*told).abs_diff(percent(bps)) >= STEP {
            *told = bps;
        }
        let shown = (*told + 500_000) / 1_000_000;
        let error = Error::new(Code::UplinkBusy).with("mbps", shown).with("percent", percent(*told));
        Some(error.with("uplink", mbps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene {
        pressure: Pressure,
        began: Instant,
    }

    impl Scene {
        fn new() -> Scene {
            Scene { pressure: Pressure::default(), began: Instant::now() }
        }

        /// What is told after so many seconds, with the figure in it.
        fn look(&mut self, second: u64, viewers: u32, mbps: u64, uplink: Option<u32>) -> Vec<(Code, String)> {
            let now = self.began + Duration::from_secs(second);
            let faults = self.pressure.judge(viewers, mbps * 1_000_000, uplink, now);
            let figure = |error: &Error| match error.code {
                Code::ManyViewers => error.args["viewers"].clone(),
                _ => error.args["percent"].clone(),
            };
            faults.into_iter().map(|fault| (fault.error.code, figure(&fault.error))).collect()
        }
    }

    #[test]
    fn many_viewers_are_told_until_clearly_fewer_watch() {
        let mut scene = Scene::new();
        let many = |figure: &str| vec![(Code::ManyViewers, figure.to_owned())];
        assert_eq!(scene.look(0, 100, 0, None), []);
        assert_eq!(scene.look(1, 101, 0, None), many("101"));
        assert_eq!(scene.look(2, 104, 0, None), many("101"), "no news with each that comes");
        assert_eq!(scene.look(3, 150, 0, None), many("150"));
        assert_eq!(scene.look(4, 91, 0, None), many("91"));
        assert_eq!(scene.look(5, 90, 0, None), []);
        assert_eq!(scene.look(6, 100, 0, None), []);
    }

    #[test]
    fn a_connection_is_busy_when_it_stays_full_and_calm_when_it_stays_empty() {
        let mut scene = Scene::new();
        let busy = |figure: &str| vec![(Code::UplinkBusy, figure.to_owned())];
        assert_eq!(scene.look(0, 1, 900, None), [], "no speed was given");
        for second in 1..=10 {
            assert_eq!(scene.look(second, 1, 80, Some(100)), []);
        }
        assert_eq!(scene.look(11, 1, 80, Some(100)), busy("80"));
        assert_eq!(scene.look(12, 1, 83, Some(100)), busy("80"));
        assert_eq!(scene.look(13, 1, 120, Some(100)), busy("120"));
        assert_eq!(scene.look(14, 1, 69, Some(100)), busy("69"));
        assert_eq!(scene.look(20, 1, 71, Some(100)), busy("69"), "it came back");
        assert_eq!(scene.look(21, 1, 10, Some(100)), busy("10"));
        assert_eq!(scene.look(31, 1, 10, Some(100)), []);
        assert_eq!(scene.look(32, 1, 90, Some(100)), [], "a moment is no matter");
        assert_eq!(scene.look(33, 1, 10, Some(100)), []);
    }

    #[test]
    fn another_speed_is_judged_anew() {
        let mut scene = Scene::new();
        scene.look(0, 1, 9, Some(10));
        assert_eq!(scene.look(10, 1, 9, Some(10)).len(), 1);
        assert_eq!(scene.look(11, 1, 9, Some(100)), []);
        assert_eq!(scene.look(12, 1, 9, Some(10)), []);
        assert_eq!(scene.look(22, 1, 9, Some(10)).len(), 1);
    }
}
