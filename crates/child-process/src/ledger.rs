//! The list of living children on disk, so that the next start can end what a crash left running.
//!
//! One JSON object a line: `pid`, `started`, `exe`, `label`. It holds no arguments, hence no secrets.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{identity::Identity, platform};

/// How long a killed orphan may take to be gone.
const SWEEP_LIMIT: Duration = Duration::from_secs(2);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    identity: Identity,
    label: String,
}

/// An orphan that was ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The process id that it had.
    pub pid: u32,
    /// The label of its [`crate::Spec`].
    pub label: String,
}

/// The ledger of a running spawner. Only the spawner's thread writes it.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    entries: BTreeMap<u32, Entry>,
}

impl Ledger {
    /// Opens the file, keeping what is in it. One that can't be read or written is a warning: children must run all the
    /// same, and on every system something else ends them with us.
    pub(crate) fn open(path: PathBuf) -> Self {
        let entries = read(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "the list of children could not be read");
            Vec::new()
        });
        let entries = entries.into_iter().map(|entry| (entry.identity.pid, entry)).collect();
        let ledger = Self { path, entries };
        ledger.save();
        ledger
    }

    /// Writes down a new child. One that has already ended needs no entry.
    pub(crate) fn add(&mut self, pid: u32, label: &str) {
        if let Some(identity) = Identity::of(pid) {
            self.entries.insert(pid, Entry { identity, label: label.to_owned() });
            self.save();
        }
    }

    /// Strikes one off.
    pub(crate) fn remove(&mut self, pid: u32) {
        if self.entries.remove(&pid).is_some() {
            self.save();
        }
    }

    /// A stream must not fail because its child could not be written down: the ledger is the second net.
    fn save(&self) {
        if let Err(error) = self.write() {
            tracing::warn!(%error, path = %self.path.display(), "the list of children could not be written");
        }
    }

    /// No fsync: what a power cut loses, it has also ended.
    fn write(&self) -> io::Result<()> {
        let mut text = String::new();
        for entry in self.entries.values() {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        let fresh = self.path.with_added_extension("new");
        fs::write(&fresh, text)?;
        fs::rename(&fresh, &self.path)
    }
}

/// Ends what an earlier run left running, then empties the file. Call it before [`crate::Spawner::start`],
/// while holding the lock of the folder that the file is in: the children of a living owner are in it too.
///
/// A process is ended only if its pid, its start time and its program file all match, on Unix with its group;
/// another process that got the pid since is left alone. Blocks until the killed are gone, at most two seconds.
///
/// # Errors
/// If the file can't be read or emptied. A missing file is an empty one; lines that can't be read are skipped.
pub fn sweep(path: &Path) -> io::Result<Vec<Swept>> {
    let mut swept = Vec::new();
    let orphans = read(path)?.into_iter().filter(|entry| is_alive(&entry.identity));
    for Entry { identity, label } in orphans.collect::<Vec<_>>() {
        match platform::end_orphan(identity.pid) {
            Ok(()) => {
                tracing::info!(pid = identity.pid, label, "ended a process that an earlier run left");
                swept.push((identity, label));
            }
            Err(error) => tracing::warn!(%error, pid = identity.pid, label, "an orphan could not be ended"),
        }
    }
    let deadline = Instant::now() + SWEEP_LIMIT;
    while swept.iter().any(|(identity, _)| is_alive(identity)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    if path.exists() {
        fs::write(path, "")?;
    }
    Ok(swept.into_iter().map(|(identity, label)| Swept { pid: identity.pid, label }).collect())
}

fn is_alive(identity: &Identity) -> bool {
    Identity::of(identity.pid).as_ref() == Some(identity)
}

fn read(path: &Path) -> io::Result<Vec<Entry>> {
    match fs::read(path) {
        // A power cut may leave anything in it.
        Ok(text) => Ok(String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
