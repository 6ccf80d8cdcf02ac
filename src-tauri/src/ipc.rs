//! What the page may ask. `call` is the one list of commands; the rest exists on the desktop alone.

use std::{io, path::PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;
use stream_api::{
    Code, Error, Message, ObsFile, Origin,
    commands::{ActivityFile, BundleFile},
    t,
};
use tauri::{AppHandle, State, ipc::Channel};

use crate::{dialogs, exit, shell::Shell};

/// A command of the one list.
#[tauri::command]
pub(crate) async fn call(shell: State<'_, Shell>, name: String, request: Value) -> Result<Value, Error> {
    shell.engine.dispatch(Origin::Window, &name, request).await
}

/// From now on every message goes to the page, until its window is gone.
#[tauri::command]
pub(crate) async fn subscribe(shell: State<'_, Shell>, channel: Channel<Message>) -> Result<(), Error> {
    let mut events = shell.engine.subscribe();
    let mut desktop = shell.outbox.open();
    tauri::async_runtime::spawn(async move {
        loop {
            let message = tokio::select! {
                message = events.next() => message,
                message = desktop.recv() => message,
            };
            let Some(message) = message else { break };
            if channel.send(message).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Absolute paths of the files that the user chose; none when they cancelled.
#[tauri::command]
pub(crate) async fn pick_files(app: AppHandle) -> Result<Vec<String>, Error> {
    let files = dialogs::pick_files(&app).await?;
    Ok(files.into_iter().map(|file| file.to_string_lossy().into_owned()).collect())
}

/// Where the scene collection was saved; nothing when the user cancelled.
#[tauri::command]
pub(crate) async fn save_obs(app: AppHandle, shell: State<'_, Shell>) -> Result<Option<String>, Error> {
    let export: ObsFile = ask(&shell, "obs_export", Value::Null).await?;
    let Some(path) = dialogs::save_file(&app, t!("dialog.save_obs"), &export.file_name).await? else {
        return Ok(None);
    };
    let content = serde_json::to_vec_pretty(&export.content).map_err(internal)?;
    save(path, |path| tokio::fs::write(path, content)).await
}

/// Where what happened was saved as a table; nothing when the user cancelled. `filter` as in `activity_export`.
#[tauri::command]
pub(crate) async fn save_activity(
    app: AppHandle,
    shell: State<'_, Shell>,
    filter: Value,
) -> Result<Option<String>, Error> {
    let export: ActivityFile = ask(&shell, "activity_export", filter).await?;
    let Some(path) = dialogs::save_file(&app, t!("dialog.save_activity"), &export.file_name).await? else {
        return Ok(None);
    };
    save(path, |path| tokio::fs::write(path, export.content)).await
}

/// Where the support bundle was saved; nothing when the user cancelled.
#[tauri::command]
pub(crate) async fn save_support_bundle(
    app: AppHandle,
    shell: State<'_, Shell>,
) -> Result<Option<String>, Error> {
    let bundle: BundleFile = ask(&shell, "support_bundle", Value::Null).await?;
    let Some(path) = dialogs::save_file(&app, t!("dialog.save_bundle"), &bundle.file_name).await? else {
        return Ok(None);
    };
    save(path, |path| async move { tokio::fs::copy(bundle.path, path).await.map(drop) }).await
}

async fn ask<T: DeserializeOwned>(shell: &Shell, command: &str, request: Value) -> Result<T, Error> {
    serde_json::from_value(shell.engine.dispatch(Origin::Window, command, request).await?).map_err(internal)
}

async fn save<F: Future<Output = io::Result<()>>>(
    path: PathBuf,
    write: impl FnOnce(PathBuf) -> F,
) -> Result<Option<String>, Error> {
    write(path.clone())
        .await
        .map_err(|error| Error::new(Code::SaveFailed).with("path", path.display()).with("reason", error))?;
    Ok(Some(path.to_string_lossy().into_owned()))
}

fn internal(error: serde_json::Error) -> Error {
    Error::new(Code::Internal).with("reason", error)
}

/// Opens a stream's address in the program that the system has for it.
#[tauri::command]
pub(crate) fn open_url(app: AppHandle, url: String) -> Result<(), Error> {
    dialogs::open_url(&app, &url)
}

/// Shows a file in the file manager.
#[tauri::command]
pub(crate) fn reveal(app: AppHandle, path: String) -> Result<(), Error> {
    dialogs::reveal(&app, &path)
}

/// Ends everything; the page has asked before.
#[tauri::command]
pub(crate) fn quit(app: AppHandle) {
    exit::quit(&app);
}
