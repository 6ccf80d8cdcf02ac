use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mediamtx_client::PathConfig;
use stream_api::StreamId;
use tokio::sync::watch;

/// What streams want of the server: our side of the truth, written into the file at each launch.
#[derive(Debug, Clone, Default)]
pub(super) struct Board {
    paths: Arc<Mutex<HashMap<String, Wanted>>>,
    eager: watch::Sender<usize>,
}

/// A path that should exist.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) id: StreamId,
    pub(super) config: PathConfig,
    pub(super) speed: Option<f64>,
}

impl Board {
    pub(super) fn want(&self, id: StreamId, name: &str, config: PathConfig) {
        let mut paths = self.lock();
        let speed = paths.get(name).and_then(|wanted| wanted.speed);
        paths.insert(name.to_owned(), Wanted { id, config, speed });
    }

    /// Whether it was wanted, by this stream: a name may have gone to another one since.
    pub(super) fn unwant(&self, id: StreamId, name: &str) -> bool {
        let mut paths = self.lock();
        let ours = paths.get(name).is_some_and(|wanted| wanted.id == id);
        if ours {
            paths.remove(name);
        }
        ours
    }

    pub(super) fn get(&self, name: &str) -> Option<PathConfig> {
        self.lock().get(name).map(|wanted| wanted.config.clone())
    }

    pub(super) fn configs(&self) -> BTreeMap<String, PathConfig> {
        self.lock().iter().map(|(name, wanted)| (name.clone(), wanted.config.clone())).collect()
    }

    pub(super) fn all(&self) -> HashMap<String, Wanted> {
        self.lock().clone()
    }

    pub(super) fn note_speed(&self, name: &str, speed: Option<f64>) {
        if let Some(wanted) = self.lock().get_mut(name) {
            wanted.speed = speed;
        }
    }

    pub(super) fn eager(&self) -> Eager {
        self.eager.send_modify(|count| *count += 1);
        Eager { count: self.eager.clone() }
    }

    pub(super) fn is_eager(&self) -> bool {
        *self.eager.borrow() > 0
    }

    /// Completes as soon as a stream is starting.
    pub(super) async fn until_eager(&self) {
        // The sender is ours, so it can't be gone.
        let _ = self.eager.subscribe().wait_for(|count| *count > 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Wanted>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, the server is asked often: a stream is starting.
#[derive(Debug)]
pub(crate) struct Eager {
    count: watch::Sender<usize>,
}

impl Drop for Eager {
    fn drop(&mut self) {
        self.count.send_modify(|count| *count -= 1);
    }
}
