//! Which paths of other servers are ours: what is not in here is never touched.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mediamtx_client::PathConfig;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stream_api::ServerId;

use crate::{drives::Drives, owner};

/// So long a server's change waits for what is noted of it.
const LIMIT: Duration = Duration::from_secs(2);

/// Paths of ours on all other servers, kept in a file: after a restart of this program they still are. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    file: Arc<PathBuf>,
    drives: Drives,
    kept: Arc<Mutex<BTreeMap<ServerId, Owned>>>,
}

/// What is ours on one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Owned {
    /// When its process had started that was seen last.
    #[serde(default)]
    started: Option<String>,
    /// By name, what was last written there, as a digest.
    #[serde(default)]
    paths: BTreeMap<String, String>,
}

impl Ledger {
    /// Reads the file. When it is lost, paths that are still on servers count as somebody else's.
    pub(crate) fn open(file: PathBuf) -> Ledger {
        let kept = read(&file).unwrap_or_else(|error| {
            tracing::warn!(%error, file = %file.display(), "it is not known which paths on other servers are ours");
            BTreeMap::new()
        });
        Ledger { file: Arc::new(file), drives: Drives::default(), kept: Arc::new(Mutex::new(kept)) }
    }

    pub(super) fn owns(&self, server: ServerId, name: &str) -> bool {
        self.lock().get(&server).is_some_and(|owned| owned.paths.contains_key(name))
    }

    /// Whether this very configuration was the last that was written.
    pub(super) fn wrote(&self, server: ServerId, name: &str, config: &PathConfig) -> bool {
        let written = self.lock().get(&server).and_then(|owned| owned.paths.get(name).cloned());
        written.is_some_and(|written| written == digest(config))
    }

    pub(super) fn names(&self, server: ServerId) -> Vec<String> {
        self.lock().get(&server).map(|owned| owned.paths.keys().cloned().collect()).unwrap_or_default()
    }

    /// Takes a path as ours. Called before it is written, so that none is left behind that nobody knows of.
    pub(super) async fn note(&self, server: ServerId, name: &str, config: &PathConfig) {
        let digest = digest(config);
        self.change(server, |owned| drop(owned.paths.insert(name.to_owned(), digest))).await;
    }

    pub(super) async fn forget(&self, server: ServerId, name: &str) {
        self.change(server, |owned| drop(owned.paths.remove(name))).await;
    }

    /// Forgets a server that is removed.
    pub(crate) async fn forget_all(&self, server: ServerId) {
        self.change(server, |owned| *owned = Owned::default()).await;
    }

    /// Whether the process that is seen now, and started then, is another one than the last. One that does not tell
    /// counts as the same.
    pub(super) async fn is_restarted(&self, server: ServerId, started: Option<&str>) -> bool {
        let before = self.lock().get(&server).and_then(|owned| owned.started.clone());
        let started = started.map(str::to_owned);
        let other = before.is_some() && started.is_some() && before != started;
        if started.is_some() && before != started {
            self.change(server, |owned| owned.started = started).await;
        }
        other
    }

    async fn change(&self, server: ServerId, change: impl FnOnce(&mut Owned)) {
        let content = {
            let mut kept = self.lock();
            let before = kept.clone();
            let owned = kept.entry(server).or_default();
            change(owned);
            if owned.paths.is_empty() && owned.started.is_none() {
                kept.remove(&server);
            }
            if *kept == before {
                return;
            }
            kept.clone()
        };
        let file = Arc::clone(&self.file);
        let write = move || owner::write_private(&file, &serde_json::to_vec_pretty(&content)?);
        let written = self.drives.ask(&self.file, LIMIT, write).await;
        // What comes after it holds this too.
        if let Err(error) = written.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
            tracing::warn!(%error, "which paths on other servers are ours could not be written down");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServerId, Owned>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> io::Result<BTreeMap<ServerId, Owned>> {
    match fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn digest(config: &PathConfig) -> String {
    let bytes = serde_json::to_vec(config).unwrap_or_default();
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn what_is_ours_is_known_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("paths.json");
        let (one, other) = (ServerId(Uuid::from_u128(1)), ServerId(Uuid::from_u128(2)));
        let (plain, recorded) = (PathConfig::default(), PathConfig { record: true, ..PathConfig::default() });
        let ledger = Ledger::open(file.clone());
        ledger.note(one, "a", &plain).await;
        ledger.note(one, "b", &plain).await;
        ledger.forget(one, "b").await;
        assert!(!ledger.is_restarted(one, Some("10:00")).await, "seen for the first time");
        let again = Ledger::open(file.clone());
        assert!(again.owns(one, "a") && !again.owns(one, "b") && !again.owns(other, "a"));
        assert!(again.wrote(one, "a", &plain) && !again.wrote(one, "a", &recorded));
        assert!(!again.is_restarted(one, Some("10:00")).await && !again.is_restarted(one, None).await);
        assert!(
            again.is_restarted(one, Some("11:00")).await && !again.is_restarted(one, Some("11:00")).await
        );
        again.forget_all(one).await;
        assert_eq!(Ledger::open(file.clone()).names(one), Vec::<String>::new());
        fs::write(&file, "{ half").unwrap();
        assert!(!Ledger::open(file).owns(one, "a"));
    }
}
