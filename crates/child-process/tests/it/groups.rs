//! Nothing of a group stays behind.

use child_process::{Child, Line, Rung};
use testkit::{processes::alive, wait_until};

use crate::{LIMIT, exit_of, shell, spawner};

/// Starts a shell that starts a grandchild, and returns the grandchild's pid.
async fn with_grandchild(script: &str) -> (Child, u32) {
    let mut child = spawner().spawn(shell(&format!("sleep 1000 & echo $!; {script}"))).await.unwrap();
    let Some(Line::Out(pid)) = child.lines.recv().await else { panic!("it prints the pid") };
    (child, pid.parse().expect("a pid"))
}

async fn dies(pid: u32, why: &str) {
    wait_until(LIMIT, why, async || !alive(pid)).await;
}

#[tokio::test]
async fn kill_reaches_grandchildren() {
    let (child, grandchild) = with_grandchild("wait").await;
    assert!(alive(grandchild));
    child.ask(Rung::Kill);
    exit_of(&child).await;
    dies(grandchild, "the grandchild is killed").await;
}

#[tokio::test]
async fn dropping_kills_the_whole_group() {
    let (child, grandchild) = with_grandchild("wait").await;
    let leader = child.pid();
    drop(child);
    dies(leader, "the leader is killed").await;
    dies(grandchild, "the grandchild is killed").await;
}

#[tokio::test]
async fn what_a_leader_leaves_is_killed() {
    let (child, grandchild) = with_grandchild("exit 7").await;
    assert_eq!(exit_of(&child).await.code, Some(7), "the leader's own code is told");
    dies(grandchild, "the grandchild is killed").await;
}

#[test]
fn a_stopped_runtime_leaves_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (child, grandchild) = runtime.block_on(with_grandchild("wait"));
    let leader = child.pid();
    drop(runtime);
    testkit::wait_until_blocking(LIMIT, "the group is killed", || !alive(leader) && !alive(grandchild));
    drop(child);
}

/// The death signal belongs to the thread that forks; a task of the runtime that ends must not set it off.
#[tokio::test]
async fn a_child_outlives_the_thread_that_asked_for_it() {
    let spawner = spawner();
    let runtime = tokio::runtime::Handle::current();
    let asked = std::thread::spawn(move || runtime.block_on(spawner.spawn(shell("sleep 1000"))));
    let joined = tokio::task::spawn_blocking(move || asked.join().expect("the thread ends"));
    let child = joined.await.unwrap().unwrap();
    assert!(crate::survives(&child, std::time::Duration::from_millis(300)).await);
}
