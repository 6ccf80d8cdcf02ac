use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

/// Lines that wait for the drive; what comes then is lost.
const LINES: usize = 16_384;
/// So long somebody waits for what is on the drive.
const LIMIT: Duration = Duration::from_secs(5);

type Work = Box<dyn FnOnce() + Send>;

/// The thread that writes logs, one thing after the other: a drive that does not answer holds up it alone. A cheap
/// handle; the thread ends with the last one.
#[derive(Debug, Clone)]
pub(crate) struct Ink {
    work: mpsc::Sender<Work>,
    lines: Arc<AtomicUsize>,
}

impl Ink {
    /// Starts the thread. Without one no log is kept, and everything else goes on.
    pub(crate) fn start() -> Ink {
        let (work, orders) = mpsc::channel::<Work>();
        let started = thread::Builder::new().name("logs".into()).spawn(move || {
            while let Ok(work) = orders.recv() {
                work();
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "no log is kept");
        }
        Ink { work, lines: Arc::default() }
    }

    /// Writes a line, unless too many wait.
    pub(super) fn line(&self, write: impl FnOnce() + Send + 'static) {
        if self.lines.fetch_add(1, Ordering::Relaxed) >= LINES {
            self.lines.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let lines = Arc::clone(&self.lines);
        self.order(move || {
            write();
            lines.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Does something after everything before.
    pub(super) fn order(&self, work: impl FnOnce() + Send + 'static) {
        // Without its thread there is nothing to be written to.
        let _ = self.work.send(Box::new(work));
    }

    /// The same, and waits for the answer; `None` when the drive does not answer in time.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        // Nobody may be waiting any more.
        self.order(move || drop(answer.send(work())));
        timeout(LIMIT, answered).await.ok()?.ok()
    }

    /// Waits until everything so far is written, as far as the drive answers.
    pub(crate) async fn flush(&self) {
        if self.ask(|| ()).await.is_none() {
            tracing::warn!("the last lines of the logs are not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drive_that_hangs_costs_lines_and_nothing_else() {
        let (ink, written) = (Ink::start(), Arc::new(AtomicUsize::new(0)));
        let (release, held) = mpsc::channel::<()>();
        // Until the sender is gone.
        ink.order(move || {
            let _ = held.recv();
        });
        for _ in 0..LINES + 1_000 {
            let written = Arc::clone(&written);
            ink.line(move || {
                written.fetch_add(1, Ordering::Relaxed);
            });
        }
        tokio::time::pause();
        assert_eq!(ink.ask(|| 1).await, None, "who asks is not held up");
        tokio::time::resume();
        drop(release);
        assert_eq!(ink.ask(|| 2).await, Some(2));
        assert_eq!(written.load(Ordering::Relaxed), LINES);
        ink.line(|| ());
        ink.flush().await;
        assert_eq!(ink.lines.load(Ordering::Relaxed), 0, "there is room again");
    }
}
