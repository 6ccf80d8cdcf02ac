use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use parking_lot::Mutex;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that wait for a reader; what comes then is dropped.
const LINES: usize = 16_384;
/// So long readers have at the end for what is left.
const LAST: Duration = Duration::from_millis(1_500);

/// The threads that write logs. One whose reader hangs (a paused terminal, a full pipe, a drive that does not answer)
/// drops what is left too long: nothing of the program waits for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Writers(Arc<Mutex<Vec<WorkerGuard>>>);

impl Writers {
    /// Writes to `out` by a thread of its own.
    pub(super) fn to(&self, out: impl io::Write + Send + 'static) -> NonBlocking {
        let thread = NonBlockingBuilder::default().buffered_lines_limit(LINES).thread_name("log");
        let (writer, guard) = thread.finish(out);
        self.0.lock().push(guard);
        writer
    }

    /// Waits until what was said is written, as far as readers take it.
    pub(super) fn end(&self) {
        let guards = std::mem::take(&mut *self.0.lock());
        let threads = guards.into_iter().map(|guard| move || drop(guard));
        within_reason(threads);
    }
}

/// Does all of them side by side and waits, but not for one that hangs.
pub(super) fn within_reason(work: impl IntoIterator<Item = impl FnOnce() + Send + 'static>) {
    let (done, ended) = mpsc::channel::<()>();
    for work in work {
        let done = done.clone();
        let started = thread::Builder::new().name("log's end".into()).spawn(move || {
            work();
            drop(done);
        });
        // Without a thread the last lines are lost.
        drop(started);
    }
    drop(done);
    // Nothing is ever sent: it ends when all are done, or too late.
    let _ = ended.recv_timeout(LAST);
}

#[cfg(all(test, unix))]
mod tests {
    use std::{io::Write as _, time::Instant};

    use super::*;

    #[test]
    fn a_pipe_that_nobody_reads_holds_up_nothing() {
        let (unread, pipe) = io::pipe().unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let writers = Writers::default();
        let (mut stuck, mut fine) = (writers.to(pipe), writers.to(file.reopen().unwrap()));
        let (sent, all_sent) = mpsc::channel();
        thread::spawn(move || {
            let line = [b'x'; 999];
            for _ in 0..LINES + 1_000 {
                stuck.write_all(&line).unwrap();
                fine.write_all(b"line\n").unwrap();
            }
            sent.send(()).unwrap();
        });
        all_sent.recv_timeout(Duration::from_secs(20)).expect("nobody waits for a reader");
        let began = Instant::now();
        writers.end();
        assert!(began.elapsed() < Duration::from_secs(20), "nor does the end");
        assert!(file.path().metadata().unwrap().len() > 0, "what has a reader is written");
        drop(unread);
    }
}
