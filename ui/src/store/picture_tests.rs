use stream_api::{Change, EventId, Message, Metrics};

use super::*;
use crate::store::fixtures::{event, id, live, snapshot, stream};

fn changed(seq: u64, stream: Stream) -> Event {
    event(seq, Change::Stream { stream: Box::new(stream) })
}

fn measured(seq: u64, n: u128, bps: u64) -> Event {
    let metrics = Metrics { inbound_bps: bps, ..Metrics::default() };
    event(seq, Change::Metrics { streams: vec![(id(n), metrics)], of: Default::default(), outbound_bps: 7 })
}

fn send(picture: &mut Picture, events: Vec<Event>) -> Vec<Touched> {
    apply(picture, Message::Events { events })
}

#[test]
fn events_that_the_snapshot_contains_are_skipped() {
    let mut picture = Picture::default();
    assert_eq!(apply(&mut picture, snapshot(5, vec![stream(1, "a")])), [Touched::All]);
    assert_eq!(send(&mut picture, vec![changed(5, stream(1, "old"))]), [], "seq 5 is in the snapshot");
    assert_eq!(send(&mut picture, vec![changed(6, stream(1, "new"))]), [Touched::Stream(id(1))]);
    assert_eq!(picture.streams[&id(1)].spec.name, "new");
    assert_eq!(picture.now, 1_006, "the clock follows the events");
}

#[test]
fn a_gap_and_another_boot_ask_for_a_snapshot() {
    let mut picture = Picture::default();
    apply(&mut picture, snapshot(5, vec![]));
    assert_eq!(
        send(&mut picture, vec![changed(8, stream(1, "a"))]),
        [Touched::Gap, Touched::Stream(id(1))],
        "what came is still shown"
    );
    let mut other = changed(9, stream(2, "b"));
    other.id = EventId { boot: "b2".into(), seq: 1 };
    assert_eq!(send(&mut picture, vec![other])[0], Touched::Gap);
}

#[test]
fn an_older_snapshot_of_the_same_boot_changes_nothing() {
    let mut picture = Picture::default();
    apply(&mut picture, snapshot(5, vec![stream(1, "a")]));
    send(&mut picture, vec![changed(6, stream(1, "b"))]);
    assert_eq!(apply(&mut picture, snapshot(5, vec![stream(1, "a")])), []);
    assert_eq!(picture.streams[&id(1)].spec.name, "b");
}

#[test]
fn an_older_revision_never_replaces_a_newer_one() {
    let mut picture = Picture::default();
    apply(&mut picture, snapshot(0, vec![Stream { rev: 9, ..stream(1, "new") }]));
    assert_eq!(send(&mut picture, vec![changed(1, Stream { rev: 8, ..stream(1, "old") })]), []);
    assert_eq!(picture.streams[&id(1)].spec.name, "new");
}

#[test]
fn samples_are_kept_while_on_air_and_are_bounded() {
    let mut picture = Picture::default();
    apply(&mut picture, snapshot(0, vec![live(1, "a"), stream(2, "b")]));
    for seq in 1..=(SAMPLES as u64 + 30) {
        send(&mut picture, vec![measured(seq, 1, seq)]);
    }
    let samples = &picture.samples[&id(1)];
    assert_eq!((samples.len(), samples.front(), samples.back()), (SAMPLES, Some(&31), Some(&150)));
    assert_eq!(picture.server.as_ref().map(|server| server.outbound_bps), Some(7));

    assert_eq!(send(&mut picture, vec![measured(151, 2, 5)]), [], "a stream off air has no measurement");
    send(&mut picture, vec![changed(152, stream(1, "a"))]);
    assert!(picture.samples.is_empty(), "off air, the line starts afresh");
}

#[test]
fn a_removed_stream_is_gone() {
    let mut picture = Picture::default();
    apply(&mut picture, snapshot(0, vec![live(1, "a")]));
    assert_eq!(send(&mut picture, vec![event(1, Change::Removed { id: id(1) })]), [Touched::Removed(id(1))]);
    assert!(picture.streams.is_empty());
}

#[test]
fn what_happens_is_heard_and_counted() {
    let mut picture = Picture::default();
    apply(&mut picture, snapshot(0, vec![]));
    let activity = |n| Activity {
        id: n,
        at: stream_api::UnixMillis(0),
        stream: None,
        name: String::new(),
        kind: stream_api::ActivityKind::Completed,
    };
    let told = |n| event(n, Change::Activity { activity: Box::new(activity(n)), unseen_faults: n as u32 });
    assert_eq!(send(&mut picture, vec![told(1), told(2)]), [Touched::Heard, Touched::Heard]);
    assert_eq!((picture.unseen_faults, picture.heard.len()), (2, 2));
    assert_eq!(send(&mut picture, vec![event(3, Change::Seen { unseen_faults: 0 })]), [Touched::Seen]);
    assert_eq!((picture.unseen_faults, picture.heard.len()), (0, 2), "seen is not forgotten");
}
