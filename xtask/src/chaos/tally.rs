//! What a storm found.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::plan::Kind;

/// One fault, or one stream's part in it.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) kind: Kind,
    /// From the fault until the app said so; none when nothing is to be said, or nothing was.
    pub(super) detect: Option<Duration>,
    /// From the fault (or from its end, where it has one) until everything was on air and packets came; none when
    /// that took too long.
    pub(super) recover: Option<Duration>,
}

/// Everything that was found.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) outcomes: Vec<Outcome>,
    /// Faults that could not be staged, and why.
    pub(super) skipped: BTreeMap<Kind, String>,
    /// Streams (or the server) that were restarted although nothing was wrong.
    pub(super) false_restarts: Vec<String>,
    /// How often one stream (or the server) was started after a fault of each kind, at most.
    pub(super) most_starts: BTreeMap<Kind, usize>,
    /// Processes that lived 2 s after the app was killed.
    pub(super) orphans: Vec<String>,
    /// What differs from the configuration before.
    pub(super) lost: Vec<String>,
    /// Viewers of kept streams that were dropped by the end of an FFmpeg; none when no stream is kept.
    pub(super) kept_drops: Option<u32>,
    /// Ends of FFmpegs of kept streams.
    pub(super) kept_kills: u32,
    /// Those streams that lost viewers although nothing but their FFmpeg ended.
    pub(super) dropped: Vec<String>,
    /// Streams that were not back at the end.
    pub(super) missing: Vec<String>,
}

impl Tally {
    /// Whether what must never happen did not happen.
    pub(super) fn is_sound(&self) -> bool {
        let lists = [&self.false_restarts, &self.orphans, &self.lost, &self.dropped, &self.missing];
        lists.iter().all(|list| list.is_empty())
    }

    /// Faults after which things were on air again later than [`Kind::RECOVER_CAP`], or never.
    pub(super) fn too_slow(&self) -> Vec<Kind> {
        let is_slow = |kind: &Kind| {
            let times = self.times(*kind, |one| one.recover);
            times.count() > 0 && times.percentile(95).is_none_or(|time| time > Kind::RECOVER_CAP)
        };
        Kind::ALL.into_iter().filter(is_slow).collect()
    }

    /// The times of `kind` that `pick` gives; those that never came count as endless.
    pub(super) fn times(&self, kind: Kind, pick: impl Fn(&Outcome) -> Option<Duration>) -> Times {
        Times::of(self.outcomes.iter().filter(|outcome| outcome.kind == kind).map(pick))
    }

    pub(super) fn json(&self) -> Value {
        let millis =
            |time: Option<Duration>| time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        let outcomes = self.outcomes.iter().map(|outcome| {
            json!({
                "fault": outcome.kind.name(), "detect_ms": millis(outcome.detect),
                "recover_ms": millis(outcome.recover),
            })
        });
        let skipped = self.skipped.iter().map(|(kind, why)| (kind.name().to_owned(), json!(why)));
        let most_starts = self.most_starts.iter().map(|(kind, most)| (kind.name().to_owned(), json!(most)));
        json!({
            "most_starts": most_starts.collect::<Value>(),
            "outcomes": outcomes.collect::<Vec<_>>(), "skipped": skipped.collect::<Value>(),
            "false_restarts": self.false_restarts, "orphans": self.orphans, "lost": self.lost,
            "kept_kills": self.kept_kills, "kept_drops": self.kept_drops, "dropped": self.dropped,
            "missing": self.missing,
        })
    }
}

/// Times, sorted; `None` is endless.
#[derive(Debug)]
pub(super) struct Times(Vec<Option<Duration>>);

impl Times {
    pub(super) fn of(times: impl Iterator<Item = Option<Duration>>) -> Self {
        let mut times: Vec<Option<Duration>> = times.collect();
        times.sort_by_key(|time| time.unwrap_or(Duration::MAX));
        Self(times)
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Whether there is any that came to an end.
    pub(super) fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// The one below which `percent` of them are (nearest rank); none without times, or when it is endless.
    pub(super) fn percentile(&self, percent: usize) -> Option<Duration> {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank_and_endless_ones_come_last() {
        let second = |seconds| Some(Duration::from_secs(seconds));
        let times = Times::of([second(3), None, second(1), second(2)].into_iter());
        assert_eq!(times.percentile(50), second(2));
        assert_eq!(times.percentile(75), second(3));
        assert_eq!(times.percentile(95), None, "one never came");
        assert_eq!(Times::of(std::iter::empty()).percentile(50), None);
    }

    #[test]
    fn what_comes_back_late_or_never_is_too_slow() {
        let outcome = |kind, recover| Outcome { kind, detect: None, recover };
        let outcomes = vec![
            outcome(Kind::EncoderKilled, Some(Kind::RECOVER_CAP)),
            outcome(Kind::FileAway, Some(Kind::RECOVER_CAP + Duration::from_millis(1))),
            outcome(Kind::AppKilled, None),
        ];
        let tally = Tally { outcomes, ..Tally::default() };
        assert_eq!(tally.too_slow(), [Kind::FileAway, Kind::AppKilled]);
    }

    #[test]
    fn one_hard_goal_missed_is_enough() {
        assert!(Tally::default().is_sound());
        let one = || vec!["one".to_owned()];
        for unsound in [
            Tally { orphans: one(), ..Tally::default() },
            Tally { dropped: one(), ..Tally::default() },
            Tally { missing: one(), ..Tally::default() },
        ] {
            assert!(!unsound.is_sound(), "{unsound:?}");
        }
    }
}
