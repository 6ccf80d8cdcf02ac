//! The history: what happened to every stream, to the server and to the app, and for how long streams were on air.
//! SQLite in the data folder; losing it loses no stream, and nothing waits for it.

mod chronicle;
mod export;
mod read;
mod schema;
mod server_story;
mod spans;
#[cfg(test)]
mod spans_tests;
mod story;
#[cfg(test)]
mod story_tests;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    time::Duration,
};

use rusqlite::{Connection, params};
use stream_api::{ActivityFilter, Code, Error, StreamHistory, StreamId, UnixMillis, commands::Activities};
use tokio::sync::oneshot;

pub(crate) use chronicle::Chronicle;
use writer::{Write, Writer};

use crate::{
    clock::{self, Moment},
    data_dir::silent,
    drives::{self, Drives},
};

/// How long a question waits for what is still to be written.
const SETTLE: Duration = Duration::from_secs(2);
/// A page's usual and largest size.
const PAGE: u32 = 100;
const PAGE_LIMIT: u32 = 500;
/// What may wait for the writer before it is given up.
const INBOX: usize = 16_384;

/// A handle to the history of one data folder.
#[derive(Debug, Clone)]
pub(crate) struct History {
    inbox: mpsc::SyncSender<Write>,
    /// Absent when it could not be opened and is kept in memory: then nothing can be asked.
    path: Option<Arc<PathBuf>>,
    drives: Drives,
}

/// What an earlier run left.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// The newest activity.
    last_id: u64,
    /// Faults that nobody looked at.
    unseen: u32,
    /// When the last run was last seen, if it ended unasked.
    lost: Option<UnixMillis>,
    /// Something for the user.
    pub(crate) note: Option<String>,
}

impl History {
    /// Opens the history in `folder` and starts its thread. Blocks for a moment.
    ///
    /// # Errors
    /// When SQLite does not even work in memory, or no thread can be had.
    pub(crate) fn open(folder: &Path, drives: Drives) -> Result<(History, Left), Error> {
        let internal = |error: &dyn std::fmt::Display| Error::new(Code::Internal).with("reason", error);
        let opened = schema::open(&folder.join("history.sqlite")).map_err(|error| internal(&error))?;
        let mut left = Left { note: opened.note, ..Left::default() };
        let began = begin(&opened.connection, clock::now().0, &mut left);
        let (app, seen_before) = began.unwrap_or_else(|error| {
            tracing::warn!(%error, "what the last run left can't be read");
            (0, None)
        });
        let (inbox, outlet) = mpsc::sync_channel(INBOX);
        let writer = Writer { db: opened.connection, inbox: outlet, app, seen_before };
        std::thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| internal(&error))?;
        let path = opened.path.map(Arc::new);
        Ok((History { inbox, path, drives }, left))
    }

    /// Which activities, newest first.
    ///
    /// # Errors
    /// `internal` when the file can't be read, `data_dir_silent` when its drive does not answer.
    pub(crate) async fn activities(
        &self,
        filter: ActivityFilter,
        before: Option<u64>,
        limit: Option<u32>,
    ) -> Result<Activities, Error> {
        let limit = limit.unwrap_or(PAGE).clamp(1, PAGE_LIMIT);
        self.ask(move |db| read::activities(db, &filter, before, limit)).await
    }

    /// The same as CSV, all of it, oldest first.
    ///
    /// # Errors
    /// As [`History::activities`].
    pub(crate) async fn export(&self, filter: ActivityFilter) -> Result<String, Error> {
        let activities = self.ask(move |db| read::export(db, &filter)).await?;
        export::csv(&activities).map_err(|error| Error::new(Code::Internal).with("reason", error))
    }

    /// A stream's past.
    ///
    /// # Errors
    /// As [`History::activities`].
    pub(crate) async fn past(&self, stream: StreamId) -> Result<StreamHistory, Error> {
        self.ask(move |db| read::past(db, stream, clock::now().0)).await
    }

    /// The app ends as asked; everything is written, if the disk lets it.
    pub(crate) async fn end(&self) {
        let (done, ended) = oneshot::channel();
        self.write(Write::End(Moment::now(), done));
        if tokio::time::timeout(SETTLE, ended).await.is_err() {
            tracing::warn!("the history's end was not written in time");
        }
    }

    /// Never waits. What does not fit is lost: a disk that hangs for that long has lost more.
    fn write(&self, write: Write) {
        if self.inbox.try_send(write).is_err() {
            tracing::debug!("the history lost something");
        }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let internal = |error: &dyn std::fmt::Display| Error::new(Code::Internal).with("reason", error);
        let path = self.path.clone().ok_or_else(|| internal(&stream_api::t!("history.no_file")))?;
        let (done, settled) = oneshot::channel();
        self.write(Write::Barrier(done));
        // A writer that is slow only makes the answer a little older.
        let _ = tokio::time::timeout(SETTLE, settled).await;
        let asked = Arc::clone(&path);
        let answer = self.drives.ask(&path, drives::LIMIT, move || question(&schema::reader(&asked)?)).await;
        answer.ok_or_else(|| silent(&path))?.map_err(|error| internal(&error))
    }
}

/// Closes what the last run left open and begins this one: its row, and when the app was last seen before.
fn begin(db: &Connection, now: i64, left: &mut Left) -> rusqlite::Result<(i64, Option<i64>)> {
    let last: Option<(i64, Option<i64>)> = db
        .query_row("SELECT seen, ended FROM app ORDER BY id DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map(Some)
        .or_else(|error| if error == rusqlite::Error::QueryReturnedNoRows { Ok(None) } else { Err(error) })?;
    if let Some((seen, None)) = last {
        left.lost = Some(UnixMillis(seen));
        spans::after_crash(db, now)?;
        db.execute("UPDATE app SET ended = seen WHERE ended IS NULL", [])?;
        db.execute(
            "UPDATE run SET ended = max(began, ?1), body = '{\"type\":\"lost\"}' WHERE ended IS NULL",
            [seen],
        )?;
    }
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
    left.last_id =
        one("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'activity'")?.cast_unsigned();
    let unseen = one("SELECT count(*) FROM activity WHERE level IN ('warning', 'error')
         AND id > coalesce((SELECT value FROM mark WHERE name = 'seen'), 0)")?;
    left.unseen = u32::try_from(unseen).unwrap_or(u32::MAX);
    db.execute("INSERT INTO app (started, seen) VALUES (?1, ?1)", params![now])?;
    Ok((db.last_insert_rowid(), last.map(|(seen, _)| seen)))
}
