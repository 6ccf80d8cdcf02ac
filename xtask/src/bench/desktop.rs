//! The desktop app on a display of its own: how long its window takes, and its memory with it and closed to the tray.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use fs_err as fs;
use serde_json::{Value, json};

use super::{
    eye::Eye,
    report::{Goal, Row},
    times,
};
use crate::{
    process::{self, Background},
    rig::{Rig, http::Api, usage, wait},
};

const LAUNCH: &str = "desktop app, launch to its rows drawn";
const AGAIN: &str = "desktop app, closed window drawn again";
const SECOND: &str = "desktop app, the same by a second start";
const OPEN: &str = "desktop app with its window: PSS";
const CLOSED: &str = "desktop app closed to the tray: PSS";

/// What a display of its own takes.
const TOOLS: &[&str] = &["Xvfb", "dbus-daemon", "openbox", "wmctrl"];

/// Times are the median of so many.
const ROUNDS: usize = 5;

/// How often the window is looked at. A look takes a few milliseconds of a core.
const LOOK: Duration = Duration::from_millis(20);

/// Times and memory of `app`; without a tool, the rows say so.
pub(super) fn window(rig: &Rig, app: &Path, title: &str) -> Result<Vec<Row>> {
    match TOOLS.iter().find(|tool| process::find(tool).is_none()) {
        Some(tool) => {
            let reason = format!("{tool} is not installed");
            Ok([LAUNCH, AGAIN, SECOND, OPEN, CLOSED].map(|name| Row::not_measured(name, &reason)).into())
        }
        None => measure(rig, app, title),
    }
}

fn measure(rig: &Rig, app: &Path, title: &str) -> Result<Vec<Row>> {
    let session = Session::start(rig)?;
    let screen = Screen { eye: Eye::open(&session.display)?, session, title };
    let data = rig.data_dir("desktop")?;
    times::fill(rig, &data)?;
    let start = |arguments: &[&str]| {
        let mut command = Background::command(app);
        screen.session.bring_into(&mut command);
        command.arg("--data-dir").arg(&data).arg("--mediamtx").arg(&rig.mediamtx).args(arguments);
        Background::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
    };

    let mut launches = Vec::new();
    // The first start of all builds caches that every later one, and every other program, finds.
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let app = start(&[])?;
        screen.until_drawn()?;
        if round > 0 {
            launches.push(began.elapsed());
        }
        drop(app);
        screen.until_gone()?;
    }

    let mut app = start(&[])?;
    let own = || own_processes(app.id());
    screen.until_drawn()?;
    let open = usage::settled_memory(own)?;
    screen.close()?;
    let closed = usage::settled_memory(own)?;
    let (mut again, mut second) = (Vec::new(), Vec::new());
    let door = Door::of(&data)?;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        door.show()?;
        screen.until_drawn()?;
        again.push(began.elapsed());
        screen.close()?;
        let began = Instant::now();
        // It asks the first one for its window.
        let other = start(&[])?;
        screen.until_drawn()?;
        second.push(began.elapsed());
        drop(other);
        screen.close()?;
    }
    app.must_run()?;
    drop(app);
    screen.until_gone()?;
    let bare = bare_windows(rig, &screen)?;
    let time = |name, times: &[Duration], goal| match bare.as_slice() {
        [] => Row::new(name, "ms", wait::median(times), goal),
        bare => Row::times(name, times, ("WebKitGTK, a page of one line", bare), goal),
    };
    Ok(vec![
        time(LAUNCH, &launches, Goal::None),
        time(AGAIN, &again, Goal::AtMost(1000.0)),
        time(SECOND, &second, Goal::None),
        Row::new(OPEN, "MiB", open, Goal::None),
        Row::new(CLOSED, "MiB", closed, Goal::AtMost(80.0)),
    ])
}

/// The time that WebKitGTK's own browser takes to show a page of one line; empty where it is not installed.
fn bare_windows(rig: &Rig, screen: &Screen<'_>) -> Result<Vec<Duration>> {
    let Some(browser) = fs::read_dir("/usr/lib")?
        .filter_map(|folder| Some(folder.ok()?.path().join("webkit2gtk-4.1/MiniBrowser")))
        .find(|browser| browser.is_file())
    else {
        return Ok(Vec::new());
    };
    let page = rig.folder.path().join("bare.html");
    let body = "<body style='background: linear-gradient(red, blue)'>One line</body>";
    fs::write(&page, format!("<!doctype html><title>{}</title>{body}", screen.title))?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut command = Background::command(&browser);
        screen.session.bring_into(&mut command);
        let browser = Background::start(command.arg(&page).stdout(Stdio::null()).stderr(Stdio::null()))?;
        screen.until_drawn()?;
        times.push(began.elapsed());
        drop(browser);
        screen.until_gone()?;
    }
    Ok(times)
}

/// The app's window as somebody before the display sees it.
struct Screen<'a> {
    session: Session,
    eye: Eye,
    title: &'a str,
}

impl Screen<'_> {
    fn until_drawn(&self) -> Result<()> {
        wait::until_looked("the window shows its page", LOOK, || {
            let windows = self.eye.windows(self.title)?;
            Ok(windows.into_iter().any(|window| self.eye.sees_a_page(window)).then_some(()))
        })
    }

    fn until_gone(&self) -> Result<()> {
        wait::until_looked("the window is gone", LOOK, || {
            Ok(self.eye.windows(self.title)?.is_empty().then_some(()))
        })
    }

    fn close(&self) -> Result<()> {
        let mut command = Command::new("wmctrl");
        self.session.bring_into(&mut command);
        process::output(command.args(["-c", self.title]))?;
        self.until_gone()
    }
}

/// What a second start of the app, and nobody else, finds in the data folder.
struct Door(Api);

impl Door {
    fn of(data: &Path) -> Result<Self> {
        let owner: Value = serde_json::from_slice(&fs::read(data.join("owner.json"))?)?;
        let (port, token) = (&owner["port"], owner["token"].as_str().context("the app has a door")?);
        let api = Api::new(&format!("http://127.0.0.1:{port}"));
        Ok(Self(api.with_authorization(&format!("Bearer {token}"))))
    }

    /// Has the app make its window, as its entry in the tray does.
    fn show(&self) -> Result<()> {
        self.0.post("/door/show", Some(&json!({ "paths": [] }))).map(drop)
    }
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
    /// Such as `:1`.
    display: String,
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
        let (screen, number) = start_and_read_line(&mut command)?;
        let display = format!(":{number}");
        let mut environment = vec![
            ("HOME", path("")),
            ("XDG_RUNTIME_DIR", path("run")),
            ("XDG_CONFIG_HOME", path("config")),
            ("XDG_DATA_HOME", path("data")),
            ("XDG_CACHE_HOME", path("cache")),
            ("DISPLAY", display.clone()),
            ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
        ];
        let mut command = Background::command("dbus-daemon");
        command.args(["--session", "--nofork", "--print-address=1"]).envs(environment.clone());
        let (bus, address) = start_and_read_line(&mut command)?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address));
        let mut command = Background::command("openbox");
        command.envs(environment.clone()).stdout(Stdio::null()).stderr(Stdio::null());
        let manager = Background::start(&mut command)?;
        Ok(Self { _manager: manager, _bus: bus, _screen: screen, display, environment })
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
