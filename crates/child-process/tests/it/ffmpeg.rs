//! The rungs against the real FFmpeg, in every version that we say we work with: what ends it, and what doesn't.
#![cfg(unix)]

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    time::{Duration, Instant},
};

use child_process::{Child, Exit, Rung, Spec};
use testkit::{fixtures, media::Fixtures};

use crate::{LIMIT, next_out, spawner};

/// As the engine climbs it, with patience on the rung that must end it: rung, and how long it waits for the end.
fn ladder(obeyed: usize) -> [(Rung, Duration); 4] {
    let usual = [(Rung::Quit, 2), (Rung::Interrupt, 1), (Rung::Interrupt, 1), (Rung::Kill, 2)];
    let mut ladder = usual.map(|(rung, seconds)| (rung, Duration::from_secs(seconds)));
    ladder[obeyed].1 = LIMIT;
    ladder
}

/// The system's, 7.0 and 9.0, as far as they are here.
fn versions() -> Vec<(&'static str, PathBuf)> {
    let others = ["7.0.2", "9.0.2"].into_iter();
    let others = others.filter_map(|version| Some((version, fixtures::ffmpeg_version(version)?)));
    std::iter::once(("system", fixtures::ffmpeg())).chain(others).collect()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// FFmpeg as it sends a clip for ever, past its first progress.
async fn sending(program: &PathBuf, options: &str, output: &str) -> Child {
    let clip = Fixtures::cached().file("clip_bf0.mp4");
    let mut args =
        words(&format!("-hide_banner -nostats {options} -progress pipe:1 -stats_period 0.1 -stream_loop -1"));
    args.extend(["-i".to_owned(), format!("file:{}", clip.display())]);
    args.extend(words(output));
    let mut child = spawner().spawn(Spec::new(program).with_args(args)).await.expect("it starts");
    next_out(&mut child, "progress=continue").await;
    child
}

/// Climbs until it ends: by which step, how, and after what time on that step.
async fn climb(child: &Child, ladder: &[(Rung, Duration)]) -> (usize, Exit, Duration) {
    for (step, (rung, wait)) in ladder.iter().enumerate() {
        let asked = Instant::now();
        until_told_all(child.pid()).await;
        child.ask(*rung);
        if let Ok(exit) = tokio::time::timeout(*wait, child.exit()).await {
            return (step, exit, asked.elapsed());
        }
    }
    panic!("nothing ended it");
}

/// Two signals that are not taken one by one are one.
async fn until_told_all(pid: u32) {
    const INTERRUPT: u64 = 1 << 1;
    let pending = || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let signals = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        signals.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or_default()
    };
    testkit::wait_until(LIMIT, "it takes the signal", async || pending() & INTERRUPT == 0).await;
}

#[tokio::test]
async fn a_healthy_one_obeys_the_first_rung() {
    for (version, program) in versions() {
        let child = sending(&program, "-loglevel warning -re", "-c copy -f null -").await;
        let (step, exit, took) = climb(&child, &ladder(0)).await;
        assert_eq!((step, exit.code), (0, Some(0)), "FFmpeg {version}: `q`, after {took:?}");
    }
}

#[tokio::test]
async fn a_healthy_one_obeys_an_interrupt() {
    for (version, program) in versions() {
        let child = sending(&program, "-loglevel warning -re", "-c copy -f null -").await;
        let (step, exit, took) = climb(&child, &ladder(1)[1..]).await;
        assert_eq!((step, exit.code), (0, Some(255)), "FFmpeg {version}: SIGINT, after {took:?}");
    }
}

/// Nobody reads what it sends: `q` is not looked at, and the first signal only asks it to finish what hangs.
#[tokio::test]
async fn one_blocked_in_a_write_obeys_the_second_interrupt() {
    let blocked = async |version: &'static str, program: PathBuf| {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = format!("-c copy -f mpegts tcp://{}", server.local_addr().unwrap());
        let mut child = sending(&program, "-loglevel warning", &to).await;
        let (connection, _) = server.accept().unwrap();
        until_still(&mut child).await;
        let (step, _, took) = climb(&child, &ladder(2)).await;
        assert_eq!(step, 2, "FFmpeg {version}: the second SIGINT, after {took:?}");
        drop(connection);
    };
    futures_util::future::join_all(
        versions().into_iter().map(|(version, program)| blocked(version, program)),
    )
    .await;
}

/// FFmpeg 7.0 with `-nostdin` ignores every SIGINT; only a kill ends it. (We never give `-nostdin`.)
#[tokio::test]
async fn one_that_ignores_everything_is_killed() {
    let Some(program) = fixtures::ffmpeg_version("7.0.2") else { return };
    let child = sending(&program, "-nostdin -loglevel warning -re", "-c copy -f null -").await;
    let (step, exit, _) = climb(&child, &ladder(3)).await;
    assert_eq!((step, exit.signal), (3, Some(9)));
}

/// A debug log of many megabytes, which nobody reads.
#[tokio::test]
async fn one_that_floods_its_log_still_obeys() {
    for (version, program) in versions() {
        let child = sending(&program, "-loglevel trace", "-c copy -f null -").await;
        assert!(crate::survives(&child, Duration::from_millis(500)).await, "FFmpeg {version} goes on");
        let (step, exit, took) = climb(&child, &ladder(0)).await;
        assert_eq!((step, exit.code), (0, Some(0)), "FFmpeg {version}: `q`, after {took:?}");
    }
}

/// Waits until its `out_time` stands still, and it wants nothing of the processor: 5.1 then prints nothing, newer ones the
/// same again.
async fn until_still(child: &mut Child) {
    let (mut last, mut since) = (String::new(), Instant::now());
    let began = Instant::now();
    while since.elapsed() < Duration::from_millis(700) {
        assert!(began.elapsed() < LIMIT, "it never blocks");
        if wants_to_run(child.pid()) {
            since = Instant::now();
        }
        let Ok(line) = tokio::time::timeout(Duration::from_millis(100), child.lines.recv()).await else {
            continue;
        };
        if let Some(child_process::Line::Out(line)) = line
            && line.starts_with("out_time_us=")
            && line != last
        {
            (last, since) = (line, Instant::now());
        }
    }
}

/// Whether one of its threads has something to do, though the system may not let it; false where that is not told.
fn wants_to_run(pid: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    stats.into_iter().any(|stat| stat.rsplit_once(')').is_some_and(|(_, state)| state.starts_with(" R")))
}
