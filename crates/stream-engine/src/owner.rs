//! Who owns a data folder, and how to reach it: `owner.json` beside the lock, readable by its user alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use atomic_write_file::{AtomicWriteFile, OpenOptions};
use serde::{Deserialize, Serialize};
use stream_api::HostKind;

/// The process that holds a data folder's lock, and its door.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Which host.
    pub kind: HostKind,
    /// The loopback port of its HTTP host; absent until that listens.
    pub port: Option<u16>,
    /// What its door asks for; absent when it has no lock.
    pub token: Option<String>,
}

impl Owner {
    /// Where a browser finds its interface, if it has one for browsers.
    pub fn address(&self) -> Option<String> {
        let port = self.port.filter(|_| self.kind == HostKind::Headless)?;
        Some(format!("http://127.0.0.1:{port}"))
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("pid", &self.pid).field("port", &self.port).finish_non_exhaustive()
    }
}

/// The owner of the data folder `data_dir` as it announced itself; `None` when it did not, or not readably.
pub fn read(data_dir: &Path) -> Option<Owner> {
    serde_json::from_slice(&fs::read(file(data_dir)).ok()?).ok()
}

pub(crate) fn write(data_dir: &Path, owner: &Owner) -> io::Result<()> {
    write_private(&file(data_dir), &serde_json::to_vec(owner)?)
}

pub(crate) fn remove(data_dir: &Path) {
    if let Err(error) = fs::remove_file(file(data_dir))
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "owner.json could not be removed");
    }
}

/// Replaces `path` whole (fsync, rename), readable by its user alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    prepare_private(path, content)?.commit()
}

/// The same up to the point where nothing is missing but `commit`: what needs room on the disk has it.
pub(crate) fn prepare_private(path: &Path, content: &[u8]) -> io::Result<AtomicWriteFile> {
    use std::io::Write as _;
    let mut file = for_its_user_alone().open(path)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(unix)]
fn for_its_user_alone() -> OpenOptions {
    use atomic_write_file::unix::OpenOptionsExt as _;
    let mut options = AtomicWriteFile::options();
    options.preserve_mode(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The user's own folders are nobody else's already.
#[cfg(not(unix))]
fn for_its_user_alone() -> OpenOptions {
    AtomicWriteFile::options()
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("owner.json")
}
