use std::path::PathBuf;

use tauri::AppHandle;
use tauri_plugin_shell::ShellExt as _;

/// Programs that come with the app carry our prefix, since packages put them into `/usr/bin`.
const BUNDLED: &str = "stream-manager-mediamtx";

/// Folders to look for programs in first: where the bundle keeps its sidecars, then that of the app.
pub(crate) fn beside(app: &AppHandle) -> Vec<PathBuf> {
    let bundled = app.shell().sidecar(BUNDLED).ok().and_then(|command| {
        let command = std::process::Command::from(command);
        PathBuf::from(command.get_program()).parent().map(PathBuf::from)
    });
    bundled.into_iter().chain(stream_server::sidecars::beside()).collect()
}
