use crate::{Activity, ActivityKind, Cause, Mended, Order, Origin, Protocol};

impl Activity {
    /// What happened, in one sentence without the name of the stream or server. For people.
    pub fn sentence(&self) -> String {
        let of_other = self.stream.is_none() && !self.name.is_empty();
        let other = of_other.then(|| self.kind.of_other()).flatten();
        other.unwrap_or_else(|| self.kind.sentence())
    }

    /// Whether `text`, in lower case, is part of the name or of the sentence.
    pub fn says(&self, text: &str) -> bool {
        self.name.to_lowercase().contains(text) || self.sentence().to_lowercase().contains(text)
    }
}

impl ActivityKind {
    /// What happened to an added server, which is not ours to start; none where the words are the same as for ours.
    fn of_other(&self) -> Option<String> {
        Some(match self {
            ActivityKind::ServerStarted { .. } => t!("activity.other_met").to_owned(),
            ActivityKind::ServerCrashed { cause } => t!("activity.other_lost", cause = words(cause)),
            ActivityKind::ServerRecovered { after_ms, .. } => {
                t!("activity.other_back", time = span(*after_ms))
            }
            ActivityKind::ServerFailed { cause } => t!("activity.other_failed", cause = words(cause)),
            ActivityKind::ServerRestarted { by } => t!("activity.other_retried", by = by.words()),
            ActivityKind::ServerMended { mended } => t!("activity.other_mended", what = mended.words()),
            _ => return None,
        })
    }

    /// What happened, in one sentence without the stream's name. For people.
    fn sentence(&self) -> String {
        match self {
            ActivityKind::Ordered { order: Order::Run, by } => t!("activity.ordered_run", by = by.words()),
            ActivityKind::Ordered { order: Order::Stop, by } => t!("activity.ordered_stop", by = by.words()),
            ActivityKind::Restarted { by } => t!("activity.restarted", by = by.words()),
            ActivityKind::Live { after_ms } => t!("activity.live", time = span(*after_ms)),
            ActivityKind::Faulted { cause, attempt: 0 | 1 } => t!("activity.faulted", cause = words(cause)),
            ActivityKind::Faulted { cause, attempt } => {
                t!("activity.faulted_again", cause = words(cause), attempt = attempt)
            }
            ActivityKind::Recovered { after_ms, cause: None } => {
                t!("activity.recovered", time = span(*after_ms))
            }
            ActivityKind::Recovered { after_ms, cause: Some(cause) } => {
                t!("activity.recovered_from", time = span(*after_ms), cause = words(cause))
            }
            ActivityKind::Failed { cause } => t!("activity.failed", cause = words(cause)),
            ActivityKind::Warned { cause } => t!("activity.warned", cause = words(cause)),
            ActivityKind::Eased { cause } => t!("activity.eased", cause = words(cause)),
            ActivityKind::Completed => t!("activity.completed").to_owned(),
            ActivityKind::Created { by } => t!("activity.created", by = by.words()),
            ActivityKind::Edited { by } => t!("activity.edited", by = by.words()),
            ActivityKind::Renamed { from, by } => t!("activity.renamed", from = from, by = by.words()),
            ActivityKind::GuestLinkMade { label, by } => {
                t!("activity.guest_link_made", label = quoted(label), by = by.words())
            }
            ActivityKind::GuestLinkRevoked { label, by } => {
                t!("activity.guest_link_revoked", label = quoted(label), by = by.words())
            }
            ActivityKind::GuestLinkRenewed { label, by } => {
                t!("activity.guest_link_renewed", label = quoted(label), by = by.words())
            }
            ActivityKind::GuestLinkEnded { label } => t!("activity.guest_link_ended", label = quoted(label)),
            ActivityKind::AccessChanged { parts, by } => {
                let parts: Vec<&str> = parts.iter().map(|part| part.words()).collect();
                t!("activity.access_changed", parts = parts.join(", "), by = by.words())
            }
            ActivityKind::PublishKeyMade { by } => t!("activity.publish_key_made", by = by.words()),
            ActivityKind::PublishKeyRevoked { by } => t!("activity.publish_key_revoked", by = by.words()),
            ActivityKind::Kicked { protocol, address, by } => {
                let protocol = protocol.map_or(t!("viewer.other"), Protocol::label);
                t!("activity.kicked", protocol = protocol, address = address, by = by.words())
            }
            ActivityKind::Deleted { by } => t!("activity.deleted", by = by.words()),
            ActivityKind::Drifted { keys } => t!("activity.drifted", keys = keys.join(", ")),
            ActivityKind::DriftApplied { by } => t!("activity.drift_applied", by = by.words()),
            ActivityKind::DriftAdopted { keys, by } => {
                t!("activity.drift_adopted", keys = keys.join(", "), by = by.words())
            }
            ActivityKind::UsersDrifted => t!("activity.users_drifted").to_owned(),
            ActivityKind::UsersApplied { by } => t!("activity.users_applied", by = by.words()),
            ActivityKind::PathTaken { by } => t!("activity.path_taken", by = by.words()),
            ActivityKind::ServerAdded { by } => t!("activity.server_added", by = by.words()),
            ActivityKind::ServerRemoved { by } => t!("activity.server_removed", by = by.words()),
            ActivityKind::ServerStarted { after_ms } => t!("activity.server_started", time = span(*after_ms)),
            ActivityKind::ServerCrashed { cause } => t!("activity.server_crashed", cause = words(cause)),
            ActivityKind::ServerRecovered { after_ms, .. } => {
                t!("activity.server_recovered", time = span(*after_ms))
            }
            ActivityKind::ServerFailed { cause } => t!("activity.server_failed", cause = words(cause)),
            ActivityKind::ServerChanged { by } => t!("activity.server_changed", by = by.words()),
            ActivityKind::ServerRestarted { by } => t!("activity.server_restarted", by = by.words()),
            ActivityKind::ServerMended { mended } => t!("activity.server_mended", what = mended.words()),
            ActivityKind::AppStarted { version } => t!("activity.app_started", version = version),
            ActivityKind::AppStopped => t!("activity.app_stopped").to_owned(),
            ActivityKind::AppLost { .. } => t!("activity.app_lost").to_owned(),
        }
    }
}

impl Mended {
    /// As part of a sentence: "the users". For people.
    pub fn words(&self) -> String {
        match self {
            Mended::Users => t!("activity.mended.users").to_owned(),
            Mended::Path(name) => t!("activity.mended.path", name = name),
            Mended::Strangers => t!("activity.mended.strangers").to_owned(),
            Mended::Defaults => t!("activity.mended.defaults").to_owned(),
            Mended::File => t!("activity.mended.file").to_owned(),
        }
    }
}

impl Origin {
    /// As the end of a sentence: "in the window". For people.
    pub fn words(self) -> &'static str {
        match self {
            Origin::Window => t!("activity.by.window"),
            Origin::Browser => t!("activity.by.browser"),
            Origin::Api => t!("activity.by.api"),
            Origin::Tray => t!("activity.by.tray"),
            Origin::Opened => t!("activity.by.opened"),
            Origin::Start => t!("activity.by.start"),
        }
    }
}

/// Behind a word; nothing where there is no label.
fn quoted(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(" “{label}”") }
}

fn words(cause: &Cause) -> String {
    cause.error().message
}

/// A time in words: `0.8 s`, `34 s`, `3 min 5 s`, `2 h 4 min`, `3 d 4 h`.
fn span(millis: u64) -> String {
    let seconds = millis / 1000;
    let (d, h, m, s) = (t!("unit.days"), t!("unit.hours"), t!("unit.minutes"), t!("unit.seconds"));
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, 0..=9) => format!("{:.1} {s}", millis as f64 / 1000.0),
        (0, 0, 0, seconds) => format!("{seconds} {s}"),
        (0, 0, minutes, seconds) => format!("{minutes} {m} {seconds} {s}"),
        (0, hours, minutes, _) => format!("{hours} {h} {minutes} {m}"),
        (days, hours, ..) => format!("{days} {d} {hours} {h}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccessPart, Code, Error};

    #[test]
    fn times_have_two_units_at_most() {
        for (millis, words) in [
            (0, "0.0 s"),
            (840, "0.8 s"),
            (9_999, "10.0 s"),
            (34_500, "34 s"),
            (185_000, "3 min 5 s"),
            (7_440_000, "2 h 4 min"),
            (273_600_000, "3 d 4 h"),
        ] {
            assert_eq!(span(millis), words);
        }
    }

    #[test]
    fn a_text_is_found_in_the_name_and_in_the_sentence() {
        let cause = Cause::from(&Error::new(Code::FfmpegKilled));
        let activity = Activity {
            id: 1,
            at: crate::UnixMillis(0),
            stream: None,
            name: "Löbby".to_owned(),
            kind: ActivityKind::Faulted { cause, attempt: 1 },
        };
        for (text, found) in [("", true), ("löb", true), ("killed", true), ("yard", false)] {
            assert_eq!(activity.says(text), found, "{text:?} in {:?}", activity.sentence());
        }
    }

    #[test]
    fn sentences_name_the_cause_and_the_one_who_asked() {
        let cause = Cause::from(&Error::new(Code::Stalled).with("seconds", 9));
        let fault = ActivityKind::Faulted { cause: cause.clone(), attempt: 3 };
        assert!(fault.sentence().contains('3') && fault.sentence().contains(&cause.error().message));
        let order = ActivityKind::Ordered { order: Order::Stop, by: Origin::Tray };
        assert!(order.sentence().contains(Origin::Tray.words()), "{}", order.sentence());
        let back = ActivityKind::Recovered { after_ms: 1200, cause: Some(cause) };
        assert!(back.sentence().contains("1.2 s"), "{}", back.sentence());
        let link = |label: &str| ActivityKind::GuestLinkMade { label: label.to_owned(), by: Origin::Api };
        assert!(link("Anna").sentence().contains(" “Anna” ") && !link("").sentence().contains('“'));
        let parts = vec![AccessPart::Restricted, AccessPart::PasswordSet];
        let access = ActivityKind::AccessChanged { parts, by: Origin::Browser };
        assert!(access.sentence().contains(AccessPart::PasswordSet.words()), "{}", access.sentence());
        for kind in [order, fault, back, link("Ben"), access] {
            assert!(!kind.sentence().contains('{'), "{}", kind.sentence());
        }
    }

    #[test]
    fn a_server_of_somebody_else_is_not_said_to_be_started() {
        let cause = Cause::from(&Error::new(Code::RemoteRefused).with("host", "hall"));
        let said = |name: &str| {
            let kind = ActivityKind::ServerCrashed { cause: cause.clone() };
            Activity { id: 1, at: crate::UnixMillis(0), stream: None, name: name.to_owned(), kind }.sentence()
        };
        assert!(said("").starts_with("MediaMTX"), "{}", said(""));
        assert!(said("Hall").starts_with("hall") && !said("Hall").contains("Starting"), "{}", said("Hall"));
    }
}
