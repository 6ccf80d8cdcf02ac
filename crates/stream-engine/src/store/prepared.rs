//! What is stored of prepared files.

use stream_api::Error;

use super::Store;

impl Store {
    /// Bytes that prepared files may have, when a person said so.
    pub(crate) async fn prepared_room(&self) -> Option<u64> {
        self.kept.lock().await.config.prepared_room
    }

    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn set_prepared_room(&self, room: u64) -> Result<(), Error> {
        self.change(|config| config.prepared_room = Some(room)).await
    }
}
