//! Processes, by `/proc`.

use std::{
    collections::HashMap,
    fs,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A process that runs (zombies don't).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub pid: i32,
    pub parent: i32,
    /// The program's file name.
    pub name: String,
    /// All arguments, separated by spaces.
    pub command: String,
}

pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc is there").flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn read(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state ppid …`; the name may hold anything, so its last `)` counts.
    let (head, tail) = stat.rsplit_once(')')?;
    let mut fields = tail.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    let name = head.split_once('(')?.1.to_owned();
    (!matches!(state, "Z" | "X")).then_some(Process { pid, parent, name, command })
}

/// The processes below `pid`, at any depth.
pub fn below(pid: i32) -> Vec<Process> {
    let all = all();
    let parents: HashMap<i32, i32> = all.iter().map(|process| (process.pid, process.parent)).collect();
    let is_below = |mut at: i32| {
        while let Some(parent) = parents.get(&at) {
            if *parent == pid {
                return true;
            }
            at = *parent;
        }
        false
    };
    all.into_iter().filter(|process| is_below(process.pid)).collect()
}

/// The processes whose arguments speak of `path`: of everything that works in a test's folder.
pub fn about(path: &Path) -> Vec<Process> {
    let needle = path.to_str().expect("test folders have plain names");
    let me = std::process::id().cast_signed();
    all().into_iter().filter(|process| process.pid != me && process.command.contains(needle)).collect()
}

/// Puts a program at `path`, which holds these bytes, by another process: what this one has open for writing can't be run
/// for as long as the fork of another test holds a copy of the descriptor.
pub fn put(path: &Path, bytes: &[u8]) {
    let mut draft = tempfile::NamedTempFile::new().unwrap();
    draft.write_all(bytes).unwrap();
    install(draft.path(), path);
}

/// The same with the bytes of another file.
#[expect(clippy::disallowed_methods, reason = "a tool that ends at once")]
pub fn install(from: &Path, to: &Path) {
    let done = Command::new("install").args(["-m", "755"]).arg(from).arg(to).status().unwrap();
    assert!(done.success(), "{} is not there", to.display());
}

/// Nothing that works in `path` is left: what was told to end needs a moment, and what nobody told stays for good.
pub async fn none_left(path: &Path) {
    let mut told = Vec::new();
    super::until_within(Duration::from_secs(30), "no process is left", async || {
        let left = about(path);
        if left != told {
            eprintln!("still there: {left:?}");
        }
        told = left;
        told.is_empty().then_some(())
    })
    .await;
}

/// The same of what the kernel ends with its parent: within 2 s. On a busy computer this process waits for its turn as
/// they do, so what counts is its own turns.
pub async fn none_left_soon(left: impl Fn() -> Vec<Process>) {
    let (begun, turn) = (Instant::now(), Duration::from_millis(20));
    for _ in 0..100 {
        if left().is_empty() {
            eprintln!("all were gone after {:?}", begun.elapsed());
            return;
        }
        tokio::time::sleep(turn).await;
    }
    panic!("left after {:?}: {:?}", begun.elapsed(), left());
}

pub fn signal(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("the process is there");
}
