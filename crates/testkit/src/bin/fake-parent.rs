//! Supervises one program the way the engine does, prints its pid, and waits to be killed:
//! `fake-parent LEDGER|- PROGRAM ARGS…`.
#![allow(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::path::PathBuf;

use child_process::{Spawner, Spec};

fn main() {
    // What is supervised may need a copy of the program; see `child_process::reaper`.
    if child_process::reaper::serve_if_asked().is_none() {
        supervise();
    }
}

#[tokio::main]
async fn supervise() {
    let mut args = std::env::args_os().skip(1);
    let ledger = args.next().expect("a ledger or -");
    let program = args.next().expect("a program");
    let spawner = Spawner::start((ledger != "-").then(|| PathBuf::from(ledger))).expect("a spawner");
    let mut child = spawner.spawn(Spec::new(program).with_args(args)).await.expect("it starts");
    println!("{}", child.pid());
    while child.lines.recv().await.is_some() {}
    child.exit().await;
}
