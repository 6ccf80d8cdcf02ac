//! How much more this computer can do.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use stream_api::{Capacity, Code, Error, Fit, Load, ServerId, StreamId, commands::CapacityGet};
use tokio::time::{Instant, timeout_at};

use super::{Call, examine, given, stored};
use crate::{capacity::loads, engine::Inner, store::StoredStream, wanted::wanted};

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

/// Whether there is room for a stream that is about to start, or for all of them.
///
/// # Errors
/// `would_overload`, as far as is known what they take.
pub(super) async fn check(engine: &Inner, id: Option<StreamId>) -> Result<(), Error> {
    let idle = |stream: &StoredStream| {
        let wanted = id.is_none_or(|id| stream.id == id);
        wanted && engine.hub.get(stream.id).is_none_or(|stream| !stream.on_air)
    };
    let idle: Vec<StoredStream> = engine.store.streams().await.into_iter().filter(idle).collect();
    let ids: Vec<StreamId> = idle.iter().map(|stream| stream.id).collect();
    let until = Instant::now() + QUICK;
    let looks: Vec<_> = idle.into_iter().map(|stream| timeout_at(until, taken(engine, stream))).collect();
    let taken: Vec<_> = stream::iter(looks).buffer_unordered(ABREAST).collect().await;
    let (mut all, mut can_prepare) = (Load::default(), false);
    for (load, prepared) in taken.into_iter().filter_map(|taken| taken.ok().flatten()) {
        all = Load { cores: all.cores + load.cores, memory: all.memory + load.memory };
        can_prepare |= prepared.is_some();
    }
    let Some(computer) = engine.capacity.left(&ids).filter(|_| all.cores >= LITTLE) else { return Ok(()) };
    if computer.more(all) > 0 {
        return Ok(());
    }
    let shown = |cores: f64| format!("{cores:.1}");
    let error = Error::new(Code::WouldOverload).with("needs", shown(all.cores));
    let error = error.with("free", shown(computer.free_cores)).with("cores", shown(computer.cores));
    // No word of it: for who offers what else can be done.
    Err(if can_prepare { error.with("can_prepare", true) } else { error })
}

/// What a stream takes, and from a prepared file; none where that is not known.
async fn taken(engine: &Inner, StoredStream { spec, .. }: StoredStream) -> Option<(Load, Option<Load>)> {
    let measured = engine.capacity.measured()?;
    let wanted = wanted(&engine.hub, &engine.prober, spec.server, spec.playback, &spec.encoding);
    let probed = engine.prober.probe(spec.source.file()?, &wanted).await.ok()?;
    let (now, prepared) = loads(&probed, spec.playback, &spec.encoding, &measured)?;
    match engine.prepared.has(&spec, &probed).await {
        true => Some((prepared.unwrap_or(now), None)),
        false => Some((now, prepared)),
    }
}
