use std::collections::VecDeque;

use stream_api::{Activity, ActivityFilter, Level, StreamId, commands::Activities};

/// Activities that are remembered as they come, so that a page that is open can take them in.
const HEARD: usize = 200;

/// The kinds that are not about how a stream does, but about what somebody wanted.
const WANTED: [&str; 20] = [
    "ordered",
    "restarted",
    "created",
    "edited",
    "renamed",
    "deleted",
    "guest_link_made",
    "guest_link_revoked",
    "guest_link_renewed",
    "guest_link_ended",
    "access_changed",
    "publish_key_made",
    "publish_key_revoked",
    "kicked",
    "server_restarted",
    "server_changed",
    "server_added",
    "server_removed",
    "drift_applied",
    "drift_adopted",
];

/// Which activities the tabs show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Kinds {
    /// All of them.
    #[default]
    All,
    /// What broke.
    Faults,
    /// What somebody ordered or changed.
    Wanted,
}

impl Kinds {
    /// In the order of the tabs.
    pub(crate) const ALL: [Kinds; 3] = [Kinds::All, Kinds::Faults, Kinds::Wanted];
}

/// How far back the page looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Back {
    /// As far as the history goes.
    #[default]
    All,
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
}

impl Back {
    /// In the order of the list.
    pub(crate) const ALL: [Back; 4] = [Back::All, Back::Hour, Back::Day, Back::Week];

    fn millis(self) -> Option<i64> {
        match self {
            Back::All => None,
            Back::Hour => Some(3_600_000),
            Back::Day => Some(86_400_000),
            Back::Week => Some(7 * 86_400_000),
        }
    }
}

/// What the page was asked to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of this stream alone.
    pub stream: Option<StreamId>,
    /// Which kinds.
    pub kinds: Kinds,
    /// How far back.
    pub back: Back,
    /// Part of a stream's name or of what happened.
    pub text: String,
}

impl Asked {
    /// Whether it leaves nothing out.
    pub(crate) fn is_all(&self) -> bool {
        *self == Asked::default()
    }

    /// As it is asked of the engine. `now` is the engine's clock in Unix milliseconds.
    pub(crate) fn filter(&self, now: i64) -> ActivityFilter {
        ActivityFilter {
            streams: self.stream.into_iter().collect(),
            kinds: match self.kinds {
                Kinds::Wanted => WANTED.map(str::to_owned).to_vec(),
                Kinds::All | Kinds::Faults => Vec::new(),
            },
            levels: match self.kinds {
                Kinds::Faults => vec![Level::Warning, Level::Error],
                Kinds::All | Kinds::Wanted => Vec::new(),
            },
            from: self.back.millis().map(|millis| now - millis),
            to: None,
            text: self.text.trim().to_owned(),
        }
    }

    /// Whether an activity that happens now belongs to it. As the engine decides for those of the past.
    fn takes(&self, activity: &Activity) -> bool {
        let filter = self.filter(activity.at.0);
        (filter.streams.is_empty() || activity.stream.is_some_and(|id| filter.streams.contains(&id)))
            && (filter.kinds.is_empty() || filter.kinds.iter().any(|kind| kind == activity.kind.as_str()))
            && (filter.levels.is_empty() || filter.levels.contains(&activity.kind.level()))
            && activity.says(&filter.text.to_lowercase())
    }
}

/// The part of the history that is shown, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Timeline {
    /// Newest first, each once.
    pub activities: Vec<Activity>,
    /// Where older ones begin, if there are any.
    pub next: Option<u64>,
}

impl Timeline {
    /// Begins anew with the newest page.
    pub(crate) fn begin(page: Activities) -> Timeline {
        Timeline { activities: page.activities, next: page.next }
    }

    /// Adds an older page at the end.
    pub(crate) fn extend(&mut self, page: Activities) {
        let oldest = self.activities.last().map_or(u64::MAX, |activity| activity.id);
        self.activities.extend(page.activities.into_iter().filter(|activity| activity.id < oldest));
        self.next = page.next;
    }

    /// Takes in what was heard since, as far as it was asked for. Whether there was any.
    pub(crate) fn hear(&mut self, heard: &VecDeque<Activity>, asked: &Asked) -> bool {
        let newest = self.activities.first().map_or(0, |activity| activity.id);
        let new = heard.iter().filter(|activity| activity.id > newest && asked.takes(activity));
        let mut new: Vec<Activity> = new.cloned().collect();
        if new.is_empty() {
            return false;
        }
        new.sort_by_key(|activity| std::cmp::Reverse(activity.id));
        self.activities.splice(0..0, new);
        true
    }

    /// The days in it, newest first, each with its activities. `day` tells the day of a Unix time in milliseconds.
    pub(crate) fn days(&self, day: impl Fn(i64) -> i64) -> Vec<(i64, Vec<Activity>)> {
        let mut days: Vec<(i64, Vec<Activity>)> = Vec::new();
        for activity in &self.activities {
            let of = day(activity.at.0);
            // By day and not by run: a clock that was set back must not make a day appear twice.
            match days.iter_mut().find(|(known, _)| *known == of) {
                Some((_, activities)) => activities.push(activity.clone()),
                None => days.push((of, vec![activity.clone()])),
            }
        }
        days
    }
}

/// Remembers an activity, and forgets the oldest beyond a bound.
pub(crate) fn remember(heard: &mut VecDeque<Activity>, activity: Activity) {
    if heard.len() == HEARD {
        heard.pop_front();
    }
    heard.push_back(activity);
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
