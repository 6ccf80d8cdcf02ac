//! Servers besides the bundled one.

mod drift;
mod given;

use mediamtx_client::ApiAddress;
use stream_api::{
    ActivityKind, Code, Error, OtherServer, ServerId, ServerSpec, ServerTested, StreamId,
    commands::{
        LeftStreams, Nothing, OtherList, Others, ServerAdd, ServerEdit, ServerRemove, ServerRetry,
        ServerTest, StreamUpdate,
    },
    propose_name,
};
use uuid::Uuid;

use super::{Call, is_taken, names};
use crate::{
    engine::Inner,
    secrets, server,
    store::StoredStream,
    stored_other::{OtherSecrets, StoredOther},
};
pub(crate) use drift::{drift_adopt, drift_apply, path_take};

pub(crate) async fn other_list(call: &Call<'_>, _: OtherList) -> Result<Others, Error> {
    Ok(Others { servers: call.engine.hub.snapshot().others })
}

pub(crate) async fn server_test(call: &Call<'_>, request: ServerTest) -> Result<ServerTested, Error> {
    let before = match request.server {
        Some(id) => Some(with_secrets(call.engine, id).await?),
        None => None,
    };
    let (spec, kept) = given::given(request.spec, request.secrets, before.as_ref())?;
    let ours = |name: &str| request.server.is_some_and(|id| call.engine.servers.owns(id, name));
    let streams = match request.server {
        Some(id) => of_server(call.engine, id).await.into_iter().map(|stream| stream.spec.name).collect(),
        None => Vec::new(),
    };
    server::examined(&spec, &kept, &call.engine.slates, &call.engine.drives, ours, &streams).await
}

pub(crate) async fn server_add(call: &Call<'_>, request: ServerAdd) -> Result<OtherServer, Error> {
    let (spec, kept) = given::given(request.spec, request.secrets, None)?;
    if let Some(folder) = &spec.folder {
        server::usable(&folder.here, &call.engine.drives).await?;
    }
    let _turn = call.engine.servers_turn.lock().await;
    check_name_free(call.engine, &spec.name, None).await?;
    check_place_free(call.engine, &spec, None).await?;
    let stored = StoredOther { id: ServerId(Uuid::now_v7()), spec };
    let id = stored.id;
    keep(call.engine, id, &kept, &OtherSecrets::default()).await?;
    if let Err(error) = call.engine.store.put_other(stored.clone()).await {
        call.engine.secrets.forget(id).await;
        return Err(error);
    }
    tracing::info!(server_id = %id, name = stored.spec.name, "a server was added");
    call.engine.hub.tell_server(&stored.spec.name, ActivityKind::ServerAdded { by: call.origin });
    call.engine.servers.add(stored);
    shown(call.engine, id)
}

pub(crate) async fn server_edit(call: &Call<'_>, request: ServerEdit) -> Result<OtherServer, Error> {
    let id = request.id;
    let _turn = call.engine.servers_turn.lock().await;
    let before = with_secrets(call.engine, id).await?;
    let (spec, kept) = given::given(request.spec, request.secrets, Some(&before))?;
    if let Some(folder) = &spec.folder {
        server::usable(&folder.here, &call.engine.drives).await?;
    }
    check_name_free(call.engine, &spec.name, Some(id)).await?;
    if before.0.spec.api != spec.api {
        check_place_free(call.engine, &spec, Some(id)).await?;
    }
    let terms = server::terms(&spec, &kept, &call.engine.slates);
    for stream in of_server(call.engine, id).await {
        terms.check(&stream.spec.name, &stream.access)?;
    }
    let stored = StoredOther { id, spec };
    keep(call.engine, id, &kept, &before.1).await?;
    if let Err(error) = call.engine.store.put_other(stored.clone()).await {
        keep(call.engine, id, &before.1, &kept).await?;
        return Err(error);
    }
    tracing::info!(server_id = %id, name = stored.spec.name, "a server was edited");
    if before.0.spec.api != stored.spec.api
        && let Err(error) = call.engine.servers.get(id).leave().await
    {
        // Whether it is the same one under another address is seen when it is met there.
        tracing::warn!(%error, "paths of ours stay where the server was before");
    }
    call.engine.hub.tell_server(&stored.spec.name, ActivityKind::ServerChanged { by: call.origin });
    call.engine.servers.edit(stored);
    shown(call.engine, id)
}

pub(crate) async fn server_remove(call: &Call<'_>, request: ServerRemove) -> Result<Nothing, Error> {
    let id = request.id;
    let _turn = call.engine.servers_turn.lock().await;
    let stored = known(call.engine, id).await?;
    let streams = of_server(call.engine, id).await;
    match request.streams {
        // The store does.
        LeftStreams::Refuse => {}
        LeftStreams::Move => {
            for stream in streams {
                bring_home(call, stream).await?;
            }
        }
        LeftStreams::Delete => {
            for stream in streams {
                super::stream_delete(call, stream_api::commands::StreamDelete { id: stream.id }).await?;
            }
        }
    }
    call.engine.store.remove_other(id).await?;
    if let Err(error) = call.engine.servers.get(id).leave().await {
        tracing::warn!(%error, "paths of ours may stay on a server that is removed");
    }
    call.engine.servers.remove(id).await;
    if stored.has_secrets() {
        call.engine.secrets.forget(id).await;
    }
    call.engine.hub.tell_server(&stored.spec.name, ActivityKind::ServerRemoved { by: call.origin });
    tracing::info!(server_id = %id, name = stored.spec.name, "a server was removed");
    Ok(Nothing {})
}

pub(crate) async fn server_retry(call: &Call<'_>, request: ServerRetry) -> Result<OtherServer, Error> {
    let stored = known(call.engine, request.id).await?;
    call.engine.hub.tell_server(&stored.spec.name, ActivityKind::ServerRestarted { by: call.origin });
    call.engine.servers.get(request.id).restart().await;
    shown(call.engine, request.id)
}

/// To the bundled server, under another name where its own is taken there.
async fn bring_home(call: &Call<'_>, stream: StoredStream) -> Result<(), Error> {
    let handle = call.engine.streams.lock().await.get(stream.id)?;
    loop {
        let taken = names(call.engine, ServerId::BUNDLED).await;
        let name = &stream.spec.name;
        let name = is_taken(&taken, name).then(|| propose_name(name, |name| is_taken(&taken, name)));
        let update = StreamUpdate { server: Some(ServerId::BUNDLED), name, ..StreamUpdate::of(stream.id) };
        match handle.edit(update, false, call.origin).await {
            // Meanwhile.
            Err(error) if error.code == Code::NameTaken => {}
            edited => return edited.map(drop),
        }
    }
}

/// A server as it is stored.
///
/// # Errors
/// `no_such_server`.
pub(super) async fn known(engine: &Inner, id: ServerId) -> Result<StoredOther, Error> {
    let stored = engine.store.others().await.into_iter().find(|other| other.id == id);
    stored.ok_or_else(|| Error::new(Code::NoSuchServer).with("id", id))
}

/// The same with its secrets: what is kept of it goes on from there, so they have to be known.
///
/// # Errors
/// `no_such_server`, `keychain_locked`.
async fn with_secrets(engine: &Inner, id: ServerId) -> Result<(StoredOther, OtherSecrets), Error> {
    let stored = known(engine, id).await?;
    let kept = stored.secrets(&engine.secrets).await?;
    Ok((stored, kept))
}

async fn of_server(engine: &Inner, id: ServerId) -> Vec<StoredStream> {
    engine.store.streams().await.into_iter().filter(|stream| stream.spec.server == id).collect()
}

/// Where they are as before nothing is asked: what can't be read or written keeps nobody from a change of the rest.
async fn keep(engine: &Inner, id: ServerId, kept: &OtherSecrets, before: &OtherSecrets) -> Result<(), Error> {
    if kept == before {
        return Ok(());
    }
    let kept = Some(kept).filter(|kept| !kept.is_empty());
    engine.secrets.set(id, secrets::SERVER, kept).await.map(drop)
}

async fn check_name_free(engine: &Inner, name: &str, except: Option<ServerId>) -> Result<(), Error> {
    let same = |other: &StoredOther| {
        Some(other.id) != except && other.spec.name.to_lowercase() == name.to_lowercase()
    };
    match engine.store.others().await.iter().any(same) {
        true => Err(Error::new(Code::ServerNameTaken).with("name", name)),
        false => Ok(()),
    }
}

/// One task writes to a server: two would undo each other's changes of its users.
async fn check_place_free(engine: &Inner, spec: &ServerSpec, except: Option<ServerId>) -> Result<(), Error> {
    let Ok(place) = spec.api.parse::<ApiAddress>() else { return Ok(()) };
    let same = |other: &StoredOther| {
        Some(other.id) != except && other.spec.api.parse().is_ok_and(|other| place.is_same_place(&other))
    };
    match engine.store.others().await.into_iter().find(same) {
        Some(other) => Err(Error::new(Code::ServerKnown).with("name", other.spec.name)),
        None => Ok(()),
    }
}

fn shown(engine: &Inner, id: ServerId) -> Result<OtherServer, Error> {
    engine.hub.get_other(id).ok_or_else(|| Error::new(Code::NoSuchServer).with("id", id))
}

/// A stream as it is stored, of this server.
async fn stream_of(engine: &Inner, server: ServerId, id: StreamId) -> Result<StoredStream, Error> {
    let stream = of_server(engine, server).await.into_iter().find(|stream| stream.id == id);
    stream.ok_or_else(|| Error::new(Code::NoSuchStream).with("id", id))
}
