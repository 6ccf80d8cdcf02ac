//! The one thread that writes the history. A disk that is full or slow stops no stream: nobody waits for it.

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use stream_api::{Activity, RunEnd, RunId, StreamId, UnixMillis};

use super::{spans::Spans, story::Span};
use crate::clock::Moment;

/// Between two marks that we are alive; also how long an on-air time may be after a power cut.
pub(super) const BEAT: Duration = Duration::from_secs(30);
/// Between two looks for what is too old.
const PRUNE: Duration = Duration::from_secs(24 * 3600);
const DAY: i64 = 24 * 3600 * 1000;
/// Days that activities are kept.
const ACTIVITY_DAYS: i64 = 30;
/// And so many of them at most: a stream that fails again and again must not fill the disk.
pub(super) const ACTIVITIES: i64 = 300_000;
/// Days that times and runs are kept: they are shown for 7.
const MEASURED_DAYS: i64 = 8;
/// Runs of a stream that are kept, however old.
const RUNS: i64 = 5;
/// A gap of this many days in the app's runs may be a wrong clock: nothing is thrown away for a day.
const DOUBTFUL_DAYS: i64 = 60;
/// What waits for a disk that can't be written; the oldest are given up beyond.
const WAITING: usize = 5_000;
/// Written in one go.
const BATCH: usize = 512;

/// Something to write.
#[derive(Debug)]
pub(super) enum Write {
    Activity(Activity),
    Open(StreamId, Span, Moment),
    Close(StreamId, Span, Moment),
    RunBegan {
        stream: StreamId,
        run: RunId,
        at: UnixMillis,
        restart: bool,
    },
    RunLive {
        stream: StreamId,
        run: RunId,
        after_ms: u64,
    },
    RunEnded {
        stream: StreamId,
        run: RunId,
        at: UnixMillis,
        end: RunEnd,
    },
    /// The stream is gone: what is measured of it goes, its activities stay.
    Forget(StreamId),
    /// Everything up to this activity was looked at.
    Seen(u64),
    /// Says so once everything before was written, or could not be.
    Barrier(tokio::sync::oneshot::Sender<()>),
    /// The app ends as asked; the thread too, then it says so.
    End(Moment, tokio::sync::oneshot::Sender<()>),
}

/// The thread's own state.
pub(super) struct Writer {
    pub(super) db: Connection,
    pub(super) inbox: Receiver<Write>,
    /// The row of this run of the app.
    pub(super) app: i64,
    /// When the app was last known to run, before this run.
    pub(super) seen_before: Option<i64>,
}

impl Writer {
    /// Until every sender is gone, or [`Write::End`].
    pub(super) fn run(mut self) {
        let (mut spans, mut waiting) = (Spans::default(), VecDeque::new());
        let mut beat = Instant::now();
        let mut prune = Instant::now();
        let mut failing = false;
        loop {
            let left = (beat + BEAT).saturating_duration_since(Instant::now());
            match self.inbox.recv_timeout(left) {
                Ok(first) => waiting.extend(std::iter::once(first).chain(self.inbox.try_iter().take(BATCH))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let due = beat.elapsed() >= BEAT;
            let mut told = Vec::new();
            let mut ended = None;
            waiting.retain_mut(|write| match write {
                Write::Barrier(_) | Write::End(..) => {
                    match std::mem::replace(write, Write::Seen(0)) {
                        Write::Barrier(done) => told.push(done),
                        Write::End(now, done) => ended = Some((now, done)),
                        _ => {}
                    }
                    false
                }
                _ => true,
            });
            let before = spans.clone();
            let result =
                self.write(&waiting, &mut spans, due.then(Moment::now), ended.as_ref().map(|(now, _)| *now));
            match result {
                Ok(()) => {
                    failing = false;
                    waiting.clear();
                }
                Err(error) => {
                    // Nothing of it is in the file, so nothing of it is known.
                    spans = before;
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "the history can't be written; it waits");
                    }
                    let excess = waiting.len().saturating_sub(WAITING);
                    waiting.drain(..excess);
                }
            }
            for done in told {
                // Whoever waited may be gone.
                let _ = done.send(());
            }
            if due {
                beat = Instant::now();
            }
            if let Some((_, done)) = ended {
                let _ = done.send(());
                return;
            }
            if prune <= Instant::now() {
                prune = Instant::now() + PRUNE;
                if let Err(error) = self.prune(Moment::now().wall.0) {
                    tracing::warn!(%error, "the history was not shortened");
                }
            }
        }
    }

    fn write(
        &mut self,
        writes: &VecDeque<Write>,
        spans: &mut Spans,
        beat: Option<Moment>,
        end: Option<Moment>,
    ) -> rusqlite::Result<()> {
        let transaction = self.db.transaction()?;
        for write in writes {
            apply(&transaction, write, spans)?;
        }
        if let Some(now) = beat {
            spans.beat(&transaction, now)?;
            transaction.execute("UPDATE app SET seen = ?2 WHERE id = ?1", params![self.app, now.wall.0])?;
        }
        if let Some(now) = end {
            spans.end(&transaction, now)?;
            transaction.execute(
                "UPDATE app SET seen = ?2, ended = ?2 WHERE id = ?1",
                params![self.app, now.wall.0],
            )?;
        }
        transaction.commit()
    }

    fn prune(&mut self, now: i64) -> rusqlite::Result<()> {
        if self.seen_before.take().is_some_and(|seen| now.saturating_sub(seen) > DOUBTFUL_DAYS * DAY) {
            return Ok(());
        }
        prune(&self.db, now)
    }
}

/// Throws away what is too old.
pub(super) fn prune(db: &Connection, now: i64) -> rusqlite::Result<()> {
    let measured = now - MEASURED_DAYS * DAY;
    db.execute("DELETE FROM activity WHERE at < ?1", [now - ACTIVITY_DAYS * DAY])?;
    shorten(db, ACTIVITIES)?;
    db.execute("DELETE FROM span WHERE open = 0 AND ended < ?1", [measured])?;
    db.execute("DELETE FROM app WHERE started < ?1 AND ended IS NOT NULL", [now - ACTIVITY_DAYS * DAY])?;
    db.execute(
        "DELETE FROM run WHERE began < ?1 AND id NOT IN (
            SELECT newer.id FROM run AS newer WHERE newer.stream = run.stream ORDER BY newer.id DESC LIMIT ?2)",
        [measured, RUNS],
    )?;
    Ok(())
}

/// Keeps the newest activities, so many.
pub(super) fn shorten(db: &Connection, count: i64) -> rusqlite::Result<()> {
    let after = "SELECT id FROM activity ORDER BY id DESC LIMIT 1 OFFSET ?1";
    db.execute(&format!("DELETE FROM activity WHERE id <= ({after})"), [count]).map(drop)
}

fn apply(db: &Connection, write: &Write, spans: &mut Spans) -> rusqlite::Result<()> {
    match write {
        Write::Activity(activity) => insert(db, activity),
        Write::Open(stream, kind, now) => spans.open(db, *stream, *kind, *now),
        Write::Close(stream, kind, now) => spans.close(db, *stream, *kind, *now),
        Write::RunBegan { stream, run, at, restart } => db
            .prepare_cached("INSERT OR IGNORE INTO run (stream, id, began, restart) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![stream.to_string(), run.0, at.0, restart])
            .map(drop),
        Write::RunLive { stream, run, after_ms } => db
            .prepare_cached(
                "UPDATE run SET live_after = coalesce(live_after, ?3) WHERE stream = ?1 AND id = ?2",
            )?
            .execute(params![stream.to_string(), run.0, i64::try_from(*after_ms).unwrap_or(i64::MAX)])
            .map(drop),
        Write::RunEnded { stream, run, at, end } => db
            .prepare_cached("UPDATE run SET ended = ?3, body = ?4 WHERE stream = ?1 AND id = ?2")?
            .execute(params![stream.to_string(), run.0, at.0, json(end)])
            .map(drop),
        Write::Forget(stream) => {
            spans.forget(*stream);
            let stream = stream.to_string();
            db.execute("DELETE FROM span WHERE stream = ?1", [&stream])?;
            db.execute("DELETE FROM run WHERE stream = ?1", [&stream]).map(drop)
        }
        Write::Seen(id) => mark(db, "seen", *id),
        Write::Barrier(_) | Write::End(..) => Ok(()),
    }
}

fn insert(db: &Connection, activity: &Activity) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT OR IGNORE INTO activity (id, at, stream, name, kind, level, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        i64::try_from(activity.id).unwrap_or(i64::MAX),
        activity.at.0,
        activity.stream.map(|id| id.to_string()),
        activity.name,
        activity.kind.as_str(),
        activity.kind.level().as_str(),
        json(&activity.kind),
    ])
    .map(drop)
}

fn mark(db: &Connection, name: &str, value: u64) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, i64::try_from(value).unwrap_or(i64::MAX)],
    )
    .map(drop)
}

/// These types always serialise.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
