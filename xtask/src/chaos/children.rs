//! The app's processes, seen from outside: its ledger of children, sampled often, and `/proc`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use fs_err as fs;
use parking_lot::Mutex;
use serde_json::Value;

use super::watch::SERVER;

/// How often the ledger is read.
const GRAIN: Duration = Duration::from_millis(40);

/// A process of a stream (or the server's) that was not there before.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) at: Instant,
    pub(super) id: String,
}

#[derive(Debug, Default)]
struct Known {
    pids: BTreeMap<String, u32>,
    starts: Vec<Start>,
}

/// Reads the ledger until dropped.
#[derive(Debug)]
pub(super) struct Children {
    ledger: PathBuf,
    known: Arc<Mutex<Known>>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Children {
    pub(super) fn of(data: &Path) -> Self {
        let known = Arc::new(Mutex::new(Known::default()));
        let end = Arc::new(AtomicBool::new(false));
        let ledger = data.join("run/children.jsonl");
        let (read, write, stop) = (ledger.clone(), Arc::clone(&known), Arc::clone(&end));
        let thread = thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                sample(&read, &write);
                thread::sleep(GRAIN);
            }
        });
        Self { ledger, known, end, thread: Some(thread) }
    }

    /// The newest process of a stream, or of the server.
    pub(super) fn pid(&self, id: &str) -> Option<u32> {
        sample(&self.ledger, &self.known);
        self.known.lock().pids.get(id).copied()
    }

    /// The starts up to now that were not told before: none is left for the next call to be told late.
    pub(super) fn starts(&self) -> Vec<Start> {
        sample(&self.ledger, &self.known);
        std::mem::take(&mut self.known.lock().starts)
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It ends within a moment, and has nothing to say.
            let _ = thread.join();
        }
    }
}

fn sample(ledger: &Path, known: &Mutex<Known>) {
    // What is read first is noted first.
    let mut known = known.lock();
    let Ok(text) = fs::read_to_string(ledger) else { return };
    for entry in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some((id, pid)) = identify(&entry) else { continue };
        if known.pids.insert(id.clone(), pid) != Some(pid) {
            known.starts.push(Start { at: Instant::now(), id });
        }
    }
}

/// Whose process an entry is: an FFmpeg's of a stream, or of what else FFmpeg does, or the server.
fn identify(entry: &Value) -> Option<(String, u32)> {
    let label = entry["label"].as_str()?;
    let id = match label.strip_prefix("ffmpeg ") {
        Some(id) => id,
        None if label == "mediamtx" => SERVER,
        None => return None,
    };
    Some((id.to_owned(), entry["pid"].as_u64()?.try_into().ok()?))
}

/// Whose starts a fault does not explain, each as often as it has too many: those before it `struck`, and all beyond
/// what it `may` make of each.
pub(super) fn too_many(starts: &[Start], struck: Instant, may: impl Fn(&str) -> usize) -> Vec<&str> {
    let mut counts = BTreeMap::new();
    let unexplained = starts.iter().filter(|start| {
        if start.at < struck {
            return true;
        }
        let count: &mut usize = counts.entry(&start.id).or_default();
        *count += 1;
        *count > may(&start.id)
    });
    unexplained.map(|start| start.id.as_str()).collect()
}

/// How often that started which started most.
pub(super) fn most(starts: &[Start]) -> usize {
    let of = |id: &str| starts.iter().filter(|start| start.id == id).count();
    starts.iter().map(|start| of(&start.id)).max().unwrap_or(0)
}

/// A process as it can be told from another one with the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) command: String,
}

impl Process {
    /// The process of that number, unless it has ended.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        // A zombie has no arguments.
        (!command.is_empty())
            .then(|| Self { pid, command: String::from_utf8_lossy(&command).replace('\0', " ") })
    }

    pub(super) fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self) && !self.is_killed()
    }

    /// Whether it was killed, and the system has only to let it end.
    pub(super) fn is_killed(&self) -> bool {
        const KILL: u64 = 1 << 8;
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let pending = |line: &str| {
            let mask = line.strip_prefix("SigPnd:").or_else(|| line.strip_prefix("ShdPnd:"))?;
            u64::from_str_radix(mask.trim(), 16).ok()
        };
        status.lines().filter_map(pending).any(|mask| mask & KILL != 0)
    }
}

/// Every process whose arguments speak of `folder`, but this one.
pub(super) fn about(folder: &Path) -> Vec<Process> {
    let needle = folder.to_string_lossy().into_owned();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let others = pids.filter(|pid: &u32| *pid != std::process::id()).filter_map(Process::of);
    others.filter(|process| process.command.contains(&needle) && !process.is_killed()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_tells_whose_process_it_is() {
        let entry = |label: &str| identify(&json!({ "pid": 7, "label": label }));
        assert_eq!(entry("ffmpeg 01a"), Some(("01a".to_owned(), 7)));
        assert_eq!(entry("mediamtx"), Some((SERVER.to_owned(), 7)));
        assert_eq!(entry("ffprobe"), None);
    }

    #[test]
    fn starts_beyond_what_a_fault_explains_are_counted() {
        let struck = Instant::now();
        let start =
            |id: &str, millis: u64| Start { at: struck + Duration::from_millis(millis), id: id.to_owned() };
        let often = |id: &str, times: u64| (0..times).map(|at| start(id, at)).collect::<Vec<_>>();
        let may = |id: &str| if id == "hit" { 2 } else { 0 };
        assert!(too_many(&often("hit", 2), struck, may).is_empty());
        assert_eq!(too_many(&often("hit", 5), struck, may), ["hit"; 3], "five times after one fault");
        assert_eq!(too_many(&often("other", 1), struck, may), ["other"]);
        let early = Start { at: struck - Duration::from_millis(1), id: "hit".to_owned() };
        assert_eq!(too_many(&[early, start("hit", 0), start("hit", 1)], struck, may), ["hit"]);
        assert_eq!(most(&[often("hit", 3), often("other", 1)].concat()), 3);
        assert_eq!(most(&[]), 0);
    }

    #[test]
    fn this_process_is_alive() {
        let me = Process::of(std::process::id()).expect("it is there");
        assert!(me.is_alive());
        assert!(!Process { command: "another".to_owned(), ..me }.is_alive());
    }
}
