//! The body of every command. A command answers with an acknowledgement; what follows comes as events.

use std::collections::BTreeMap;

use stream_api::{
    Code, Error, ObsFile, Order, ProbeReport, ServerStatus, Snapshot, Source, Stream, StreamId, StreamSpec,
    check_name,
    commands::{
        Log, MediaBrowse, MediaFolder, Nothing, ObsExport, Opened, ServerGet, ServerLog, ServerRestart,
        SnapshotGet, SourceProbe, StreamCreate, StreamDelete, StreamDuplicate, StreamGet, StreamList,
        StreamLog, StreamOpen, StreamStart, StreamStartAll, StreamStop, StreamStopAll, StreamUpdate, Streams,
        ToolsCheck,
    },
    propose_name,
};
use uuid::Uuid;

use crate::{engine::Inner, prober::Probed, store::StoredStream};

pub(crate) async fn snapshot_get(engine: &Inner, _: SnapshotGet) -> Result<Snapshot, Error> {
    Ok(engine.hub.snapshot())
}

pub(crate) async fn stream_list(engine: &Inner, _: StreamList) -> Result<Streams, Error> {
    Ok(Streams { streams: engine.hub.snapshot().streams })
}

pub(crate) async fn stream_get(engine: &Inner, request: StreamGet) -> Result<Stream, Error> {
    engine.hub.get(request.id).ok_or_else(|| Error::new(Code::NoSuchStream).with("id", request.id))
}

pub(crate) async fn stream_create(engine: &Inner, request: StreamCreate) -> Result<Stream, Error> {
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    examine(engine, &request.source).await?;
    let order = if request.start { Order::Run } else { Order::Stop };
    let mut streams = engine.streams.lock().await;
    let name = match request.name {
        Some(name) => name,
        None => proposed(engine, &request.source).await,
    };
    check_free(engine, &name, None).await?;
    let spec =
        StreamSpec { name, source: request.source, playback: request.playback, record: request.record };
    let stored = StoredStream { id: StreamId(Uuid::now_v7()), spec, order };
    engine.store.put(stored.clone()).await?;
    tracing::info!(stream_id = %stored.id, name = stored.spec.name, "a stream was made");
    let stream = streams.add(stored);
    match order {
        Order::Run => streams.get(stream.id)?.order(order).await,
        Order::Stop => Ok(stream),
    }
}

pub(crate) async fn stream_update(engine: &Inner, request: StreamUpdate) -> Result<Stream, Error> {
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    if let Some(source) = &request.source {
        examine(engine, source).await?;
    }
    let streams = engine.streams.lock().await;
    let handle = streams.get(request.id)?;
    let mut stored = stored(engine, request.id).await?;
    let spec = &mut stored.spec;
    if let Some(name) = request.name {
        check_free(engine, &name, Some(request.id)).await?;
        spec.name = name;
    }
    spec.source = request.source.unwrap_or_else(|| spec.source.clone());
    spec.playback = request.playback.unwrap_or(spec.playback);
    spec.record = request.record.unwrap_or(spec.record);
    engine.store.put(stored.clone()).await?;
    handle.edit(stored.spec).await
}

pub(crate) async fn stream_delete(engine: &Inner, request: StreamDelete) -> Result<Nothing, Error> {
    let handle = engine.streams.lock().await.get(request.id)?;
    engine.store.remove(request.id).await?;
    handle.delete().await?;
    engine.streams.lock().await.forget(request.id);
    tracing::info!(stream_id = %request.id, "a stream was deleted");
    Ok(Nothing {})
}

pub(crate) async fn stream_start(engine: &Inner, request: StreamStart) -> Result<Stream, Error> {
    order(engine, request.id, Order::Run).await
}

pub(crate) async fn stream_stop(engine: &Inner, request: StreamStop) -> Result<Stream, Error> {
    order(engine, request.id, Order::Stop).await
}

pub(crate) async fn stream_duplicate(engine: &Inner, request: StreamDuplicate) -> Result<Stream, Error> {
    let mut streams = engine.streams.lock().await;
    let original = stored(engine, request.id).await?;
    let taken = names(engine).await;
    // The name may hold parts and dots, so it is no file name; only a number is added.
    let name = (2u32..)
        .map(|n| format!("{}-{n}", original.spec.name))
        .find(|name| !is_taken(&taken, name, None))
        .unwrap_or_default();
    check_name(&name)?;
    let spec = StreamSpec { name, ..original.spec };
    let stored = StoredStream { id: StreamId(Uuid::now_v7()), spec, order: Order::Stop };
    engine.store.put(stored.clone()).await?;
    Ok(streams.add(stored))
}

pub(crate) async fn stream_log(engine: &Inner, request: StreamLog) -> Result<Log, Error> {
    Ok(engine.streams.lock().await.get(request.id)?.journal.read())
}

pub(crate) async fn stream_open(engine: &Inner, request: StreamOpen) -> Result<Opened, Error> {
    let mut opened = Opened { streams: Vec::new(), refused: BTreeMap::new() };
    for path in request.paths {
        match open(engine, &path).await {
            Ok(stream) => opened.streams.push(stream),
            Err(error) => {
                opened.refused.insert(path, error);
            }
        }
    }
    Ok(opened)
}

pub(crate) async fn stream_start_all(engine: &Inner, _: StreamStartAll) -> Result<Streams, Error> {
    order_all(engine, Order::Run).await
}

pub(crate) async fn stream_stop_all(engine: &Inner, _: StreamStopAll) -> Result<Streams, Error> {
    order_all(engine, Order::Stop).await
}

pub(crate) async fn source_probe(engine: &Inner, request: SourceProbe) -> Result<ProbeReport, Error> {
    let source = Source::File { path: request.path.clone() };
    let Probed { media, plan } = examine(engine, &source).await?;
    let proposed_name = proposed(engine, &source).await;
    let name = request.name.filter(|name| check_name(name).is_ok()).unwrap_or_else(|| proposed_name.clone());
    let version = engine.tools.found().ffmpeg?.version;
    let port = engine.hub.snapshot().server.ports.rtsp;
    let target = ffmpeg_cli::publish::Target {
        host: "127.0.0.1".to_owned(),
        port,
        name,
        user: String::new(),
        pass: String::new(),
    };
    let publish = ffmpeg_cli::publish::Publish {
        source: &source,
        playback: request.playback,
        media: &media,
        plan: &plan,
        target: &target,
        version,
    };
    let command = ffmpeg_cli::publish::shown("ffmpeg", &publish);
    Ok(ProbeReport { path: request.path, proposed_name, media, plan, command })
}

pub(crate) async fn media_browse(engine: &Inner, request: MediaBrowse) -> Result<MediaFolder, Error> {
    let roots = engine.roots.clone();
    tokio::task::spawn_blocking(move || roots.browse(request.path.as_deref()))
        .await
        .map_err(|error| Error::new(Code::Internal).with("reason", error))?
}

pub(crate) async fn server_get(engine: &Inner, _: ServerGet) -> Result<ServerStatus, Error> {
    Ok(engine.hub.snapshot().server)
}

pub(crate) async fn server_log(engine: &Inner, _: ServerLog) -> Result<Log, Error> {
    Ok(engine.server.log())
}

pub(crate) async fn server_restart(engine: &Inner, _: ServerRestart) -> Result<ServerStatus, Error> {
    engine.tools.check().await;
    engine.server.restart().await;
    Ok(engine.hub.snapshot().server)
}

pub(crate) async fn tools_check(engine: &Inner, _: ToolsCheck) -> Result<Nothing, Error> {
    engine.tools.check().await;
    Ok(Nothing {})
}

pub(crate) async fn obs_export(engine: &Inner, _: ObsExport) -> Result<ObsFile, Error> {
    let streams = engine.hub.snapshot().streams;
    let content = stream_api::obs_scene_collection(stream_api::t!("obs.collection"), &streams);
    Ok(ObsFile { file_name: "stream-manager-obs.json".to_owned(), content })
}

/// Probes a source that this host may stream.
async fn examine(engine: &Inner, source: &Source) -> Result<Probed, Error> {
    let path = source.path();
    if !std::path::Path::new(path).is_absolute() {
        return Err(Error::new(Code::SourceRelative).with("path", path));
    }
    if !engine.roots.allow(path.as_ref()) {
        return Err(Error::new(Code::SourceOutsideMedia).with("path", path));
    }
    engine.prober.probe(path).await
}

/// Starts the stream that plays the file, or makes one.
async fn open(engine: &Inner, path: &str) -> Result<Stream, Error> {
    let plays = engine.store.streams().await.into_iter().find(|stream| stream.spec.source.path() == path);
    match plays {
        Some(stream) => order(engine, stream.id, Order::Run).await,
        None => {
            let source = Source::File { path: path.to_owned() };
            let request =
                StreamCreate { name: None, source, playback: Default::default(), record: false, start: true };
            stream_create(engine, request).await
        }
    }
}

/// The order is stored before it is given: a crash in between starts what the user wanted.
async fn order(engine: &Inner, id: StreamId, order: Order) -> Result<Stream, Error> {
    let handle = engine.streams.lock().await.get(id)?;
    let mut stored = stored(engine, id).await?;
    stored.order = order;
    engine.store.put(stored).await?;
    handle.order(order).await
}

async fn order_all(engine: &Inner, wanted: Order) -> Result<Streams, Error> {
    let mut streams = Vec::new();
    for stream in engine.hub.snapshot().streams {
        match order(engine, stream.id, wanted).await {
            Ok(stream) => streams.push(stream),
            // Deleted meanwhile.
            Err(error) if error.code == Code::NoSuchStream => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Streams { streams })
}

async fn stored(engine: &Inner, id: StreamId) -> Result<StoredStream, Error> {
    let streams = engine.store.streams().await;
    streams.into_iter().find(|s| s.id == id).ok_or_else(|| Error::new(Code::NoSuchStream).with("id", id))
}

async fn proposed(engine: &Inner, source: &Source) -> String {
    let taken = names(engine).await;
    propose_name(source.file_name(), |name| is_taken(&taken, name, None))
}

async fn check_free(engine: &Inner, name: &str, except: Option<StreamId>) -> Result<(), Error> {
    match is_taken(&names(engine).await, name, except) {
        true => Err(Error::new(Code::NameTaken).with("name", name)),
        false => Ok(()),
    }
}

async fn names(engine: &Inner) -> Vec<(StreamId, String)> {
    engine.store.streams().await.into_iter().map(|stream| (stream.id, stream.spec.name)).collect()
}

/// MediaMTX tells upper from lower case, and a folder of recordings on Windows and macOS does not.
fn is_taken(names: &[(StreamId, String)], name: &str, except: Option<StreamId>) -> bool {
    names.iter().any(|(id, taken)| Some(*id) != except && taken.eq_ignore_ascii_case(name))
}
