//! The output is always drained, and handed on as lines.

use std::time::Duration;

use child_process::{Line, Rung, run};

use crate::{LIMIT, exit_of, next_out, playing, shell, spawner};

#[cfg(unix)]
#[tokio::test]
async fn both_pipes_arrive_and_end() {
    let mut child = spawner().spawn(shell("echo out; echo err >&2")).await.unwrap();
    let mut lines = Vec::new();
    while let Some(line) = child.lines.recv().await {
        lines.push(line);
    }
    assert!(lines.contains(&Line::Out("out".into())), "got {lines:?}");
    assert!(lines.contains(&Line::Err("err".into())), "got {lines:?}");
    assert!(exit_of(&child).await.success());
}

/// FFmpeg tells of its progress in blocks of twelve lines, twice a second: each wakes its reader up but once.
#[cfg(unix)]
#[tokio::test]
async fn what_is_printed_at_once_is_there_at_once() {
    let mut child = spawner().spawn(shell("printf 'a\nb\nc\nd\n'; read stop")).await.unwrap();
    let mut lines = Vec::new();
    assert_eq!(child.lines.recv_many(&mut lines, 64).await, 4, "{lines:?}");
    assert_eq!(lines, ["a", "b", "c", "d"].map(|line| Line::Out(line.into())));
}

#[tokio::test]
async fn a_flood_does_not_hide_progress() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = playing(&spawner(), dir.path(), "flood").await;
    for _ in 0..5 {
        next_out(&mut child, "progress=continue").await;
    }
}

/// 20 MB through pipes of 64 KiB: it can end only if somebody reads.
#[cfg(unix)]
#[tokio::test]
async fn a_flood_nobody_reads_does_not_block_the_child() {
    let mut child = spawner().spawn(shell("yes corrupt | head -c 20000000 >&2; echo done")).await.unwrap();
    assert!(exit_of(&child).await.success());
    let (mut dropped, mut kept, mut done) = (0, 0, false);
    while let Some(line) = child.lines.recv().await {
        match line {
            Line::Dropped(lines) => dropped += lines,
            Line::Err(_) => kept += 1,
            Line::Out(line) => done = line == "done",
        }
    }
    assert_eq!(dropped + kept, 20_000_000 / 8, "each line is either handed on or counted");
    assert!(done, "standard output isn't crowded out");
}

#[tokio::test]
async fn one_whose_lines_are_not_wanted_still_obeys() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = playing(&spawner(), dir.path(), "flood").await;
    child.lines.close();
    assert!(crate::survives(&child, Duration::from_millis(200)).await);
    child.ask(Rung::Quit);
    assert!(exit_of(&child).await.success());
}

/// A process that left the group can hold the pipes open for ever.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn lines_end_though_a_stranger_holds_the_pipe() {
    let mut child = spawner().spawn(shell("setsid sleep 600 & echo $!")).await.unwrap();
    exit_of(&child).await;
    let mut stranger = None;
    let ended = async {
        while let Some(line) = child.lines.recv().await {
            stranger.get_or_insert(line);
        }
    };
    tokio::time::timeout(LIMIT, ended).await.expect("long before the stranger's end");
    let Some(Line::Out(stranger)) = stranger else { panic!("its pid comes first: {stranger:?}") };
    run(&spawner(), shell(&format!("kill {stranger}")), LIMIT, 0).await.unwrap();
}
