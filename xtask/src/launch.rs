//! `run` and `serve`: everything set up, then the app or the server in the foreground.
//!
//! Both are built with Cargo's dev profile: the tests build the very same programs, a second start takes a second,
//! and nearly all computing happens in FFmpeg and MediaMTX. Packages for users are release builds.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::Result;

use crate::{doctor, process, setup, sidecars, ui, workspace::Workspace};

/// Opens the app with `files`, or serves them where there is no display.
pub(crate) fn run(workspace: &Workspace, files: &[PathBuf]) -> Result<ExitCode> {
    if !has_display() {
        println!("there is no display here, so the interface is served to a browser instead");
        return serve(workspace, &after_options(files));
    }
    setup::for_running()?;
    let mut app = prepare(workspace, "stream-manager", "stream-manager")?;
    process::become_or_run(app.args(after_options(files)))
}

/// Files as arguments that are no options, whatever their names begin with.
fn after_options(files: &[PathBuf]) -> Vec<PathBuf> {
    match files {
        [] => Vec::new(),
        files => [&[PathBuf::from("--")], files].concat(),
    }
}

/// Serves with the server's own `arguments`, which end with files to put on air.
pub(crate) fn serve(workspace: &Workspace, arguments: &[impl AsRef<Path>]) -> Result<ExitCode> {
    setup::for_serving()?;
    let mut server = prepare(workspace, "stream-server", "stream-manager-server")?;
    process::become_or_run(server.args(arguments.iter().map(AsRef::as_ref)))
}

/// Whether a window can be shown here.
pub(crate) fn has_display() -> bool {
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || named("DISPLAY") || named("WAYLAND_DISPLAY")
}

/// Sidecar and interface ready, the program built and ready to start.
fn prepare(workspace: &Workspace, package: &str, program: &str) -> Result<Command> {
    // A person's own is taken as it is, and nothing fetched then.
    let own = std::env::var_os("STREAM_MANAGER_MEDIAMTX").is_some() || doctor::mediamtx_on_path().is_some();
    let mediamtx = match own {
        true => None,
        false => Some(sidecars::mediamtx(workspace)?),
    };
    ui::build(workspace)?;
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&workspace.root).args(["build", "--package", package, "--bin", program]);
    process::run(&mut cargo)?;
    let mut command = Command::new(workspace.program(program));
    command.envs(mediamtx.map(|program| ("STREAM_MANAGER_MEDIAMTX", program)));
    Ok(command)
}
