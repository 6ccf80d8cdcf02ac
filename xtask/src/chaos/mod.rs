//! `chaos`: many streams with viewers, and everything that can happen to them, at random and in a row. It measures how
//! soon each fault is detected and everything is back, does the same to plain shell loops, and fails when something
//! happens that never may: a process left behind, a healthy stream restarted or another one more often than its fault
//! explains, configuration lost, a kept viewer dropped by the end of an FFmpeg. A long run may not be slow either.
//!
//! It looks from outside alone: the public event stream and REST, the ledger of processes, `/proc`, RTSP.

mod bare;
mod children;
mod disk;
mod drive;
mod faults;
mod outside;
mod plan;
pub(crate) mod report;
mod storm;
mod tally;
mod watch;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;
use fs_err as fs;
use serde_json::json;

use self::{plan::Kind, storm::Storm, tally::Tally};
use crate::{
    bench,
    rig::{Rig, machine},
    sidecars,
    workspace::Workspace,
};

/// From so many minutes on it is also wrong to be slow: a shorter run has too few of each fault, and a busy computer.
const LONG: f64 = 30.0;

#[derive(Args)]
pub(crate) struct Options {
    /// How long, with the start of everything
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    pub(crate) minutes: f64,
    /// Fixes the order of the faults
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many streams
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) streams: usize,
    /// Does it to this `stream-manager-server` instead of building one with the release profile
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) server: Option<PathBuf>,
    /// Leaves the shell loops out
    #[arg(long)]
    pub(crate) alone: bool,
    /// Writes every single figure to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Puts the report into docs/benchmarks.md too
    #[arg(long)]
    pub(crate) write: bool,
    /// Something that readers of the figures should know, such as what else the machine was doing
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if !cfg!(target_os = "linux") {
        bail!("it looks into /proc, which is there on Linux only");
    }
    let server = match &options.server {
        Some(server) => fs::canonicalize(server)?,
        None => bench::build_server(workspace)?,
    };
    let rig = Rig {
        folder: tempfile::Builder::new().prefix("stream-manager-chaos-").tempdir()?,
        server,
        mediamtx: sidecars::mediamtx(workspace)?,
        configuration: workspace.root.join("mediamtx.yml"),
    };
    let mut facts = machine::facts(&rig, None, options.note.as_deref())?;
    let Options { minutes, seed, streams, .. } = options;
    facts.push(("Run", format!("{streams} streams sent as they are, {minutes} minutes, seed {seed}")));
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let ours = Storm::brew(&rig, *streams, *seed)?.rage(end)?;
    let bare = if options.alone { None } else { Some(compare(&rig)?) };
    let part = report::part(&facts, &ours, bare.as_ref());
    println!("\n{part}");
    if let Some(file) = &options.json {
        let facts: serde_json::Value =
            facts.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let whole = json!({ "facts": facts, "ours": ours.json(), "loops": bare.as_ref().map(Tally::json) });
        fs::write(file, serde_json::to_vec_pretty(&whole)?)?;
    }
    if options.write {
        put(&workspace.root.join("docs/benchmarks.md"), &part)?;
    }
    let late = if *minutes < LONG { Vec::new() } else { ours.too_slow() };
    for kind in &late {
        println!("not on air again within {:?} for 95 of 100: {}", Kind::RECOVER_CAP, kind.name());
    }
    Ok(if ours.is_sound() && late.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare(rig: &Rig) -> Result<Tally> {
    println!("\nthe same with shell loops");
    bare::compare(rig)
}

fn put(document: &Path, part: &str) -> Result<()> {
    let before = fs::read_to_string(document)?;
    Ok(fs::write(document, report::put(&before, part))?)
}
