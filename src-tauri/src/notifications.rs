use std::{fs, io};

use stream_api::{Notice, t};
use tauri::{AppHandle, Manager as _};
use tauri_plugin_notification::NotificationExt as _;

use crate::{
    notice,
    shell::{Shell, live},
    tray,
};

/// In the data folder: the user was told that closing the window ends no stream.
const TOLD: &str = "told-close";
/// The same of a desktop that shows no tray icon.
const TOLD_NO_TRAY: &str = "told-close-no-tray";

/// Shows what the engine has to tell, unless the page shows it to somebody who looks at it.
pub(crate) fn notify(app: &AppHandle, notice: &Notice) {
    if !app.state::<Shell>().window.is_looked_at() {
        show(app, &notice.title, &notice.body);
    }
}

/// Once per data folder, and only when something is live, or nothing else shows that the app still runs.
pub(crate) fn say_once_that_it_goes_on(app: &AppHandle) {
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let (told, body) = match tray::is_shown(&app).await {
            false => (TOLD_NO_TRAY, t!("notice.no_tray.body")),
            true if live(&shell.streams().await) == 0 => return,
            true => (TOLD, t!("notice.still_running.body")),
        };
        match fs::File::create_new(shell.engine.data_dir().path().join(told)) {
            Ok(_) => show(&app, t!("notice.still_running"), body),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => tracing::warn!(%error, "it can't be noted that the user was told"),
        }
    });
}

fn show(app: &AppHandle, title: &str, body: &str) {
    // On Linux the body may hold markup (Desktop Notifications Specification), so names must not look like it.
    let body = if cfg!(target_os = "linux") { notice::plain(body) } else { body.to_owned() };
    let shown = app.notification().builder().title(title).body(body).show();
    if let Err(error) = shown {
        tracing::warn!(%error, "a notification can't be shown");
    }
}
