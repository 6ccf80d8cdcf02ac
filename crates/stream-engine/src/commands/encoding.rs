//! Whether a stream may be sent as somebody wants.

use stream_api::{
    Encoding, Error, Origin, Playback, ServerId, Setting, StreamSpec, VideoCodec, commands::StreamUpdate,
};

use super::Call;
use crate::wanted::check_way;

/// Of a stream of `server`. `before`: what was chosen until now.
///
/// # Errors
/// `setting_unfit`; `ffmpeg_…`.
pub(super) async fn check(
    call: &Call<'_>,
    encoding: &Encoding,
    playback: Playback,
    server: ServerId,
    before: Option<&StreamSpec>,
) -> Result<(), Error> {
    encoding.check(playback)?;
    // What was possible and is not any more keeps nobody from changing something else.
    if before.is_none_or(|before| (before.server, before.encoding.publish) != (server, encoding.publish)) {
        check_way(&call.hub, server, encoding)?;
    }
    known(call, encoding).await?;
    // FFmpeg writes any file that its arguments name: they come from whoever sits at this computer, by the window whose
    // token nobody else has, or stay as that person set them.
    let known = before.is_some_and(|before| before.encoding.extra == encoding.extra);
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
    if update.encoding.is_none() && update.playback.is_none() && update.server.is_none() {
        return Ok(());
    }
    let encoding = update.encoding.as_ref().unwrap_or(&before.encoding);
    let playback = update.playback.unwrap_or(before.playback);
    check(call, encoding, playback, update.server.unwrap_or(before.server), Some(before)).await
}

/// Finds out what encodes here where it is not known whether anything does: few FFmpegs send AV1.
///
/// # Errors
/// `ffmpeg_…`.
pub(super) async fn known(call: &Call<'_>, encoding: &Encoding) -> Result<(), Error> {
    if encoding.video == VideoCodec::Av1 {
        call.prober.encoders().until_known(VideoCodec::Av1).await?;
    }
    Ok(())
}
