use std::path::PathBuf;

use child_process::{Child, SpawnError, Spec};
use ffmpeg_cli::publish::{Input, Publish, Target};
use stream_api::{Code, Error, StreamId, StreamSpec};

use super::{
    Parts, convert, keep,
    turns::{Turn, Waiting},
};
use crate::{lifecycle::Problem, prober::Probed, server::Wish, tool_fault::Program, tools::WITHHELD};

/// A child that was made, and what was learnt on the way.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) child: Child,
    pub(super) probed: Probed,
    /// The command, without credentials.
    pub(super) shown: String,
    /// Whether it was to be recorded when all this began.
    pub(super) record: bool,
    /// Kept until it is on air: others may start then.
    pub(super) turn: Turn,
}

/// Everything from an order to a child: its turn is awaited, the source is probed, the path is made, FFmpeg is started.
pub(super) async fn spawn(
    parts: Parts,
    id: StreamId,
    spec: StreamSpec,
    refused: bool,
    waiting: Waiting,
) -> Result<Spawned, Problem> {
    let ffmpeg = parts.tools.found().ffmpeg.map_err(needs_a_person)?;
    let live = match spec.source.network() {
        None => None,
        // It may take its time, which others need not wait for.
        Some(network) => {
            convert::fetch(&parts, id, network).await?;
            let from = convert::target(&*parts.server.access().await.map_err(passing)?, id);
            Some((convert::probe(&parts, id, network, &from).await?, from))
        }
    };
    let turn = tokio::select! {
        turn = waiting.turn() => turn.ok_or_else(|| passing(Error::new(Code::ShuttingDown)))?,
        fault = parts.server.failed() => return Err(passing(fault)),
    };
    let (probed, live) = match live {
        Some((probed, from)) => (probed, Some(from)),
        None => (probe(&parts, spec.source.file().unwrap_or_default()).await?, None),
    };
    // No slate is made for a server that is not there.
    parts.server.access().await.map_err(passing)?;
    let keep = keep::keep(&parts, id, &spec, &probed, refused).await;
    let wish = Wish { record: spec.record, keep, pull: None };
    let access = keep::ensure_path(&parts, id, &spec.name, wish).await.map_err(passing)?;
    let target = Target {
        host: "127.0.0.1".to_owned(),
        port: access.ports.rtsp,
        name: spec.name.clone(),
        user: access.user.clone(),
        pass: access.pass.clone(),
    };
    let publish = Publish {
        input: match &live {
            None => Input::File { path: spec.source.file().unwrap_or_default(), playback: spec.playback },
            Some(from) => Input::Live(from),
        },
        media: &probed.media,
        plan: &probed.plan,
        target: &target,
        version: ffmpeg.version,
    };
    let args = ffmpeg_cli::publish::arguments(&publish);
    let shown = ffmpeg_cli::publish::shown("ffmpeg", &publish);
    let child = Spec {
        env_clear_prefixes: WITHHELD.map(String::from).to_vec(),
        label: format!("ffmpeg {id}"),
        ..Spec::new(&ffmpeg.path)
    };
    let child = parts.spawner.spawn(child.with_args(args)).await;
    let child = child.map_err(|error| unspawnable(error, ffmpeg.path))?;
    Ok(Spawned { child, probed, shown, record: spec.record, turn })
}

async fn probe(parts: &Parts, file: &str) -> Result<Probed, Problem> {
    parts.prober.probe(file).await.map_err(|error| match error.code {
        Code::SourceTimeout
        | Code::SourceUnreadable
        | Code::OutOfMemory
        | Code::TooManyFiles
        | Code::Internal => passing(error),
        _ => needs_a_person(error),
    })
}

fn unspawnable(error: SpawnError, path: PathBuf) -> Problem {
    let fault = Program::Ffmpeg.unspawnable(&path, &error);
    match error {
        SpawnError::Other(_) => passing(fault),
        _ => needs_a_person(fault),
    }
}

fn needs_a_person(error: Error) -> Problem {
    Problem { fault: error.into(), permanent: true }
}

fn passing(error: Error) -> Problem {
    Problem { fault: error.into(), permanent: false }
}
