//! The list of living children on disk, so that the next start can end what a crash left running.
//!
//! One JSON object a line: `pid`, `started`, `exe`, `label`. It holds no arguments, hence no secrets.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{identity::Identity, platform};

/// How long a killed orphan may take to be gone.
const SWEEP_LIMIT: Duration = Duration::from_secs(2);

/// How long a child waits until it is written down. A drive that answers needs less than a millisecond.
const PATIENCE: Duration = Duration::from_millis(500);

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

/// The ledger of a running spawner. Only the spawner's thread changes it.
#[derive(Debug)]
pub(crate) struct Ledger {
    pen: Pen,
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
        let mut ledger = Self { pen: Pen::new(path), entries };
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

    fn save(&mut self) {
        let lines = self.entries.values().map(serde_json::to_string);
        // What can't be written as JSON is not told anybody: the ledger is the second net.
        self.pen.write(lines.flatten().map(|line| line + "\n").collect());
    }
}

/// Writes the file, by a thread that a drive may hold for ever: no child waits for that.
#[derive(Debug)]
struct Pen {
    texts: mpsc::Sender<String>,
    /// One for each text that is written, or can't be.
    done: mpsc::Receiver<()>,
    /// Texts that are on their way.
    behind: usize,
}

impl Pen {
    fn new(path: PathBuf) -> Pen {
        let ((texts, orders), (told, done)) = (mpsc::channel::<String>(), mpsc::channel());
        let started = thread::Builder::new().name("ledger".into()).spawn(move || {
            while let Ok(mut text) = orders.recv() {
                // The newest alone counts.
                let newer: Vec<String> = orders.try_iter().collect();
                let count = newer.len() + 1;
                text = newer.into_iter().next_back().unwrap_or(text);
                // A stream must not fail because its child could not be written down.
                if let Err(error) = write(&path, &text) {
                    tracing::warn!(%error, path = %path.display(), "the list of children could not be written");
                }
                for _ in 0..count {
                    // The spawner may be gone.
                    let _ = told.send(());
                }
            }
        });
        if let Err(error) = started {
            tracing::warn!(%error, "no list of children is kept");
        }
        Pen { texts, done, behind: 0 }
    }

    /// Returns once it is written; at once, while something before is not.
    fn write(&mut self, text: String) {
        if self.texts.send(text).is_err() {
            return;
        }
        self.behind += 1;
        let mut limit = if self.behind == 1 { PATIENCE } else { Duration::ZERO };
        while self.behind > 0 && self.done.recv_timeout(limit).is_ok() {
            (self.behind, limit) = (self.behind - 1, PATIENCE);
        }
    }
}

/// No fsync: what a power cut loses, it has also ended.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_added_extension("new");
    fs::write(&fresh, text)?;
    fs::rename(&fresh, path)
}

/// Ends what an earlier run left running, then empties the file. Call it before [`crate::Spawner::start`],
/// while holding the lock of the folder that the file is in: the children of a living owner are in it too.
///
/// A process is ended only if it is the one that was written down, by its pid, its start time and, except on Linux, its
/// program file; on Unix with its group. Another process that got the pid since is left alone. Blocks until the killed are
/// gone, at most two seconds.
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
    Identity::of(identity.pid).is_some_and(|now| now.is(identity))
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_drive_that_does_not_answer_is_waited_for_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("children.jsonl");
        let fresh = path.with_added_extension("new");
        // Whoever opens it waits for somebody who reads.
        nix::unistd::mkfifo(&fresh, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut pen = Pen::new(path.clone());
        let began = Instant::now();
        (0..100).for_each(|n| pen.write(n.to_string()));
        assert!(began.elapsed() < PATIENCE * 50, "not for each: {:?}", began.elapsed());
        assert_eq!(pen.behind, 100);
        // It answers again, in another place: nothing that is written to it becomes the list.
        let aside = dir.path().join("aside");
        fs::rename(&fresh, &aside).unwrap();
        let read = fs::File::open(&aside).unwrap();
        pen.write("last".to_owned());
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::read_to_string(&path).ok().as_deref() != Some("last") {
            assert!(Instant::now() < deadline, "what counts now is written");
            pen.write("last".to_owned());
        }
        drop(read);
    }
}
