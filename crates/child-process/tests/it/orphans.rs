//! After a crash of ours: the kernel, and the ledger.
#![cfg(unix)]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use child_process::{Spawner, Spec, ledger};
use testkit::{fake, processes::alive, wait_until, wait_until_blocking};

use crate::{LIMIT, exit_of};

/// A process that isn't supervised, killed at the end of the test.
struct Stray(std::process::Child);

impl Stray {
    #[expect(clippy::disallowed_methods, reason = "what child-process does not supervise is what is tested")]
    fn start(program: &Path, args: &[&str]) -> Self {
        Self(Command::new(program).args(args).stdout(Stdio::piped()).spawn().expect("it starts"))
    }
}

impl Drop for Stray {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The line that the ledger would hold for this process.
async fn entry_of(child: &child_process::Child, ledger: &Path) -> serde_json::Value {
    // A disk that is busy is not waited for.
    let is_there = async || fs::read_to_string(ledger).is_ok_and(|text| !text.is_empty());
    wait_until(LIMIT, "it is written down", is_there).await;
    let line = fs::read_to_string(ledger).expect("the ledger is there");
    let entry: serde_json::Value = serde_json::from_str(line.trim()).expect("one entry");
    assert_eq!(entry["pid"], child.pid());
    entry
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_parent_takes_its_child_along() {
    let mut parent = Stray::start(&fake::program("fake-parent"), &["-", "sleep", "1000"]);
    let mut line = String::new();
    BufReader::new(parent.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let child: u32 = line.trim().parse().expect("a pid");
    assert!(alive(child));
    parent.0.kill().unwrap();
    wait_until_blocking(LIMIT, "the child is dead", || !alive(child));
}

#[tokio::test]
async fn the_ledger_lists_the_living_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("children");
    let spawner = Spawner::start(Some(path.clone())).unwrap();
    let spec = Spec { label: "stream one".into(), ..Spec::new("sleep").with_args(["1000"]) };
    let child = spawner.spawn(spec).await.unwrap();
    assert_eq!(entry_of(&child, &path).await["label"], "stream one");
    child.ask(child_process::Rung::Kill);
    exit_of(&child).await;
    let empty = async || fs::read_to_string(&path).is_ok_and(|text| text.is_empty());
    wait_until(LIMIT, "the entry is removed", empty).await;
}

/// Takes the entry of a child of ours as a template and writes it down for a stray process.
async fn ledger_naming(stray: u32, path: &Path, change: impl Fn(&mut serde_json::Value)) {
    let spawner = Spawner::start(Some(path.to_owned())).unwrap();
    let child = spawner.spawn(Spec::new("sleep").with_args(["1000"])).await.unwrap();
    let mut entry = entry_of(&child, path).await;
    drop(child);
    let stat = fs::read_to_string(format!("/proc/{stray}/stat")).unwrap();
    let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().to_owned();
    let boot = entry["started"].as_str().unwrap().split(':').next().unwrap().to_owned();
    entry["pid"] = stray.into();
    entry["started"] = format!("{boot}:{ticks}").into();
    change(&mut entry);
    let empty = async || fs::read_to_string(path).is_ok_and(|text| text.is_empty());
    wait_until(LIMIT, "the template's own entry is removed", empty).await;
    // As a power cut may leave it.
    let bytes = [b"\xff\x00 not json\n", format!("{entry}\n").as_bytes()].concat();
    fs::write(path, bytes).unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_sweep_ends_an_orphan() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("children");
    let stray = Stray::start(Path::new("sleep"), &["1000"]);
    ledger_naming(stray.0.id(), &path, |_| {}).await;
    let swept = ledger::sweep(&path).unwrap();
    assert_eq!(swept, [ledger::Swept { pid: stray.0.id(), label: "sleep".into() }]);
    wait_until(LIMIT, "it is dead", async || !alive(stray.0.id())).await;
    assert_eq!(fs::read_to_string(&path).unwrap(), "", "the file is emptied");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_sweep_spares_a_process_that_started_at_another_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("children");
    let stray = Stray::start(Path::new("sleep"), &["1000"]);
    ledger_naming(stray.0.id(), &path, |entry| entry["started"] = "another boot:1".into()).await;
    assert_eq!(ledger::sweep(&path).unwrap(), []);
    assert!(alive(stray.0.id()), "the pid was recycled: not ours");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_sweep_ends_what_a_script_became() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("children");
    let stray = Stray::start(Path::new("sleep"), &["1000"]);
    // The shell was there when it was written down, before its `exec`.
    ledger_naming(stray.0.id(), &path, |entry| entry["exe"] = "/usr/bin/dash".into()).await;
    assert_eq!(ledger::sweep(&path).unwrap(), [ledger::Swept { pid: stray.0.id(), label: "sleep".into() }]);
    wait_until(LIMIT, "it is dead", async || !alive(stray.0.id())).await;
}

#[tokio::test]
async fn a_ledger_that_can_not_be_kept_keeps_no_child_from_running() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    for path in [dir.path().join("none/children"), dir.path().join("folder")] {
        let spawner = Spawner::start(Some(path)).unwrap();
        let child = spawner.spawn(Spec::new("sleep").with_args(["1000"])).await.unwrap();
        assert!(alive(child.pid()));
        child.ask(child_process::Rung::Kill);
        exit_of(&child).await;
    }
}

#[test]
fn a_missing_ledger_is_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(ledger::sweep(&dir.path().join("none")).unwrap(), []);
}
