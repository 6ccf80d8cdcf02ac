//! Questions to the history.

use rusqlite::{Connection, Row, ToSql, params};
use stream_api::{
    Activity, ActivityFilter, Cause, PastFault, Run, RunId, StreamHistory, StreamId, UnixMillis, Uptime,
    commands::Activities,
};

use super::{spans, story::Span};

const DAY: i64 = 24 * 3600 * 1000;
/// Runs that are shown.
const RUNS: usize = 5;
/// What an export holds at most.
const EXPORTED: u32 = 100_000;

/// A page of what `filter` lets pass, newest first, older than `before`.
pub(super) fn activities(
    db: &Connection,
    filter: &ActivityFilter,
    before: Option<u64>,
    limit: u32,
) -> rusqlite::Result<Activities> {
    let mut sql = "SELECT id, at, stream, name, body FROM activity WHERE 1".to_owned();
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut any_of = |column: &str, wanted: Vec<String>| {
        if !wanted.is_empty() {
            let places = vec!["?"; wanted.len()].join(", ");
            sql.push_str(&format!(" AND {column} IN ({places})"));
            values.extend(wanted.into_iter().map(|value| Box::new(value) as Box<dyn ToSql>));
        }
    };
    any_of("stream", filter.streams.iter().map(ToString::to_string).collect());
    any_of("kind", filter.kinds.clone());
    any_of("level", filter.levels.iter().map(ToString::to_string).collect());
    let mut also = |condition: &str, value: Option<Box<dyn ToSql>>| {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push(value);
        }
    };
    also(" AND at >= ?", filter.from.map(|at| Box::new(at) as _));
    also(" AND at < ?", filter.to.map(|at| Box::new(at) as _));
    also(" AND id < ?", before.map(|id| Box::new(i64::try_from(id).unwrap_or(i64::MAX)) as _));
    // Words are made of what is stored only when it is read, so a text is looked for there.
    let text = filter.text.trim().to_lowercase();
    sql.push_str(" ORDER BY id DESC");
    let mut found = db.prepare_cached(&sql)?;
    let mut rows = found.query(rusqlite::params_from_iter(values))?;
    let (mut activities, mut read, mut last) = (Vec::new(), 0, None);
    while let Some(row) = rows.next()? {
        let activity = activity(row)?;
        if !text.is_empty() && !activity.as_ref().is_some_and(|activity| activity.says(&text)) {
            continue;
        }
        // One more than wanted tells whether there is another page.
        if read == limit {
            return Ok(Activities { activities, next: last });
        }
        read += 1;
        last = Some(row.get::<_, i64>(0)?.cast_unsigned());
        activities.extend(activity);
    }
    Ok(Activities { activities, next: None })
}

/// All that `filter` lets pass, oldest first; where that is too much, the newest.
pub(super) fn export(db: &Connection, filter: &ActivityFilter) -> rusqlite::Result<Activities> {
    let mut activities = activities(db, filter, None, EXPORTED)?;
    activities.activities.reverse();
    Ok(activities)
}

/// `None` for one that this version does not know.
fn activity(row: &Row<'_>) -> rusqlite::Result<Option<Activity>> {
    let body: String = row.get(4)?;
    let Ok(kind) = serde_json::from_str(&body) else {
        tracing::debug!(body, "an activity of an unknown kind");
        return Ok(None);
    };
    Ok(Some(Activity {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        at: UnixMillis(row.get(1)?),
        stream: row.get::<_, Option<String>>(2)?.and_then(|id| id.parse().ok()),
        name: row.get(3)?,
        kind,
    }))
}

/// A stream's past as of `now`.
pub(super) fn past(db: &Connection, stream: StreamId, now: i64) -> rusqlite::Result<StreamHistory> {
    Ok(StreamHistory {
        day: uptime(db, stream, (now - DAY, now))?,
        week: uptime(db, stream, (now - 7 * DAY, now))?,
        last_fault: last_fault(db, stream)?,
        runs: runs(db, stream)?,
    })
}

fn uptime(db: &Connection, stream: StreamId, window: (i64, i64)) -> rusqlite::Result<Uptime> {
    let wanted = spans::stored(db, stream, Span::Wanted, window.0)?;
    let air = spans::stored(db, stream, Span::Air, window.0)?;
    let restarts: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM run WHERE stream = ?1 AND restart = 1 AND began >= ?2 AND began <= ?3",
        )?
        .query_row(params![stream.to_string(), window.0, window.1], |row| row.get(0))?;
    let restarts = u32::try_from(restarts).unwrap_or(u32::MAX);
    Ok(Uptime { restarts, ..spans::uptime(&wanted, &air, window) })
}

fn last_fault(db: &Connection, stream: StreamId) -> rusqlite::Result<Option<PastFault>> {
    #[derive(serde::Deserialize)]
    struct Body {
        cause: Cause,
    }
    let mut newest = db.prepare_cached(
        "SELECT at, body FROM activity WHERE stream = ?1 AND kind IN ('faulted', 'failed') ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = newest.query([stream.to_string()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let body: Option<Body> = serde_json::from_str(&row.get::<_, String>(1)?).ok();
    let at = UnixMillis(row.get(0)?);
    Ok(body.map(|body| PastFault { at, cause: body.cause }))
}

fn runs(db: &Connection, stream: StreamId) -> rusqlite::Result<Vec<Run>> {
    let run = |row: &Row<'_>| {
        let end: Option<String> = row.get(4)?;
        Ok(Run {
            id: RunId(row.get(0)?),
            began: UnixMillis(row.get(1)?),
            live_after_ms: row.get::<_, Option<i64>>(2)?.and_then(|ms| u64::try_from(ms).ok()),
            ended: row.get::<_, Option<i64>>(3)?.map(UnixMillis),
            end: end.and_then(|end| serde_json::from_str(&end).ok()),
        })
    };
    db.prepare_cached(
        "SELECT id, began, live_after, ended, body FROM run WHERE stream = ?1 ORDER BY id DESC LIMIT ?2",
    )?
    .query_map(params![stream.to_string(), i64::try_from(RUNS).unwrap_or(5)], run)?
    .collect()
}
