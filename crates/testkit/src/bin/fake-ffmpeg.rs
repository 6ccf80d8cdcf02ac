//! Behaves like FFmpeg 5.1 towards whoever supervises it, and misbehaves on request (`testkit::fake::Mode`).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what it prints is what it is for")]

use std::{
    io::{Read, Write},
    process::exit,
    thread,
    time::{Duration, Instant},
};

use testkit::fake::Mode;
use tokio::sync::mpsc;

const PERIOD: Duration = Duration::from_millis(100);

enum Wish {
    Quit,
    Signal,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (mode, args) = Mode::of_this_program();
    if args.iter().any(|arg| arg == "-version") {
        return version(mode);
    }
    let wishes = wishes();
    if mode == Mode::Flood {
        thread::spawn(flood);
    }
    play(mode, wishes).await;
}

fn version(mode: Mode) {
    let number = match mode {
        Mode::NotAVersion => return println!("Good morning."),
        Mode::HangVersion => loop {
            thread::park();
        },
        Mode::OldVersion => "3.4.13",
        _ => "5.1.9",
    };
    println!("ffmpeg version {number} Copyright (c) 2000-2026 the FFmpeg developers");
    println!("built with gcc 12 (fake)\nconfiguration: --enable-gpl --enable-libx264");
}

/// `q` on standard input, SIGINT and SIGTERM. As with FFmpeg, the end of standard input means nothing.
fn wishes() -> mpsc::UnboundedReceiver<Wish> {
    let (send, wishes) = mpsc::unbounded_channel();
    let keys = send.clone();
    thread::spawn(move || {
        let mut key = [0];
        while let Ok(1) = std::io::stdin().read(&mut key) {
            if key == *b"q" {
                let _ = keys.send(Wish::Quit);
            }
        }
    });
    #[cfg(unix)]
    for kind in [tokio::signal::unix::SignalKind::interrupt(), tokio::signal::unix::SignalKind::terminate()] {
        let mut signals = tokio::signal::unix::signal(kind).expect("a signal handler");
        let send = send.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let _ = send.send(Wish::Signal);
            }
        });
    }
    wishes
}

async fn play(mode: Mode, mut wishes: mpsc::UnboundedReceiver<Wish>) {
    let begun = Instant::now();
    let mut signals_before = 0;
    let mut ticks = tokio::time::interval(PERIOD);
    let stalled = || matches!(mode, Mode::StallAfter(after) if begun.elapsed() >= after);
    loop {
        tokio::select! {
            Some(wish) = wishes.recv() => match (wish, mode) {
                (_, Mode::IgnoreSigint) | (Wish::Quit, Mode::IgnoreQ) => {}
                (Wish::Quit, _) if stalled() => {}
                (Wish::Signal, _) if stalled() && signals_before == 0 => {
                    signals_before += 1;
                    eprintln!("[warning] fake: once more");
                }
                (Wish::Quit, _) => finish(begun.elapsed(), 0),
                (Wish::Signal, _) => {
                    eprintln!("Exiting normally, received signal 2.");
                    finish(begun.elapsed(), 255);
                }
            },
            _ = ticks.tick() => match mode {
                Mode::CrashAfter(after) if begun.elapsed() >= after => {
                    eprintln!("[error] fake: Conversion failed!");
                    exit(1);
                }
                _ if stalled() => {}
                _ => {
                    if mode == Mode::Chatty {
                        eprintln!("[warning] [fake @ 0x0] deprecated pixel format used\rframe= 1\rframe= 2");
                    }
                    progress(begun.elapsed(), "continue");
                }
            },
        }
    }
}

fn finish(played: Duration, code: i32) -> ! {
    progress(played, "end");
    exit(code)
}

/// `out_time_ms` is microseconds in the real one too.
fn progress(played: Duration, state: &str) {
    let (us, seconds) = (played.as_micros(), played.as_secs());
    let (h, m, s, frac) = (seconds / 3600, seconds / 60 % 60, seconds % 60, played.subsec_micros());
    let block = format!(
        "frame={}\nfps=30.00\nstream_0_0_q=-1.0\nbitrate=N/A\ntotal_size=N/A\nout_time_us={us}\nout_time_ms={us}\n\
         out_time={h:02}:{m:02}:{s:02}.{frac:06}\ndup_frames=0\ndrop_frames=0\nspeed=   1x\nprogress={state}\n",
        us * 30 / 1_000_000
    );
    let mut out = std::io::stdout().lock();
    // A closed pipe doesn't end FFmpeg either.
    let _ = out.write_all(block.as_bytes()).and_then(|()| out.flush());
}

fn flood() {
    let line = format!("[error] fake: {}\n", "corrupt ".repeat(20));
    loop {
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
