//! What the page may ask. `call` is the one list of commands, for the owner; the rest exists on the desktop alone.

use std::{io, path::PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;
use stream_api::{Code, Error, Message, commands::BundleFile, t};
use stream_server::door::FromWindow;
use tauri::{AppHandle, State, ipc::Channel};

use crate::{
    dialogs,
    view::{self, View},
};

/// A command of the one list.
#[tauri::command]
pub(crate) async fn call(view: State<'_, View>, name: String, request: Value) -> Result<Value, Error> {
    view.owner.call(name, request).await
}

/// From now on every message goes to the page.
#[tauri::command]
pub(crate) async fn subscribe(app: AppHandle, channel: Channel<Message>) -> Result<(), Error> {
    view::listen(&app, channel).await
}

/// Absolute paths of the videos, or the program, that the user chose; none when they cancelled.
#[tauri::command]
pub(crate) async fn pick_files(app: AppHandle, program: bool) -> Result<Vec<String>, Error> {
    let files = dialogs::pick_files(&app, program).await?;
    Ok(files.into_iter().map(|file| file.to_string_lossy().into_owned()).collect())
}

/// Where a text that the page has was saved; nothing when the user cancelled.
#[tauri::command]
pub(crate) async fn save_text(
    app: AppHandle,
    title: String,
    name: String,
    content: String,
) -> Result<Option<String>, Error> {
    let Some(path) = dialogs::save_file(&app, &title, &name).await? else { return Ok(None) };
    save(path, |path| tokio::fs::write(path, content)).await
}

/// Where the support bundle was saved; nothing when the user cancelled.
#[tauri::command]
pub(crate) async fn save_support_bundle(
    app: AppHandle,
    view: State<'_, View>,
) -> Result<Option<String>, Error> {
    let bundle: BundleFile = ask(&view, "support_bundle", Value::Null).await?;
    let Some(path) = dialogs::save_file(&app, t!("dialog.save_bundle"), &bundle.file_name).await? else {
        return Ok(None);
    };
    save(path, |path| async move { tokio::fs::copy(bundle.path, path).await.map(drop) }).await
}

async fn ask<T: DeserializeOwned>(view: &View, command: &str, request: Value) -> Result<T, Error> {
    serde_json::from_value(view.owner.call(command.to_owned(), request).await?).map_err(internal)
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
pub(crate) fn quit(view: State<'_, View>) {
    view.tell(FromWindow::Quit);
}
