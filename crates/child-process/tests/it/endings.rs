//! Each rung of the ladder, against programs that obey it and programs that don't.

use std::time::Duration;

use child_process::{Exit, Line, Rung};

use crate::{exit_of, next, playing, shell, spawner, survives};

const A_MOMENT: Duration = Duration::from_millis(300);
const CODE_0: Exit = Exit { code: Some(0), signal: None };
#[cfg(unix)]
const CODE_255: Exit = Exit { code: Some(255), signal: None };
#[cfg(unix)]
const KILLED: Exit = Exit { code: None, signal: Some(9) };

#[tokio::test]
async fn quit_ends_with_code_0() {
    let dir = tempfile::tempdir().unwrap();
    let child = playing(&spawner(), dir.path(), "ok").await;
    child.ask(Rung::Quit);
    assert_eq!(exit_of(&child).await, CODE_0);
}

#[cfg(unix)]
#[tokio::test]
async fn interrupt_ends_with_code_255() {
    let dir = tempfile::tempdir().unwrap();
    let child = playing(&spawner(), dir.path(), "ok").await;
    child.ask(Rung::Interrupt);
    assert_eq!(exit_of(&child).await, CODE_255);
}

#[cfg(unix)]
#[tokio::test]
async fn kill_ends_by_signal_9() {
    let dir = tempfile::tempdir().unwrap();
    let child = playing(&spawner(), dir.path(), "ok").await;
    child.ask(Rung::Kill);
    assert_eq!(exit_of(&child).await, KILLED);
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_ignores_q_obeys_the_next_rung() {
    let dir = tempfile::tempdir().unwrap();
    let child = playing(&spawner(), dir.path(), "ignore-q").await;
    child.ask(Rung::Quit);
    assert!(survives(&child, A_MOMENT).await, "q is ignored");
    child.ask(Rung::Interrupt);
    assert_eq!(exit_of(&child).await, CODE_255);
}

#[cfg(unix)]
#[tokio::test]
async fn one_that_ignores_signals_obeys_the_last_rung() {
    let dir = tempfile::tempdir().unwrap();
    let child = playing(&spawner(), dir.path(), "ignore-sigint").await;
    for rung in [Rung::Quit, Rung::Interrupt, Rung::Interrupt] {
        child.ask(rung);
    }
    assert!(survives(&child, A_MOMENT).await, "all polite rungs are ignored");
    child.ask(Rung::Kill);
    assert_eq!(exit_of(&child).await, KILLED);
}

#[cfg(unix)]
#[tokio::test]
async fn a_stalled_one_obeys_the_second_interrupt() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = playing(&spawner(), dir.path(), "stall-after:50").await;
    tokio::time::sleep(Duration::from_millis(60)).await; // the stall itself is the passing of time
    child.ask(Rung::Interrupt);
    // Two that are not taken one by one are one.
    next(&mut child, &Line::Err("[warning] fake: once more".into())).await;
    assert!(survives(&child, A_MOMENT).await, "the first one is swallowed");
    child.ask(Rung::Interrupt);
    assert_eq!(exit_of(&child).await, CODE_255);
}

#[cfg(unix)]
#[tokio::test]
async fn the_code_of_a_crash_is_told() {
    let child = spawner().spawn(shell("exit 3")).await.unwrap();
    assert_eq!(exit_of(&child).await, Exit { code: Some(3), signal: None });
}

#[cfg(unix)]
#[tokio::test]
async fn exit_can_be_awaited_again_and_dropped_midway() {
    let child = spawner().spawn(shell("read line; exit 4")).await.unwrap();
    assert!(survives(&child, Duration::from_millis(50)).await, "its stdin stays open, so it waits");
    child.ask(Rung::Kill);
    assert_eq!(exit_of(&child).await, KILLED);
    assert_eq!(exit_of(&child).await, KILLED, "the same answer again");
}

#[cfg(unix)]
#[tokio::test]
async fn asking_one_that_has_ended_does_nothing() {
    let child = spawner().spawn(shell("exit 0")).await.unwrap();
    exit_of(&child).await;
    for rung in [Rung::Quit, Rung::Interrupt, Rung::Kill] {
        child.ask(rung);
    }
    assert_eq!(exit_of(&child).await, CODE_0);
}
