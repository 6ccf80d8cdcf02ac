//! The desktop host: a window, a tray icon, notifications and native dialogs around the engine. Adapters only;
//! what happens is decided in `stream-engine`, what is shown in `ui`.

mod dialogs;
mod exit;
mod graphics;
mod ipc;
mod notice;
mod notifications;
mod options;
mod outbox;
mod shell;
mod sidecars;
mod start;
mod tray;
mod window;

use std::process::ExitCode;

use clap::Parser as _;
use stream_api::{Code, Error};
use tauri::{App, Manager as _, RunEvent};

use options::CommandLine;
use shell::Shell;
use start::Handed;

/// Runs the app until the user quits. A second start on the same data folder hands its files to the first and ends.
pub fn run() -> ExitCode {
    graphics::choose();
    let command_line = CommandLine::parse();
    let handed = start::hand_over(&command_line);
    if matches!(handed, Some(Handed::Done)) {
        return ExitCode::SUCCESS;
    }
    let log = stream_server::logging::start();
    let app = match build() {
        Ok(app) => app,
        Err(error) => return start::refuse(&Error::new(Code::Internal).with("reason", error)),
    };
    if let Some(handed) = handed {
        return handed.finish(app);
    }
    if let Err(error) = tauri::async_runtime::block_on(start::start(app.handle(), &command_line)) {
        if error.code == Code::DataDirInUse
            && let Some(handed) = start::hand_over_soon(&command_line)
        {
            return handed.finish(app);
        }
        return start::end_with(app, &error);
    }
    log.open(&app.state::<Shell>().engine.data_dir().logs());
    start::present(app.handle(), &command_line);
    let code = app.run_return(|app, event| match event {
        RunEvent::ExitRequested { code: None, api, .. } => {
            // The last window was closed: streams go on in the tray.
            api.prevent_exit();
        }
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            let paths = urls.iter().filter_map(|url| url.to_file_path().ok()).collect();
            start::open(app, paths);
        }
        _ => {
            let _ = app;
        }
    });
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn build() -> tauri::Result<App> {
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_shell::init())
        .plugin(window::remembered())
        .register_uri_scheme_protocol(notice::SCHEME, |context, _request| notice::page(&context))
        .invoke_handler(tauri::generate_handler![
            ipc::call,
            ipc::subscribe,
            ipc::pick_files,
            ipc::save_obs,
            ipc::save_activity,
            ipc::save_support_bundle,
            ipc::open_url,
            ipc::reveal,
            ipc::quit,
        ])
        .on_window_event(window::on_event)
        .build(tauri::generate_context!())
}
