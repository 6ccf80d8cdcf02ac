//! A stream's log, run by run: of each of the last 5, how it began and how it ended; found again after a restart.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};
use stream_api::{Code, Error, LogLine, LogOrigin, RunId, RunLog, StreamId, commands::Log};

use super::{
    Ink,
    capped::{Capped, aside},
    line,
};
use crate::{clock, data_dir};

/// Runs that are kept.
const RUNS: usize = 5;
/// Lines of a run's beginning that are kept.
const HEAD: usize = 40;
/// Lines of a run's end that are kept.
const TAIL: usize = 200;
/// Lines that [`RunJournal::read`] gives.
const READ: usize = 400;
/// Bytes of a run's beginning on disk; then as many of its end, twice.
const CAP: u64 = 256 << 10;

/// A cheap handle to one stream's log. Lines must come without credentials.
#[derive(Debug, Clone)]
pub(crate) struct RunJournal {
    front: Arc<Mutex<Front>>,
    /// The ink's thread alone touches it.
    inner: Arc<Mutex<Inner>>,
    ink: Ink,
}

/// What is known without a look at the drive.
#[derive(Debug)]
struct Front {
    name: String,
    newest: Option<RunId>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// Oldest first.
    runs: VecDeque<Pages>,
}

/// The log of one run.
#[derive(Debug)]
struct Pages {
    id: RunId,
    /// Whether the lines below are known; else they are on disk alone.
    loaded: bool,
    head: Vec<LogLine>,
    omitted: u64,
    tail: VecDeque<LogLine>,
    begin: Capped,
    end: Capped,
}

impl RunJournal {
    /// The log of the stream `name` in `folder`, with what earlier runs left there as soon as the drive tells it. Lines
    /// that come before that begin a run of their own.
    pub(crate) fn new(folder: PathBuf, name: &str, ink: Ink) -> RunJournal {
        let front = Arc::new(Mutex::new(Front { name: name.to_owned(), newest: None }));
        let inner = Arc::new(Mutex::new(Inner { folder, runs: VecDeque::new() }));
        let journal = RunJournal { front, inner, ink };
        let known = journal.clone();
        journal.order(move |inner| {
            inner.find();
            let (mut front, found) = (known.front(), inner.runs.back().map(|run| run.id));
            front.newest = front.newest.max(found);
        });
        journal
    }

    /// Removes the logs below `folder` of streams that are not known any more.
    pub(crate) fn remove_others(
        folder: PathBuf,
        is_known: impl Fn(&str) -> bool + Send + 'static,
        ink: &Ink,
    ) {
        ink.order(move || {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let id = entry.file_name().to_str().and_then(|name| name.parse::<StreamId>().ok());
                if id.is_some_and(|id| !is_known(&id.to_string())) {
                    let mut gone = Inner { folder: entry.path(), runs: VecDeque::new() };
                    gone.find();
                    gone.remove();
                }
            }
        });
    }

    /// From now on lines belong to a new run.
    pub(crate) fn begin_run(&self) -> RunId {
        let mut front = self.front();
        let after = front.newest.map_or(i64::MIN, |newest| newest.0 + 1);
        let id = RunId(clock::now().0.max(after));
        front.newest = Some(id);
        self.order(move |inner| inner.begin(id));
        id
    }

    /// The stream has another name.
    pub(crate) fn rename(&self, name: &str) {
        name.clone_into(&mut self.front().name);
    }

    pub(crate) fn push(&self, origin: LogOrigin, level: &str, text: impl Into<String>) {
        let line = LogLine { at: clock::now(), origin, level: level.to_owned(), text: text.into() };
        emit(&self.front().name, &line);
        if self.front().newest.is_none() {
            self.begin_run();
        }
        let inner = Arc::clone(&self.inner);
        self.ink.line(move || lock(&inner).append(line));
    }

    pub(crate) fn manager(&self, level: &str, text: impl Into<String>) {
        self.push(LogOrigin::Manager, level, text);
    }

    /// The newest lines of all runs; none while the drive does not answer.
    pub(crate) async fn read(&self) -> Log {
        let log = self.ask(Inner::read).await;
        log.unwrap_or_else(|| Log { lines: Vec::new(), file: String::new() })
    }

    /// The log of one run.
    ///
    /// # Errors
    /// `no_such_run` when it is not one of the last 5, or the drive does not answer.
    pub(crate) async fn run(&self, id: RunId) -> Result<RunLog, Error> {
        let log = self.ask(move |inner| inner.run(id)).await;
        log.flatten().ok_or_else(|| Error::new(Code::NoSuchRun))
    }

    /// The log of a stream that is deleted.
    pub(crate) async fn remove_file(&self) {
        // What the drive does not do in time it does later.
        let _ = self.ask(Inner::remove).await;
    }

    fn front(&self) -> MutexGuard<'_, Front> {
        self.front.lock()
    }

    fn order(&self, work: impl FnOnce(&mut Inner) + Send + 'static) {
        let inner = Arc::clone(&self.inner);
        self.ink.order(move || work(&mut lock(&inner)));
    }

    async fn ask<T: Send + 'static>(&self, work: impl FnOnce(&mut Inner) -> T + Send + 'static) -> Option<T> {
        let inner = Arc::clone(&self.inner);
        self.ink.ask(move || work(&mut lock(&inner))).await
    }
}

fn lock(inner: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    inner.lock()
}

impl Inner {
    /// What earlier runs left.
    fn find(&mut self) {
        let mut ids: Vec<i64> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".log")?.parse().ok())
            .collect();
        ids.sort_unstable();
        self.runs = ids.into_iter().map(|id| Pages::new(&self.folder, RunId(id), false)).collect();
        self.shorten();
    }

    fn begin(&mut self, id: RunId) {
        // Lines stay in memory where the folder can't be made.
        let _ = data_dir::make(&self.folder);
        self.runs.push_back(Pages::new(&self.folder, id, true));
        self.shorten();
    }

    fn append(&mut self, line: LogLine) {
        if let Some(run) = self.runs.back_mut() {
            run.load();
            run.append(line);
        }
    }

    fn remove(&mut self) {
        self.runs.iter_mut().for_each(Pages::remove);
        self.runs.clear();
        // Refused while somebody put a file of theirs there.
        let _ = fs::remove_dir(&self.folder);
    }

    fn shorten(&mut self) {
        while self.runs.len() > RUNS {
            if let Some(mut oldest) = self.runs.pop_front() {
                oldest.remove();
            }
        }
    }

    fn read(&mut self) -> Log {
        self.runs.iter_mut().for_each(Pages::load);
        let all: Vec<&LogLine> = self.runs.iter().flat_map(|run| run.head.iter().chain(&run.tail)).collect();
        let lines = all[all.len().saturating_sub(READ)..].iter().map(|line| (*line).clone()).collect();
        let file = self.runs.back().map_or_else(|| self.folder.clone(), |run| run.begin.path().to_owned());
        Log { lines, file: file.display().to_string() }
    }

    fn run(&mut self, id: RunId) -> Option<RunLog> {
        let run = self.runs.iter_mut().find(|run| run.id == id)?;
        run.load();
        Some(RunLog {
            head: run.head.clone(),
            omitted: run.omitted,
            tail: run.tail.iter().cloned().collect(),
            file: run.begin.path().display().to_string(),
        })
    }
}

impl Pages {
    fn new(folder: &Path, id: RunId, loaded: bool) -> Pages {
        Pages {
            id,
            loaded,
            head: Vec::new(),
            omitted: 0,
            tail: VecDeque::new(),
            begin: Capped::new(folder.join(format!("{id}.log")), CAP),
            end: Capped::new(folder.join(format!("{id}.end.log")), CAP),
        }
    }

    fn append(&mut self, line: LogLine) {
        let file = if self.begin.is_full() { &mut self.end } else { &mut self.begin };
        file.append(&line::write(&line));
        self.remember(line);
    }

    fn remember(&mut self, line: LogLine) {
        if self.head.len() < HEAD {
            return self.head.push(line);
        }
        if self.tail.len() == TAIL {
            self.tail.pop_front();
            self.omitted += 1;
        }
        self.tail.push_back(line);
    }

    /// Reads what an earlier run of the app wrote.
    fn load(&mut self) {
        if std::mem::replace(&mut self.loaded, true) {
            return;
        }
        let (begin, end) = (self.begin.path().to_owned(), self.end.path().to_owned());
        for path in [&begin, &aside(&end), &end] {
            let text = fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&text)
                .lines()
                .filter_map(line::read)
                .for_each(|line| self.remember(line));
        }
    }

    fn remove(&mut self) {
        self.begin.remove();
        self.end.remove();
    }
}

/// To whoever collects logs. FFmpeg's words have a target of their own, ours another one.
fn emit(name: &str, line: &LogLine) {
    macro_rules! emit {
        ($level:ident) => {
            match line.origin {
                LogOrigin::Ffmpeg => tracing::$level!(target: "stream_log::ffmpeg", name, "{}", line.text),
                _ => tracing::$level!(target: "stream_log::manager", name, "{}", line.text),
            }
        };
    }
    match line.level.as_str() {
        "error" | "fatal" | "panic" => emit!(error),
        "warning" => emit!(warn),
        "debug" | "verbose" | "trace" => emit!(debug),
        _ => emit!(info),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[LogLine]) -> Vec<&str> {
        lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[tokio::test]
    async fn each_run_keeps_its_beginning_and_its_end_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("s");
        let journal = RunJournal::new(folder.clone(), "lobby", Ink::start());
        let mut runs = Vec::new();
        for run in 0..7 {
            runs.push(journal.begin_run());
            for line in 0..1_000 {
                journal.push(LogOrigin::Ffmpeg, "error", format!("{run}/{line}"));
            }
        }
        assert!(runs.is_sorted_by(|a, b| a < b), "{runs:?}");
        journal.ink.flush().await;
        for journal in [journal, RunJournal::new(folder.clone(), "lobby", Ink::start())] {
            for lost in &runs[..2] {
                assert_eq!(journal.run(*lost).await.unwrap_err().code, Code::NoSuchRun);
            }
            for (n, run) in runs.iter().enumerate().skip(2) {
                let log = journal.run(*run).await.unwrap();
                assert_eq!((log.head.len(), log.omitted, log.tail.len()), (HEAD, 760, TAIL));
                assert_eq!(log.head[0].text, format!("{n}/0"));
                assert_eq!(log.tail[TAIL - 1].text, format!("{n}/999"));
                assert!(Path::new(&log.file).exists());
            }
            let newest = journal.read().await.lines;
            assert_eq!(newest.len(), READ);
            assert_eq!(newest[READ - 1].text, "6/999");
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), RUNS, "older ones are gone from disk");
    }

    #[tokio::test]
    async fn a_flood_is_capped_and_its_end_kept() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("s");
        let journal = RunJournal::new(folder.clone(), "lobby", Ink::start());
        let run = journal.begin_run();
        let long = "x".repeat(1_000);
        for line in 0..3_000 {
            journal.push(LogOrigin::Ffmpeg, "error", format!("{line} {long}"));
        }
        journal.ink.flush().await;
        let size: u64 = fs::read_dir(&folder).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
        assert!(size < 3 * CAP + 16_384, "{size}");
        let again = RunJournal::new(folder.clone(), "lobby", Ink::start());
        let log = again.run(run).await.unwrap();
        assert!(log.head[0].text.starts_with("0 ") && log.tail[TAIL - 1].text.starts_with("2999 "));
        again.manager("info", "and so on");
        assert_eq!(texts(&again.run(run).await.unwrap().tail).last(), Some(&"and so on"));
        again.remove_file().await;
        assert!(!folder.exists(), "a deleted stream leaves no log");
    }

    #[tokio::test]
    async fn logs_of_streams_that_are_gone_go_too() {
        let (dir, ink) = (tempfile::tempdir().unwrap(), Ink::start());
        let ids = [StreamId(uuid::Uuid::now_v7()), StreamId(uuid::Uuid::now_v7())];
        for id in ids {
            RunJournal::new(dir.path().join(id.to_string()), "a", ink.clone()).manager("info", "x");
        }
        fs::create_dir(dir.path().join("somebody's own")).unwrap();
        ink.flush().await;
        RunJournal::remove_others(dir.path().to_owned(), move |id| id == ids[0].to_string(), &ink);
        ink.flush().await;
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(dir.path().join(ids[0].to_string()).exists());
    }

    #[tokio::test]
    async fn a_drive_that_hangs_holds_up_no_stream() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("s");
        let before = RunJournal::new(folder.clone(), "lobby", Ink::start());
        let earlier = before.begin_run();
        before.manager("info", "earlier");
        before.ink.flush().await;
        let (ink, (release, held)) = (Ink::start(), std::sync::mpsc::channel::<()>());
        // Until the sender is gone.
        ink.order(move || {
            let _ = held.recv();
        });
        // A run's identity is when it began.
        while clock::now().0 <= earlier.0 {
            tokio::task::yield_now().await;
        }
        RunJournal::remove_others(dir.path().to_owned(), |_| true, &ink);
        let journal = RunJournal::new(folder, "lobby", ink);
        let run = journal.begin_run();
        assert!(run > earlier);
        journal.manager("info", "now");
        drop(release);
        assert_eq!(texts(&journal.run(run).await.unwrap().head), ["now"]);
        assert_eq!(
            texts(&journal.read().await.lines),
            ["earlier", "now"],
            "found as soon as the drive tells"
        );
    }

    #[tokio::test]
    async fn where_nothing_can_be_written_lines_stay_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        fs::write(&taken, "a file").unwrap();
        let journal = RunJournal::new(taken.join("s"), "lobby", Ink::start());
        let run = journal.begin_run();
        journal.manager("info", "still here");
        assert_eq!(texts(&journal.run(run).await.unwrap().head), ["still here"]);
    }
}
