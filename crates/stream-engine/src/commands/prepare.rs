//! Prepared files.

use stream_api::{
    Code, Error, Stream, StreamId,
    commands::{
        Nothing, PrepareCancel, PrepareStart, PreparedFiles, PreparedList, PreparedRemove, PreparedRoomSet,
        StreamUpdate,
    },
};

use super::{Call, stored};

pub(crate) async fn prepare_start(engine: &Call<'_>, request: PrepareStart) -> Result<Stream, Error> {
    let mut spec = stored(engine, request.id).await?.spec;
    if !spec.may_prepare() {
        return Err(Error::new(Code::PrepareUnfit));
    }
    spec.prepare = true;
    // First, so that what can't be done is not stored.
    engine.prepared.follow(request.id, &spec).await?;
    set(engine, request.id, true).await
}

pub(crate) async fn prepare_cancel(engine: &Call<'_>, request: PrepareCancel) -> Result<Stream, Error> {
    set(engine, request.id, false).await
}

async fn set(engine: &Call<'_>, id: StreamId, prepare: bool) -> Result<Stream, Error> {
    let handle = engine.streams.lock().await.get(id)?;
    let update = StreamUpdate { prepare: Some(prepare), ..StreamUpdate::of(id) };
    handle.edit(update, false, engine.origin).await
}

pub(crate) async fn prepared_list(engine: &Call<'_>, _: PreparedList) -> Result<PreparedFiles, Error> {
    Ok(engine.prepared.list().await)
}

pub(crate) async fn prepared_remove(engine: &Call<'_>, request: PreparedRemove) -> Result<Nothing, Error> {
    engine.prepared.remove(&request.key).await?;
    Ok(Nothing {})
}

pub(crate) async fn prepared_room_set(engine: &Call<'_>, request: PreparedRoomSet) -> Result<Nothing, Error> {
    engine.prepared.check_room(request.room)?;
    engine.store.set_prepared_room(request.room).await?;
    engine.prepared.set_room(request.room);
    Ok(Nothing {})
}
