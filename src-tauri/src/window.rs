//! The window, as the owner of the data folder sees it: a process of its own (docs/adr/0007), started when it is
//! wanted, gone with all of its memory when it is closed. Its other side is `view`.

use std::{
    io,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use child_process::{Child, Line, Spawner, Spec};
use stream_server::door::{FromWindow, ToWindow};
use tauri::{AppHandle, Manager as _};
use tokio::sync::watch;

use crate::{exit, notifications, options, shell::Shell};

/// How long a window may take to end with its owner.
const END_LIMIT: Duration = Duration::from_secs(2);

/// The window's process and what is known of it.
#[derive(Debug)]
pub(crate) struct Window {
    /// This program, as it was started: an upgrade may have replaced it when the window is wanted.
    program: PathBuf,
    spawner: Spawner,
    is: watch::Sender<Is>,
    looked_at: AtomicBool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    Closed,
    Open,
    /// Asked to come to the front, and not there yet: it may be about to end.
    Asked,
}

impl Window {
    /// # Errors
    /// When this program can't be found, or outside of a runtime.
    pub(crate) fn new() -> io::Result<Window> {
        let (program, spawner) = (std::env::current_exe()?, Spawner::start(None)?);
        Ok(Window { program, spawner, is: watch::Sender::new(Is::Closed), looked_at: AtomicBool::new(false) })
    }

    pub(crate) fn is_looked_at(&self) -> bool {
        self.looked_at.load(Ordering::SeqCst)
    }

    /// Waits until it ended, which it does when the door closes; not for long.
    pub(crate) async fn ended(&self) {
        let mut is = self.is.subscribe();
        if tokio::time::timeout(END_LIMIT, is.wait_for(|is| *is == Is::Closed)).await.is_err() {
            tracing::warn!("the window did not end in time");
        }
    }

    async fn start(&self, data_dir: PathBuf) -> Result<Child, child_process::SpawnError> {
        let spec = Spec::new(&self.program).with_args([options::WINDOW_OF.into(), data_dir.into_os_string()]);
        self.spawner.spawn(Spec { label: "window".to_owned(), ..spec }).await
    }

    /// Whether it was asked for in vain and is to be started again; `never` when the owner ends.
    fn closed(&self, never: bool) -> bool {
        self.looked_at.store(false, Ordering::SeqCst);
        let mut again = false;
        self.is.send_modify(|is| {
            again = *is == Is::Asked && !never;
            *is = if again { Is::Open } else { Is::Closed };
        });
        again
    }
}

/// Brings the window to the front, starting it first where there is none. From any thread.
pub(crate) fn show(app: &AppHandle) {
    let shell = app.state::<Shell>();
    if shell.is_quitting() {
        return;
    }
    let mut start = false;
    shell.window.is.send_modify(|is| {
        start = *is == Is::Closed;
        *is = if start { Is::Open } else { Is::Asked };
    });
    match start {
        true => drop(tauri::async_runtime::spawn(live(app.clone()))),
        false => shell.outbox.send(ToWindow::Front),
    }
}

/// Carries out what the window tells.
pub(crate) fn told(app: &AppHandle, told: FromWindow) {
    let window = &app.state::<Shell>().window;
    match told {
        FromWindow::InFront => window.is.send_modify(|is| {
            if *is == Is::Asked {
                *is = Is::Open;
            }
        }),
        FromWindow::LookedAt { yes } => window.looked_at.store(yes, Ordering::SeqCst),
        FromWindow::Quit => exit::quit(app),
    }
}

async fn live(app: AppHandle) {
    let shell = app.state::<Shell>();
    loop {
        match shell.window.start(shell.engine.data_dir().path().to_owned()).await {
            Ok(mut window) => {
                while let Some(line) = window.lines.recv().await {
                    if let Line::Out(line) | Line::Err(line) = line {
                        tracing::info!("window: {line}");
                    }
                }
                let end = window.exit().await;
                tracing::debug!(?end, "the window is gone");
            }
            Err(error) => tracing::error!(%error, "the window can't be shown"),
        }
        shell.outbox.close();
        if !shell.window.closed(shell.is_quitting()) {
            break;
        }
    }
    if !shell.is_quitting() {
        notifications::say_once_that_it_goes_on(&app);
    }
}
