//! The system's keychain, asked in a thread of its own: it may wait for a person who unlocks it, for ever.

use std::{
    fmt,
    sync::{Arc, Weak, mpsc},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time::timeout};

/// A keychain that is open answers within a tenth of this.
const LIMIT: Duration = Duration::from_secs(4);

/// Where secrets are kept by the system, under a name each. It may block as long as it likes.
pub(crate) trait Keychain: Send {
    /// What is kept; none when nothing is.
    fn get(&mut self, name: &str) -> Result<Option<Vec<u8>>, Unanswered>;
    /// Keeps it, in place of what was kept.
    fn set(&mut self, name: &str, secret: &[u8]) -> Result<(), Unanswered>;
    /// Keeps it no longer; fine when it was not kept.
    fn remove(&mut self, name: &str) -> Result<(), Unanswered>;
}

/// The keychain is locked, missing or broken, or does not answer in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the keychain does not answer: {0}")]
pub(crate) struct Unanswered(pub(crate) String);

type Job = Box<dyn FnOnce(&mut dyn Keychain) + Send>;

/// Asks a keychain. A cheap handle; the thread ends with the last of them, unless the keychain holds it.
#[derive(Clone)]
pub(super) struct Asker {
    jobs: mpsc::Sender<Job>,
    /// The last question that took too long, as long as it has no answer: nothing else is asked until it has.
    late: Arc<Mutex<Weak<()>>>,
    limit: Duration,
}

impl Asker {
    /// `open` is called in the thread.
    pub(super) fn new(open: impl FnOnce() -> Box<dyn Keychain> + Send + 'static) -> Asker {
        Asker::with_limit(open, LIMIT)
    }

    pub(super) fn with_limit(
        open: impl FnOnce() -> Box<dyn Keychain> + Send + 'static,
        limit: Duration,
    ) -> Asker {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let work = move || {
            let mut keychain = open();
            for job in inbox {
                job(&mut *keychain);
            }
        };
        // Without a thread nobody answers, which is what the askers then see.
        if let Err(error) = std::thread::Builder::new().name("keychain".to_owned()).spawn(work) {
            tracing::warn!(%error, "the keychain can't be asked");
        }
        Asker { jobs, late: Arc::default(), limit }
    }

    pub(super) async fn get(&self, name: String) -> Result<Option<Vec<u8>>, Unanswered> {
        self.ask(move |keychain| keychain.get(&name)).await
    }

    pub(super) async fn set(&self, name: String, secret: Vec<u8>) -> Result<(), Unanswered> {
        self.ask(move |keychain| keychain.set(&name, &secret)).await
    }

    pub(super) async fn remove(&self, name: String) -> Result<(), Unanswered> {
        self.ask(move |keychain| keychain.remove(&name)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Keychain) -> Result<T, Unanswered> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let late = || Unanswered("no answer in time".to_owned());
        if self.is_stuck() {
            return Err(late());
        }
        let (tell, answer) = oneshot::channel();
        let open = Arc::new(());
        let asked = Arc::downgrade(&open);
        let job = move |keychain: &mut dyn Keychain| {
            let said = question(keychain);
            drop(open);
            // Who asked may have given up.
            let _ = tell.send(said);
        };
        self.jobs.send(Box::new(job)).map_err(|_| late())?;
        match timeout(self.limit, answer).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) => Err(late()),
            Err(_) => {
                *self.late.lock() = asked;
                Err(late())
            }
        }
    }

    fn is_stuck(&self) -> bool {
        self.late.lock().strong_count() > 0
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("stuck", &self.is_stuck()).finish_non_exhaustive()
    }
}
