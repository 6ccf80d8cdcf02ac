//! Logs: the newest lines in memory, all of them in capped files.

mod capped;
mod ink;
mod line;
mod runs;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::Arc,
};

use capped::Capped;
pub(crate) use ink::Ink;
pub(crate) use line::local;
use parking_lot::{Mutex, MutexGuard};
pub(crate) use runs::RunJournal;
use stream_api::{LogLine, LogOrigin, commands::Log};

use crate::clock;

/// Lines kept in memory.
const LINES: usize = 400;
/// Bytes after which a file is put aside.
const FILE_CAP: u64 = 2 << 20;

/// A cheap handle to the server's log. Lines must come without credentials.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    lines: Arc<Mutex<VecDeque<LogLine>>>,
    path: Arc<Path>,
    /// The ink's thread alone touches it.
    file: Arc<Mutex<Capped>>,
    ink: Ink,
}

impl Journal {
    /// Nothing is opened before the first line.
    pub(crate) fn new(path: PathBuf, ink: Ink) -> Journal {
        let shown = Arc::from(path.as_path());
        let file = Arc::new(Mutex::new(Capped::new(path, FILE_CAP)));
        Journal { lines: Arc::default(), path: shown, file, ink }
    }

    pub(crate) fn push(&self, origin: LogOrigin, level: &str, text: impl Into<String>) {
        let line = LogLine { at: clock::now(), origin, level: level.to_owned(), text: text.into() };
        let (file, written) = (Arc::clone(&self.file), line::write(&line));
        self.ink.line(move || file.lock().append(&written));
        let mut lines = self.lock();
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    pub(crate) fn manager(&self, level: &str, text: impl Into<String>) {
        self.push(LogOrigin::Manager, level, text);
    }

    /// Of something that is gone.
    pub(crate) fn remove_file(&self) {
        let file = Arc::clone(&self.file);
        self.ink.order(move || file.lock().remove());
    }

    pub(crate) fn read(&self) -> Log {
        Log { lines: self.lock().iter().cloned().collect(), file: self.path.display().to_string() }
    }

    /// The newest lines of the program itself, for a fault.
    pub(crate) fn tail(&self) -> Vec<String> {
        const SHOWN: usize = 8;
        let lines = self.lock();
        let said = lines.iter().rev().filter(|line| line.origin != LogOrigin::Manager);
        let mut newest: Vec<String> = said.take(SHOWN).map(|line| line.text.clone()).collect();
        newest.reverse();
        newest
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LogLine>> {
        self.lines.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_and_file_are_capped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let journal = Journal::new(path.clone(), Ink::start());
        let long = "x".repeat(4096);
        for n in 0..1_200 {
            journal.manager("info", format!("{n} {long}"));
        }
        journal.ink.flush().await;
        let log = journal.read();
        assert_eq!(log.lines.len(), LINES);
        assert!(log.lines[LINES - 1].text.starts_with("1199 "), "the newest is kept");
        assert!(path.metadata().unwrap().len() < FILE_CAP + 8192);
        assert!(capped::aside(&path).exists(), "the older part is put aside");
        journal.remove_file();
        journal.ink.flush().await;
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
