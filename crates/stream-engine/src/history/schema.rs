//! The file: opened, brought to this version's shape, put aside when it can't be read.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};
use stream_api::t;

use crate::{clock, data_dir};

/// Every change of the shape, oldest first; only ever added to. Times are Unix milliseconds.
const STEPS: &[M<'static>] = &[M::up(
    "CREATE TABLE activity (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        stream TEXT,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        level TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX activity_at ON activity (at);
    CREATE INDEX activity_stream ON activity (stream, id);
    CREATE TABLE span (
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        kind TEXT NOT NULL,
        began INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        open INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX span_stream ON span (stream, ended);
    CREATE TABLE run (
        stream TEXT NOT NULL,
        id INTEGER NOT NULL,
        began INTEGER NOT NULL,
        restart INTEGER NOT NULL,
        live_after INTEGER,
        ended INTEGER,
        body TEXT,
        PRIMARY KEY (stream, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE app (
        id INTEGER PRIMARY KEY,
        started INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        ended INTEGER
    ) STRICT;
    CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
)];

/// A file that is open for writing.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// `None` for one in memory, which ends with the process.
    pub(super) path: Option<PathBuf>,
    /// What the user should know.
    pub(super) note: Option<String>,
}

/// Opens `path`. Whatever is wrong with it, there is a history afterwards: losing it loses no stream.
///
/// # Errors
/// When SQLite does not even work in memory.
pub(super) fn open(path: &Path) -> rusqlite::Result<Opened> {
    match prepared(path) {
        Ok(connection) => Ok(Opened { connection, path: Some(path.to_owned()), note: None }),
        Err(Unusable::Newer) => {
            let beside = path.with_extension(format!("v{}.sqlite", STEPS.len()));
            let note = t!("note.history_newer", file = path.display(), beside = beside.display());
            tracing::warn!(file = %path.display(), "the history is from a newer version");
            other(&beside, note)
        }
        Err(Unusable::Broken(error)) => {
            let stamp = clock::now().0 / 1000;
            let broken = path.with_extension(format!("broken-{stamp}.sqlite"));
            tracing::warn!(%error, broken = %broken.display(), "the history is broken");
            if let Err(error) = put_aside(path, &broken) {
                return in_memory(&error.to_string());
            }
            other(path, t!("note.history_broken", reason = error, broken = broken.display()))
        }
        Err(Unusable::Refused(error)) => in_memory(&error.to_string()),
    }
}

/// A connection that only reads, for one question.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    Ok(connection)
}

fn other(path: &Path, note: String) -> rusqlite::Result<Opened> {
    match prepared(path) {
        Ok(connection) => Ok(Opened { connection, path: Some(path.to_owned()), note: Some(note) }),
        Err(error) => in_memory(&error.to_string()),
    }
}

fn in_memory(reason: &str) -> rusqlite::Result<Opened> {
    tracing::warn!(reason, "the history is kept in memory alone");
    let mut connection = Connection::open_in_memory()?;
    if let Err(error) = Migrations::from_slice(STEPS).to_latest(&mut connection) {
        tracing::error!(%error, "the history can't be kept");
    }
    Ok(Opened { connection, path: None, note: Some(t!("note.history_in_memory", reason = reason)) })
}

#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("it is from a newer version")]
    Newer,
    #[error("{0}")]
    Broken(String),
    #[error("{0}")]
    Refused(rusqlite::Error),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                Unusable::Broken(error.to_string())
            }
            _ => Unusable::Refused(error),
        }
    }
}

fn prepared(path: &Path) -> Result<Connection, Unusable> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    // First: all else would change a newer file.
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if usize::try_from(version).is_ok_and(|version| version > STEPS.len()) {
        return Err(Unusable::Newer);
    }
    let state: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if state != "ok" {
        return Err(Unusable::Broken(state));
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode this loses the last moments at a power cut at worst, and never breaks the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    for ending in ["", "-wal", "-shm"] {
        data_dir::keep_private(&beside(path, ending));
    }
    match Migrations::from_slice(STEPS).to_latest(&mut connection) {
        Ok(()) => Ok(connection),
        Err(rusqlite_migration::Error::RusqliteError { err, .. }) => match err.sqlite_error_code() {
            // Somebody else's tables: nothing that we could go on with.
            Some(rusqlite::ErrorCode::Unknown) => Err(Unusable::Broken(err.to_string())),
            _ => Err(err.into()),
        },
        Err(error) => Err(Unusable::Broken(error.to_string())),
    }
}

/// A file that SQLite keeps beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut companion = path.as_os_str().to_owned();
    companion.push(ending);
    companion.into()
}

fn put_aside(path: &Path, broken: &Path) -> io::Result<()> {
    fs::rename(path, broken)?;
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(connection: &Connection) -> i64 {
        connection
            .query_row("SELECT count(*) FROM sqlite_master WHERE type = 'table'", [], |r| r.get(0))
            .unwrap()
    }

    #[test]
    fn the_steps_are_sound() {
        Migrations::from_slice(STEPS).validate().unwrap();
    }

    #[test]
    fn a_broken_file_is_put_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.sqlite");
        for content in [&b"this is not a database, whatever its name says"[..], &[0x5a; 9000]] {
            fs::write(&path, content).unwrap();
            let opened = open(&path).unwrap();
            assert!(opened.note.is_some(), "the user is told");
            assert_eq!(opened.path.as_deref(), Some(path.as_path()));
            assert!(tables(&opened.connection) > 3, "a new one takes its place");
            let mut beside = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
            let is_kept = |path: PathBuf| {
                path.to_string_lossy().contains("broken-") && fs::read(path).unwrap() == content
            };
            assert!(beside.any(is_kept), "the broken one is kept");
            drop(opened);
            assert!(open(&path).unwrap().note.is_none(), "the next start finds nothing wrong");
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_page_that_was_damaged_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.sqlite");
        drop(open(&path).unwrap());
        let mut bytes = fs::read(&path).unwrap();
        let size = bytes.len();
        assert!(size > 8192, "several pages: {size}");
        bytes[4096..8192].fill(0x5a);
        fs::write(&path, bytes).unwrap();
        assert!(open(&path).unwrap().note.is_some());
    }

    #[test]
    fn a_newer_file_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.sqlite");
        let newer = Connection::open(&path).unwrap();
        newer.pragma_update(None, "user_version", 99).unwrap();
        newer.execute_batch("CREATE TABLE wonders (x)").unwrap();
        drop(newer);
        let before = fs::read(&path).unwrap();
        let opened = open(&path).unwrap();
        let beside = opened.path.clone().unwrap();
        assert_ne!(beside, path);
        assert!(opened.note.unwrap().contains(&beside.display().to_string()));
        drop(opened.connection);
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(open(&path).unwrap().path.unwrap(), beside, "the next start goes on beside it");
    }

    #[test]
    fn a_folder_in_its_place_leaves_a_history_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.sqlite");
        fs::create_dir(&path).unwrap();
        let opened = open(&path).unwrap();
        assert!(opened.path.is_none() && opened.note.is_some());
        assert!(tables(&opened.connection) > 3);
    }
}
