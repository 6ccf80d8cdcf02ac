//! Which paths of other servers are ours: what is not in here is never touched.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use mediamtx_client::PathConfig;
use parking_lot::{Mutex, MutexGuard};
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
    /// Held while the file is written, so that the newest is what stays there.
    writing: Arc<Mutex<()>>,
}

/// What is ours on one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Owned {
    /// Where its Control API was when it was met last.
    #[serde(default)]
    api: String,
    /// When its process had started then, where it tells.
    #[serde(default)]
    started: Option<String>,
    /// By name, what was last written there, as a digest.
    #[serde(default)]
    paths: BTreeMap<String, String>,
}

impl Ledger {
    /// Reads the file. When it is lost, paths that are still on servers count as somebody else's.
    pub(crate) fn open(file: PathBuf, drives: Drives) -> Ledger {
        let kept = read(&file).unwrap_or_else(|error| {
            tracing::warn!(%error, file = %file.display(), "it is not known which paths on other servers are ours");
            BTreeMap::new()
        });
        let (kept, writing) = (Arc::new(Mutex::new(kept)), Arc::default());
        Ledger { file: Arc::new(file), drives, kept, writing }
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

    /// Takes note of the process that is met at `api`. What was made by the API ends with its process, so nothing at
    /// another one is ours, whatever it is called. One that does not tell when it started is known by its address.
    pub(super) async fn meet(&self, server: ServerId, api: &str, started: Option<&str>) {
        self.change(server, |owned| {
            let same = owned.started.as_deref() == started && (started.is_some() || owned.api == api);
            if !same {
                owned.paths.clear();
            }
            (owned.api, owned.started) = (api.to_owned(), started.map(str::to_owned));
        })
        .await;
    }

    async fn change(&self, server: ServerId, change: impl FnOnce(&mut Owned)) {
        {
            let mut kept = self.lock();
            let before = kept.clone();
            let owned = kept.entry(server).or_default();
            change(owned);
            if *owned == Owned::default() {
                kept.remove(&server);
            }
            if *kept == before {
                return;
            }
        }
        let (file, kept, writing) =
            (Arc::clone(&self.file), Arc::clone(&self.kept), Arc::clone(&self.writing));
        let write = move || {
            // In whatever order they come to it: each writes what holds by then.
            let _turn = writing.lock();
            let content = kept.lock().clone();
            owner::write_private(&file, &serde_json::to_vec_pretty(&content)?)
        };
        let written = self.drives.ask(&self.file, LIMIT, write).await;
        // What comes after it holds this too.
        if let Err(error) = written.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
            tracing::warn!(%error, "which paths on other servers are ours could not be written down");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServerId, Owned>> {
        self.kept.lock()
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
        let ledger = Ledger::open(file.clone(), Drives::default());
        ledger.note(one, "a", &plain).await;
        ledger.note(one, "b", &plain).await;
        ledger.forget(one, "b").await;
        let again = Ledger::open(file.clone(), Drives::default());
        assert!(again.owns(one, "a") && !again.owns(one, "b") && !again.owns(other, "a"));
        assert!(again.wrote(one, "a", &plain) && !again.wrote(one, "a", &recorded));
        again.forget_all(one).await;
        assert_eq!(Ledger::open(file.clone(), Drives::default()).names(one), Vec::<String>::new());
        fs::write(&file, "{ half").unwrap();
        assert!(!Ledger::open(file, Drives::default()).owns(one, "a"));
    }

    #[tokio::test]
    async fn nothing_at_another_process_is_ours() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path().join("paths.json"), Drives::default());
        let server = ServerId(Uuid::from_u128(1));
        let first = ("http://a:1/", Some("10:00"));
        for (met, ours, what) in [
            (first, true, "the same"),
            (("http://b:1/", Some("10:00")), true, "the same at another address"),
            (("http://a:1/", Some("11:00")), false, "started anew"),
            (("http://b:1/", Some("11:00")), false, "another computer"),
            (("http://a:1/", None), false, "an older version, so started anew"),
        ] {
            ledger.meet(server, first.0, first.1).await;
            ledger.note(server, "a", &PathConfig::default()).await;
            ledger.meet(server, met.0, met.1).await;
            assert_eq!(ledger.owns(server, "a"), ours, "{what}");
        }
        // Old versions do not tell when they started.
        ledger.meet(server, "http://a:1/", None).await;
        ledger.note(server, "a", &PathConfig::default()).await;
        ledger.meet(server, "http://a:1/", None).await;
        assert!(ledger.owns(server, "a"));
        ledger.meet(server, "http://b:1/", None).await;
        assert!(!ledger.owns(server, "a"), "another address");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_newest_is_what_stays_on_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("paths.json");
        let ledger = Ledger::open(file.clone(), Drives::default());
        let server = ServerId(Uuid::from_u128(1));
        for round in 0..20 {
            let noting = (0..20).map(|n| {
                let (ledger, name) = (ledger.clone(), format!("{round}-{n}"));
                tokio::spawn(async move { ledger.note(server, &name, &PathConfig::default()).await })
            });
            futures_util::future::join_all(noting).await;
            assert_eq!(Ledger::open(file.clone(), Drives::default()).names(server), ledger.names(server));
        }
    }
}
