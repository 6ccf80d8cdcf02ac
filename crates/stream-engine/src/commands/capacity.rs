//! How much more this computer can do.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use stream_api::{
    Capacity, Code, Error, Fit, Load, Order, ServerId, StreamId, StreamSpec, commands::CapacityGet,
};
use tokio::time::{Instant, timeout_at};

use super::{Call, examine, given, stored};
use crate::{
    capacity::{load, loads},
    engine::Inner,
    store::StoredStream,
    wanted::{wanted, wanted_of},
};

/// A start is not held up longer by the question whether there is room for it.
const QUICK: Duration = Duration::from_millis(500);
/// So many files are looked at at a time.
const ABREAST: usize = 8;
/// Cores. Whatever takes less overloads nothing.
const LITTLE: f64 = 0.1;

pub(crate) async fn capacity_get(call: &Call<'_>, request: CapacityGet) -> Result<Capacity, Error> {
    let spec = match request.id {
        Some(id) => Some(stored(call.engine, id).await?.spec),
        None => None,
    };
    let file = spec.as_ref().and_then(|spec| spec.source.file()).map(str::to_owned);
    let (server, playback, encoding) = match spec {
        Some(spec) => (spec.server, spec.playback, spec.encoding),
        None => (ServerId::BUNDLED, request.playback, request.encoding),
    };
    encoding.check(playback)?;
    let probed = match file.or(request.path.map(|path| given::path(&path))) {
        Some(file) => {
            let wanted = wanted(&call.engine.hub, &call.engine.prober, server, playback, &encoding);
            Some(examine(call.engine, &file, &wanted).await?)
        }
        None => None,
    };
    let computer = call.engine.capacity.left(&[]).unwrap_or_default();
    let measured = call.engine.capacity.measured();
    let known = probed.zip(measured);
    let loads = known.and_then(|(probed, measured)| loads(&probed, playback, &encoding, &measured));
    let fit = |load: Load| Fit { load, more: computer.more(load) };
    Ok(Capacity {
        computer,
        now: loads.map(|(now, _)| fit(now)),
        prepared: loads.and_then(|(_, prepared)| prepared).map(fit),
    })
}

/// Whether there is room for these streams, or all, to start; those that are on air count nothing.
///
/// # Errors
/// `would_overload`, as far as is known what they take.
pub(super) async fn check(engine: &Inner, ids: Option<&[StreamId]>) -> Result<(), Error> {
    let idle = |stream: &StoredStream| {
        let wanted = ids.is_none_or(|ids| ids.contains(&stream.id));
        wanted && engine.hub.get(stream.id).is_none_or(|stream| !stream.on_air)
    };
    let idle = engine.store.streams().await.into_iter().filter(idle);
    check_room(engine, idle.map(|stored| Coming { id: stored.id, spec: stored.spec, before: None }).collect())
        .await
}

/// Whether there is room for what streams that run take once they are sent in another way.
///
/// # Errors
/// As [`check`].
pub(super) async fn check_changes(
    engine: &Inner,
    changes: impl IntoIterator<Item = (StoredStream, StreamSpec)>,
) -> Result<(), Error> {
    let runs = |(before, _): &(StoredStream, StreamSpec)| {
        before.order == Order::Run && engine.hub.get(before.id).is_some_and(|stream| !stream.has_failed())
    };
    let coming = changes.into_iter().filter(runs);
    let coming = coming.map(|(before, spec)| Coming { id: before.id, spec, before: Some(before.spec) });
    check_room(engine, coming.collect()).await
}

/// What is about to be sent.
struct Coming {
    id: StreamId,
    spec: StreamSpec,
    /// As what it is sent now.
    before: Option<StreamSpec>,
}

async fn check_room(engine: &Inner, coming: Vec<Coming>) -> Result<(), Error> {
    let ids: Vec<StreamId> = coming.iter().map(|one| one.id).collect();
    let until = Instant::now() + QUICK;
    let looks: Vec<_> = coming.into_iter().map(|one| timeout_at(until, more(engine, one))).collect();
    let taken: Vec<_> = stream::iter(looks).buffer_unordered(ABREAST).collect().await;
    let (mut all, mut prepare) = (Load::default(), Vec::new());
    for (id, load, prepared) in taken.into_iter().filter_map(|taken| taken.ok().flatten()) {
        all = Load { cores: all.cores + load.cores, memory: all.memory + load.memory };
        prepare.extend(prepared.map(|_| id));
    }
    let Some(computer) = engine.capacity.left(&ids).filter(|_| all.cores >= LITTLE) else { return Ok(()) };
    if computer.more(all) > 0 {
        return Ok(());
    }
    let shown = |cores: f64| format!("{cores:.1}");
    let error = Error::new(Code::WouldOverload).with("needs", shown(all.cores));
    let error = error.with("free", shown(computer.free_cores)).with("cores", shown(computer.cores));
    // No words of it: for who asks, and offers what else can be done.
    Err(error.with("streams", listed(&ids)).with("prepare", listed(&prepare)))
}

fn listed(ids: &[StreamId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// What a stream takes more than now, and from a prepared file; none where that is not known.
async fn more(engine: &Inner, Coming { id, spec, before }: Coming) -> Option<(StreamId, Load, Option<Load>)> {
    let (load, prepared) = taken(engine, id, &spec).await?;
    let now = match before {
        Some(before) => taken(engine, id, &before).await.map(|(load, _)| load).unwrap_or_default(),
        None => Load::default(),
    };
    let cores = (load.cores - now.cores).max(0.0);
    Some((id, Load { cores, memory: load.memory.saturating_sub(now.memory) }, prepared))
}

async fn taken(engine: &Inner, id: StreamId, spec: &StreamSpec) -> Option<(Load, Option<Load>)> {
    let measured = engine.capacity.measured()?;
    let Some(file) = spec.source.file() else {
        // A camera that is converted: as it was when it was last seen.
        let stream = engine.hub.get(id)?;
        let (media, plan) = stream.media.zip(stream.plan)?;
        return Some((load(&media, &plan, &measured)?, None));
    };
    let wanted = wanted_of(&engine.hub, &engine.prober, spec);
    let probed = engine.prober.probe(file, &wanted).await.ok()?;
    let (now, prepared) = loads(&probed, spec.playback, &spec.encoding, &measured)?;
    match engine.prepared.has(spec, &probed).await {
        true => Some((prepared.unwrap_or(now), None)),
        false => Some((now, prepared)),
    }
}
