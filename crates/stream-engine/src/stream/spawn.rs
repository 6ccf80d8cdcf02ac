use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use child_process::{Child, SpawnError, Spec};
use ffmpeg_cli::publish::{Input, Publish, Target};
use stream_api::{Code, Encoder, Error, Source, StreamId, StreamSpec};
use tokio::{sync::mpsc, time::sleep};

use super::{
    Parts, convert, keep,
    sending::{self, Sending},
    turns::{Ticket, Turn},
};
use crate::{
    lifecycle::Problem,
    prober::{Looked, Probed},
    server::Wish,
    sessions::Session,
    tool_fault,
    tools::{Program, WITHHELD},
    wanted,
};

/// Who is not on air after this no longer holds up others.
pub(super) const HOLDS_UP: Duration = Duration::from_secs(3);

/// How far the making of a child is, told whenever it gets further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It waits for others.
    Queued,
    /// Its turn has come.
    Admitted,
}

/// A child that was made, and what was learnt on the way.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) child: Child,
    /// Who the server had there when it was made, as far as that was known.
    pub(super) before: Option<String>,
    pub(super) probed: Probed,
    /// The command, without credentials.
    pub(super) shown: String,
    /// Whether it was to be recorded when all this began.
    pub(super) record: bool,
    /// Of the graphics card that encodes.
    pub(super) session: Option<Session>,
    /// For which encoder another one stands in.
    pub(super) instead_of: Option<Encoder>,
    /// Kept until it is on air, or holds up others since then for too long: they may start.
    pub(super) turn: Option<(Turn, Instant)>,
}

/// What earlier attempts taught.
#[derive(Debug)]
pub(super) struct Lasting {
    /// The server did not take this source together with its slate.
    pub(super) refused: bool,
    /// Encoders that failed.
    pub(super) fallen: Vec<Encoder>,
    /// Taken for it already.
    pub(super) reserved: Option<Session>,
    /// To its prepared file, since nobody watches who would have to connect again.
    pub(super) moves: bool,
}

/// A source that can be reached.
enum Found {
    TestPattern,
    File(Looked),
    /// A path of the server, which fetches it.
    Live(Box<Sending>, Target),
}

/// Everything from an order to a child: its turn is awaited, the source is probed, the path is made, FFmpeg is started.
/// The source is looked at before: one that does not answer must hold up no others.
pub(super) async fn spawn(
    parts: Parts,
    id: StreamId,
    spec: StreamSpec,
    kept: Lasting,
    ticket: Ticket,
    stages: mpsc::Sender<Stage>,
) -> Result<Spawned, Problem> {
    let ffmpeg = parts.tools.found().ffmpeg.map_err(needs_a_person)?;
    let found = match spec.source.network() {
        None if spec.source == Source::TestPattern => Found::TestPattern,
        None => {
            let file = spec.source.file().unwrap_or_default();
            Found::File(parts.prober.look(file).await.map_err(sending::of_source)?)
        }
        Some(network) => {
            convert::fetch(&parts, id, network).await?;
            let from = convert::target(&*parts.server.access().await.map_err(passing)?, id);
            let held = kept.reserved.as_ref().map(Session::encoder);
            let sending = sending::fetched(&parts, id, &spec, network, &from, &kept.fallen, held).await?;
            Found::Live(Box::new(sending), from)
        }
    };
    // The actor takes them all, as long as it waits for the child.
    let _ = stages.send(Stage::Queued).await;
    let turn = tokio::select! {
        turn = ticket.turn() => turn.ok_or_else(|| passing(Error::new(Code::ShuttingDown)))?,
        fault = parts.server.failed() => return Err(passing(fault)),
    };
    let _ = stages.send(Stage::Admitted).await;
    let mut making = std::pin::pin!(make(parts, id, spec, kept, ffmpeg, found));
    let (made, turn) = tokio::select! {
        made = &mut making => (made, Some((turn, Instant::now()))),
        () = sleep(HOLDS_UP) => {
            drop(turn);
            (making.await, None)
        }
    };
    made.map(|spawned| Spawned { turn, ..spawned })
}

async fn make(
    parts: Parts,
    id: StreamId,
    spec: StreamSpec,
    Lasting { refused, fallen, reserved, moves }: Lasting,
    ffmpeg: Program<ffmpeg_cli::Version>,
    found: Found,
) -> Result<Spawned, Problem> {
    let (Sending { file, mut probed, instead_of }, live) = match found {
        Found::TestPattern => (sending::test_pattern(&parts, id, &spec).await?, None),
        Found::File(looked) => {
            let held = reserved.as_ref().map(Session::encoder);
            (sending::file(&parts, id, &spec, looked, &fallen, held, moves).await?, None)
        }
        Found::Live(sending, from) => (*sending, Some(from)),
    };
    let file = file.to_string_lossy();
    // No slate is made for a server that is not there.
    parts.server.access().await.map_err(passing)?;
    let keep = keep::keep(&parts, id, &spec, &probed, refused).await;
    let wish = Wish { record: spec.record, keep, pull: None };
    let access = keep::ensure_path(&parts, id, &spec.name, wish).await.map_err(passing)?;
    let (by, instead) = wanted::way(&parts.hub, spec.server, &spec.encoding);
    probed.plan.warnings.extend(instead);
    let target = Target {
        host: "127.0.0.1".to_owned(),
        by,
        port: access.ports.of(by.listener()),
        name: spec.name.clone(),
        user: access.user.clone(),
        pass: access.pass.clone(),
    };
    let list = sending::list(&parts, id, &spec, &probed).await?;
    let publish = Publish {
        input: match (&live, &list) {
            (None, None) => Input::File { path: &file, playback: spec.playback },
            (None, Some(list)) => Input::Passes(list),
            (Some(from), _) => Input::Live(from),
        },
        media: &probed.media,
        plan: &probed.plan,
        encoding: &spec.encoding,
        target: &target,
        version: ffmpeg.version,
    };
    let encoder = probed.plan.picture.as_ref().map(|picture| picture.encoder);
    let session = reserved.filter(|session| Some(session.encoder()) == encoder);
    let session = session.or_else(|| parts.sessions.take(encoder?, Instant::now()));
    let args = ffmpeg_cli::publish::arguments(&publish);
    let shown = ffmpeg_cli::publish::shown("ffmpeg", &publish);
    let child = Spec {
        env_clear_prefixes: WITHHELD.map(String::from).to_vec(),
        label: format!("ffmpeg {id}"),
        ..Spec::new(&ffmpeg.path)
    };
    let before = parts.server.publisher(&spec.name);
    let child = parts.spawner.spawn(child.with_args(args)).await;
    let child = child.map_err(|error| unspawnable(error, ffmpeg.path))?;
    Ok(Spawned { child, before, probed, shown, record: spec.record, session, instead_of, turn: None })
}

fn unspawnable(error: SpawnError, path: PathBuf) -> Problem {
    let fault = tool_fault::Program::Ffmpeg.unspawnable(&path, &error);
    match error {
        SpawnError::Other(_) => passing(fault),
        _ => needs_a_person(fault),
    }
}

pub(super) fn needs_a_person(error: Error) -> Problem {
    Problem { fault: error.into(), permanent: true }
}

pub(super) fn passing(error: Error) -> Problem {
    Problem { fault: error.into(), permanent: false }
}
