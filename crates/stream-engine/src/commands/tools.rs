//! The programs that we run.

use std::path::PathBuf;

use stream_api::{
    Code, Error, Origin,
    commands::{FfmpegLocate, Nothing, ToolsCheck},
    t,
};

use super::Call;

pub(crate) async fn tools_check(call: &Call<'_>, _: ToolsCheck) -> Result<Nothing, Error> {
    call.engine.tools.check().await;
    Ok(Nothing {})
}

/// # Errors
/// `bad_request` from elsewhere than the desktop's window; `ffmpeg_…` of a program that can't be used, which is not
/// stored; those of storing.
pub(crate) async fn ffmpeg_locate(call: &Call<'_>, request: FfmpegLocate) -> Result<Nothing, Error> {
    let (engine, path) = (call.engine, request.path.map(|path| meant(PathBuf::from(path))));
    // The window has a token that nobody else has.
    if call.origin != Origin::Window {
        return Err(Error::new(Code::BadRequest).with("reason", t!("tool.window_only")));
    }
    if let Some(path) = &path {
        engine.tools.try_ffmpeg(path).await?;
    }
    engine.store.set_ffmpeg(path.clone()).await?;
    engine.tools.locate(path).await;
    Ok(Nothing {})
}

/// Whoever chose one of FFmpeg's other programs means the FFmpeg beside it.
fn meant(path: PathBuf) -> PathBuf {
    match path.file_stem().is_some_and(|name| name == "ffprobe" || name == "ffplay") {
        true => path.with_file_name(format!("ffmpeg{}", std::env::consts::EXE_SUFFIX)),
        false => path,
    }
}
