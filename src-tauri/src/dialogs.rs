//! Native dialogs. They come from the desktop portal, else from zenity; where neither exists that is said, since
//! the answer would look like Cancel.

use std::path::PathBuf;

use stream_api::{Code, Error, MEDIA_ENDINGS, t};
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt as _, FilePath};
use tauri_plugin_opener::OpenerExt as _;
use tokio::sync::oneshot;

/// Videos, or a program.
///
/// # Errors
/// `no_dialog`.
pub(crate) async fn pick_files(app: &AppHandle, program: bool) -> Result<Vec<PathBuf>, Error> {
    check().await?;
    let (done, answer) = oneshot::channel();
    let dialog = app.dialog().file();
    let dialog = match program {
        true => dialog.set_title(t!("dialog.pick_ffmpeg")),
        false => dialog.set_title(t!("dialog.pick")).add_filter(t!("dialog.videos"), MEDIA_ENDINGS),
    };
    dialog.add_filter(t!("dialog.all_files"), &["*"]).pick_files(move |files| {
        // The page may be gone.
        let _ = done.send(files.unwrap_or_default());
    });
    let files = answer.await.unwrap_or_default();
    Ok(files.into_iter().filter_map(|file| file.into_path().ok()).collect())
}

/// Asks where a file goes; `name` and its ending are proposed.
///
/// # Errors
/// `no_dialog`.
pub(crate) async fn save_file(app: &AppHandle, title: &str, name: &str) -> Result<Option<PathBuf>, Error> {
    check().await.map_err(|error| Error { hint: t!("dialog.no_save.hint").to_owned(), ..error })?;
    let ending = name.rsplit('.').next().unwrap_or_default();
    let (done, answer) = oneshot::channel();
    app.dialog()
        .file()
        .set_title(title)
        .set_file_name(name)
        .add_filter(ending.to_uppercase(), &[ending])
        .save_file(move |file| {
            let _ = done.send(file);
        });
    Ok(answer.await.ok().flatten().and_then(|file: FilePath| file.into_path().ok()))
}

/// # Errors
/// `bad_request` for an address that is not one of a web page or a stream.
pub(crate) fn open_url(app: &AppHandle, url: &str) -> Result<(), Error> {
    let allowed = ["http://", "https://", "rtsp://", "rtmp://", "srt://"];
    let refused = |reason: String| Error::new(Code::BadRequest).with("reason", reason);
    if !allowed.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(refused(t!("dialog.bad_url", url = url)));
    }
    app.opener().open_url(url, None::<&str>).map_err(|error| refused(error.to_string()))
}

/// # Errors
/// `source_missing`.
pub(crate) fn reveal(app: &AppHandle, path: &str) -> Result<(), Error> {
    app.opener().reveal_item_in_dir(path).map_err(|error| {
        tracing::warn!(%error, "a file can't be shown");
        Error::new(Code::SourceMissing).with("path", path)
    })
}

#[cfg(target_os = "linux")]
async fn check() -> Result<(), Error> {
    let zenity = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join("zenity").is_file()));
    if zenity || has_portal().await.unwrap_or(false) {
        return Ok(());
    }
    Err(Error::new(Code::NoDialog))
}

/// Whether the portal answers for file dialogs (its `version` property), starting it if need be.
#[cfg(target_os = "linux")]
async fn has_portal() -> zbus::Result<bool> {
    let bus = zbus::Connection::session().await?;
    let chooser = zbus::Proxy::new(
        &bus,
        "org.freedesktop.portal.Desktop",
        "/org/freedesktop/portal/desktop",
        "org.freedesktop.portal.FileChooser",
    )
    .await?;
    Ok(chooser.get_property::<u32>("version").await.is_ok())
}

#[cfg(not(target_os = "linux"))]
async fn check() -> Result<(), Error> {
    Ok(())
}
