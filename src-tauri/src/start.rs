//! From the command line to a running app.

use std::{io, net::Ipv4Addr, process::ExitCode};

use stream_api::{Code, Error, HostKind, Message, t};
use stream_engine::{Engine, Options};
use stream_server::{
    Door,
    door::{self, Knock},
    logging,
};
use tauri::{App, AppHandle, Manager as _};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    exit,
    notice::{self, Notice},
    options::CommandLine,
    shell::Shell,
    sidecars, tray,
    window::{self, Window},
};

/// An instance that owns the data folder already, and did what this start wanted.
pub(crate) enum Handed {
    /// Nothing is left to do.
    Done(ExitCode),
    /// It has no window, but an interface, which is offered, and perhaps files that it could not stream.
    Headless(Notice, ExitCode),
}

impl Handed {
    /// Says what `owner` said, as far as a window is not needed for it.
    fn of(owner: door::Handed) -> Handed {
        let code = owner.say();
        match owner.address {
            Some(address) if has_screen() => {
                Handed::Headless(Notice::elsewhere(owner.said, address, &owner.refused), code)
            }
            _ => Handed::Done(code),
        }
    }

    /// Says what is left to say.
    pub(crate) fn finish(self, app: App) -> ExitCode {
        match self {
            Handed::Done(code) => code,
            Handed::Headless(notice, code) => {
                notice::show(app, notice);
                code
            }
        }
    }
}

/// Where an instance owns the data folder already, lets it show itself and open the files. `None` when there is
/// none, or it does not answer.
pub(crate) fn hand_over(command_line: &CommandLine) -> Option<Handed> {
    let data_dir = command_line.data_dir()?;
    let owner = tauri::async_runtime::block_on(door::hand_over(&data_dir, command_line.files()));
    owner.map(Handed::of)
}

/// As [`hand_over`], for an owner too that has just started itself and has no door yet.
pub(crate) fn hand_over_soon(command_line: &CommandLine) -> Option<Handed> {
    let data_dir = command_line.data_dir()?;
    let owner = tauri::async_runtime::block_on(door::hand_over_soon(&data_dir, command_line.files()));
    owner.map(Handed::of)
}

/// Whether a window can be shown: a terminal of a server has no screen.
fn has_screen() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|screen| !screen.is_empty());
    cfg!(not(target_os = "linux")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Says why the app can't start, in a window too, and ends it.
pub(crate) fn end_with(app: App, error: &Error) -> ExitCode {
    let code = logging::refuse(std::slice::from_ref(error));
    notice::show(app, Notice::refused(error));
    code
}

/// Starts the engine and the HTTP host of the desktop, on a loopback port of its own behind a token.
///
/// # Errors
/// Those of [`Engine::start`], and that no port can be had.
pub(crate) async fn start(app: &AppHandle, command_line: &CommandLine) -> Result<(), Error> {
    let data_dir = command_line.data_dir().ok_or_else(|| {
        Error::new(Code::DataDirDenied).with("path", "?").with("reason", t!("start.no_data_dir"))
    })?;
    let engine = Engine::start(Options {
        data_dir,
        kind: HostKind::Desktop,
        media_roots: Vec::new(),
        tools: stream_engine::ToolPaths {
            ffmpeg: command_line.ffmpeg.clone(),
            ffprobe: command_line.ffprobe.clone(),
            mediamtx: command_line.mediamtx.clone(),
        },
        reach: None,
        keychain: true,
        pages: Vec::new(),
        beside: sidecars::folders(app),
    })
    .await?;
    let cannot_listen =
        |error: io::Error| Error::new(Code::CannotListen).with("address", "127.0.0.1").with("reason", error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot_listen)?;
    let port = listener.local_addr().map_err(cannot_listen)?.port();
    let token = door::new_token();
    let (desktop, mut knocks) = mpsc::channel(8);
    let stop = CancellationToken::new();
    // Before anybody can knock.
    let window = Window::new().map_err(|error| Error::new(Code::Internal).with("reason", error))?;
    app.manage(Shell::new(engine.clone(), window, stop.clone()));
    let front = Door { token: Some(token.clone()), desktop: Some(desktop) };
    tokio::spawn(stream_server::serve(engine.clone(), listener, front, stop));
    engine.data_dir().announce(HostKind::Desktop, Some(port), Some(token));
    let handle = app.clone();
    tokio::spawn(async move {
        while let Some(knock) = knocks.recv().await {
            match knock {
                Knock::Show(wanted) => {
                    window::show(&handle);
                    open(&handle, wanted.paths);
                }
                Knock::Listening(page) => handle.state::<Shell>().outbox.open(page),
                Knock::Told(told) => window::told(&handle, told),
            }
        }
    });
    Ok(())
}

/// Shows what there is to see: the tray, and the window unless it was not wanted.
pub(crate) fn present(app: &AppHandle, command_line: &CommandLine) {
    tray::start(app);
    exit::on_signals(app);
    if !command_line.minimized {
        window::show(app);
    }
    open(app, command_line.files());
}

/// Streams files; the page tells which can't be.
pub(crate) fn open(app: &AppHandle, paths: Vec<String>) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let errors = door::open(&shell.engine, paths, true).await;
        if !errors.is_empty() {
            shell.outbox.tell(Message::Refused { errors });
            window::show(&app);
        }
    });
}
