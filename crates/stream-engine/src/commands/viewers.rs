//! Those who watch, one by one, and the connection to them.

use stream_api::{
    ActivityKind, Error, check_uplink,
    commands::{Nothing, UplinkSet, ViewerKick, ViewerList, Watching},
};

use super::Call;

pub(crate) async fn viewer_list(call: &Call<'_>, request: ViewerList) -> Result<Watching, Error> {
    Ok(Watching { viewers: call.engine.servers.viewers(request.stream) })
}

pub(crate) async fn viewer_kick(call: &Call<'_>, request: ViewerKick) -> Result<Nothing, Error> {
    let mut kicked = None;
    for server in call.engine.servers.all() {
        kicked = server.kick(request.id).await?;
        if kicked.is_some() {
            break;
        }
    }
    let Some(viewer) = kicked else { return Ok(Nothing {}) };
    tracing::info!(stream_id = %viewer.stream, address = viewer.address, "a viewer was disconnected");
    if let Some(stream) = call.engine.hub.get(viewer.stream) {
        let kind =
            ActivityKind::Kicked { protocol: viewer.protocol, address: viewer.address, by: call.origin };
        call.engine.hub.tell(Some((stream.id, &stream.spec.name)), kind);
    }
    Ok(Nothing {})
}

pub(crate) async fn uplink_set(call: &Call<'_>, request: UplinkSet) -> Result<Nothing, Error> {
    if let Some(mbps) = request.mbps {
        check_uplink(mbps)?;
    }
    call.engine.store.set_uplink_mbps(request.mbps).await?;
    call.engine.hub.server(|server| server.uplink_mbps = request.mbps);
    Ok(Nothing {})
}
