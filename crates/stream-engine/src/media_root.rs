//! The folders that a headless host may browse and stream.

use std::path::{Path, PathBuf};

use stream_api::{Code, Error, MEDIA_ENDINGS, MediaEntry, commands::MediaFolder};

use crate::drives::{self, Drives};

/// Absolute folders; none means no restriction.
#[derive(Debug, Clone)]
pub(crate) struct MediaRoots {
    roots: Option<Vec<PathBuf>>,
}

impl MediaRoots {
    /// `roots` empty: no restriction. A root that goes away later lets its files through, which are not there either:
    /// its drive may be connected again.
    ///
    /// # Errors
    /// `media_folder_unusable` for one that is not there now, is no folder or can't be read: a slip of the pen would
    /// else look like a folder without videos.
    pub(crate) async fn new(roots: &[PathBuf], drives: &Drives) -> Result<MediaRoots, Error> {
        let mut complete = Vec::new();
        for root in roots {
            let unusable = |error: std::io::Error| {
                Error::new(Code::MediaFolderUnusable).with("path", root.display()).with("reason", error)
            };
            let owned = root.clone();
            let whole = move || std::fs::read_dir(&owned).and_then(|_| owned.canonicalize());
            complete.push(match drives.ask(root, drives::LIMIT, whole).await {
                Some(whole) => whole.map_err(unusable)?,
                None => {
                    // As one that is unplugged: other drives' streams must start.
                    tracing::warn!(folder = %root.display(), "the drive of this folder does not answer");
                    std::path::absolute(root).map_err(unusable)?
                }
            });
        }
        Ok(MediaRoots { roots: (!roots.is_empty()).then_some(complete) })
    }

    pub(crate) fn shown(&self) -> Vec<String> {
        self.roots.iter().flatten().map(|root| root.display().to_string()).collect()
    }

    /// Whether `path` lies in a root, links followed. What is not there (its drive may be unplugged) is judged by the
    /// nearest folder that is. Blocks for as long as a drive does not answer.
    pub(crate) fn allow(&self, path: &Path) -> bool {
        let Some(roots) = &self.roots else { return true };
        let Some(whole) = resolved(path) else { return false };
        // Its own root first: another one's drive may not answer.
        let (own, others): (Vec<_>, Vec<_>) = roots.iter().partition(|root| path.starts_with(root));
        let mut roots = own.into_iter().chain(others).filter_map(|root| resolved(root));
        roots.any(|root| whole.starts_with(root))
    }

    /// # Errors
    /// `source_outside_media`, or that the folder can't be read.
    pub(crate) fn browse(&self, path: Option<&str>) -> Result<MediaFolder, Error> {
        let roots = self.roots.as_deref().unwrap_or_default();
        let path = match path {
            Some(path) => PathBuf::from(path),
            None if roots.len() == 1 => roots[0].clone(),
            None => {
                let entries = roots
                    .iter()
                    .map(|root| {
                        let shown = root.display().to_string();
                        MediaEntry { name: shown.clone(), path: shown, is_dir: true, size: None }
                    })
                    .collect();
                return Ok(MediaFolder { path: None, parent: None, entries });
            }
        };
        let shown = path.display().to_string();
        if self.roots.is_none() || !self.allow(&path) {
            return Err(Error::new(Code::SourceOutsideMedia).with("path", &shown));
        }
        let reader = std::fs::read_dir(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::new(Code::SourceMissing).with("path", &shown),
            _ => Error::new(Code::SourceDenied).with("path", &shown),
        })?;
        let mut entries: Vec<MediaEntry> =
            reader.filter_map(|entry| self.entry(&entry.ok()?.path())).collect();
        entries.sort_by_cached_key(|entry| (!entry.is_dir, entry.name.to_lowercase()));
        let parent = path.parent().filter(|parent| self.allow(parent)).map(|p| p.display().to_string());
        Ok(MediaFolder { path: Some(shown), parent, entries })
    }

    fn entry(&self, path: &Path) -> Option<MediaEntry> {
        let name = path.file_name()?.to_str()?.to_owned();
        let meta = path.metadata().ok()?;
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let wanted = meta.is_dir() || MEDIA_ENDINGS.contains(&ending.as_str());
        (wanted && !name.starts_with('.') && self.allow(path)).then(|| MediaEntry {
            name,
            path: path.display().to_string(),
            is_dir: meta.is_dir(),
            size: meta.is_file().then_some(meta.len()),
        })
    }
}

/// `path` with the links followed of all that is there. None for one that leaves a folder that is not there by `..`.
fn resolved(path: &Path) -> Option<PathBuf> {
    match path.canonicalize() {
        Ok(path) => Some(path),
        Err(_) => Some(resolved(path.parent()?)?.join(path.file_name()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn roots(roots: &[PathBuf]) -> Result<MediaRoots, Error> {
        MediaRoots::new(roots, &Drives::default()).await
    }

    #[tokio::test]
    async fn nothing_outside_a_root_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("media");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        for file in ["media/b.mp4", "media/notes.txt", "media/.hidden.mp4", "secret.mp4"] {
            std::fs::write(dir.path().join(file), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("secret.mp4"), root.join("link.mp4")).unwrap();
        let roots = roots(std::slice::from_ref(&root)).await.unwrap();
        assert!(roots.allow(&root.join("b.mp4")));
        assert!(roots.allow(&root.join("not-yet.mp4")));
        assert!(!roots.allow(&dir.path().join("secret.mp4")));
        assert!(!roots.allow(&root.join("../secret.mp4")));
        assert!(!roots.allow(&root.join("link.mp4")), "a link does not lead out");
        assert!(!roots.allow(&dir.path().join("media-not/x.mp4")), "a longer name is no root");
        let names = |f: MediaFolder| f.entries.into_iter().map(|e| e.name).collect::<Vec<_>>();
        assert_eq!(names(roots.browse(None).unwrap()), ["sub", "b.mp4"], "folders first, media only");
        assert_eq!(
            roots.browse(dir.path().to_str()).unwrap_err().code,
            Code::SourceOutsideMedia,
            "the folder above is closed"
        );
    }

    #[tokio::test]
    async fn what_is_unplugged_is_judged_by_the_nearest_folder_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (root, drive) = (dir.path().join("media"), dir.path().join("drive"));
        std::fs::create_dir(&root).unwrap();
        std::fs::create_dir(&drive).unwrap();
        let roots = roots(&[root.clone(), drive.clone()]).await.unwrap();
        std::fs::remove_dir(&drive).unwrap();
        assert!(roots.allow(&root.join("usb/films/a.mp4")));
        assert!(roots.allow(&drive.join("films/a.mp4")), "a root itself is unplugged");
        assert!(!roots.allow(&dir.path().join("other/films/a.mp4")));
        assert!(!roots.allow(&root.join("usb/../../other/a.mp4")), "no way out of what is not there");
        assert!(!roots.allow(&drive.join("../secret.mp4")));
        assert!(!roots.allow(Path::new("a.mp4")));
        assert_eq!(roots.browse(drive.to_str()).unwrap_err().code, Code::SourceMissing);

        std::fs::create_dir(&drive).unwrap();
        std::fs::write(drive.join("a.mp4"), "x").unwrap();
        assert!(roots.allow(&drive.join("a.mp4")), "and then it is plugged in");
    }

    #[tokio::test]
    async fn a_wrong_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "x").unwrap();
        for wrong in ["file", "none", "file/below"] {
            let wrong = dir.path().join(wrong);
            let error = roots(&[dir.path().to_owned(), wrong.clone()]).await.unwrap_err();
            assert_eq!(error.code, Code::MediaFolderUnusable);
            assert!(error.message.contains(wrong.to_str().unwrap()), "{}", error.message);
        }
    }
}
