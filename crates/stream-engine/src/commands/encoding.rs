//! Whether a stream may be sent as somebody wants.

use stream_api::{
    Encoding, Error, Origin, Playback, Setting, StreamSpec, VideoCodec, commands::StreamUpdate,
};

use super::Call;

/// `before`: what was chosen until now.
///
/// # Errors
/// `setting_unfit`; `ffmpeg_…`.
pub(super) async fn check(
    call: &Call<'_>,
    encoding: &Encoding,
    playback: Playback,
    before: Option<&Encoding>,
) -> Result<(), Error> {
    encoding.check(playback)?;
    known(call, encoding).await?;
    // FFmpeg writes any file that its arguments name: they come from whoever sits at this computer, by the window whose
    // token nobody else has, or stay as that person set them.
    let known = before.is_some_and(|before| before.extra == encoding.extra);
    if !encoding.extra.is_empty() && !known && call.origin != Origin::Window {
        return Err(Setting::refused());
    }
    match ffmpeg_cli::publish::is_fit(&encoding.extra) {
        true => Ok(()),
        false => Err(Setting::unparsed()),
    }
}

/// The same of a change.
///
/// # Errors
/// As [`check`].
pub(super) async fn check_update(
    call: &Call<'_>,
    update: &StreamUpdate,
    before: &StreamSpec,
) -> Result<(), Error> {
    if update.encoding.is_none() && update.playback.is_none() {
        return Ok(());
    }
    let encoding = update.encoding.as_ref().unwrap_or(&before.encoding);
    check(call, encoding, update.playback.unwrap_or(before.playback), Some(&before.encoding)).await
}

/// Finds out what encodes here where it is not known whether anything does: few FFmpegs send AV1.
///
/// # Errors
/// `ffmpeg_…`.
pub(super) async fn known(call: &Call<'_>, encoding: &Encoding) -> Result<(), Error> {
    if encoding.video == VideoCodec::Av1 {
        call.prober.encoders().all(false).await?;
    }
    Ok(())
}
