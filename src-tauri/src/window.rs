//! The window: made when it is wanted, gone when it is closed (a hidden one would keep some 190 MiB).

use stream_api::{Message, t};
use tauri::{
    AppHandle, DragDropEvent, Manager as _, Runtime, WebviewUrl, WebviewWindowBuilder, Window, WindowEvent,
    plugin::TauriPlugin,
};
use tauri_plugin_window_state::StateFlags;

use crate::{notice, notifications, shell::Shell};

const LABEL: &str = "main";

/// Remembers size and place.
pub(crate) fn remembered<R: Runtime>() -> TauriPlugin<R> {
    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN;
    tauri_plugin_window_state::Builder::default()
        .with_state_flags(flags)
        .with_denylist(&[notice::LABEL])
        .build()
}

/// Brings the window to the front, making it first where there is none. From any thread.
pub(crate) fn show(app: &AppHandle) {
    let handle = app.clone();
    let shown = app.run_on_main_thread(move || {
        let result = match handle.get_webview_window(LABEL) {
            Some(window) => {
                window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus())
            }
            None => make(&handle),
        };
        if let Err(error) = result {
            tracing::error!(%error, "the window can't be shown");
        }
    });
    if let Err(error) = shown {
        tracing::error!(%error, "the window can't be shown");
    }
}

/// Whether it is in front of the user.
pub(crate) fn is_looked_at(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some_and(|window| {
        let shown = window.is_visible().unwrap_or(false) && !window.is_minimized().unwrap_or(true);
        shown && window.is_focused().unwrap_or(false)
    })
}

fn make(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(t!("app.name"))
        .inner_size(1280.0, 800.0)
        .min_inner_size(900.0, 600.0)
        .build()
        .map(drop)
}

/// Tells the page of files held over the window, and the user, once, that streams outlive it.
pub(crate) fn on_event(window: &Window, event: &WindowEvent) {
    // There is no shell before the start is complete, and then no window either.
    let Some(shell) = window.try_state::<Shell>() else { return };
    match event {
        WindowEvent::DragDrop(DragDropEvent::Enter { paths, .. }) => {
            shell.outbox.send(Message::DragOver { count: paths.len() });
        }
        WindowEvent::DragDrop(DragDropEvent::Leave) => shell.outbox.send(Message::DragLeave),
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            let paths = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            shell.outbox.send(Message::Dropped { paths });
        }
        WindowEvent::Destroyed => {
            shell.outbox.close();
            notifications::say_once_that_streams_go_on(window.app_handle());
        }
        _ => {}
    }
}
