use std::{
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use stream_api::{StreamId, UnixMillis, Uptime};
use uuid::Uuid;

use super::{
    schema,
    spans::{self, Spans},
    story::Span,
};
use crate::clock::Moment;

const ID: StreamId = StreamId(Uuid::nil());
const HOUR: i64 = 3_600_000;

/// A file of its own and clocks that go as the test says.
struct Clocks {
    db: Connection,
    spans: Spans,
    born: Instant,
    wall: i64,
    passed: u64,
}

impl Clocks {
    fn new(folder: &Path) -> Clocks {
        let db = schema::open(&folder.join("history.sqlite")).unwrap().connection;
        Clocks { db, spans: Spans::default(), born: Instant::now(), wall: 1_000 * HOUR, passed: 0 }
    }

    fn now(&self) -> Moment {
        Moment { wall: UnixMillis(self.wall), steady: self.born + Duration::from_millis(self.passed) }
    }

    /// Time passes, with a beat every 30 s as the writer has it.
    fn pass(&mut self, ms: i64) {
        let mut left = ms;
        while left > 0 {
            let step = left.min(30_000);
            self.wall += step;
            self.passed += step.unsigned_abs();
            left -= step;
            let now = self.now();
            self.spans.beat(&self.db, now).unwrap();
        }
    }

    /// Somebody sets the clock; the next beat sees it.
    fn set(&mut self, by: i64) {
        self.wall += by;
        let now = self.now();
        self.spans.beat(&self.db, now).unwrap();
    }

    fn open(&mut self, kind: Span) {
        let now = self.now();
        self.spans.open(&self.db, ID, kind, now).unwrap();
    }

    fn close(&mut self, kind: Span) {
        let now = self.now();
        self.spans.close(&self.db, ID, kind, now).unwrap();
    }

    /// The app is killed and starts again after `ms`.
    fn crash(&mut self, ms: i64) {
        self.spans = Spans::default();
        self.wall += ms;
        self.passed += ms.unsigned_abs();
        spans::after_crash(&self.db, self.wall).unwrap();
        let now = self.now();
        self.spans.beat(&self.db, now).unwrap();
    }

    fn day(&self) -> Uptime {
        let window = (self.wall - 24 * HOUR, self.wall);
        let stored = |kind| spans::stored(&self.db, ID, kind, window.0).unwrap();
        spans::uptime(&stored(Span::Wanted), &stored(Span::Air), window)
    }
}

fn hours(uptime: Uptime) -> (f64, f64) {
    let hours = |ms: u64| (ms as f64 / HOUR as f64 * 1_000.0).round() / 1_000.0;
    (hours(uptime.wanted_ms), hours(uptime.on_air_ms))
}

#[test]
fn uptime_of_stretches() {
    let window = (100, 200);
    for (what, wanted, air, expected) in [
        ("nothing", vec![], vec![], (0, 0)),
        ("never wanted", vec![], vec![(100, 200)], (0, 0)),
        ("all of it", vec![(0, 300)], vec![(0, 300)], (100, 100)),
        ("half", vec![(100, 200)], vec![(100, 150)], (100, 50)),
        ("on air a moment longer than wanted", vec![(100, 150)], vec![(100, 160)], (50, 50)),
        ("overlaps count once", vec![(100, 180), (120, 200)], vec![(110, 150), (130, 160)], (100, 50)),
        ("gaps", vec![(100, 120), (150, 160)], vec![(110, 155)], (30, 15)),
        ("outside", vec![(0, 100), (200, 300)], vec![(0, 300)], (0, 0)),
        ("backwards", vec![(180, 120)], vec![(190, 110)], (0, 0)),
    ] {
        let uptime = spans::uptime(&wanted, &air, window);
        assert_eq!((uptime.wanted_ms, uptime.on_air_ms), expected, "{what}");
        assert!(uptime.share().is_none_or(|share| (0.0..=1.0).contains(&share)), "{what}");
    }
}

#[test]
fn a_stream_that_runs_counts_while_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocks = Clocks::new(dir.path());
    clocks.open(Span::Wanted);
    clocks.pass(HOUR / 2);
    clocks.open(Span::Air);
    clocks.pass(HOUR);
    assert_eq!(hours(clocks.day()), (1.5, 1.0), "still open");
    clocks.close(Span::Air);
    clocks.pass(HOUR / 2);
    clocks.close(Span::Wanted);
    clocks.pass(HOUR);
    assert_eq!(hours(clocks.day()), (2.0, 1.0));
    clocks.pass(22 * HOUR);
    assert_eq!(hours(clocks.day()), (1.0, 0.5), "the window moves on");
}

#[test]
fn a_power_cut_is_no_uptime_but_was_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocks = Clocks::new(dir.path());
    clocks.open(Span::Wanted);
    clocks.open(Span::Air);
    clocks.pass(HOUR);
    clocks.crash(3 * HOUR);
    clocks.open(Span::Wanted);
    assert_eq!(hours(clocks.day()), (4.0, 1.0));
    clocks.open(Span::Air);
    clocks.pass(HOUR);
    assert_eq!(hours(clocks.day()), (5.0, 2.0));
}

#[test]
fn quitting_the_app_is_no_downtime() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocks = Clocks::new(dir.path());
    clocks.open(Span::Wanted);
    clocks.open(Span::Air);
    clocks.pass(HOUR);
    let now = clocks.now();
    clocks.spans.end(&clocks.db, now).unwrap();
    clocks.crash(5 * HOUR);
    assert_eq!(hours(clocks.day()), (1.0, 1.0));
}

#[test]
fn a_clock_that_is_set_makes_neither_more_nor_less_than_there_was() {
    for by in [-48 * HOUR, -2 * HOUR, -HOUR / 2, 2 * HOUR, 12 * HOUR] {
        let dir = tempfile::tempdir().unwrap();
        let mut clocks = Clocks::new(dir.path());
        clocks.open(Span::Wanted);
        clocks.open(Span::Air);
        clocks.pass(HOUR);
        clocks.set(by);
        clocks.pass(HOUR);
        let day = clocks.day();
        let (wanted, on_air) = hours(day);
        assert!((1.0..=2.0).contains(&on_air), "{by}: {on_air} h of 2");
        assert!((wanted - on_air).abs() < 0.001, "{by}: it was on air whenever it was wanted, {wanted}");
        assert_eq!(day.share(), Some(1.0), "{by}");
    }
}

#[test]
fn a_clock_set_far_ahead_leaves_the_time_before_outside() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocks = Clocks::new(dir.path());
    clocks.open(Span::Wanted);
    clocks.open(Span::Air);
    clocks.pass(HOUR);
    clocks.set(24 * 365 * HOUR);
    clocks.pass(HOUR);
    assert_eq!(hours(clocks.day()), (1.0, 1.0));
}

#[test]
fn a_stream_that_is_deleted_leaves_no_open_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut clocks = Clocks::new(dir.path());
    clocks.open(Span::Wanted);
    clocks.spans.forget(ID);
    clocks.db.execute("DELETE FROM span", []).unwrap();
    clocks.pass(HOUR);
    assert_eq!(clocks.day(), Uptime::default());
}
