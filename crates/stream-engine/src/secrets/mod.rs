//! What only the user may know, such as cameras' and servers' passwords: apart from everything else that is stored.
//! In the system's keychain where there is one, else in a file that its user alone can read.

#[cfg_attr(not(feature = "keychain"), allow(dead_code, reason = "none is opened then"))]
mod keychain;
#[cfg(feature = "keychain")]
mod system;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use stream_api::{Code, Error, SecretsPlace};
use tokio::{
    sync::{Mutex, watch},
    time::timeout,
};

use crate::{
    data_dir::unwritable,
    drives::{self, Drives},
    hub::Hub,
    owner,
};

use keychain::Asker;

/// Secrets by what they belong to (a stream, a server) and kind. A cheap handle.
///
/// With a keychain the file holds what that did not take, until it does: what stands there counts. The file is read at
/// each use, so that one that is broken or can't be read keeps no stream from running that needs none; and nothing is
/// asked of the keychain on behalf of such a stream.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    file: Arc<PathBuf>,
    drives: Drives,
    keychain: Option<Asker>,
    place: watch::Sender<SecretsPlace>,
    /// Held while anything changes.
    turn: Arc<Mutex<()>>,
}

/// What is kept of each, under a word for each kind. With a keychain, `null` stands for what that is still to forget.
type Kept = BTreeMap<String, BTreeMap<String, Value>>;

/// The secrets of a stream's network source: [`stream_api::SourceSecrets`].
pub(crate) const SOURCE: &str = "source";
/// The secrets of a server: [`OtherSecrets`](crate::stored_other::OtherSecrets).
pub(crate) const SERVER: &str = "server";
/// All kinds.
const KINDS: [&str; 2] = [SOURCE, SERVER];

/// How often is tried to give the keychain what it did not take.
const AGAIN: Duration = Duration::from_secs(20);

impl Secrets {
    /// Keeps them in the file alone, or in this user's keychain where this build knows one.
    pub(crate) fn new(file: PathBuf, keychain: bool, drives: Drives) -> Secrets {
        Secrets::by(file, if keychain { system() } else { None }, drives)
    }

    fn by(file: PathBuf, keychain: Option<Asker>, drives: Drives) -> Secrets {
        let place = if keychain.is_some() { SecretsPlace::Keychain } else { SecretsPlace::File };
        let place = watch::Sender::new(place);
        Secrets { file: Arc::new(file), drives, keychain, place, turn: Arc::default() }
    }

    /// Where they are kept, as far as is known.
    pub(crate) fn place(&self) -> watch::Receiver<SecretsPlace> {
        self.place.subscribe()
    }

    /// Its secret of this kind; none when none is kept that can be read.
    ///
    /// # Errors
    /// `keychain_locked` when it may be in the keychain, which does not answer.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        id: impl Display,
        kind: &str,
    ) -> Result<Option<T>, Error> {
        let id = id.to_string();
        let kept = self.read().await.inspect_err(|error| tracing::warn!(%error, "the secrets can't be read"));
        let here = kept.ok().and_then(|mut kept| kept.remove(&id)?.remove(kind));
        let value = match (here, &self.keychain) {
            (None, Some(keychain)) => {
                let answer = keychain.get(name(&id, kind)).await;
                self.note(answer.is_ok());
                let bytes = answer.map_err(|error| {
                    tracing::warn!(%error, id, "a secret can't be had");
                    Error::new(Code::KeychainLocked)
                })?;
                bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok())
            }
            (here, _) => here,
        };
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// Keeps its secret of this kind, or forgets it. Whether it is another one than before, as far as that can
    /// be said.
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
        if let Ok(before) = self.find::<Value>(&id, kind).await
            && before == value
        {
            return Ok(false);
        }
        let _turn = self.turn.lock().await;
        // What stands there counts: while that is not known, the keychain stays as it is.
        self.read().await.map_err(|error| unwritable(&self.file, error))?;
        let here = match self.put(&id, kind, value.as_ref()).await {
            true => None,
            // Until the keychain takes it.
            false => value.or_else(|| self.keychain.is_some().then_some(Value::Null)),
        };
        self.change(|kept| replace(kept, &id, kind, here)).await?;
        Ok(true)
    }

    /// Forgets everything of a stream or a server.
    pub(crate) async fn forget(&self, id: impl Display) {
        for kind in KINDS {
            if let Err(error) = self.set::<Value>(&id, kind, None).await {
                tracing::warn!(%error, %id, "the secrets of what is gone are still kept");
            }
        }
    }

    /// Forgets what the file holds of anything that is not known: a crash may have left it. The keychain is told as
    /// soon as it answers.
    pub(crate) async fn tidy(&self, is_known: impl Fn(&str) -> bool) {
        let _turn = self.turn.lock().await;
        let forget = |kept: &mut Kept| match &self.keychain {
            None => kept.retain(|id, _| is_known(id)),
            Some(_) => {
                let gone = kept.iter_mut().filter(|(id, _)| !is_known(id));
                gone.flat_map(|(_, kinds)| kinds.values_mut()).for_each(|value| *value = Value::Null);
            }
        };
        if let Err(error) = self.change(forget).await {
            tracing::warn!(%error, "the secrets of what is gone could not be looked for");
        }
    }

    /// Gives the keychain what stands in the file because it did not take it, or from before there was one; again and
    /// again. Until dropped.
    pub(crate) async fn keep_settling(self) {
        let mut place = self.place();
        let Some(keychain) = &self.keychain else { return };
        // Nothing is called so, and no keychain asks a person for nothing.
        self.note(keychain.get("status".to_owned()).await.is_ok());
        loop {
            match self.settle().await {
                // The next one that it does not take is noticed.
                Ok(()) => drop(place.wait_for(|place| *place != SecretsPlace::Keychain).await),
                Err(error) => tracing::debug!(%error, "secrets stay in their file for now"),
            }
            // Until another question is answered, or for a while. It may be the file that fails, and not the keychain.
            place.mark_unchanged();
            let _ = timeout(AGAIN, place.changed()).await;
        }
    }

    /// One by one: what the keychain has and gives back leaves the file.
    async fn settle(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        let kept = self.read().await.map_err(|error| unwritable(&self.file, error))?;
        let entries = kept
            .into_iter()
            .flat_map(|(id, kinds)| kinds.into_iter().map(move |(kind, value)| (id.clone(), kind, value)));
        for (id, kind, value) in entries {
            if !self.put(&id, &kind, Some(&value).filter(|value| !value.is_null())).await {
                return Err(Error::new(Code::KeychainLocked));
            }
            self.change(|kept| replace(kept, &id, &kind, None)).await?;
            tracing::info!(id, "a secret went into the keychain");
        }
        Ok(())
    }

    /// Whether the keychain now has this value, or none.
    async fn put(&self, id: &str, kind: &str, value: Option<&Value>) -> bool {
        let Some(keychain) = &self.keychain else { return false };
        let bytes = value.map(|value| value.to_string().into_bytes());
        let answer = async {
            match &bytes {
                Some(bytes) => keychain.set(name(id, kind), bytes.clone()).await?,
                None => keychain.remove(name(id, kind)).await?,
            }
            keychain.get(name(id, kind)).await
        };
        let answer = answer.await;
        if let Err(error) = &answer {
            tracing::warn!(%error, id, "the keychain does not take a secret; it stays in a file");
        }
        let done = answer.is_ok_and(|kept| kept == bytes);
        self.note(done);
        done
    }

    fn note(&self, answers: bool) {
        let place = if answers { SecretsPlace::Keychain } else { SecretsPlace::KeychainLocked };
        self.place.send_if_modified(|before| std::mem::replace(before, place) != place);
    }

    /// The caller holds the turn.
    async fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), Error> {
        let unwritable = |error| unwritable(&self.file, error);
        let before = self.read().await.map_err(unwritable)?;
        let mut kept = before.clone();
        change(&mut kept);
        if kept == before {
            return Ok(());
        }
        let file = Arc::clone(&self.file);
        let write = move || owner::write_private(&file, &serde_json::to_vec_pretty(&kept)?);
        self.ask(write).await.map_err(unwritable)
    }

    async fn read(&self) -> io::Result<Kept> {
        let file = Arc::clone(&self.file);
        self.ask(move || read(&file)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let answer = self.drives.ask(&self.file, drives::LIMIT, work).await;
        answer.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Puts where secrets are kept into the picture, whenever that changes. Until dropped.
pub(crate) async fn show(secrets: Secrets, hub: Hub) {
    let mut place = secrets.place();
    loop {
        let now = *place.borrow_and_update();
        hub.host(|host| host.secrets = now);
        if place.changed().await.is_err() {
            return;
        }
    }
}

/// Of an entry in the keychain.
fn name(id: &str, kind: &str) -> String {
    format!("{id}/{kind}")
}

fn replace(kept: &mut Kept, id: &str, kind: &str, value: Option<Value>) {
    let its = kept.entry(id.to_owned()).or_default();
    match value {
        Some(value) => drop(its.insert(kind.to_owned(), value)),
        None => drop(its.remove(kind)),
    }
    if its.is_empty() {
        kept.remove(id);
    }
}

fn read(file: &Path) -> io::Result<Kept> {
    match fs::read(file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Kept::new()),
        Err(error) => Err(error),
    }
}

#[cfg(feature = "keychain")]
fn system() -> Option<Asker> {
    Some(Asker::new(|| Box::new(system::SystemKeychain::default())))
}

#[cfg(not(feature = "keychain"))]
fn system() -> Option<Asker> {
    None
}
