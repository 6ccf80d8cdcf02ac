//! The prepared files on disk: `KEY.mp4`, and what is known of it in `KEY.json` beside it. A file that has its name is
//! whole and never changes.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use stream_api::{PreparedFile, UnixMillis};
use uuid::Uuid;

use super::Key;
use crate::{
    clock,
    drives::{self, Drives},
    slates,
};

/// How the folder of a file that is being made is called.
const MAKING: &str = "making-";

/// A cheap handle.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    dir: Arc<PathBuf>,
    kept: Arc<Mutex<Kept>>,
    drives: Drives,
}

#[derive(Debug)]
struct Kept {
    room: u64,
    files: BTreeMap<Key, Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    label: Label,
    size: u64,
    used: UnixMillis,
}

/// What stands beside a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Label {
    /// Path of the source; empty for the test pattern.
    pub(super) source: String,
    /// Seconds.
    pub(super) duration: f64,
    pub(super) made: UnixMillis,
}

impl Shelf {
    /// Reads what is there, and removes what was never finished.
    pub(super) fn open(dir: PathBuf, room: u64, drives: Drives) -> Shelf {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if name.starts_with(MAKING) {
                removed(fs::remove_dir_all(&path), &path);
                continue;
            }
            let Some(key) = name.strip_suffix(".mp4").and_then(Key::of) else { continue };
            match read(&dir, &key) {
                Ok(entry) => drop(files.insert(key, entry)),
                Err(error) => {
                    tracing::debug!(%error, file = %path.display(), "a prepared file without its label is removed");
                    removed(fs::remove_file(&path), &path);
                }
            }
        }
        Shelf { dir: Arc::new(dir), kept: Arc::new(Mutex::new(Kept { room, files })), drives }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.lock().files.contains_key(key)
    }

    pub(super) fn room(&self) -> u64 {
        self.lock().room
    }

    pub(super) fn set_room(&self, room: u64) {
        self.lock().room = room;
    }

    /// The file, its seconds and bytes, if it is there and whole; it was used now.
    pub(super) async fn take(&self, key: &Key) -> Option<(PathBuf, f64, u64)> {
        let duration = self.lock().files.get(key)?.label.duration;
        let file = self.file(key);
        let path = file.clone();
        let look = move || {
            let opened = File::open(&path)?;
            // Says only that it is in use; a disk that can't note it is none the worse.
            let _ = opened.set_modified(SystemTime::now());
            io::Result::Ok(slates::is_whole(&path)?.then_some(opened.metadata()?.len()))
        };
        // From a drive that does not answer nothing could be sent either.
        let size = self.drives.ask(&file, drives::LIMIT, look).await?.ok().flatten();
        let mut kept = self.lock();
        match size {
            Some(size) => {
                if let Some(entry) = kept.files.get_mut(key) {
                    (entry.used, entry.size) = (clock::now(), size);
                }
                Some((file, duration, size))
            }
            None => {
                tracing::warn!(file = %file.display(), "a prepared file is damaged or gone");
                kept.files.remove(key);
                None
            }
        }
    }

    /// A folder to make a file in, on the same disk. It goes with its handle.
    ///
    /// # Errors
    /// When it can't be made.
    pub(super) fn workplace(&self) -> io::Result<Workplace> {
        let path = self.dir.join(format!("{MAKING}{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&path)?;
        Ok(Workplace { path })
    }

    /// Gives a finished file its name. Blocks until it is on the disk.
    ///
    /// # Errors
    /// When it can't be written; nothing is there under its name then.
    pub(super) fn put(&self, key: Key, made: &Path, label: Label) -> io::Result<()> {
        let whole = File::open(made)?;
        whole.sync_all()?;
        let meta = whole.metadata()?;
        let mut permissions = meta.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(made, permissions)?;
        let beside = made.with_extension("json");
        fs::write(&beside, serde_json::to_vec(&label)?)?;
        fs::rename(&beside, self.label(&key))?;
        fs::rename(made, self.file(&key))?;
        let entry = Entry { label, size: meta.len(), used: clock::now() };
        self.lock().files.insert(key, entry);
        Ok(())
    }

    /// # Errors
    /// When the file can't be removed; it is there still then.
    pub(super) fn remove(&self, key: &Key) -> io::Result<()> {
        let file = self.file(key);
        #[cfg(windows)]
        if let Ok(meta) = file.metadata() {
            let mut permissions = meta.permissions();
            permissions.set_readonly(false);
            fs::set_permissions(&file, permissions)?;
        }
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        removed(fs::remove_file(self.label(key)), &self.label(key));
        self.lock().files.remove(key);
        Ok(())
    }

    /// The one used last first.
    pub(super) fn files(&self) -> Vec<PreparedFile> {
        let kept = self.lock();
        let mut files: Vec<PreparedFile> = kept
            .files
            .iter()
            .map(|(key, Entry { label, size, used })| PreparedFile {
                key: key.as_str().to_owned(),
                source: label.source.clone(),
                size: *size,
                duration: label.duration,
                made: label.made,
                used: *used,
                streams: Vec::new(),
            })
            .collect();
        files.sort_by_key(|file| std::cmp::Reverse(file.used));
        files
    }

    /// Bytes that are left when all is gone that may go.
    pub(super) fn left(&self, stays: impl Fn(&Key) -> bool) -> u64 {
        // Not asked under the lock: it may take others.
        let (room, files) = {
            let kept = self.lock();
            let files: Vec<(Key, u64)> =
                kept.files.iter().map(|(key, entry)| (key.clone(), entry.size)).collect();
            (kept.room, files)
        };
        let staying = files.iter().filter(|(key, _)| stays(key)).map(|(_, size)| size).sum();
        room.saturating_sub(staying)
    }

    /// What must go so that there is room for `more` bytes: what was used longest ago, of that which may go.
    pub(super) fn surplus(&self, more: u64, stays: impl Fn(&Key) -> bool) -> Vec<Key> {
        let (mut total, room, mut files) = {
            let kept = self.lock();
            let files: Vec<(UnixMillis, u64, Key)> =
                kept.files.iter().map(|(key, entry)| (entry.used, entry.size, key.clone())).collect();
            (files.iter().map(|(_, size, _)| size).sum::<u64>() + more, kept.room, files)
        };
        files.sort();
        let mut surplus = Vec::new();
        for (_, size, key) in files {
            if total > room && !stays(&key) {
                total -= size;
                surplus.push(key);
            }
        }
        surplus
    }

    fn file(&self, key: &Key) -> PathBuf {
        self.dir.join(format!("{}.mp4", key.as_str()))
    }

    fn label(&self, key: &Key) -> PathBuf {
        self.dir.join(format!("{}.json", key.as_str()))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock()
    }
}

fn read(dir: &Path, key: &Key) -> io::Result<Entry> {
    let label = serde_json::from_slice(&fs::read(dir.join(format!("{}.json", key.as_str())))?)?;
    let meta = fs::metadata(dir.join(format!("{}.mp4", key.as_str())))?;
    let used = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Ok(Entry { label, size: meta.len(), used: UnixMillis(i64::try_from(used).unwrap_or(i64::MAX)) })
}

fn removed(done: io::Result<()>, path: &Path) {
    if let Err(error) = done {
        tracing::debug!(%error, path = %path.display(), "something of a prepared file was not removed");
    }
}

/// A folder that goes with this.
#[derive(Debug)]
pub(super) struct Workplace {
    pub(super) path: PathBuf,
}

impl Drop for Workplace {
    fn drop(&mut self) {
        removed(fs::remove_dir_all(&self.path), &self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> Key {
        Key::of(&format!("{n:032x}")).unwrap()
    }

    fn put(shelf: &Shelf, n: u8, size: usize, used: i64) {
        let workplace = shelf.workplace().unwrap();
        let made = workplace.path.join("whole.mp4");
        fs::write(&made, vec![0; size]).unwrap();
        let label = Label { source: format!("/{n}"), duration: 1.0, made: UnixMillis(7) };
        shelf.put(key(n), &made, label).unwrap();
        shelf.lock().files.get_mut(&key(n)).unwrap().used = UnixMillis(used);
    }

    #[test]
    fn what_was_used_longest_ago_goes_and_what_is_on_air_stays() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().join("prepared"), 1000, Drives::default());
        for (n, used) in [(1, 10), (2, 30), (3, 20)] {
            put(&shelf, n, 300, used);
        }
        assert!(shelf.surplus(100, |_| false).is_empty());
        assert_eq!(shelf.surplus(101, |_| false), [key(1)]);
        assert_eq!(shelf.surplus(101, |on_air| *on_air == key(1)), [key(3)]);
        assert_eq!(shelf.surplus(1000, |on_air| *on_air == key(3)), [key(1), key(2)]);
        assert_eq!((shelf.left(|_| false), shelf.left(|on_air| *on_air == key(3))), (1000, 700));
        assert_eq!(shelf.left(|_| true), 100, "a file of 101 bytes is not begun");
        put(&shelf, 4, 300, 5);
        assert_eq!(shelf.surplus(0, |made| *made == key(4)), [key(1)], "what was made just now stays");
        shelf.remove(&key(4)).unwrap();
        shelf.set_room(100);
        assert_eq!(shelf.surplus(0, |_| false).len(), 3);
    }

    #[test]
    fn another_run_finds_what_is_whole_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().to_owned(), 1000, Drives::default());
        put(&shelf, 1, 300, 10);
        put(&shelf, 2, 300, 10);
        fs::remove_file(shelf.label(&key(2))).unwrap();
        fs::create_dir(dir.path().join("making-x")).unwrap();
        fs::write(dir.path().join("making-x/whole.mp4"), "half").unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        let again = Shelf::open(dir.path().to_owned(), 1000, Drives::default());
        assert_eq!(again.files().len(), 1);
        let file = &again.files()[0];
        assert_eq!((file.source.as_str(), file.size, file.made), ("/1", 300, UnixMillis(7)));
        assert!(!dir.path().join("making-x").exists() && dir.path().join("notes.txt").exists());
        again.remove(&key(1)).unwrap();
        assert!(
            !again.has(&key(1))
                && Shelf::open(dir.path().to_owned(), 1, Drives::default()).files().is_empty()
        );
    }

    #[tokio::test]
    async fn a_damaged_file_is_not_sent() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().to_owned(), 1000, Drives::default());
        put(&shelf, 1, 300, 10);
        assert!(shelf.take(&key(1)).await.is_none(), "300 zeros are no MP4");
        assert!(!shelf.has(&key(1)), "it is made anew");
    }
}
