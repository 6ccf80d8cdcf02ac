//! The body of every command. A command answers with an acknowledgement; what follows comes as events.

mod access;
mod capacity;
mod encoders;
mod encoding;
mod given;
mod history;
mod others;
mod prepare;
mod preset;
mod server;
mod source_probe;
mod source_test;
mod tools;
mod viewers;

use std::{collections::BTreeMap, path::Path};

use ffmpeg_cli::{plan::Wanted, slate::Slate};
use stream_api::{
    ActivityKind, Code, Error, ObsFile, Order, Origin, ServerId, Snapshot, Source, SourceSecrets, Stream,
    StreamId, StreamSpec, UnixMillis, check_name,
    commands::{
        Log, MediaBrowse, MediaFolder, Nothing, ObsExport, Opened, SnapshotGet, StreamCreate, StreamDelete,
        StreamDuplicate, StreamGet, StreamList, StreamLog, StreamOpen, StreamRestart, StreamStart,
        StreamStartAll, StreamStop, StreamStopAll, StreamUpdate, Streams,
    },
    file_name, propose_name,
};
use tokio::sync::MutexGuard;
use uuid::Uuid;

use crate::{
    clock, drives,
    engine::Inner,
    prober::Probed,
    secrets,
    store::{StoredStream, Unknown, is_same_name},
    stream::Registry,
    wanted::wanted_of,
};
use given::Given;
pub(crate) use source_probe::source_probe;
pub(crate) use source_test::source_test;

pub(crate) use access::{
    guest_link_create, guest_link_revoke, publish_key_renew, publish_key_revoke, stream_access_set, stream_qr,
};
pub(crate) use capacity::capacity_get;
pub(crate) use encoders::encoders_try;
pub(crate) use history::{
    activity_export, activity_list, activity_seen, stream_past, stream_run_log, support_bundle,
};
pub(crate) use others::{
    drift_adopt, drift_apply, other_list, path_take, server_add, server_edit, server_remove, server_retry,
    server_test,
};
pub(crate) use prepare::{prepare_cancel, prepare_start, prepared_list, prepared_remove, prepared_room_set};
pub(crate) use preset::{preset_apply, preset_remove, preset_save};
pub(crate) use tools::{ffmpeg_locate, tools_check};
pub(crate) use viewers::{uplink_set, viewer_kick, viewer_list};

pub(crate) use server::{
    server_config_export, server_config_read, server_get, server_log, server_ports_renew, server_restart,
    server_settings_check, server_settings_set,
};

/// The engine, and who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Inner,
    pub(crate) origin: Origin,
}

pub(crate) async fn snapshot_get(call: &Call<'_>, _: SnapshotGet) -> Result<Snapshot, Error> {
    Ok(call.engine.hub.snapshot())
}

pub(crate) async fn stream_list(call: &Call<'_>, _: StreamList) -> Result<Streams, Error> {
    Ok(Streams { streams: call.engine.hub.snapshot().streams })
}

pub(crate) async fn stream_get(call: &Call<'_>, request: StreamGet) -> Result<Stream, Error> {
    call.engine.hub.get(request.id).ok_or_else(|| Error::new(Code::NoSuchStream).with("id", request.id))
}

pub(crate) async fn stream_create(call: &Call<'_>, request: StreamCreate) -> Result<Stream, Error> {
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    let access = access::of_new(request.access)?;
    let Given { source, secrets } =
        given::source(call.engine, request.source, request.password, None).await?;
    let mut spec = StreamSpec {
        server: request.server,
        playback: request.playback,
        record: request.record,
        keep_viewers: request.keep_viewers,
        prepare: request.prepare,
        encoding: request.encoding,
        ..StreamSpec::new(String::new(), source)
    };
    encoding::check(call, &spec, None).await?;
    examine_of(call.engine, &spec).await?;
    let order = if request.start { Order::Run } else { Order::Stop };
    let id = StreamId(Uuid::now_v7());
    let has_secrets = keep_secrets(call.engine, id, &secrets, false).await?;
    let streams = call.engine.streams.lock().await;
    spec.name = match request.name {
        Some(name) => name,
        None => proposed(call.engine, spec.server, &proposal(&spec.source)).await,
    };
    let used = (order == Order::Run).then(clock::now);
    let stored = StoredStream {
        id,
        spec,
        order,
        access,
        used,
        converts: false,
        starts_prepared: None,
        unknown: Unknown::new(),
    };
    let allowed = call.engine.servers.get(request.server).terms().check(&stored.spec.name, &stored.access);
    let mut streams = store_new(call.engine, streams, &stored, allowed, has_secrets).await?;
    tracing::info!(stream_id = %stored.id, name = stored.spec.name, "a stream was made");
    let (id, name) = (stored.id, stored.spec.name.clone());
    call.engine.hub.tell(Some((id, &name)), ActivityKind::Created { by: call.origin });
    if order == Order::Run {
        call.engine.hub.tell(Some((id, &name)), ActivityKind::Ordered { order, by: call.origin });
    }
    let stream = streams.add(stored);
    let handle = streams.get(id)?;
    drop(streams);
    match order {
        Order::Run => handle.order(order, None, call.origin).await,
        Order::Stop => Ok(stream),
    }
}

pub(crate) async fn stream_update(call: &Call<'_>, request: StreamUpdate) -> Result<Stream, Error> {
    if let Some(name) = &request.name {
        check_name(name)?;
    }
    let id = request.id;
    let handle = call.engine.streams.lock().await.get(id)?;
    let _turn = handle.editing.lock().await;
    let before = stored(call.engine, id).await?;
    let (request, secrets) = with_secrets(call.engine, request, &before).await?;
    let mut after = before.spec.clone();
    request.clone().apply(&mut after);
    encoding::check(call, &after, Some(&before.spec)).await?;
    if request.source.is_some() || request.encoding.is_some() {
        let of_settings = |error: &Error| matches!(error.code, Code::SettingUnfit | Code::FfmpegNoEncoder);
        match examine_of(call.engine, &after).await {
            // They can be changed while the file is missing.
            Err(error) if request.source.is_some() || of_settings(&error) => return Err(error),
            _ => {}
        }
    }
    if request.unless_full {
        capacity::check_changes(call.engine, [(before.clone(), after)]).await?;
    }
    let Some(secrets) = secrets else { return handle.edit(request, false, call.origin).await };
    let had = has_secret(&before);
    let before = match had {
        true => call.engine.secrets.find::<SourceSecrets>(id, secrets::SOURCE).await.ok(),
        false => Some(None),
    };
    let anew = keep_secrets(call.engine, id, &secrets, had).await?;
    let edited = handle.edit(request, anew, call.origin).await;
    if let (Err(_), true, Some(before)) = (&edited, anew, before) {
        keep_secrets(call.engine, id, &before.unwrap_or_default(), true).await?;
    }
    edited
}

pub(crate) async fn stream_delete(call: &Call<'_>, request: StreamDelete) -> Result<Nothing, Error> {
    let handle = call.engine.streams.lock().await.get(request.id)?;
    let had = has_secret(&stored(call.engine, request.id).await?);
    handle.delete(call.origin).await?;
    call.engine.prepared.forget(request.id);
    if had {
        call.engine.secrets.forget(request.id).await;
    }
    call.engine.streams.lock().await.forget(request.id);
    Ok(Nothing {})
}

pub(crate) async fn stream_start(call: &Call<'_>, request: StreamStart) -> Result<Stream, Error> {
    if request.unless_full {
        capacity::check(call.engine, Some(&[request.id])).await?;
    }
    order(call, request.id, Order::Run).await
}

pub(crate) async fn stream_stop(call: &Call<'_>, request: StreamStop) -> Result<Stream, Error> {
    order(call, request.id, Order::Stop).await
}

pub(crate) async fn stream_restart(call: &Call<'_>, request: StreamRestart) -> Result<Stream, Error> {
    let handle = call.engine.streams.lock().await.get(request.id)?;
    handle.restart(clock::now(), call.origin).await
}

pub(crate) async fn stream_duplicate(call: &Call<'_>, request: StreamDuplicate) -> Result<Stream, Error> {
    let original = stored(call.engine, request.id).await?;
    let (had, id, order) = (has_secret(&original), StreamId(Uuid::now_v7()), Order::Stop);
    let secrets = match had {
        true => call.engine.secrets.find(original.id, secrets::SOURCE).await?.unwrap_or_default(),
        false => SourceSecrets::default(),
    };
    let has_secrets = keep_secrets(call.engine, id, &secrets, false).await?;
    let streams = call.engine.streams.lock().await;
    let taken = names(call.engine, original.spec.server).await;
    // The name may hold parts and dots, so it is no file name; only a number is added.
    let name = (2u32..)
        .map(|n| format!("{}-{n}", original.spec.name))
        .find(|name| !is_taken(&taken, name))
        .unwrap_or_default();
    let access = original.access.for_a_copy();
    let mut spec = StreamSpec { name, ..original.spec };
    if spec.encoding.check_extra(&spec.source, None).is_err() && call.origin != Origin::Window {
        // What a person set at the desktop is not for others to run once more.
        spec.encoding.extra.clear();
    }
    let stored = StoredStream {
        id,
        spec,
        order,
        access,
        used: None,
        converts: original.converts,
        starts_prepared: None,
        unknown: Unknown::new(),
    };
    let allowed = check_name(&stored.spec.name);
    let mut streams = store_new(call.engine, streams, &stored, allowed, has_secrets).await?;
    call.engine.hub.tell(Some((stored.id, &stored.spec.name)), ActivityKind::Created { by: call.origin });
    Ok(streams.add(stored))
}

pub(crate) async fn stream_log(call: &Call<'_>, request: StreamLog) -> Result<Log, Error> {
    Ok(call.engine.streams.lock().await.get(request.id)?.journal.read().await)
}

pub(crate) async fn stream_open(call: &Call<'_>, request: StreamOpen) -> Result<Opened, Error> {
    let mut opened = Opened { streams: Vec::new(), refused: BTreeMap::new(), full: None };
    let mut of = Vec::new();
    for path in request.paths {
        match open(call, &given::path(&path), !request.unless_full).await {
            Ok(stream) => {
                opened.streams.push(stream);
                of.push(path);
            }
            Err(error) => {
                opened.refused.insert(path, error);
            }
        }
    }
    if request.unless_full {
        // What they take is known now, since each was looked at.
        let ids: Vec<StreamId> = opened.streams.iter().map(|stream| stream.id).collect();
        match capacity::check(call.engine, Some(&ids)).await {
            Ok(()) => {
                for (stream, path) in std::mem::take(&mut opened.streams).into_iter().zip(of) {
                    match order(call, stream.id, Order::Run).await {
                        Ok(started) => opened.streams.push(started),
                        Err(error) => drop(opened.refused.insert(path, error)),
                    }
                }
            }
            Err(error) => opened.full = Some(Box::new(error)),
        }
    }
    Ok(opened)
}

pub(crate) async fn stream_start_all(call: &Call<'_>, request: StreamStartAll) -> Result<Streams, Error> {
    if request.unless_full {
        capacity::check(call.engine, None).await?;
    }
    order_all(call, Order::Run).await
}

pub(crate) async fn stream_stop_all(call: &Call<'_>, _: StreamStopAll) -> Result<Streams, Error> {
    order_all(call, Order::Stop).await
}

pub(crate) async fn media_browse(call: &Call<'_>, request: MediaBrowse) -> Result<MediaFolder, Error> {
    let (roots, path) = (call.engine.roots.clone(), request.path.clone().unwrap_or_default());
    let browsing = move || roots.browse(request.path.as_deref());
    let seen = call.engine.drives.ask(path.as_ref(), drives::LIMIT, browsing).await;
    let late = || {
        let late = Error::new(Code::SourceTimeout).with("path", path);
        Err(late.with("seconds", drives::LIMIT.as_secs()))
    };
    seen.unwrap_or_else(late)
}

pub(crate) async fn obs_export(call: &Call<'_>, _: ObsExport) -> Result<ObsFile, Error> {
    let streams = call.engine.hub.snapshot().streams;
    let content = stream_api::obs_scene_collection(stream_api::t!("obs.collection"), &streams);
    Ok(ObsFile { file_name: "stream-manager-obs.json".to_owned(), content })
}

/// The update with its source's secrets taken out, which it changes as well when they are given.
async fn with_secrets(
    engine: &Inner,
    mut request: StreamUpdate,
    before: &StoredStream,
) -> Result<(StreamUpdate, Option<SourceSecrets>), Error> {
    let password = request.password.take();
    let source = match (request.source.take(), &password) {
        // The password alone belongs to the source as it is.
        (None, Some(_)) => before.spec.source.clone(),
        (None, None) => return Ok((request, None)),
        (Some(source), _) => source,
    };
    let Given { source, secrets } = given::source(engine, source, password, Some(before)).await?;
    Ok((StreamUpdate { source: Some(source), ..request }, Some(secrets)))
}

/// Stores a stream that is new, if it is allowed; its source's secrets, kept before, go with one that comes to nothing.
/// The set of streams is no longer held then: a keychain may take its time.
async fn store_new<'a>(
    engine: &Inner,
    streams: MutexGuard<'a, Registry>,
    stored: &StoredStream,
    allowed: Result<(), Error>,
    has_secrets: bool,
) -> Result<MutexGuard<'a, Registry>, Error> {
    let put = match allowed {
        Ok(()) => engine.store.put(stored.clone()).await,
        refused => refused,
    };
    let Err(error) = put else { return Ok(streams) };
    drop(streams);
    if has_secrets {
        engine.secrets.forget(stored.id).await;
    }
    Err(error)
}

fn has_secret(stored: &StoredStream) -> bool {
    stored.spec.source.network().is_some_and(|network| network.has_secret)
}

/// Whether they are others than before; `had`: there were some. Where there are none, and none were, nothing is asked:
/// what can't be read keeps nobody from a stream that needs no secret.
async fn keep_secrets(
    engine: &Inner,
    id: StreamId,
    secrets: &SourceSecrets,
    had: bool,
) -> Result<bool, Error> {
    let secrets = Some(secrets).filter(|secrets| !secrets.is_empty());
    if secrets.is_none() && !had {
        return Ok(false);
    }
    engine.secrets.set(id, secrets::SOURCE, secrets).await
}

/// What a name is proposed from.
fn proposal(source: &Source) -> String {
    match source {
        Source::File { path } => file_name(path).to_owned(),
        Source::Network(network) => stream_api::split_address(&network.url)
            .map_or_else(|_| String::new(), |address| address.host.replace('.', "-")),
        Source::Incoming => String::new(),
        Source::TestPattern => "test-pattern".to_owned(),
    }
}

/// Probes a stream's file, if its source is one.
async fn examine_of(engine: &Inner, spec: &StreamSpec) -> Result<(), Error> {
    let Some(file) = spec.source.file() else { return Ok(()) };
    let wanted = wanted_of(&engine.hub, &engine.prober, spec);
    examine(engine, file, &wanted).await.map(drop)
}

/// Probes a file that this host may stream.
async fn examine(engine: &Inner, path: &str, wanted: &Wanted) -> Result<Probed, Error> {
    if !Path::new(path).is_absolute() {
        return Err(Error::new(Code::SourceRelative).with("path", path));
    }
    let probed = engine.prober.probe(path, wanted).await?;
    if let Ok(slate) = Slate::of(&probed.media, &probed.plan) {
        // It takes a moment, once; made now, a start need not wait for it.
        let slates = engine.slates.clone();
        engine.in_background(async move {
            if let Err(error) = slates.ensure(&slate).await {
                tracing::debug!(%error, "the slate was not made in advance");
            }
        });
    }
    Ok(probed)
}

/// Finds the stream that plays the file, or makes one; starts it if wanted.
async fn open(call: &Call<'_>, path: &str, start: bool) -> Result<Stream, Error> {
    let plays =
        call.engine.store.streams().await.into_iter().find(|stream| stream.spec.source.file() == Some(path));
    match plays {
        Some(stream) if start => order(call, stream.id, Order::Run).await,
        Some(stream) => stream_get(call, StreamGet { id: stream.id }).await,
        None => {
            let source = Source::File { path: path.to_owned() };
            let request = StreamCreate { start, ..StreamCreate::of(source) };
            stream_create(call, request).await
        }
    }
}

/// A person wants this very stream: it is the one used last.
async fn order(call: &Call<'_>, id: StreamId, order: Order) -> Result<Stream, Error> {
    give(call, id, order, (order == Order::Run).then(clock::now)).await
}

async fn give(
    call: &Call<'_>,
    id: StreamId,
    order: Order,
    used: Option<UnixMillis>,
) -> Result<Stream, Error> {
    let handle = call.engine.streams.lock().await.get(id)?;
    handle.order(order, used, call.origin).await
}

async fn order_all(call: &Call<'_>, wanted: Order) -> Result<Streams, Error> {
    let mut streams = Vec::new();
    let mut all = call.engine.store.streams().await;
    all.sort_by_key(|stream| std::cmp::Reverse(stream.used));
    for stream in all {
        match give(call, stream.id, wanted, None).await {
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

async fn proposed(engine: &Inner, server: ServerId, from: &str) -> String {
    let taken = names(engine, server).await;
    propose_name(from, |name| is_taken(&taken, name))
}

/// Of the streams of one server.
async fn names(engine: &Inner, server: ServerId) -> Vec<String> {
    let streams = engine.store.streams().await.into_iter();
    streams.filter(|one| one.spec.server == server).map(|one| one.spec.name).collect()
}

fn is_taken(names: &[String], name: &str) -> bool {
    names.iter().any(|taken| is_same_name(taken, name))
}
