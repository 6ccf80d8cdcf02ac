//! Servers besides the bundled one.

use stream_api::{
    Code, Error, OtherServer, ServerId, ServerTested,
    commands::{
        Adopted, DriftAdopt, DriftApply, Nothing, OtherList, Others, ServerAdd, ServerEdit, ServerRemove,
        ServerRetry, ServerTest,
    },
};

use super::Call;

pub(crate) async fn other_list(engine: &Call<'_>, _: OtherList) -> Result<Others, Error> {
    Ok(Others { servers: engine.hub.snapshot().others })
}

pub(crate) async fn server_test(_: &Call<'_>, request: ServerTest) -> Result<ServerTested, Error> {
    Err(unknown(request.server.unwrap_or_default()))
}

pub(crate) async fn server_add(_: &Call<'_>, _: ServerAdd) -> Result<OtherServer, Error> {
    Err(unknown(ServerId::default()))
}

pub(crate) async fn server_edit(_: &Call<'_>, request: ServerEdit) -> Result<OtherServer, Error> {
    Err(unknown(request.id))
}

pub(crate) async fn server_remove(_: &Call<'_>, request: ServerRemove) -> Result<Nothing, Error> {
    Err(unknown(request.id))
}

pub(crate) async fn server_retry(_: &Call<'_>, request: ServerRetry) -> Result<OtherServer, Error> {
    Err(unknown(request.id))
}

pub(crate) async fn drift_apply(_: &Call<'_>, request: DriftApply) -> Result<OtherServer, Error> {
    Err(unknown(request.id))
}

pub(crate) async fn drift_adopt(_: &Call<'_>, request: DriftAdopt) -> Result<Adopted, Error> {
    Err(unknown(request.id))
}

fn unknown(id: ServerId) -> Error {
    Error::new(Code::NoSuchServer).with("id", id)
}
