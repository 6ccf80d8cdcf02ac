//! What was found out of files: in memory, and in a file that the next run of the program starts from. Losing it only
//! costs another look at each file.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use atomic_write_file::AtomicWriteFile;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use stream_api::SourceMedia;

use crate::drives::{self, Drives};

/// Files that are remembered; whichever was not asked for longest goes first.
const REMEMBERED: usize = 1024;
/// Grows when what is found out of a file does.
const VERSION: u32 = 2;
/// Files are often probed one after the other: they are written down together.
const GATHERED: Duration = Duration::from_secs(1);

/// What is remembered. A cheap handle.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    file: Arc<PathBuf>,
    /// The version of the ffprobe that finds out: another one may find more.
    by: Arc<str>,
    known: Arc<Mutex<HashMap<Stamp, Found>>>,
    /// Counts questions, so that the oldest is known.
    clock: Arc<AtomicU64>,
    unsaved: Arc<AtomicBool>,
    drives: Drives,
}

/// A file as it was when it was probed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Stamp {
    path: String,
    /// Nanoseconds since 1970; none where the file system has no such time.
    modified: Option<u64>,
    size: u64,
}

#[derive(Debug, Clone)]
struct Found {
    media: SourceMedia,
    asked: u64,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    version: u32,
    by: String,
    /// The one that was asked for last comes last.
    files: Vec<(Stamp, SourceMedia)>,
}

impl Stamp {
    pub(crate) fn new(path: &str, modified: Option<SystemTime>, size: u64) -> Stamp {
        let modified = modified.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| u64::try_from(since.as_nanos()).ok());
        Stamp { path: path.to_owned(), modified, size }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

impl Memory {
    /// What `file` holds, if an ffprobe of the same version `by` wrote it.
    pub(super) fn open(file: PathBuf, by: String, drives: Drives) -> Memory {
        let files = read(&file, &by);
        let known: HashMap<_, _> = files
            .into_iter()
            .zip(0..)
            .map(|((stamp, media), asked)| (stamp, Found { media, asked }))
            .collect();
        let clock = AtomicU64::new(known.len() as u64);
        Memory {
            file: Arc::new(file),
            by: by.into(),
            known: Arc::new(Mutex::new(known)),
            clock: Arc::new(clock),
            unsaved: Arc::default(),
            drives,
        }
    }

    pub(super) fn recall(&self, stamp: &Stamp) -> Option<SourceMedia> {
        let mut known = self.lock();
        let found = known.get_mut(stamp)?;
        found.asked = self.clock.fetch_add(1, Ordering::Relaxed);
        Some(found.media.clone())
    }

    /// Remembers it, and writes it down soon.
    pub(super) fn keep(&self, stamp: Stamp, media: SourceMedia) {
        let asked = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut known = self.lock();
        // The file as it was before is of no use any more.
        known.retain(|other, _| other.path != stamp.path);
        if known.len() >= REMEMBERED
            && let Some(oldest) =
                known.iter().min_by_key(|(_, found)| found.asked).map(|(stamp, _)| stamp.clone())
        {
            known.remove(&oldest);
        }
        known.insert(stamp, Found { media, asked });
        drop(known);
        if !self.unsaved.swap(true, Ordering::AcqRel) {
            let memory = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GATHERED).await;
                memory.save().await;
            });
        }
    }

    /// Writes down what is not yet.
    pub(super) async fn save(&self) {
        if !self.unsaved.swap(false, Ordering::AcqRel) {
            return;
        }
        let mut files: Vec<(Stamp, Found)> =
            self.lock().iter().map(|(stamp, found)| (stamp.clone(), found.clone())).collect();
        files.sort_by_key(|(_, found)| found.asked);
        let files = files.into_iter().map(|(stamp, found)| (stamp, found.media)).collect();
        let (written, file) =
            (Written { version: VERSION, by: self.by.to_string(), files }, self.file.clone());
        let written = self.drives.ask(&self.file, drives::LIMIT, move || write(&file, &written)).await;
        match written {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::debug!(%error, "what is known of files is not written down"),
            None => tracing::debug!("the drive on which is kept what is known of files does not answer"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Stamp, Found>> {
        self.known.lock()
    }
}

fn read(file: &Path, by: &str) -> Vec<(Stamp, SourceMedia)> {
    let Ok(bytes) = fs::read(file) else { return Vec::new() };
    match serde_json::from_slice::<Written>(&bytes) {
        Ok(mut written) if written.version == VERSION && written.by == by => {
            let surplus = written.files.len().saturating_sub(REMEMBERED);
            written.files.split_off(surplus)
        }
        Ok(_) => Vec::new(),
        Err(error) => {
            tracing::debug!(%error, "what was known of files can't be read");
            Vec::new()
        }
    }
}

fn write(file: &Path, written: &Written) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut fresh = AtomicWriteFile::open(file)?;
    serde_json::to_writer(&mut fresh, written)?;
    fresh.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(path: &str, seconds: u64) -> Stamp {
        Stamp::new(path, Some(UNIX_EPOCH + Duration::from_secs(seconds)), 7)
    }

    fn media(size: u64) -> SourceMedia {
        SourceMedia { size, duration: Some(0.1 + 0.2), ..SourceMedia::default() }
    }

    #[tokio::test]
    async fn another_run_knows_what_this_one_found_out() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cache/probes.json");
        let first = Memory::open(file.clone(), "5.1.9".to_owned(), Drives::default());
        first.keep(stamp("/a", 1), media(1));
        first.keep(stamp("/a", 2), media(2));
        first.save().await;
        let second = Memory::open(file.clone(), "5.1.9".to_owned(), Drives::default());
        assert_eq!(second.recall(&stamp("/a", 2)), Some(media(2)), "to the last digit");
        assert_eq!(second.recall(&stamp("/a", 1)), None, "the file changed since");
        let other = Memory::open(file.clone(), "9.0".to_owned(), Drives::default());
        assert_eq!(other.recall(&stamp("/a", 2)), None, "another ffprobe may find more");
        for broken in ["", "{}", "[1]", "\0\0"] {
            fs::write(&file, broken).unwrap();
            assert_eq!(
                Memory::open(file.clone(), "5.1.9".to_owned(), Drives::default()).recall(&stamp("/a", 2)),
                None
            );
        }
    }

    #[tokio::test]
    async fn the_one_that_was_not_asked_for_longest_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let memory = Memory::open(dir.path().join("probes.json"), String::new(), Drives::default());
        let path = |n: usize| format!("/{n}");
        for n in 0..REMEMBERED {
            memory.keep(stamp(&path(n), 1), media(1));
        }
        assert!(memory.recall(&stamp(&path(0), 1)).is_some(), "asked for again");
        memory.keep(stamp("/new", 1), media(1));
        assert!(memory.recall(&stamp(&path(0), 1)).is_some());
        assert!(memory.recall(&stamp(&path(1), 1)).is_none());
        memory.save().await;
        let again = Memory::open(dir.path().join("probes.json"), String::new(), Drives::default());
        assert_eq!(again.lock().len(), REMEMBERED);
    }
}
