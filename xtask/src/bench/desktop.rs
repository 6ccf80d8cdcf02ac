//! Memory of the desktop app, with its window and closed to the tray, on a display of its own.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};
use fs_err as fs;

use super::report::{Goal, Row};
use crate::{
    process::{self, Background},
    rig::{Rig, usage, wait},
};

const OPEN: &str = "desktop app with its window: PSS";
const CLOSED: &str = "desktop app closed to the tray: PSS";

/// What a display of its own takes.
const TOOLS: &[&str] = &["Xvfb", "dbus-daemon", "openbox", "xdotool", "wmctrl"];

/// Memory of `app`; without it, or without a tool, the rows say so.
pub(super) fn memory(rig: &Rig, app: Option<&Path>, title: &str) -> Result<Vec<Row>> {
    let missing = TOOLS.iter().find(|tool| process::find(tool).is_none());
    match (app, missing) {
        (None, _) => Ok(rows_without("the app is not built")),
        (_, Some(tool)) => Ok(rows_without(&format!("{tool} is not installed"))),
        (Some(app), None) => measure(rig, app, title),
    }
}

fn rows_without(reason: &str) -> Vec<Row> {
    [OPEN, CLOSED].map(|name| Row::not_measured(name, reason)).into()
}

fn measure(rig: &Rig, app: &Path, title: &str) -> Result<Vec<Row>> {
    let session = Session::start(rig)?;
    let data = rig.data_dir("desktop")?;
    let mut command = Background::command(app);
    session.bring_into(&mut command);
    command.arg("--data-dir").arg(data).arg("--mediamtx").arg(&rig.mediamtx);
    let mut app = Background::start(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
    let own = || own_processes(app.id());
    let window = |there: bool| {
        let mut look = Command::new("xdotool");
        session.bring_into(&mut look);
        // It ends unsuccessfully when it finds none.
        let found = process::output(look.args(["search", "--onlyvisible", "--name", &format!("^{title}$")]));
        (found.is_ok() == there).then_some(())
    };
    wait::until("the window is there", || Ok(window(true)))?;
    wait::until("the page has a process", || Ok((own()?.len() > 1).then_some(())))?;
    let open = usage::settled_memory(own)?;

    let mut close = Command::new("wmctrl");
    session.bring_into(&mut close);
    process::output(close.args(["-c", title]))?;
    wait::until("the window is gone", || Ok(window(false)))?;
    let closed = usage::settled_memory(own)?;
    app.must_run()?;
    Ok(vec![Row::new(OPEN, "MiB", open, Goal::None), Row::new(CLOSED, "MiB", closed, Goal::AtMost(80.0))])
}

/// The app and its web processes.
fn own_processes(app: u32) -> Result<Vec<u32>> {
    let below = usage::below(app)?.into_iter();
    let own = below.filter(|(_, name)| !["mediamtx", "ffmpeg", "ffprobe"].contains(&name.as_str()));
    Ok(std::iter::once(app).chain(own.map(|(pid, _)| pid)).collect())
}

/// A display with a window manager, a message bus and a home, all empty and ended when dropped: last started first.
struct Session {
    _manager: Background,
    _bus: Background,
    _screen: Background,
    environment: Vec<(&'static str, String)>,
}

impl Session {
    fn start(rig: &Rig) -> Result<Self> {
        let home = rig.folder.path().join("home");
        for folder in ["run", "config", "data", "cache"] {
            fs::create_dir_all(home.join(folder))?;
        }
        process::output(Command::new("chmod").arg("700").arg(home.join("run")))?;
        let path = |folder: &str| home.join(folder).to_string_lossy().into_owned();

        let mut command = Background::command("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
        let (screen, display) = start_and_read_line(&mut command)?;
        let mut environment = vec![
            ("HOME", path("")),
            ("XDG_RUNTIME_DIR", path("run")),
            ("XDG_CONFIG_HOME", path("config")),
            ("XDG_DATA_HOME", path("data")),
            ("XDG_CACHE_HOME", path("cache")),
            ("DISPLAY", format!(":{display}")),
            ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
        ];
        let mut command = Background::command("dbus-daemon");
        command.args(["--session", "--nofork", "--print-address=1"]).envs(environment.clone());
        let (bus, address) = start_and_read_line(&mut command)?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address));
        let mut command = Background::command("openbox");
        command.envs(environment.clone()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { _manager: Background::start(&mut command)?, _bus: bus, _screen: screen, environment })
    }

    fn bring_into(&self, command: &mut Command) {
        command.envs(self.environment.clone()).env_remove("WAYLAND_DISPLAY");
    }
}

/// Starts a program that tells by its first line that it is ready, and where.
fn start_and_read_line(command: &mut Command) -> Result<(Background, String)> {
    let mut program = Background::start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let mut line = String::new();
    BufReader::new(program.stdout().context("its output is piped")?).read_line(&mut line)?;
    Ok((program, line.trim().to_owned()))
}
