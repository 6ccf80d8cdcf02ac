//! The window's own process: shows the page and carries its commands through the door to the owner of the data
//! folder, with which it ends. Dialogs and dropped files stay here. Its other side is `window`.

use std::{path::Path, process::ExitCode};

use parking_lot::{Mutex, MutexGuard};
use stream_api::{Code, Error, Message, t};
use stream_engine::owner;
use stream_server::{
    door::{Client, FromWindow, ToWindow},
    logging,
};
use tauri::{
    App, AppHandle, DragDropEvent, Manager as _, WebviewUrl, WebviewWindowBuilder, WindowEvent,
    async_runtime::JoinHandle, ipc::Channel, plugin::TauriPlugin,
};
use tauri_plugin_window_state::StateFlags;
use tokio::sync::mpsc;

use crate::{context, ipc};

const LABEL: &str = "main";

/// What the window's adapters share.
pub(crate) struct View {
    pub(crate) owner: Client,
    tell: mpsc::UnboundedSender<FromWindow>,
    page: Mutex<Option<Page>>,
    /// One page after the other: the owner speaks to the last one.
    subscribing: tokio::sync::Mutex<()>,
}

/// A page that listens.
struct Page {
    channel: Channel<Message>,
    listening: JoinHandle<()>,
}

impl View {
    /// Tells the owner, in the order of the calls.
    pub(crate) fn tell(&self, told: FromWindow) {
        // Without a receiver the window is about to end.
        let _ = self.tell.send(told);
    }

    /// Something that happened to the window, which a page that does not listen can't have shown.
    fn send(&self, message: Message) {
        if let Some(page) = &*self.page() {
            let _ = page.channel.send(message);
        }
    }

    fn page(&self) -> MutexGuard<'_, Option<Page>> {
        self.page.lock()
    }
}

/// Shows the window of the owner of `data_dir` until it is closed or the owner ends.
pub(crate) fn run(data_dir: &Path) -> ExitCode {
    // For standard error, which the owner reads; the log file is the owner's.
    let _ = logging::start();
    let owner = owner::read(data_dir).ok_or_else(|| Error::new(Code::ShuttingDown));
    let app = owner.and_then(|owner| Client::of(&owner)).and_then(|owner| {
        let broken = |error: tauri::Error| Error::new(Code::Internal).with("reason", error);
        let app = build(data_dir).map_err(broken)?;
        let (tell, told) = mpsc::unbounded_channel();
        tauri::async_runtime::spawn(carry(app.handle().clone(), owner.clone(), told));
        app.manage(View { owner, tell, page: Mutex::default(), subscribing: tokio::sync::Mutex::default() });
        make(app.handle()).map_err(broken)?;
        Ok(app)
    });
    match app {
        Ok(app) => ExitCode::from(u8::try_from(app.run_return(|_, _| {})).unwrap_or(1)),
        Err(error) => logging::refuse(std::slice::from_ref(&error)),
    }
}

fn build(data_dir: &Path) -> tauri::Result<App> {
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(remembered(data_dir))
        .invoke_handler(tauri::generate_handler![
            ipc::call,
            ipc::subscribe,
            ipc::pick_files,
            ipc::save_text,
            ipc::save_support_bundle,
            ipc::open_url,
            ipc::reveal,
            ipc::quit,
        ])
        .on_window_event(|window, event| on_event(&window.state::<View>(), event))
        .build(context())
}

/// Remembers size and place, in the data folder: other ones have windows of their own.
fn remembered(data_dir: &Path) -> TauriPlugin<tauri::Wry> {
    let flags = StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN;
    // Joined to the folder of the app's settings, which an absolute path replaces.
    let file = data_dir.join("window.json").to_string_lossy().into_owned();
    tauri_plugin_window_state::Builder::default().with_state_flags(flags).with_filename(file).build()
}

fn make(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(t!("app.name"))
        .inner_size(1280.0, 800.0)
        .min_inner_size(900.0, 600.0)
        .build()
        .map(drop)
}

fn on_event(view: &View, event: &WindowEvent) {
    match event {
        WindowEvent::Focused(yes) => view.tell(FromWindow::LookedAt { yes: *yes }),
        WindowEvent::DragDrop(DragDropEvent::Enter { paths, .. }) => {
            view.send(Message::DragOver { count: paths.len() });
        }
        WindowEvent::DragDrop(DragDropEvent::Leave) => view.send(Message::DragLeave),
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            let paths = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
            view.send(Message::Dropped { paths });
        }
        _ => {}
    }
}

/// One after the other, so that the last one counts.
async fn carry(app: AppHandle, owner: Client, mut told: mpsc::UnboundedReceiver<FromWindow>) {
    while let Some(told) = told.recv().await {
        if let Err(error) = owner.tell(told).await {
            tracing::warn!(%error, "the owner does not hear");
            app.exit(0);
        }
    }
}

/// From now on every message goes to the page behind `channel`, and to no other.
///
/// # Errors
/// When the owner does not answer.
pub(crate) async fn listen(app: &AppHandle, channel: Channel<Message>) -> Result<(), Error> {
    let view = app.state::<View>();
    let _turn = view.subscribing.lock().await;
    if let Some(old) = view.page().take() {
        old.listening.abort();
    }
    let mut orders = view.owner.listen().await?;
    let (handle, page) = (app.clone(), channel.clone());
    let listening = tauri::async_runtime::spawn(async move {
        while let Some(order) = orders.next().await {
            match order {
                // A page that is gone needs no message.
                ToWindow::Page(message) => drop(page.send(message)),
                ToWindow::Front => to_front(&handle),
            }
        }
        // The owner ended.
        handle.exit(0);
    });
    *view.page() = Some(Page { channel, listening });
    Ok(())
}

fn to_front(app: &AppHandle) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    match window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus()) {
        Ok(()) => app.state::<View>().tell(FromWindow::InFront),
        Err(error) => tracing::error!(%error, "the window can't come to the front"),
    }
}
