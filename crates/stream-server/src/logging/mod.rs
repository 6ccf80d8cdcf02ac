//! Logs of a host: standard error and, once the data folder is ours, a file a day in its `logs/`.

mod capped;
mod streams;
mod writers;

use std::{
    io::{self, IsTerminal as _, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use capped::Capped;
use parking_lot::Mutex;
use stream_api::{Error, t};
use streams::StreamLines;
use tracing::Subscriber;
use tracing_appender::{
    non_blocking::NonBlocking,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, Targets, filter_fn},
    fmt::{self, MakeWriter},
    layer::{Filter, SubscriberExt as _},
    util::SubscriberInitExt as _,
};
use writers::Writers;

/// Days of logs that are kept.
const DAYS: usize = 14;
/// What is remembered until the file can be opened.
const REMEMBERED: usize = 256 * 1024;

/// The log file, which is opened later than the first line is written: before the data folder is known to be ours,
/// nothing in it may change.
#[derive(Debug, Clone)]
pub struct LogFile {
    sink: Arc<Mutex<Sink>>,
    streams: StreamLines,
    writers: Writers,
}

#[derive(Debug)]
enum Sink {
    Waiting(Vec<u8>),
    Open(NonBlocking),
}

/// Sends logs to standard error as the environment variable `RUST_LOG` says (`info` when it says nothing), and to
/// the returned file.
pub fn start() -> LogFile {
    let file = LogFile::new();
    let to_person = fmt::layer()
        .with_writer(file.writers.to(io::stderr()))
        .with_ansi(io::stderr().is_terminal())
        // Else a terminal that is gone would make every line a panic.
        .log_internal_errors(false)
        .with_target(false)
        .with_filter(wanted());
    let to_file = fmt::layer().with_writer(file.clone()).with_ansi(false).with_filter(wanted());
    let of_streams = Targets::new().with_target(streams::TARGET, tracing::Level::INFO);
    let to_stdout = file.streams.clone().with_filter(of_streams);
    // A second start in one process (tests) keeps the first one's.
    let _ = tracing_subscriber::registry().with(to_stdout).with(to_person).with(to_file).try_init();
    file
}

/// What the environment variable wants, without the streams' own logs.
fn wanted<S: Subscriber>() -> impl Filter<S> {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    wanted.and(filter_fn(|meta| !meta.target().starts_with(streams::TARGET)))
}

impl LogFile {
    fn new() -> LogFile {
        let sink = Arc::new(Mutex::new(Sink::Waiting(Vec::new())));
        LogFile { sink, streams: StreamLines::new(), writers: Writers::default() }
    }

    /// From now on the logs of streams go to standard output too, each line with the stream's name.
    pub fn streams_to_stdout(&self) {
        self.streams.open(self.writers.to(io::stdout()));
    }

    /// Opens `app.DATE.log` in `folder` and writes what was said so far. Keeps 14 days, of each its first 16 MiB.
    pub fn open(&self, folder: &Path) {
        let appender = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix("app")
            .filename_suffix("log")
            .max_log_files(DAYS)
            .build(folder);
        let mut writer = match appender {
            Ok(appender) => self.writers.to(Capped::new(appender, folder)),
            Err(error) => {
                tracing::warn!(%error, folder = %folder.display(), "logs go to standard error alone");
                return;
            }
        };
        let mut sink = self.sink.lock();
        if let Sink::Waiting(said) = &*sink {
            // It only fails when the thread is gone.
            let _ = writer.write_all(said);
            *sink = Sink::Open(writer);
        }
    }

    /// Waits for a moment until what was said is written. Nothing is written afterwards.
    pub fn end(&self) {
        self.writers.end();
    }
}

impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match &mut *self.sink.lock() {
            Sink::Waiting(said) if said.len() + line.len() <= REMEMBERED => said.extend_from_slice(line),
            Sink::Waiting(_) => {}
            // A line that can't be written (the disk is full) is lost, and that is all.
            Sink::Open(file) => drop(file.write_all(line)),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says why something is not done to the person who started us, and gives what the program ends with: not through the
/// log, which may be filtered, and without waiting for a reader that hangs.
pub fn refuse(errors: &[Error]) -> ExitCode {
    let said = errors.iter().map(|error| t!("start.error", message = error.message, hint = error.hint));
    let said = said.collect::<Vec<_>>().join("\n");
    // A standard error that is closed needs no answer.
    writers::within_reason([move || drop(writeln!(io::stderr(), "{said}"))]);
    ExitCode::FAILURE
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a LogFile;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_is_in_the_file_too() {
        let dir = tempfile::tempdir().unwrap();
        let file = LogFile::new();
        (&file).write_all(b"before\n").unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is touched yet");
        file.open(dir.path());
        (&file).write_all(b"after\n").unwrap();
        file.end();
        let path = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
        assert!(path.file_name().unwrap().to_string_lossy().starts_with("app."), "{path:?}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "before\nafter\n");
    }
}
