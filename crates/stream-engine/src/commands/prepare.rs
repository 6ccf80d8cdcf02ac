//! Prepared files.

use stream_api::{
    Code, Error, Stream, StreamId,
    commands::{
        Nothing, PrepareCancel, PrepareStart, PreparedFiles, PreparedList, PreparedRemove, PreparedRoomSet,
        StreamUpdate,
    },
};

use super::{Call, stored};

pub(crate) async fn prepare_start(call: &Call<'_>, request: PrepareStart) -> Result<Stream, Error> {
    let mut spec = stored(call.engine, request.id).await?.spec;
    if !spec.may_prepare() {
        return Err(Error::new(Code::PrepareUnfit));
    }
    spec.prepare = true;
    // First, so that what can't be done is not stored.
    call.engine.prepared.follow(request.id, &spec).await?;
    let stream = set(call, request.id, true).await?;
    if !request.start {
        return Ok(stream);
    }
    let handle = call.engine.streams.lock().await.get(request.id)?;
    handle.start_prepared(call.origin).await
}

pub(crate) async fn prepare_cancel(call: &Call<'_>, request: PrepareCancel) -> Result<Stream, Error> {
    set(call, request.id, false).await
}

async fn set(call: &Call<'_>, id: StreamId, prepare: bool) -> Result<Stream, Error> {
    let handle = call.engine.streams.lock().await.get(id)?;
    let update = StreamUpdate { prepare: Some(prepare), ..StreamUpdate::of(id) };
    handle.edit(update, false, call.origin).await
}

pub(crate) async fn prepared_list(call: &Call<'_>, _: PreparedList) -> Result<PreparedFiles, Error> {
    Ok(call.engine.prepared.list().await)
}

pub(crate) async fn prepared_remove(call: &Call<'_>, request: PreparedRemove) -> Result<Nothing, Error> {
    call.engine.prepared.remove(&request.key).await?;
    Ok(Nothing {})
}

pub(crate) async fn prepared_room_set(call: &Call<'_>, request: PreparedRoomSet) -> Result<Nothing, Error> {
    call.engine.prepared.check_room(request.room)?;
    call.engine.store.set_prepared_room(request.room).await?;
    call.engine.prepared.set_room(request.room);
    Ok(Nothing {})
}
