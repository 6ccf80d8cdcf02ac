use leptos::prelude::*;
use stream_api::{Awaited, Code, FaultAction, Health, Recording, State, Stream, t};

use crate::{
    format::{seconds_until, span},
    store::live::Row,
};

/// A state as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Colour: `live`, `retry`, `fail`, `prep`, `stop`.
    pub class: &'static str,
    /// One or two words.
    pub label: &'static str,
    /// The cause in plain words; may be empty.
    pub why: String,
}

/// What a stream's state is called and why it is so. `now` is the engine's clock in Unix milliseconds.
pub(crate) fn shown(stream: &Stream, now: i64) -> Shown {
    let made = |class, label, why| Shown { class, label, why };
    let cause = || stream.fault.as_ref().map(|fault| fault.error.message.clone()).unwrap_or_default();
    match stream.state {
        State::Running if !stream.on_air && stream.wait.is_some() => waiting(stream, now),
        State::Running if !stream.on_air => made("retry", t!("state.off_air"), cause()),
        State::Running if stream.recording == Recording::Stuck => {
            // The recording's trouble is the last one.
            let known = stream.warnings.last().map(|fault| fault.error.message.clone());
            made("live", t!("state.live"), known.unwrap_or_else(|| t!("state.recording_stuck").to_owned()))
        }
        State::Running if stream.health == Health::Slow => {
            let speed = stream.metrics.as_ref().and_then(|metrics| metrics.speed).unwrap_or_default();
            made("retry", t!("state.slow"), t!("state.slow.why", speed = format!("{speed:.2}")))
        }
        State::Running => {
            let known = stream.warnings.last().map(|fault| fault.error.message.clone());
            made("live", t!("state.live"), known.or_else(|| stood_in(stream)).unwrap_or_default())
        }
        State::Starting if stream.queue.is_some() => {
            made("prep", t!("state.queued"), t!("state.queued.why", place = stream.queue.unwrap_or_default()))
        }
        State::Starting if stream.attempt > 1 => {
            made("prep", t!("state.starting"), t!("state.attempt", n = stream.attempt))
        }
        State::Starting => made("prep", t!("state.starting"), span(now - stream.since.0)),
        State::Stopping => {
            let held = stream.warnings.iter().find(|fault| fault.error.code == Code::FfmpegHeld);
            let why = held.map(|fault| fault.error.message.clone()).unwrap_or_default();
            made("stop", t!("state.stopping"), why)
        }
        State::Stopped => made("stop", t!("state.stopped"), String::new()),
        State::Backoff => {
            let seconds = seconds_until(stream.retry_at.map_or(now, |at| at.0), now);
            let when = match seconds {
                0 => t!("state.retry_now", attempt = stream.attempt + 1),
                _ => t!("state.retry_in", seconds = seconds, attempt = stream.attempt + 1),
            };
            let why = if cause().is_empty() { when } else { format!("{when} · {}", cause()) };
            made("retry", t!("state.backoff"), why)
        }
        State::Failed => made("fail", t!("state.failed"), cause()),
    }
}

/// What stands in for something that was chosen, or that failed.
fn stood_in(stream: &Stream) -> Option<String> {
    let all = &stream.plan.as_ref()?.warnings;
    all.iter().rfind(|remark| remark.code.is_stand_in()).map(|remark| remark.message.clone())
}

/// A stream that somebody else feeds, and nobody does. Only what was there and left is a warning.
fn waiting(stream: &Stream, now: i64) -> Shown {
    let Some(wait) = &stream.wait else { return Shown { class: "prep", label: "", why: String::new() } };
    let label = match wait.of {
        Awaited::Publisher => t!("state.no_publisher"),
        Awaited::Source => t!("state.no_source"),
        Awaited::Viewer => t!("state.on_demand"),
    };
    let error = wait.error.as_ref().map(|error| error.message.clone());
    let why = match (error, wait.tried, wait.of) {
        (Some(error), Some(tried), _) => {
            t!("state.tried", time = span((now - tried.0).max(0)), reason = error)
        }
        (_, _, Awaited::Publisher) if wait.lost => t!("state.publisher_left").to_owned(),
        (_, _, Awaited::Viewer) => t!("state.on_demand.why").to_owned(),
        _ => String::new(),
    };
    let class = if wait.lost || wait.error.is_some() { "retry" } else { "prep" };
    Shown { class, label, why }
}

/// The one click that helps a stream which needs a person, or is too much for this computer.
pub(crate) fn cured_by(stream: &Stream) -> Option<FaultAction> {
    let fault = match stream.state {
        State::Failed => stream.fault.as_ref(),
        State::Running if stream.health == Health::Slow => {
            stream.warnings.iter().find(|fault| fault.error.code == Code::Overloaded)
        }
        _ => None,
    };
    fault.and_then(|fault| fault.action)
}

/// The state's name on the wire, for tests and styles.
pub(crate) fn wire(state: State) -> &'static str {
    match state {
        State::Stopped => "stopped",
        State::Starting => "starting",
        State::Running => "running",
        State::Stopping => "stopping",
        State::Backoff => "backoff",
        State::Failed => "failed",
    }
}

/// The state as a coloured badge.
#[component]
pub(crate) fn StateBadge(row: RwSignal<Row>) -> impl IntoView {
    let look = Memo::new(move |_| {
        row.with(|row| {
            let shown = shown(&row.stream, row.stream.since.0);
            (shown.class, shown.label, wire(row.stream.state), row.stream.on_air)
        })
    });
    view! {
        <span
            class=move || format!("state {}", look.get().0)
            data-state=move || look.get().2
            data-on-air=move || look.get().3.to_string()
            role="status"
        >
            {move || look.get().1}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{Error, Fault, Plan, Remark, RemarkCode, UnixMillis, Wait};

    use super::*;
    use crate::store::fixtures::{live, plan, stream};

    #[test]
    fn a_state_says_its_cause_in_plain_words() {
        let fault = Fault::new(Error::new(Code::SourceMissing).with("path", "/videos/a.mp4"));
        let failed = Stream { state: State::Failed, fault: Some(fault.clone()), ..stream(1, "a") };
        assert_eq!(shown(&failed, 0).class, "fail");
        assert_eq!(shown(&failed, 0).why, fault.error.message);

        let waits =
            Stream { state: State::Backoff, retry_at: Some(UnixMillis(4_000)), attempt: 2, ..stream(1, "a") };
        let why = shown(&waits, 500).why;
        assert!(why.contains('4') && why.contains('3'), "seconds, and which attempt comes: {why}");
        assert!(shown(&waits, 3_999).why.contains('1'), "it counts down");
        assert!(!shown(&waits, 4_000).why.contains('0'), "never “in 0 s”");
    }

    #[test]
    fn what_cures_a_stream_is_offered_where_it_fails_or_is_too_slow() {
        let fault = |code| Fault::new(Error::new(code));
        let warnings = vec![fault(Code::Overloaded), fault(Code::SourceGone)];
        let slow = Stream { health: Health::Slow, warnings, ..live(1, "a") };
        assert_eq!(cured_by(&slow), Some(FaultAction::Prepare));
        assert_eq!(cured_by(&Stream { health: Health::Good, ..slow.clone() }), None, "it is over");
        let failed = Stream { state: State::Failed, fault: Some(fault(Code::SourceMissing)), ..slow };
        assert_eq!(cured_by(&failed), Some(FaultAction::LocateFile));
        assert_eq!(
            cured_by(&Stream { state: State::Backoff, ..failed }),
            None,
            "it is tried again by itself"
        );
    }

    #[test]
    fn waiting_is_a_warning_only_after_it_was_there() {
        let shows = |of, lost, error: Option<Error>| {
            let tried = error.as_ref().map(|_| UnixMillis(1_000));
            let wait = Some(Wait { of, lost, error, tried });
            shown(&Stream { on_air: false, wait, ..live(1, "a") }, 13_000)
        };
        assert_eq!(shows(Awaited::Publisher, false, None).class, "prep");
        assert_eq!(shows(Awaited::Publisher, true, None).class, "retry");
        assert_eq!(shows(Awaited::Viewer, false, None).class, "prep");
        let refused = Error::new(Code::PullConnectionRefused).with("host", "cam");
        let camera = shows(Awaited::Source, false, Some(refused.clone()));
        assert!(camera.why.contains("12") && camera.why.contains(&refused.message), "{}", camera.why);
    }

    #[test]
    fn what_stands_in_for_a_choice_is_said_unless_something_is_wrong() {
        let instead = Remark::new(RemarkCode::PublishedInstead).with("wanted", "RTMP");
        let warnings = vec![instead.clone(), Remark::new(RemarkCode::NoAudio)];
        let stands_in = Stream { plan: Some(Plan { warnings, ..plan() }), ..live(1, "a") };
        assert_eq!(shown(&stands_in, 0).why, instead.message);
        assert_eq!(shown(&Stream { plan: Some(plan()), ..live(1, "a") }, 0).why, "");
        let fault = Fault::new(Error::new(Code::SourceGone).with("path", "/a"));
        let gone = Stream { warnings: vec![fault.clone()], ..stands_in };
        assert_eq!(shown(&gone, 0).why, fault.error.message);
    }

    #[test]
    fn running_is_live_only_on_air() {
        assert_eq!(shown(&live(1, "a"), 0).class, "live");
        assert_eq!(shown(&Stream { on_air: false, ..live(1, "a") }, 0).class, "retry");
        assert_eq!(shown(&Stream { health: Health::Slow, ..live(1, "a") }, 0).class, "retry");
    }
}
