//! Stretches of time, on air and wanted: measured by the steady clock, stored by the wall clock, so that a clock that
//! is set, a crash or a power cut never makes more of them than there was.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use stream_api::{StreamId, Uptime};

use super::story::Span;
use crate::clock::Moment;

/// The wall clock was set, or the computer slept, when it moved this much further than time passed, in milliseconds.
const JUMP: i64 = 2_000;

/// The stretches that go on.
#[derive(Debug, Clone, Default)]
pub(super) struct Spans {
    open: HashMap<(StreamId, Span), Running>,
    last: Option<Moment>,
}

#[derive(Debug, Clone)]
struct Running {
    row: i64,
    began: Moment,
}

impl Spans {
    pub(super) fn open(
        &mut self,
        db: &Connection,
        stream: StreamId,
        kind: Span,
        now: Moment,
    ) -> rusqlite::Result<()> {
        self.close(db, stream, kind, now)?;
        db.prepare_cached("INSERT INTO span (stream, kind, began, ended, open) VALUES (?1, ?2, ?3, ?3, 1)")?
            .execute(params![stream.to_string(), kind.as_str(), now.wall.0])?;
        self.open.insert((stream, kind), Running { row: db.last_insert_rowid(), began: now });
        Ok(())
    }

    pub(super) fn close(
        &mut self,
        db: &Connection,
        stream: StreamId,
        kind: Span,
        now: Moment,
    ) -> rusqlite::Result<()> {
        match self.open.remove(&(stream, kind)) {
            Some(running) => write(db, &running, now, false),
            None => Ok(()),
        }
    }

    /// Brings what is stored up to date: after a power cut, at most what came after the last beat is missing.
    pub(super) fn beat(&mut self, db: &Connection, now: Moment) -> rusqlite::Result<()> {
        let jumped = self.last.is_some_and(|last| now.drift(last).abs() > JUMP);
        let last = self.last.replace(now).unwrap_or(now);
        if !jumped {
            return self.open.values().try_for_each(|running| write(db, running, now, true));
        }
        // What was measured belongs to the old time of day, what comes to the new one.
        let keys: Vec<(StreamId, Span)> = self.open.keys().copied().collect();
        for (stream, kind) in keys {
            self.close(db, stream, kind, last)?;
            self.open(db, stream, kind, now)?;
        }
        Ok(())
    }

    /// The stream is gone.
    pub(super) fn forget(&mut self, stream: StreamId) {
        self.open.retain(|(id, _), _| *id != stream);
    }

    /// The app ends as asked: nothing is measured any more.
    pub(super) fn end(&mut self, db: &Connection, now: Moment) -> rusqlite::Result<()> {
        self.open.drain().try_for_each(|(_, running)| write(db, &running, now, false))
    }
}

fn write(db: &Connection, running: &Running, now: Moment, open: bool) -> rusqlite::Result<()> {
    let lasted = i64::try_from(now.since(running.began)).unwrap_or(i64::MAX);
    let ended = running.began.wall.0.saturating_add(lasted);
    db.prepare_cached("UPDATE span SET ended = ?2, open = ?3 WHERE id = ?1")?.execute(params![
        running.row,
        ended,
        open
    ])?;
    Ok(())
}

/// After a run of the app that ended unasked: what was wanted went on being wanted until now, what was on air was so
/// until it was last seen.
pub(super) fn after_crash(db: &Connection, now: i64) -> rusqlite::Result<()> {
    db.execute("UPDATE span SET ended = max(ended, ?1) WHERE open = 1 AND kind = 'wanted'", [now])?;
    db.execute("UPDATE span SET open = 0 WHERE open = 1", [])?;
    Ok(())
}

/// A stream's stretches of `kind` that reach beyond `from`, as stored.
pub(super) fn stored(
    db: &Connection,
    stream: StreamId,
    kind: Span,
    from: i64,
) -> rusqlite::Result<Vec<(i64, i64)>> {
    db.prepare_cached("SELECT began, ended FROM span WHERE stream = ?1 AND kind = ?2 AND ended > ?3")?
        .query_map(params![stream.to_string(), kind.as_str(), from], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// How much of `window` was wanted, and how much of that was on air. Stretches may overlap, lie outside and be
/// empty: no moment counts twice.
pub(super) fn uptime(wanted: &[(i64, i64)], air: &[(i64, i64)], window: (i64, i64)) -> Uptime {
    let wanted = union(wanted, window);
    let on_air: u64 = wanted.iter().map(|stretch| length(&union(air, *stretch))).sum();
    Uptime { wanted_ms: length(&wanted), on_air_ms: on_air, restarts: 0 }
}

fn length(stretches: &[(i64, i64)]) -> u64 {
    stretches.iter().map(|(from, to)| to.abs_diff(*from)).sum()
}

/// The parts of `stretches` within `window`, in order and apart from each other.
fn union(stretches: &[(i64, i64)], window: (i64, i64)) -> Vec<(i64, i64)> {
    let cut = |(from, to): &(i64, i64)| ((*from).max(window.0), (*to).min(window.1));
    let mut within: Vec<(i64, i64)> = stretches.iter().map(cut).filter(|(from, to)| from < to).collect();
    within.sort_unstable();
    let mut apart: Vec<(i64, i64)> = Vec::with_capacity(within.len());
    for (from, to) in within {
        match apart.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => apart.push((from, to)),
        }
    }
    apart
}
