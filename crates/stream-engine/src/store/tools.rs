//! What is stored of the programs that we run.

use std::path::PathBuf;

use stream_api::Error;

use super::Store;

impl Store {
    /// The FFmpeg that a person located.
    pub(crate) async fn ffmpeg(&self) -> Option<PathBuf> {
        self.kept.lock().await.config.ffmpeg.clone()
    }

    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn set_ffmpeg(&self, program: Option<PathBuf>) -> Result<(), Error> {
        self.change(|config| config.ffmpeg = program).await
    }
}
