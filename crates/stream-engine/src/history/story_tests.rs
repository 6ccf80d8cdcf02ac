use std::time::{Duration, Instant};

use Code::{FfmpegCrashed, NoProgress, PublishUnreachable, SourceMissing, Stalled};
use Order::{Run, Stop};
use State::{Backoff, Failed, Running, Starting, Stopped, Stopping};
use stream_api::{
    ActivityKind, Awaited, Cause, Code, Error, Fault, Order, RunEnd, RunId, State, Stream, StreamId,
    UnixMillis, Wait,
};
use uuid::Uuid;

use super::story::{Edge, Span, Story};
use crate::clock::Moment;

/// A stream, and what is told of it step by step.
struct Scene {
    story: Story,
    before: Option<Stream>,
    born: Instant,
    runs: i64,
}

impl Scene {
    fn new() -> Scene {
        let mut scene = Scene { story: Story::default(), before: None, born: Instant::now(), runs: 0 };
        assert_eq!(scene.at(0, Stop, Stopped, false, None), [], "a stopped stream has no story");
        scene
    }

    fn moment(&self, ms: u64) -> Moment {
        Moment { wall: UnixMillis(ms.cast_signed()), steady: self.born + Duration::from_millis(ms) }
    }

    fn at(&mut self, ms: u64, order: Order, state: State, on_air: bool, fault: Option<Code>) -> Vec<Edge> {
        let attempt = self.before.as_ref().map_or(1, |stream| stream.attempt);
        self.tries(ms, order, state, on_air, fault, attempt)
    }

    fn tries(
        &mut self,
        ms: u64,
        order: Order,
        state: State,
        on_air: bool,
        fault: Option<Code>,
        attempt: u32,
    ) -> Vec<Edge> {
        let spec = serde_json::from_str(r#"{"name":"lobby","source":{"type":"file","path":"/a.mp4"}}"#);
        let after = Stream {
            order,
            state,
            on_air,
            attempt,
            fault: fault.map(|code| Fault::new(Error::new(code))),
            ..Stream::new(StreamId(Uuid::nil()), spec.unwrap())
        };
        let edges = self.story.look(self.before.as_ref(), &after, self.moment(ms));
        let began = state == Starting && self.before.as_ref().is_none_or(|before| before.state != Starting);
        self.before = Some(after);
        if began {
            self.runs += 1;
            let now = self.moment(ms);
            self.story.run_began(RunId(self.runs), now);
        }
        edges
    }

    /// Ordered at 0 and on air at `ms`.
    fn live(ms: u64) -> Scene {
        let mut scene = Scene::new();
        scene.at(0, Run, Starting, false, None);
        scene.at(ms, Run, Running, true, None);
        scene
    }
}

fn cause(code: Code) -> Cause {
    Cause::from(&Error::new(code))
}

fn fault(code: Code, attempt: u32) -> Edge {
    Edge::Tell(ActivityKind::Faulted { cause: cause(code), attempt })
}

fn recovered(after_ms: u64, code: Option<Code>) -> Edge {
    Edge::Tell(ActivityKind::Recovered { after_ms, cause: code.map(cause) })
}

fn broken(run: i64, code: Code) -> Edge {
    Edge::RunEnded(RunId(run), RunEnd::Fault { cause: cause(code) })
}

#[test]
fn an_order_leads_to_live_and_a_stop_ends_it_quietly() {
    let mut scene = Scene::new();
    assert_eq!(scene.at(1_000, Run, Starting, false, None), [Edge::Open(Span::Wanted)]);
    let live = [
        Edge::Tell(ActivityKind::Live { after_ms: 840 }),
        Edge::Open(Span::Air),
        Edge::RunLive(RunId(1), 840),
    ];
    assert_eq!(scene.at(1_840, Run, Running, true, None), live);
    let closing = [Edge::Close(Span::Wanted), Edge::Close(Span::Air)];
    assert_eq!(scene.at(9_000, Stop, Stopping, false, None), closing);
    assert_eq!(scene.at(9_100, Stop, Stopped, false, None), [Edge::RunEnded(RunId(1), RunEnd::Ordered)]);
}

#[test]
fn a_crash_is_told_once_and_recovered_from_the_fault_to_on_air() {
    let mut scene = Scene::live(800);
    let crash = [fault(FfmpegCrashed, 1), broken(1, FfmpegCrashed), Edge::Close(Span::Air)];
    assert_eq!(scene.at(10_000, Run, Backoff, false, Some(FfmpegCrashed)), crash);
    assert_eq!(scene.at(10_200, Run, Starting, false, Some(FfmpegCrashed)), []);
    let back = [recovered(1_100, Some(FfmpegCrashed)), Edge::Open(Span::Air), Edge::RunLive(RunId(2), 900)];
    assert_eq!(scene.at(11_100, Run, Running, true, None), back);
    assert_eq!(scene.at(20_000, Run, Running, true, None), [], "nothing changed");
}

#[test]
fn a_stall_is_told_when_it_is_seen_not_again_when_the_child_is_gone() {
    let mut scene = Scene::live(800);
    let stall = [fault(Stalled, 1), Edge::Close(Span::Air)];
    assert_eq!(scene.at(10_000, Run, Stopping, false, Some(Stalled)), stall);
    assert_eq!(scene.at(12_000, Run, Backoff, false, Some(Stalled)), [broken(1, Stalled)]);
    scene.at(12_200, Run, Starting, false, Some(Stalled));
    assert_eq!(scene.at(13_000, Run, Running, true, None)[0], recovered(3_000, Some(Stalled)));
}

#[test]
fn the_time_off_air_counts_from_the_first_moment_and_the_cause_comes_later() {
    let mut scene = Scene::live(800);
    assert_eq!(scene.at(10_000, Run, Running, false, None), [Edge::Close(Span::Air)], "the server is gone");
    let edges = scene.at(11_000, Run, Backoff, false, Some(PublishUnreachable));
    assert_eq!(edges, [fault(PublishUnreachable, 1), broken(1, PublishUnreachable)]);
    scene.at(12_000, Run, Starting, false, Some(PublishUnreachable));
    assert_eq!(scene.at(12_500, Run, Running, true, None)[0], recovered(2_500, Some(PublishUnreachable)));
    scene.at(20_000, Run, Running, false, None);
    assert_eq!(scene.at(20_400, Run, Running, true, None)[0], recovered(400, None), "nobody said why");
}

#[test]
fn the_same_fault_again_and_again_is_told_at_1_2_4_8() {
    let mut scene = Scene::live(800);
    let mut told = Vec::new();
    for attempt in 1..=20 {
        let at = 10_000 + u64::from(attempt) * 1_000;
        for edge in scene.tries(at, Run, Backoff, false, Some(FfmpegCrashed), attempt) {
            if let Edge::Tell(ActivityKind::Faulted { attempt, .. }) = edge {
                told.push(attempt);
            }
        }
        scene.tries(at + 500, Run, Starting, false, Some(FfmpegCrashed), attempt + 1);
    }
    assert_eq!(told, [1, 2, 4, 8, 16]);
    let other = scene.tries(40_000, Run, Backoff, false, Some(NoProgress), 21);
    assert_eq!(other[0], fault(NoProgress, 21), "another fault is news");
    scene.tries(40_500, Run, Starting, false, Some(NoProgress), 22);
    assert_eq!(scene.at(41_000, Run, Running, true, None)[0], recovered(30_000, Some(FfmpegCrashed)));
}

#[test]
fn a_failure_is_told_and_its_cure_too() {
    let mut scene = Scene::new();
    scene.at(0, Run, Starting, false, None);
    let failed = [Edge::Tell(ActivityKind::Failed { cause: cause(SourceMissing) }), broken(1, SourceMissing)];
    assert_eq!(scene.at(100, Run, Failed, false, Some(SourceMissing)), failed);
    assert_eq!(scene.at(3_000, Run, Failed, false, Some(SourceMissing)), [], "still");
    scene.at(60_100, Run, Starting, false, Some(SourceMissing));
    assert_eq!(scene.at(61_000, Run, Running, true, None)[0], recovered(60_900, Some(SourceMissing)));
}

#[test]
fn an_edit_is_no_fault() {
    let mut scene = Scene::live(800);
    assert_eq!(scene.at(10_000, Run, Stopping, false, None), [Edge::Close(Span::Air)]);
    assert_eq!(scene.at(10_100, Run, Starting, false, None), [Edge::RunEnded(RunId(1), RunEnd::Edited)]);
    let live = scene.at(10_900, Run, Running, true, None);
    assert_eq!(live[0], Edge::Tell(ActivityKind::Live { after_ms: 900 }), "from the edit");
}

#[test]
fn a_stop_while_it_waits_forgets_the_fault() {
    let mut scene = Scene::live(800);
    scene.at(10_000, Run, Backoff, false, Some(FfmpegCrashed));
    scene.at(10_200, Run, Starting, false, Some(FfmpegCrashed));
    assert_eq!(
        scene.at(10_300, Stop, Stopping, false, Some(FfmpegCrashed)),
        [Edge::Close(Span::Wanted)],
        "the old fault is no news"
    );
    assert_eq!(scene.at(10_400, Stop, Stopped, false, None), [Edge::RunEnded(RunId(2), RunEnd::Ordered)]);
    scene.at(60_000, Run, Starting, false, None);
    let live = scene.at(60_700, Run, Running, true, None);
    assert_eq!(live[0], Edge::Tell(ActivityKind::Live { after_ms: 700 }));
}

#[test]
fn the_end_of_the_source_is_told_as_such() {
    let mut scene = Scene::live(800);
    scene.at(10_000, Stop, Stopped, false, None);
    let completed = [Edge::Tell(ActivityKind::Completed), Edge::RunEnded(RunId(1), RunEnd::Completed)];
    assert_eq!(scene.story.completed(), completed);
}

#[test]
fn trouble_on_air_is_told_when_it_begins_and_when_it_ends() {
    let cause = Cause::from(&Error::new(Code::Overloaded));
    let (warned, eased) =
        (ActivityKind::Warned { cause: cause.clone() }, ActivityKind::Eased { cause: cause.clone() });
    let mut scene = Scene::new();
    scene.at(10, Run, Starting, false, None);
    scene.at(20, Run, Running, true, None);
    let well = scene.before.clone().unwrap();
    let slow = Stream { warnings: vec![Fault::new(cause.error())], ..well.clone() };
    let now = scene.moment(30);
    assert_eq!(scene.story.look(Some(&well), &slow, now), [Edge::Tell(warned)]);
    assert_eq!(scene.story.look(Some(&slow), &slow, now), [], "once");
    assert_eq!(scene.story.look(Some(&slow), &well, now), [Edge::Tell(eased)]);
    let stopping = Stream { order: Stop, state: Stopping, on_air: false, ..well };
    let told = scene.story.look(Some(&slow), &stopping, now);
    assert!(!told.iter().any(|edge| matches!(edge, Edge::Tell(_))), "an end is no cure: {told:?}");
}

#[test]
fn a_publisher_that_leaves_is_told_of_and_a_source_that_nobody_watches_is_not() {
    for (of, told) in [(Awaited::Publisher, true), (Awaited::Viewer, false)] {
        let mut scene = Scene::live(100);
        let live = scene.before.clone().unwrap();
        let wait = Wait { of, lost: told, error: None, tried: None };
        let off = Stream { on_air: false, wait: Some(wait), ..live.clone() };
        let now = scene.moment(2_000);
        let edges = scene.story.look(Some(&live), &off, now);
        assert_eq!(edges.contains(&fault(Code::PublisherLeft, 1)), told, "{edges:?}");
        let now = scene.moment(3_000);
        let edges = scene.story.look(Some(&off), &live, now);
        let back = |edge: &Edge| matches!(edge, Edge::Tell(ActivityKind::Recovered { after_ms: 1_000, .. }));
        assert_eq!(edges.iter().any(back), told, "{edges:?}");
    }
}

#[test]
fn one_that_only_waits_is_not_off_air_when_the_server_goes() {
    let mut scene = Scene::new();
    scene.at(0, Run, Starting, false, None);
    scene.at(10, Run, Running, false, None);
    let wait = Wait { of: Awaited::Publisher, lost: false, error: None, tried: None };
    if let Some(stream) = &mut scene.before {
        stream.wait = Some(wait);
    }
    let told = |edges: &[Edge]| edges.iter().any(|edge| matches!(edge, Edge::Tell(_)));
    let gone = scene.at(20, Run, Backoff, false, Some(Code::ServerDown));
    assert!(!told(&gone), "{gone:?}");
    scene.at(30, Run, Starting, false, None);
    scene.at(40, Run, Running, false, None);
    let live = scene.at(50, Run, Running, true, None);
    assert!(live.iter().any(|edge| matches!(edge, Edge::Tell(ActivityKind::Live { .. }))), "{live:?}");
    // One that was on air is.
    let gone = scene.at(60, Run, Backoff, false, Some(Code::ServerDown));
    assert!(told(&gone), "{gone:?}");
}
