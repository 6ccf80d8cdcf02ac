//! What only the user may know, such as cameras' and servers' passwords: apart from everything else that is stored.

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use stream_api::Error;
use tokio::sync::Mutex;

use crate::{data_dir::unwritable, owner};

/// Secrets by what they belong to (a stream, a server) and kind, in a file that its user alone can read. A cheap handle.
///
/// Read at each use, so that a file that is broken or can't be read keeps no stream from running that needs none.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    file: Arc<PathBuf>,
    /// Held while the file changes.
    turn: Arc<Mutex<()>>,
}

/// What is kept of each, under a word for each kind.
type Kept = BTreeMap<String, BTreeMap<String, Value>>;

/// The secrets of a stream's network source: [`stream_api::SourceSecrets`].
pub(crate) const SOURCE: &str = "source";
/// The secrets of a server: [`OtherSecrets`](crate::stored_other::OtherSecrets).
pub(crate) const SERVER: &str = "server";

impl Secrets {
    pub(crate) fn new(file: PathBuf) -> Secrets {
        Secrets { file: Arc::new(file), turn: Arc::default() }
    }

    /// Its secret of this kind; none when there is none that can be read.
    pub(crate) async fn get<T: DeserializeOwned>(&self, id: impl Display, kind: &str) -> Option<T> {
        let kept = self.read().await.inspect_err(|error| tracing::warn!(%error, "the secrets can't be read"));
        let value = kept.ok()?.remove(&id.to_string())?.remove(kind)?;
        serde_json::from_value(value).ok()
    }

    /// Keeps its secret of this kind, or forgets it. Whether it is another one than before.
    ///
    /// # Errors
    /// `disk_full` or `data_dir_denied` when it can't be written; nothing is changed then.
    pub(crate) async fn set<T: Serialize>(
        &self,
        id: impl Display,
        kind: &str,
        secret: Option<&T>,
    ) -> Result<bool, Error> {
        let (id, value) = (id.to_string(), secret.and_then(|secret| serde_json::to_value(secret).ok()));
        self.change(move |kept| {
            let its = kept.entry(id.clone()).or_default();
            match value {
                Some(value) => drop(its.insert(kind.to_owned(), value)),
                None => drop(its.remove(kind)),
            }
            if its.is_empty() {
                kept.remove(&id);
            }
        })
        .await
    }

    /// Forgets everything of a stream or a server.
    pub(crate) async fn forget(&self, id: impl Display) {
        let forgotten = self.change(|kept| drop(kept.remove(&id.to_string()))).await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, %id, "the secrets of what is gone are still kept");
        }
    }

    async fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<bool, Error> {
        let _turn = self.turn.lock().await;
        let unwritable = |error| unwritable(&self.file, error);
        let before = self.read().await.map_err(unwritable)?;
        let mut kept = before.clone();
        change(&mut kept);
        if kept == before {
            return Ok(false);
        }
        let file = Arc::clone(&self.file);
        let written = tokio::task::spawn_blocking(move || {
            owner::write_private(&file, &serde_json::to_vec_pretty(&kept)?)
        });
        written.await.map_err(io::Error::other).flatten().map_err(unwritable).map(|()| true)
    }

    async fn read(&self) -> io::Result<Kept> {
        let file = Arc::clone(&self.file);
        tokio::task::spawn_blocking(move || read(&file)).await.map_err(io::Error::other)?
    }
}

fn read(file: &Path) -> io::Result<Kept> {
    match fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use stream_api::{Secret, SourceSecrets, StreamId};
    use uuid::Uuid;

    use super::*;

    fn password(text: &str) -> SourceSecrets {
        SourceSecrets { password: Some(Secret::new(text)), ..SourceSecrets::default() }
    }

    #[tokio::test]
    async fn what_is_kept_is_found_again_and_goes_with_its_stream() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secrets.json");
        let secrets = Secrets::new(file.clone());
        let (a, b) = (StreamId(Uuid::now_v7()), StreamId(Uuid::now_v7()));
        secrets.set(a, SOURCE, Some(&password("one"))).await.unwrap();
        secrets.set(b, SOURCE, Some(&password("two"))).await.unwrap();
        let again = Secrets::new(file.clone());
        assert_eq!(again.get::<SourceSecrets>(a, SOURCE).await, Some(password("one")));
        again.forget(a).await;
        again.set(b, "other", Some(&1)).await.unwrap();
        again.set::<SourceSecrets>(b, SOURCE, None).await.unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("one") && !text.contains("two") && text.contains("other"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_broken_file_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secrets.json");
        fs::write(&file, "{ half").unwrap();
        let (secrets, id) = (Secrets::new(file.clone()), StreamId(Uuid::now_v7()));
        assert_eq!(secrets.get::<SourceSecrets>(id, SOURCE).await, None);
        secrets.set(id, SOURCE, Some(&password("x"))).await.unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), "{ half");
    }
}
