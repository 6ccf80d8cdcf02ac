//! A log: the newest lines in memory, all of them in a capped file.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use stream_api::{LogLine, LogOrigin, commands::Log};

use crate::clock;

/// Lines kept in memory.
const LINES: usize = 400;
/// Bytes after which a file is put aside as `.1`, replacing an earlier one.
const FILE_CAP: u64 = 2 << 20;

/// A cheap handle to one log. Lines must come without credentials.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    lines: VecDeque<LogLine>,
    path: PathBuf,
    file: Option<File>,
    written: u64,
}

impl Journal {
    /// Nothing is opened before the first line.
    pub(crate) fn new(path: PathBuf) -> Journal {
        let inner = Inner { lines: VecDeque::new(), path, file: None, written: 0 };
        Journal { inner: Arc::new(Mutex::new(inner)) }
    }

    pub(crate) fn push(&self, origin: LogOrigin, level: &str, text: impl Into<String>) {
        let line = LogLine { at: clock::now(), origin, level: level.to_owned(), text: text.into() };
        let mut inner = self.lock();
        inner.append(&line);
        if inner.lines.len() == LINES {
            inner.lines.pop_front();
        }
        inner.lines.push_back(line);
    }

    pub(crate) fn manager(&self, level: &str, text: impl Into<String>) {
        self.push(LogOrigin::Manager, level, text);
    }

    pub(crate) fn read(&self) -> Log {
        let inner = self.lock();
        Log { lines: inner.lines.iter().cloned().collect(), file: inner.path.display().to_string() }
    }

    /// The log of a stream that is deleted.
    pub(crate) fn remove_file(&self) {
        let mut inner = self.lock();
        inner.file = None;
        for path in [inner.path.clone(), aside(&inner.path)] {
            let _ = fs::remove_file(path);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// A log that can't be written must not stop a stream; the lines stay in memory.
    fn append(&mut self, line: &LogLine) {
        let origin = match line.origin {
            LogOrigin::Ffmpeg => "ffmpeg",
            LogOrigin::Manager => "manager",
            LogOrigin::Server => "server",
        };
        let seconds = line.at.0 / 1000;
        let text = format!("{seconds}.{:03} {origin} {} {}\n", line.at.0 % 1000, line.level, line.text);
        if self.written > FILE_CAP {
            self.file = None;
            let _ = fs::rename(&self.path, aside(&self.path));
        }
        if self.file.is_none() {
            let file = File::options().create(true).append(true).open(&self.path);
            self.written = file.as_ref().ok().and_then(|f| f.metadata().ok()).map_or(0, |meta| meta.len());
            self.file = file.ok();
        }
        if let Some(file) = &mut self.file
            && file.write_all(text.as_bytes()).is_ok()
        {
            self.written += text.len() as u64;
        }
    }
}

fn aside(path: &Path) -> PathBuf {
    path.with_added_extension("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_file_are_capped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let journal = Journal::new(path.clone());
        let long = "x".repeat(4096);
        for n in 0..1_200 {
            journal.manager("info", format!("{n} {long}"));
        }
        let log = journal.read();
        assert_eq!(log.lines.len(), LINES);
        assert!(log.lines[LINES - 1].text.starts_with("1199 "), "the newest is kept");
        assert!(path.metadata().unwrap().len() < FILE_CAP + 8192);
        assert!(aside(&path).exists(), "the older part is put aside");
        journal.remove_file();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
