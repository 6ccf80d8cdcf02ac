//! The keychains of the systems: Secret Service (GNOME, KDE) over D-Bus, Keychain Services, Credential Manager.

use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};

use super::keychain::{Keychain, Unanswered};

/// Under this name users find our entries in their keychain's own program.
const SERVICE: &str = "org.streammanager.StreamManager";

/// This user's keychain. Opened at the first question, and again after one that it could not answer: at login it may
/// come up later than we do.
#[derive(Default)]
pub(crate) struct SystemKeychain {
    store: Option<Arc<CredentialStore>>,
}

impl SystemKeychain {
    fn entry<T>(
        &mut self,
        name: &str,
        ask: impl FnOnce(&Entry) -> Result<T, Error>,
    ) -> Result<Option<T>, Unanswered> {
        let store = match &self.store {
            Some(store) => Arc::clone(store),
            None => Arc::clone(self.store.insert(open().map_err(unanswered)?)),
        };
        match store.build(SERVICE, name, None).and_then(|entry| ask(&entry)) {
            Ok(answer) => Ok(Some(answer)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => {
                self.store = None;
                Err(unanswered(error))
            }
        }
    }
}

impl Keychain for SystemKeychain {
    fn get(&mut self, name: &str) -> Result<Option<Vec<u8>>, Unanswered> {
        self.entry(name, Entry::get_secret)
    }

    fn set(&mut self, name: &str, secret: &[u8]) -> Result<(), Unanswered> {
        self.entry(name, |entry| entry.set_secret(secret)).map(drop)
    }

    fn remove(&mut self, name: &str) -> Result<(), Unanswered> {
        self.entry(name, Entry::delete_credential).map(drop)
    }
}

fn open() -> Result<Arc<CredentialStore>, Error> {
    #[cfg(target_os = "macos")]
    let store = apple_native_keyring_store::keychain::Store::new()?;
    #[cfg(windows)]
    let store = windows_native_keyring_store::Store::new()?;
    #[cfg(not(any(target_os = "macos", windows)))]
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

/// Its words may hold the secret itself where that is of no right form.
fn unanswered(error: Error) -> Unanswered {
    Unanswered(match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "an entry is damaged".to_owned(),
        other => other.to_string(),
    })
}
