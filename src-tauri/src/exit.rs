use tauri::{AppHandle, Manager as _};

use crate::{
    shell::{Shell, live},
    window,
};

/// Quits at once when nothing is live; else the page asks first, unless it was asked in vain just before.
pub(crate) fn ask(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        match live(&shell.streams().await) {
            0 => quit(&app),
            live if shell.outbox.ask_quit(live) => window::show(&app),
            _ => quit(&app),
        }
    });
}

/// Ends every stream and the server in order, then the app. Orders are kept for the next start.
pub(crate) fn quit(app: &AppHandle) {
    if !app.state::<Shell>().begin_quit() {
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        shell.engine.shutdown().await;
        shell.stop.cancel();
        shell.window.ended().await;
        app.exit(0);
    });
}

/// The program ends, whoever had it do so: a logout of macOS comes here alone, and waits. What quitting does and has
/// not done is done first.
pub(crate) fn at_last(app: &AppHandle) {
    let Some(shell) = app.try_state::<Shell>() else { return };
    tauri::async_runtime::block_on(async {
        if shell.begin_quit() {
            shell.engine.shutdown().await;
            shell.stop.cancel();
        }
        shell.stop.cancelled().await;
    });
}

/// A request by the system to end is not asked about. Windows tells programs with windows of no logout in this way: it
/// ends them, and their job object everything that they started.
pub(crate) fn on_signals(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match asked_to_end().await {
            Ok(()) => quit(&app),
            Err(error) => tracing::warn!(%error, "the system's requests to end can't be heard"),
        }
    });
}

#[cfg(unix)]
async fn asked_to_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
    }
    Ok(())
}

#[cfg(windows)]
async fn asked_to_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
