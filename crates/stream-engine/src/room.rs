//! How much room the disk of a folder has.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::drives::{self, Drives};

/// The disk of one folder. It alone is asked: a list of all disks asks every one that is mounted, of which any may
/// hang.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    folder: PathBuf,
    drives: Drives,
}

/// What a look at a disk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Space(Space),
    /// The folder is not there, or the like.
    Unknown,
    /// The drive does not answer.
    Silent,
}

/// Bytes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    /// For this user.
    pub(crate) free: u64,
    pub(crate) total: u64,
}

impl Room {
    pub(crate) fn of(folder: PathBuf, drives: Drives) -> Room {
        Room { folder, drives }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) async fn look(&self) -> Look {
        let folder = self.folder.clone();
        match self.drives.ask(&self.folder, drives::LIMIT, move || space(&folder)).await {
            Some(Ok(space)) => Look::Space(space),
            Some(Err(error)) => {
                tracing::debug!(%error, "the room on the disk is not known");
                Look::Unknown
            }
            None => Look::Silent,
        }
    }
}

fn space(folder: &Path) -> io::Result<Space> {
    let found = fs4::statvfs(folder)?;
    Ok(Space { free: found.available_space(), total: found.total_space() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_disk_of_a_folder_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let room = Room::of(dir.path().to_owned(), Drives::default());
        let Look::Space(space) = room.look().await else { panic!("a disk is there") };
        assert!(space.free <= space.total && space.total > 0, "{space:?}");
        let nowhere = Room::of("/no/such/folder".into(), Drives::default());
        assert_eq!(nowhere.look().await, Look::Unknown);
    }
}
