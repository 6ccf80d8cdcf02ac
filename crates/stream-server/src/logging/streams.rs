use std::{
    fmt::{self, Write as _},
    io::Write as _,
    sync::Arc,
};

use parking_lot::Mutex;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::layer::{Context, Layer};

/// How the targets of streams' own logs begin: what FFmpeg said is `stream_log::ffmpeg`.
pub(super) const TARGET: &str = "stream_log";
/// Lines that are remembered until it is known whether they go anywhere.
const REMEMBERED: usize = 200;

/// The logs of streams, a line each: `error [lobby] ffmpeg: text`. For containers and service managers, which put
/// the time before it.
#[derive(Debug, Clone)]
pub(super) struct StreamLines(Arc<Mutex<Sink>>);

#[derive(Debug)]
enum Sink {
    Waiting(Vec<String>),
    Open(NonBlocking),
}

impl StreamLines {
    pub(super) fn new() -> StreamLines {
        StreamLines(Arc::new(Mutex::new(Sink::Waiting(Vec::new()))))
    }

    /// From now on they go to `out`, with those that are remembered.
    pub(super) fn open(&self, mut writer: NonBlocking) {
        let mut sink = self.0.lock();
        if let Sink::Waiting(lines) = &*sink {
            // It only fails when the thread is gone.
            lines.iter().for_each(|line| drop(writer.write_all(line.as_bytes())));
            *sink = Sink::Open(writer);
        }
    }

    fn write(&self, line: String) {
        match &mut *self.0.lock() {
            Sink::Waiting(lines) if lines.len() < REMEMBERED => lines.push(line),
            Sink::Waiting(_) => {}
            Sink::Open(writer) => drop(writer.write_all(line.as_bytes())),
        }
    }
}

impl<S: Subscriber> Layer<S> for StreamLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (meta, mut line) = (event.metadata(), Line::default());
        let Some(writer) = meta.target().strip_prefix(TARGET) else { return };
        event.record(&mut line);
        self.write(line.text(meta.level(), writer.trim_start_matches(':')));
    }
}

#[derive(Debug, Default)]
struct Line {
    name: String,
    text: String,
}

impl Line {
    fn text(&self, level: &tracing::Level, writer: &str) -> String {
        let level = level.as_str().to_ascii_lowercase();
        format!("{level} [{}] {writer}: {}\n", self.name, self.text.replace(['\n', '\r'], " "))
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "name" {
            value.clone_into(&mut self.name);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing into a string does not fail.
            let _ = write!(self.text, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::logging::writers::Writers;

    #[test]
    fn a_line_names_the_stream_and_comes_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (lines, writers) = (StreamLines::new(), Writers::default());
        let subscriber = tracing_subscriber::registry().with(lines.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "stream_log::ffmpeg", name = "lobby", "{}", "Connection\nrefused");
            tracing::info!("something else");
            lines.open(writers.to(file.reopen().unwrap()));
            tracing::info!(target: "stream_log::manager", name = "a/b", "On air");
        });
        let expected = "warn [lobby] ffmpeg: Connection refused\ninfo [a/b] manager: On air\n";
        testkit::wait_until_blocking(Duration::from_secs(60), "both lines", || {
            fs::read_to_string(file.path()).unwrap() == expected
        });
    }
}
