//! Whether a stream may be sent as somebody wants.

use stream_api::{Code, Encoding, Error, Origin, Setting, StreamSpec, VideoCodec};

use super::Call;
use crate::wanted::check_way;

/// `before`: the stream until now. What stays as it was is not looked at again: what was possible and is not any more
/// keeps nobody from changing something else.
///
/// # Errors
/// `setting_unfit`, `encoding_unfit`; `ffmpeg_…`.
pub(super) async fn check(
    call: &Call<'_>,
    spec: &StreamSpec,
    before: Option<&StreamSpec>,
) -> Result<(), Error> {
    let of = |spec: &StreamSpec| (spec.server, spec.source.clone(), spec.playback, spec.encoding.clone());
    if before.is_some_and(|before| of(before) == of(spec)) {
        return Ok(());
    }
    let encoding = &spec.encoding;
    if !encoding.is_automatic() && !spec.takes_settings() {
        return Err(Error::new(Code::EncodingUnfit).with("name", spec.source.title()));
    }
    // Limits may have been others when it was stored; it is sent as near to it as can be.
    let same = before.filter(|before| before.encoding == *encoding);
    let known = same.map(|before| before.encoding.problems(before.playback)).unwrap_or_default();
    let problems = encoding.problems(spec.playback);
    if let Some((_, error)) = problems.into_iter().find(|problem| !known.contains(problem)) {
        return Err(error);
    }
    if spec.source.file().is_none()
        && let Some((_, error)) = encoding.live_problems().into_iter().next()
    {
        return Err(error);
    }
    let way = |spec: &StreamSpec| (spec.server, spec.encoding.publish);
    if before.is_none_or(|before| way(before) != way(spec)) {
        check_way(&call.engine.hub, spec.server, encoding)?;
    }
    self::known(call, encoding).await?;
    // The window has a token that nobody else has.
    if call.origin != Origin::Window {
        encoding.check_extra(&spec.source, before)?;
    }
    match ffmpeg_cli::publish::is_fit(&encoding.extra) {
        true => Ok(()),
        false => Err(Setting::unparsed()),
    }
}

/// Finds out what encodes here where it is not known whether anything does: few FFmpegs send AV1.
///
/// # Errors
/// `ffmpeg_…`.
pub(super) async fn known(call: &Call<'_>, encoding: &Encoding) -> Result<(), Error> {
    if encoding.video == VideoCodec::Av1 {
        call.engine.prober.encoders().until_known(VideoCodec::Av1).await?;
    }
    Ok(())
}
