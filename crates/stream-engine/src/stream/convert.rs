//! Network sources that not every viewer can play: the server fetches them to a path that is for us alone, so that
//! their password stays with it, and FFmpeg reads that, encodes what must be and publishes under the stream's name.

use ffmpeg_cli::{
    plan::Wanted,
    publish::{By, Target},
};
use mediamtx_client::{PROBE_QUERY, Track};
use stream_api::{
    Code, Error, Mode, NetworkSource, Plan, Sound, Source, SourceMedia, StreamId, StreamSpec, Unkept,
};

use super::{Parts, arrival, keep, open};
use crate::{
    lifecycle::{Feed, Problem},
    prober::Probed,
    server::{Access, Keep, Wish, source_of},
};

/// Who brings the media of a stream. `converts`: viewers would not all play what its source sends.
pub(super) fn feed(spec: &StreamSpec, converts: bool) -> Feed {
    match &spec.source {
        Source::File { .. } | Source::TestPattern => Feed::Child,
        Source::Network(_) if converts && may(spec) => Feed::Converter,
        Source::Network(_) | Source::Incoming => Feed::Server,
    }
}

/// Whether the source may be converted: where the server is ours, since no other one has anything for us alone.
pub(super) fn may(spec: &StreamSpec) -> bool {
    spec.server.is_bundled() && spec.source.network().is_some_and(NetworkSource::may_convert)
}

/// Whether something of what a source sends has to be encoded, or left out, to be sent as somebody wants; none while
/// its tracks are not known.
pub(super) fn is_needed(tracks: &[Track], wanted: &Wanted) -> Option<bool> {
    let media = arrival::received(tracks)?.media;
    conversion(&media, wanted).ok().map(|plan| plan.is_some())
}

/// How `media` is converted to what somebody wants; none where it is sent as it comes.
///
/// # Errors
/// Where it can't be sent so.
pub(crate) fn conversion(media: &SourceMedia, wanted: &Wanted) -> Result<Option<Plan>, Error> {
    let plan = ffmpeg_cli::plan::live(media, wanted)?;
    let left_out = wanted.encoding.audio == Sound::None && media.audio.is_some();
    Ok((plan.mode == Mode::Transcode || left_out).then_some(plan))
}

/// Has the server fetch the source for us alone.
pub(super) async fn fetch(parts: &Parts, id: StreamId, network: &NetworkSource) -> Result<(), Problem> {
    let pull = open::pull(parts, id, network).await?;
    let wish = Wish { record: false, keep: Keep::No, pull: Some(pull), outside: false };
    let made = parts.server.ensure_path(id, &source_of(id), wish).await;
    made.map(drop).map_err(passing)
}

/// The same, and makes the stream's own path, where viewers wait by its slate if it is `known` which.
pub(super) async fn open(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    network: &NetworkSource,
    known: Option<&Probed>,
) -> Result<(), Problem> {
    let keep = match known {
        Some(probed) => keep::keep(parts, id, spec, probed, false).await,
        None if spec.keep_viewers => Keep::Unable(Unkept::Unknown),
        None => Keep::No,
    };
    let wish = Wish { record: spec.record, keep, pull: None, outside: false };
    // First, so that a camera is let go before it is fetched anew: some serve one client alone.
    keep::ensure_path(parts, id, &spec.name, wish).await.map_err(passing)?;
    fetch(parts, id, network).await
}

/// Where FFmpeg reads what was fetched. It counts as no viewer.
pub(super) fn target(access: &Access, id: StreamId) -> Target {
    Target {
        host: "127.0.0.1".to_owned(),
        by: By::Rtsp,
        port: access.ports.rtsp,
        name: format!("{}?{PROBE_QUERY}", source_of(id)),
        user: access.reader.0.clone(),
        pass: access.reader.1.reveal().to_owned(),
    }
}

/// What is fetched, looked at more closely than the server does.
pub(super) async fn probe(
    parts: &Parts,
    id: StreamId,
    network: &NetworkSource,
    from: &Target,
    wanted: &Wanted,
) -> Result<Probed, Problem> {
    let sample = parts.server.samples().borrow().get(&source_of(id)).cloned().unwrap_or_default();
    let lost = || passing(Error::new(Code::PullClosed).with("host", open::host(network)));
    if !sample.online {
        return Err(lost());
    }
    let probed = parts.prober.fetched(from, &sample.tracks, wanted).await;
    probed.map_err(passing)?.ok_or_else(lost)
}

fn passing(error: Error) -> Problem {
    Problem { fault: error.into(), permanent: false }
}
