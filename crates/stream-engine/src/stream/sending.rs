//! What a stream with a child is sent from: its own file, or a prepared one.

use std::{fs, io, path::PathBuf};

use stream_api::{Code, Encoder, Error, Mode, Plan, Remark, RemarkCode, StreamId, StreamSpec, Tracks};

use super::{
    Parts,
    spawn::{needs_a_person, passing},
};
use crate::{
    data_dir::{is_full, silent},
    drives,
    lifecycle::Problem,
    prepare::Ready,
    prober::{Looked, Probed},
    wanted::wanted,
};

/// A file, what it holds, and how it is sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) file: PathBuf,
    pub(super) probed: Probed,
}

impl From<Ready> for Sending {
    fn from(Ready { file, probed }: Ready) -> Sending {
        Sending { file, probed }
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

/// A stream's own file as it was `looked` at, encoded without those that have `fallen`, or what was prepared of it.
pub(super) async fn file(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    looked: Looked,
    fallen: &[Encoder],
) -> Result<Sending, Problem> {
    let mut wanted = wanted(&parts.hub, &parts.prober, spec.server, spec.playback, &spec.encoding);
    wanted.encoders = wanted.encoders.without(fallen);
    let mut probed = parts.prober.examine(looked, &wanted).await.map_err(of_source)?;
    if let (Some(failed), Some(picture)) = (fallen.last(), &probed.plan.picture) {
        let told = Remark::new(RemarkCode::EncoderFailed).with("failed", failed.label());
        probed.plan.warnings.push(told.with("used", picture.encoder.label()));
    }
    match parts.prepared.take(id, spec, &probed, now(parts, id, spec).as_ref()).await {
        Some(ready) => Ok(ready.into()),
        None => Ok(Sending { file: spec.source.file().unwrap_or_default().into(), probed }),
    }
}

/// Where FFmpeg reads which part it plays, again and again; none where it repeats by itself.
pub(super) async fn list(
    parts: &Parts,
    id: StreamId,
    spec: &StreamSpec,
    plan: &Plan,
) -> Result<Option<PathBuf>, Problem> {
    // A prepared file is the part itself.
    let Some(file) = spec.source.file().filter(|_| plan.mode != Mode::Prepared) else { return Ok(None) };
    let passes = ffmpeg_cli::publish::passes(file, spec.playback, &spec.encoding).map_err(of_source)?;
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
