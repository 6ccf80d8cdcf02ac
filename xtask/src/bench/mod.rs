//! `bench`: speed, processor time, memory and size, always beside the bare program in the same run, into
//! `docs/benchmarks.md`.
//!
//! It builds what users get, with Cargo's release profile. Everything that it starts listens on the loopback alone,
//! works in a temporary folder and ends with it.

mod desktop;
mod eye;
mod load;
mod modes;
mod paths;
mod report;
mod rights;
mod times;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use fs_err as fs;

use self::report::{Goal, Row};
use crate::{
    chaos, process,
    rig::{Rig, machine},
    setup, sidecars, ui,
    wasm_parts::{self, Sizes},
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    /// Measures this `stream-manager-server`, and the interface as it is built, instead of building both
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
    /// Measures this desktop app instead of building one with the release profile
    #[arg(long, value_name = "PROGRAM", env = "STREAM_MANAGER_APP")]
    app: Option<PathBuf>,
    /// Measures one part alone and leaves the figures of the other
    #[arg(long)]
    only: Option<Part>,
    /// Something that readers of the figures should know, such as what else the machine was doing
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// A part of the document that is measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Times, use and size of everything, with the desktop app
    Usual,
    /// Many paths and many viewers
    Paths,
    /// What a stream costs by the way it is sent
    Modes,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    if !cfg!(target_os = "linux") {
        bail!("the figures come from /proc, which is there on Linux only");
    }
    let asked = |part| options.only.is_none_or(|only| only == part);
    let server = match &options.server {
        Some(server) => fs::canonicalize(server)?,
        None => build_server(workspace)?,
    };
    let rig = Rig {
        folder: tempfile::Builder::new().prefix("stream-manager-bench-").tempdir()?,
        server,
        mediamtx: sidecars::mediamtx(workspace)?,
        configuration: workspace.root.join("mediamtx.yml"),
    };
    let document = workspace.root.join("docs/benchmarks.md");
    // What is not measured stays, and so does the report of `cargo xtask chaos`.
    let before = fs::read_to_string(&document).unwrap_or_default();
    let chaos = chaos::report::part_of(&before);
    let (old_paths, old_modes) =
        (report::part_of(&before, report::PATHS), report::part_of(&before, report::MODES));
    let usual = match asked(Part::Usual) {
        true => measure_usual(workspace, &rig, options)?,
        false => before.strip_suffix(chaos).unwrap_or(&before).replace(old_paths, "").replace(old_modes, ""),
    };
    let paths = match asked(Part::Paths) {
        true => measure_paths(&rig, options)?,
        false => old_paths.to_owned(),
    };
    let modes = match asked(Part::Modes) {
        true => measure_modes(&rig, options)?,
        false => old_modes.to_owned(),
    };
    let parts = [usual.trim_end(), paths.trim_end(), modes.trim_end(), chaos.trim_end()];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    fs::write(&document, parts.collect::<Vec<_>>().join("\n\n") + "\n")?;
    println!("written to docs/benchmarks.md");
    Ok(ExitCode::SUCCESS)
}

/// Measures one thing.
type Stage<'a> = &'a dyn Fn() -> Result<Vec<Row>>;

fn measure_usual(workspace: &Workspace, rig: &Rig, options: &Options) -> Result<String> {
    let app = match &options.app {
        Some(app) => fs::canonicalize(app)?,
        None => build_app(workspace)?,
    };
    let facts = machine::facts(rig, Some(&app), options.note.as_deref())?;
    let rows = measure(&[
        ("start to on air", &|| times::start_to_on_air(rig)),
        ("launch to usable rows", &|| times::launch_to_rows(rig)),
        ("many streams", &|| load::copy_streams(rig)),
        ("size of the interface", &|| Ok(interface_size(workspace))),
        ("the desktop app", &|| desktop::window(rig, &app, &title(workspace)?)),
    ])?;
    Ok(report::document(&facts, &rows))
}

fn measure_paths(rig: &Rig, options: &Options) -> Result<String> {
    let facts = machine::facts(rig, None, options.note.as_deref())?;
    let rows = measure(&[
        ("a restart with many kept streams", &|| paths::restart(rig)),
        ("many paths without a publisher", &|| paths::idle(rig)),
        ("many viewers", &|| paths::viewers(rig)),
        ("rights that are taken back", &|| rights::let_go(rig)),
        ("what the server is told again", &|| rights::said_again(rig)),
    ])?;
    Ok(report::paths(&facts, &rows))
}

fn measure_modes(rig: &Rig, options: &Options) -> Result<String> {
    let facts = machine::facts(rig, None, options.note.as_deref())?;
    let rows = measure(&[
        ("what a stream costs", &|| modes::cost(rig)),
        ("start by mode", &|| modes::times(rig)),
        ("many prepared streams", &|| modes::ceiling(rig)),
    ])?;
    Ok(report::modes(&facts, &rows))
}

fn measure(stages: &[(&str, Stage<'_>)]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, stage) in stages {
        println!("measuring {name}");
        rows.extend(stage().with_context(|| format!("measuring {name}"))?);
    }
    println!("\n{}", report::table(&rows));
    Ok(rows)
}

/// The interface, and the server that holds it.
pub(crate) fn build_server(workspace: &Workspace) -> Result<PathBuf> {
    setup::for_serving()?;
    ui::build(workspace)?;
    build(workspace, "stream-server", "stream-manager-server")
}

/// The desktop app, with the interface as it is built.
fn build_app(workspace: &Workspace) -> Result<PathBuf> {
    setup::for_testing()?;
    build(workspace, "stream-manager", "stream-manager")
}

fn build(workspace: &Workspace, package: &str, program: &str) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&workspace.root);
    process::run(cargo.args(["build", "--release", "--package", package, "--bin", program]))?;
    Ok(workspace.target.join("release").join(program))
}

fn interface_size(workspace: &Workspace) -> Vec<Row> {
    match wasm_parts::sizes(&workspace.root.join("ui/dist")) {
        Ok(Sizes { first, all }) => {
            let row = |name, bytes: usize, goal| {
                let bytes = u32::try_from(bytes).map_or(f64::INFINITY, f64::from);
                Row::new(name, "kB", bytes / 1000.0, goal)
            };
            vec![
                row("wasm that the streams page needs", first.raw, Goal::None),
                row("wasm that the streams page needs, gzip", first.gzip, Goal::AtMost(400.0)),
                row("wasm of all pages", all.raw, Goal::None),
                row("wasm of all pages, gzip", all.gzip, Goal::None),
            ]
        }
        Err(error) => vec![Row::not_measured("wasm of the interface", &error.to_string())],
    }
}

/// The window's title.
fn title(workspace: &Workspace) -> Result<String> {
    let words = fs::read(workspace.root.join("locales/en.json"))?;
    let words: serde_json::Value = serde_json::from_slice(&words)?;
    Ok(words["app.name"].as_str().context("locales/en.json names the app")?.to_owned())
}
