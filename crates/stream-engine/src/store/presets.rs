//! What is stored of settings under a name.

use stream_api::{Code, Error, Preset};

use super::Store;

impl Store {
    /// Sorted by name.
    pub(crate) async fn presets(&self) -> Vec<Preset> {
        self.kept.lock().await.config.presets.clone()
    }

    /// Adds a preset, or replaces the one of its name.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn put_preset(&self, preset: Preset) -> Result<(), Error> {
        self.change(|config| {
            config.presets.retain(|known| known.name != preset.name);
            config.presets.push(preset);
            config.presets.sort_by_cached_key(|preset| preset.name.to_lowercase());
        })
        .await
    }

    /// # Errors
    /// `no_such_preset`; those of writing as with [`Store::put`].
    pub(crate) async fn remove_preset(&self, name: &str) -> Result<(), Error> {
        self.try_change(|config| {
            let before = config.presets.len();
            config.presets.retain(|known| known.name != name);
            match config.presets.len() < before {
                true => Ok(()),
                false => Err(Error::new(Code::NoSuchPreset).with("name", name)),
            }
        })
        .await
    }
}
