use stream_api::{ActivityKind, Cause, Code, Order, Origin, UnixMillis};

use super::*;
use crate::store::fixtures::id;

fn activity(n: u64, kind: ActivityKind) -> Activity {
    Activity { id: n, at: UnixMillis(n as i64 * 1000), stream: Some(id(1)), name: "Lobby".into(), kind }
}

fn live(n: u64) -> Activity {
    activity(n, ActivityKind::Live { after_ms: 5 })
}

fn failed(n: u64) -> Activity {
    let cause = Cause { code: Code::SourceMissing, args: Default::default() };
    activity(n, ActivityKind::Failed { cause })
}

fn ordered(n: u64) -> Activity {
    activity(n, ActivityKind::Ordered { order: Order::Run, by: Origin::Window })
}

fn ids(timeline: &Timeline) -> Vec<u64> {
    timeline.activities.iter().map(|activity| activity.id).collect()
}

fn page(activities: Vec<Activity>, next: Option<u64>) -> Activities {
    Activities { activities, next }
}

#[test]
fn what_is_heard_stands_first_and_once() {
    let mut timeline = Timeline::begin(page(vec![live(5), live(4)], Some(4)));
    let heard = VecDeque::from([live(4), live(5), failed(6), ordered(7)]);
    assert!(timeline.hear(&heard, &Asked::default()));
    assert_eq!(ids(&timeline), [7, 6, 5, 4], "5 and 4 were in the page already");
    assert!(!timeline.hear(&heard, &Asked::default()), "nothing new");
    assert_eq!(timeline.next, Some(4), "older ones still begin there");
}

#[test]
fn older_pages_follow_without_doubles() {
    let mut timeline = Timeline::begin(page(vec![live(9), live(8)], Some(8)));
    timeline.extend(page(vec![live(8), live(7)], None));
    assert_eq!((ids(&timeline), timeline.next), (vec![9, 8, 7], None));
}

#[test]
fn what_happens_now_is_filtered_as_the_past_is() {
    let takes = |asked: Asked| [live(1), failed(2), ordered(3)].map(|activity| asked.takes(&activity));
    assert_eq!(takes(Asked::default()), [true, true, true]);
    assert_eq!(takes(Asked { kinds: Kinds::Faults, ..Asked::default() }), [false, true, false]);
    assert_eq!(takes(Asked { kinds: Kinds::Wanted, ..Asked::default() }), [false, false, true]);
    assert_eq!(takes(Asked { text: " LOB ".into(), ..Asked::default() }), [true; 3], "ignoring case");
    assert_eq!(
        takes(Asked { text: "FAILED".into(), ..Asked::default() }),
        [false, true, false],
        "in the words"
    );
    assert_eq!(takes(Asked { text: "gym".into(), ..Asked::default() }), [false; 3]);
    assert_eq!(takes(Asked { stream: Some(id(1)), ..Asked::default() }), [true; 3]);
    assert_eq!(takes(Asked { stream: Some(id(2)), ..Asked::default() }), [false; 3]);
    assert_eq!(takes(Asked { back: Back::Hour, ..Asked::default() }), [true; 3], "now is within any time");
}

#[test]
fn times_are_counted_from_the_engines_clock() {
    let from = |back| Asked { back, ..Asked::default() }.filter(100_000_000).from;
    assert_eq!((from(Back::All), from(Back::Hour)), (None, Some(96_400_000)));
    assert_eq!(from(Back::Day), Some(13_600_000));
    for kind in WANTED {
        assert!(ActivityKind::NAMES.contains(&kind), "the engine knows {kind}");
    }
}

#[test]
fn days_stay_whole_when_the_clock_was_set_back() {
    let timeline = Timeline::begin(page(vec![live(12), live(25), live(11)], None));
    let days = timeline.days(|at| at / 10_000);
    let shape: Vec<_> = days.iter().map(|(day, of)| (*day, of.len())).collect();
    assert_eq!(shape, [(1, 2), (2, 1)]);
}

#[test]
fn only_so_much_is_remembered() {
    let mut heard = VecDeque::new();
    for n in 1..=(HEARD as u64 + 5) {
        remember(&mut heard, live(n));
    }
    assert_eq!((heard.len(), heard.front().map(|activity| activity.id)), (HEARD, Some(6)));
}
