//! The project's own commands, called as `cargo xtask COMMAND`. Each sets up what it needs by itself and is quick
//! when that is already there.
//!
//! It is not part of the product: nothing here is shipped, and no other package depends on it.
#![expect(clippy::print_stdout, reason = "a command-line program talks on its standard output")]

mod bench;
mod chaos;
mod doctor;
mod launch;
mod packages;
mod process;
mod rig;
mod setup;
mod sidecars;
mod stamp;
mod style_sheet;
mod test;
mod tidy;
mod toolchain;
mod ui;
mod wasm_order;
mod wasm_parts;
mod workspace;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Commands of this project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Sets everything up and opens the app; without a display it serves the same interface and prints its address
    Run {
        /// Media files to put on air
        files: Vec<PathBuf>,
    },
    /// Sets everything up and serves the interface and the REST API, without a window
    Serve {
        /// Options of `stream-manager-server`, then media files to put on air
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<PathBuf>,
    },
    /// Sets everything up and runs every check and every test
    Test(test::Options),
    /// Builds the browser interface into ui/dist
    Ui,
    /// Fetches or builds the pinned MediaMTX into the cache folder, and the other programs that the tests need
    Sidecars,
    /// Checks the invariants that ARCHITECTURE.md promises
    Tidy,
    /// Measures speed, processor time, memory and size against the bare programs, and writes docs/benchmarks.md
    Bench(bench::Options),
    /// Breaks things at random while streams run, measures how they come back, and compares with plain shell loops
    Chaos(chaos::Options),
    /// Says what is missing on this machine and how to get it
    Doctor,
}

fn main() -> ExitCode {
    let task = Arguments::parse().command;
    match Workspace::find().and_then(|workspace| perform(task, &workspace)) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell where that fails.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task, workspace: &Workspace) -> anyhow::Result<ExitCode> {
    match task {
        Task::Run { files } => launch::run(workspace, &files),
        Task::Serve { arguments } => launch::serve(workspace, &arguments),
        Task::Test(options) => test::run(workspace, &options),
        Task::Ui => {
            setup::for_interface()?;
            ui::build(workspace).map(|()| ExitCode::SUCCESS)
        }
        Task::Sidecars => {
            let program = sidecars::mediamtx(workspace)?;
            println!("{}", program.display());
            for program in sidecars::other_mediamtxs(workspace)?.into_iter().chain(sidecars::ffmpegs()?) {
                println!("{}", program.display());
            }
            Ok(ExitCode::SUCCESS)
        }
        Task::Tidy => tidy::run(workspace),
        Task::Bench(options) => bench::run(workspace, &options),
        Task::Chaos(options) => chaos::run(workspace, &options),
        Task::Doctor => doctor::run(workspace),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_server_gets_its_options_with_and_without_a_divider() {
        for line in [
            ["x", "serve", "--listen", "127.0.0.1:0"].as_slice(),
            &["x", "serve", "--", "--listen", "127.0.0.1:0"],
        ] {
            let parsed = Arguments::try_parse_from(line).expect("a command line from the readme");
            let Task::Serve { arguments } = parsed.command else { panic!("{line:?} is `serve`") };
            assert_eq!(arguments, [PathBuf::from("--listen"), PathBuf::from("127.0.0.1:0")]);
        }
    }
}
