//! The desktop host: a tray icon, notifications, a window and its native dialogs around the engine. Adapters only;
//! what happens is decided in `stream-engine`, what is shown in `ui`. Two processes of one program: the owner of
//! the data folder, and its window while there is one (`view`, docs/adr/0007).

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
mod view;
mod window;

use std::process::ExitCode;

use clap::Parser as _;
use stream_api::{Code, Error};
use tauri::{App, Context, Manager as _, Wry};

use options::CommandLine;
use shell::Shell;
use start::Handed;

/// Runs the app until the user quits. A second start on the same data folder hands its files to the first and ends.
pub fn run() -> ExitCode {
    graphics::choose();
    let command_line = CommandLine::parse();
    if let Some(data_dir) = &command_line.window_of {
        return view::run(data_dir);
    }
    let handed = start::hand_over(&command_line);
    if let Some(Handed::Done(code)) = handed {
        return code;
    }
    let log = stream_server::logging::start();
    let app = match build() {
        Ok(app) => app,
        Err(error) => {
            return stream_server::logging::refuse(&[Error::new(Code::Internal).with("reason", error)]);
        }
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
    // The Dock's icon is the window's, which is there while the window is.
    #[cfg(target_os = "macos")]
    let _ = app.handle().set_activation_policy(tauri::ActivationPolicy::Accessory);
    start::present(app.handle(), &command_line);
    let code = app.run_return(|app, event| match event {
        tauri::RunEvent::Exit => exit::at_last(app),
        #[cfg(target_os = "macos")]
        tauri::RunEvent::Opened { urls } => {
            let paths = urls.iter().filter_map(|url| url.to_file_path().ok());
            start::open(app, paths.map(|path| path.to_string_lossy().into_owned()).collect());
        }
        #[cfg(target_os = "macos")]
        tauri::RunEvent::Reopen { .. } => window::show(app),
        _ => {}
    });
    log.end();
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

fn build() -> tauri::Result<App> {
    tauri::Builder::default()
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_shell::init())
        .register_uri_scheme_protocol(notice::SCHEME, |context, _request| notice::page(&context))
        .build(context())
}

/// Both processes are of one app.
fn context() -> Context<Wry> {
    tauri::generate_context!()
}
