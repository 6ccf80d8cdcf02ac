use std::path::{Path, PathBuf};

use ffmpeg_cli::prepare::Recipe;
use stream_api::{Code, Error};

use super::Key;
use crate::{
    drives::{self, Drives},
    prober::Probed,
};

/// A file to be made.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) key: Key,
    /// The source's path; none for the test pattern.
    pub(super) source: Option<String>,
    pub(super) recipe: Recipe,
}

impl Job {
    /// # Errors
    /// `source_unreadable`.
    pub(super) async fn of(drives: &Drives, path: &str, recipe: Recipe) -> Result<Job, Error> {
        let (source, by) = (PathBuf::from(path), recipe.clone());
        let key = drives.ask(path.as_ref(), drives::LIMIT, move || Key::made(&source, &by)).await;
        let unreadable = || Error::new(Code::SourceUnreadable).with("path", path);
        let key = key.and_then(Result::ok).ok_or_else(unreadable)?;
        Ok(Job { key, source: Some(path.to_owned()), recipe })
    }

    pub(super) fn test_pattern() -> Job {
        let recipe = Recipe::test_pattern();
        Job { key: Key::of_nothing(&recipe), source: None, recipe }
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.source.as_deref().map(Path::new)
    }

    /// Bytes that the file will have about.
    pub(super) fn size(&self, probed: &Probed) -> u64 {
        self.recipe.size(self.recipe.taken(probed.media.duration.unwrap_or_default()).max(0.0))
    }
}
