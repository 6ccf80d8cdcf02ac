//! What a stream with a child is sent from: its own file, or a prepared one.

use std::{fs, io, path::PathBuf, time::Instant};

use ffmpeg_cli::{plan::Wanted, publish::Target};
use stream_api::{
    Code, Encoder, Error, Mode, NetworkSource, Plan, Remark, RemarkCode, StreamId, StreamSpec, Tracks,
};

use super::{
    Parts, convert,
    spawn::{needs_a_person, passing},
};
use crate::{
    data_dir::{is_full, silent},
    drives,
    lifecycle::Problem,
    prepare::Ready,
    prober::{Looked, Probed},
    wanted::wanted_of,
};

/// A file, what it holds, and how it is sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) file: PathBuf,
    pub(super) probed: Probed,
    /// For which encoder another one stands in.
    pub(super) instead_of: Option<Encoder>,
}

impl From<Ready> for Sending {
    fn from(Ready { file, probed }: Ready) -> Sending {
        Sending { file, probed, instead_of: None }
    }
}

/// The test pattern, which is made if need be.
pub(super) async fn test_pattern(parts: &Parts, id: StreamId, spec: &StreamSpec) -> Result<Sending, Problem> {
    let made = parts.prepared.test_pattern(id, now(parts, id, spec).as_ref()).await;
    made.map(Sending::from).map_err(|error| match error.code {
        // A disk that is full, or a memory, may have room again.
        Code::DiskFull | Code::ShuttingDown => passing(error),
        _ => of_source(error),
    })
}

/// A stream's own file as it was `looked` at, encoded without those that have `fallen` or no session left but the
/// `reserved` one, or what was prepared of it. `moves`: to that at any rate.
pub(super) async fn file(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    looked: Looked,
    fallen: &[Encoder],
    reserved: Option<Encoder>,
    moves: bool,
) -> Result<Sending, Problem> {
    let (wanted, full) = wanted_now(parts, spec, fallen, reserved).await;
    let mut probed = parts.prober.examine(looked, &wanted).await.map_err(of_source)?;
    let instead_of = stands_in(&mut probed.plan, spec.encoding.encoder, fallen, &full);
    match parts.prepared.take(id, spec, &probed, now(parts, id, spec).as_ref(), moves).await {
        Some(ready) => Ok(ready.into()),
        None => {
            let file = spec.source.file().unwrap_or_default().into();
            Ok(Sending { file, probed, instead_of })
        }
    }
}

/// What a server fetches, to be sent as the stream's settings want it; the same of encoders.
pub(super) async fn fetched(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    network: &NetworkSource,
    from: &Target,
    fallen: &[Encoder],
    reserved: Option<Encoder>,
) -> Result<Sending, Problem> {
    let (wanted, full) = wanted_now(parts, spec, fallen, reserved).await;
    let mut probed = convert::probe(parts, id, network, from, &wanted).await?;
    let instead_of = stands_in(&mut probed.plan, spec.encoding.encoder, fallen, &full);
    Ok(Sending { file: PathBuf::new(), probed, instead_of })
}

/// What decides how it is sent now, and the encoders that have no session left. What encodes here is waited for, for a
/// moment, where nothing is known of it yet.
async fn wanted_now(
    parts: &Parts,
    spec: &StreamSpec,
    fallen: &[Encoder],
    reserved: Option<Encoder>,
) -> (Wanted, Vec<Encoder>) {
    if spec.encoding.encoder != Encoder::Software {
        parts.prober.encoders().until_first_known().await;
    }
    let mut wanted = wanted_of(&parts.hub, &parts.prober, spec);
    let mut full = parts.sessions.full(Instant::now());
    full.retain(|encoder| Some(*encoder) != reserved);
    wanted.encoders = wanted.encoders.without(fallen).without(&full);
    (wanted, full)
}

/// For which encoder that would be used another one stands in, if so; it is said then.
fn stands_in(plan: &mut Plan, wanted: Encoder, fallen: &[Encoder], full: &[Encoder]) -> Option<Encoder> {
    let used = plan.picture.as_ref()?.encoder;
    let (code, of) = missed(used, wanted, fallen, full)?;
    // It works as such.
    plan.warnings.retain(|remark| remark.code != RemarkCode::EncoderInstead);
    plan.warnings.push(Remark::new(code).with("failed", of.label()).with("used", used.label()));
    Some(of)
}

/// The encoder that would be `used` if it had not failed, or had a session left.
fn missed(
    used: Encoder,
    wanted: Encoder,
    fallen: &[Encoder],
    full: &[Encoder],
) -> Option<(RemarkCode, Encoder)> {
    let place = |of: Encoder| Encoder::ALL.into_iter().position(|one| one == of);
    let is_missed = |encoder: &&Encoder| match wanted {
        Encoder::Automatic => place(**encoder) < place(used),
        _ => wanted == **encoder && used != **encoder,
    };
    let failed = fallen.iter().rfind(is_missed).map(|of| (RemarkCode::EncoderFailed, *of));
    failed.or(full.iter().find(is_missed).map(|of| (RemarkCode::EncoderFull, *of)))
}

/// Where FFmpeg reads which part it plays, again and again; none where it repeats by itself.
pub(super) async fn list(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    Probed { media, plan }: &Probed,
) -> Result<Option<PathBuf>, Problem> {
    // A prepared file is the part itself.
    let Some(file) = spec.source.file().filter(|_| plan.mode != Mode::Prepared) else { return Ok(None) };
    let passes =
        ffmpeg_cli::publish::passes(file, media, spec.playback, &spec.encoding).map_err(of_source)?;
    let Some(passes) = passes else { return Ok(None) };
    let (folder, list) = (parts.lists.clone(), parts.lists.join(format!("{id}.ffconcat")));
    let made = list.clone();
    let write = move || fs::create_dir_all(&folder).and_then(|()| fs::write(&made, passes));
    let failed = |error: io::Error| match is_full(&error) {
        true => Error::new(Code::DiskFull).with("path", parts.lists.display()),
        false => Error::new(Code::Internal).with("reason", error),
    };
    match parts.drives.ask(&parts.lists, drives::LIMIT, write).await {
        Some(Ok(())) => Ok(Some(list)),
        Some(Err(error)) => Err(passing(failed(error))),
        None => Err(passing(silent(&parts.lists))),
    }
}

/// The tracks of the slate: with others its viewers could not be kept.
fn now(parts: &Parts, id: StreamId, spec: &StreamSpec) -> Option<Tracks> {
    parts.server.slate(id, &spec.name).map(|slate| slate.tracks().clone())
}

pub(super) fn of_source(error: Error) -> Problem {
    match error.code {
        Code::SourceTimeout
        | Code::SourceUnreadable
        | Code::OutOfMemory
        | Code::TooManyFiles
        | Code::Internal => passing(error),
        _ => needs_a_person(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stands_in_for_nothing_worse() {
        let (nvenc, vaapi, software) = (Encoder::Nvenc, Encoder::Vaapi, Encoder::Software);
        let (failed, full) = (RemarkCode::EncoderFailed, RemarkCode::EncoderFull);
        for (used, wanted, fallen, no_session, of) in [
            (software, Encoder::Automatic, &[nvenc][..], &[][..], Some((failed, nvenc))),
            (software, Encoder::Automatic, &[], &[nvenc], Some((full, nvenc))),
            (nvenc, Encoder::Automatic, &[vaapi], &[], None),
            (nvenc, vaapi, &[vaapi], &[], Some((failed, vaapi))),
            (software, software, &[vaapi], &[nvenc], None),
        ] {
            assert_eq!(missed(used, wanted, fallen, no_session), of, "{used:?} {wanted:?} {fallen:?}");
        }
    }
}
