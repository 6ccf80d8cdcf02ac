//! `test`: every check and every test of the project, one step after the other, with the time that each took.

use std::{
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::{
    chaos, process, setup, sidecars, tidy,
    toolchain::{self, Target},
    ui,
    workspace::Workspace,
};

#[derive(Args)]
pub(crate) struct Options {
    /// Runs the heavy tests too (those marked `#[ignore = "heavy"]`)
    #[arg(long)]
    heavy: bool,
    /// Runs these steps alone, besides the setting up that they need
    #[arg(long, value_delimiter = ',', value_name = "STEP")]
    only: Vec<Step>,
}

/// A step, in the order in which they run: the quick ones first.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Step {
    /// Is the code formatted?
    Fmt,
    /// Do ARCHITECTURE.md's invariants hold?
    Tidy,
    /// Does the linter agree?
    Clippy,
    /// Unit and integration tests of all packages
    Unit,
    /// Does everything compile for Windows?
    Windows,
    /// Tests with the real window and a real browser
    E2e,
    /// Three minutes of random faults on many streams
    Chaos,
    /// Heavy tests (only with --heavy)
    Heavy,
}

/// Builds the programs as the unit tests left them: what packages share is compiled once more for every other choice of
/// packages and targets, since their features differ with it.
const PROGRAMS: &[&str] = &["build", "--workspace", "--bins", "--tests"];

/// How a step ended.
#[derive(PartialEq, Eq, Debug)]
enum End {
    Ok,
    Failed(String),
    Skipped(&'static str),
}

/// Name, end and duration of each step that ran.
type Row = (String, End, Duration);

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let steps = chosen(options);
    let mut rows = Vec::new();
    if steps.iter().copied().any(needs_setup) && !prepare(workspace, &mut rows) {
        // Nothing that follows could tell anything.
        return Ok(report(&rows));
    }
    for step in steps {
        let name = format!("{step:?}").to_lowercase();
        rows.push(timed(&name, || perform(step, workspace)));
    }
    Ok(report(&rows))
}

fn chosen(options: &Options) -> Vec<Step> {
    let wanted = |step: &Step| match options.only.as_slice() {
        [] => *step != Step::Heavy || options.heavy,
        only => only.contains(step),
    };
    Step::value_variants().iter().copied().filter(wanted).collect()
}

/// Whether a step compiles the packages. The bundle must be there before: hosts embed it.
fn needs_setup(step: Step) -> bool {
    !matches!(step, Step::Fmt | Step::Tidy)
}

fn prepare(workspace: &Workspace, rows: &mut Vec<Row>) -> bool {
    let stages: [(&str, &dyn Fn() -> Result<()>); 3] = [
        ("setup", &setup::for_testing),
        ("sidecars", &|| {
            sidecars::mediamtx(workspace)?;
            sidecars::other_mediamtxs(workspace)?;
            sidecars::ffmpegs().map(|_| ())
        }),
        ("ui", &|| ui::build(workspace)),
    ];
    stages.iter().all(|(name, stage)| {
        rows.push(timed(name, || stage().map(|()| End::Ok)));
        rows.last().is_some_and(|(_, end, _)| *end == End::Ok)
    })
}

fn timed(name: &str, work: impl FnOnce() -> Result<End>) -> Row {
    println!("\n=== {name}");
    let start = Instant::now();
    let end = work().unwrap_or_else(|error| End::Failed(format!("{error:#}")));
    if let End::Failed(reason) = &end {
        println!("=== {name} failed: {reason}");
    }
    (name.to_owned(), end, start.elapsed())
}

fn report(rows: &[Row]) -> ExitCode {
    println!("\n{:<10} {:>8}  result", "step", "seconds");
    for (name, end, took) in rows {
        let result = match end {
            End::Ok => "ok",
            End::Failed(_) => "FAILED",
            End::Skipped(reason) => reason,
        };
        println!("{name:<10} {:>8.1}  {result}", took.as_secs_f64());
    }
    let whole: Duration = rows.iter().map(|(_, _, took)| *took).sum();
    println!("{:<10} {:>8.1}", "all", whole.as_secs_f64());
    match rows.iter().any(|(_, end, _)| matches!(end, End::Failed(_))) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

fn perform(step: Step, workspace: &Workspace) -> Result<End> {
    match step {
        Step::Fmt => cargo(workspace, &["fmt", "--all", "--check"])?,
        Step::Tidy => {
            if tidy::run(workspace)? != ExitCode::SUCCESS {
                bail!("an invariant does not hold");
            }
        }
        Step::Clippy => {
            // The end-to-end tests are a target on request alone.
            for targets in [&["--all-targets"][..], &["--test", "e2e"]] {
                cargo(workspace, &[&["clippy", "--workspace"], targets, &["--", "-D", "warnings"]].concat())?;
            }
        }
        Step::Unit => unit(workspace)?,
        Step::Windows => return windows(workspace),
        Step::E2e => return end_to_end(workspace, &[]),
        Step::Chaos => return chaos(workspace),
        Step::Heavy => {
            setup::for_heavy_testing()?;
            cargo(workspace, &["test", "--workspace", "--no-fail-fast", "heavy_", "--", "--ignored"])?;
            return end_to_end(workspace, &["heavy_", "--", "--ignored"]);
        }
    }
    Ok(End::Ok)
}

/// The long ones start real programs and then wait for them, so twice as many as there are processors run at a time.
fn unit(workspace: &Workspace) -> Result<()> {
    let threads = (2 * std::thread::available_parallelism()?.get()).to_string();
    cargo(workspace, &["test", "--workspace", "--no-fail-fast", "--", "--test-threads", &threads])
}

fn windows(workspace: &Workspace) -> Result<End> {
    if cfg!(windows) {
        return Ok(End::Skipped("skipped: every other step ran on Windows"));
    }
    let route = toolchain::ensure(Target::Windows)?;
    let target_dir = workspace.separate_target("windows");
    let mut check = toolchain::cargo("check", Target::Windows, &route, &target_dir)?;
    check.current_dir(&workspace.root).args(["--workspace", "--exclude", "ui", "--exclude", "xtask"]);
    process::run(&mut check)?;
    Ok(End::Ok)
}

/// What never may happen fails; how long things take is no promise on a machine that does other things too.
fn chaos(workspace: &Workspace) -> Result<End> {
    if !cfg!(target_os = "linux") {
        return Ok(End::Skipped("skipped: it looks into /proc, which is there on Linux only"));
    }
    cargo(workspace, PROGRAMS)?;
    let cores = std::thread::available_parallelism()?.get();
    let options = chaos::Options {
        minutes: 3.0,
        seed: 4,
        streams: (5 * cores).min(20),
        server: Some(workspace.program("stream-manager-server")),
        alone: true,
        json: None,
        write: false,
        note: None,
    };
    match chaos::run(workspace, &options)? == ExitCode::SUCCESS {
        true => Ok(End::Ok),
        false => bail!("something happened that never may"),
    }
}

/// The programs that a user starts, driven from outside.
fn end_to_end(workspace: &Workspace, arguments: &[&str]) -> Result<End> {
    if !cfg!(target_os = "linux") {
        return Ok(End::Skipped("skipped: the window can be driven on Linux only"));
    }
    cargo(workspace, PROGRAMS)?;
    cargo(workspace, &[&["test", "--workspace", "--test", "e2e"], arguments].concat())?;
    Ok(End::Ok)
}

/// Runs cargo in the checkout, with the programs' places told to the tests.
fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("cargo");
    command
        .current_dir(&workspace.root)
        .args(arguments)
        .env("STREAM_MANAGER_APP", workspace.program("stream-manager"))
        .env("STREAM_MANAGER_SERVER", workspace.program("stream-manager-server"))
        .env("STREAM_MANAGER_MEDIAMTX", sidecars::mediamtx_path()?);
    process::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_tests_run_on_request_alone() {
        let plain = chosen(&Options { heavy: false, only: Vec::new() });
        assert!(!plain.contains(&Step::Heavy) && plain.contains(&Step::E2e), "{plain:?}");
        assert_eq!(chosen(&Options { heavy: true, only: Vec::new() }).last(), Some(&Step::Heavy));
    }

    #[test]
    fn chosen_steps_keep_their_order() {
        let options = Options { heavy: false, only: vec![Step::E2e, Step::Fmt] };
        assert_eq!(chosen(&options), [Step::Fmt, Step::E2e]);
    }

    #[test]
    fn an_error_fails_its_step() {
        let (_, end, _) = timed("sample", || bail!("no reason"));
        assert_eq!(end, End::Failed("no reason".into()));
    }
}
