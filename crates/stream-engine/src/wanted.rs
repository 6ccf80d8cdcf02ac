//! What decides how a file is sent, besides the file.

use ffmpeg_cli::{plan::Wanted, publish::By};
use stream_api::{Encoding, Error, Playback, Protocols, Remark, RemarkCode, ServerId, StreamSpec};

use crate::{hub::Hub, prober::Prober};

/// For a stream of `server` that plays so often and is to be sent as the user chose.
pub(crate) fn wanted(
    hub: &Hub,
    prober: &Prober,
    server: ServerId,
    playback: Playback,
    encoding: &Encoding,
) -> Wanted {
    // What viewers of somebody else's server watch by is its owner's business.
    let viewers = if server.is_bundled() { hub.settings().protocols } else { Protocols::default() };
    let encoders = prober.encoders().working();
    Wanted { encoding: encoding.clone(), playback, encoders, viewers, prepare: false }
}

/// For a stream as it is configured.
pub(crate) fn wanted_of(hub: &Hub, prober: &Prober, spec: &StreamSpec) -> Wanted {
    let prepare = spec.prepare && spec.may_prepare();
    Wanted { prepare, ..wanted(hub, prober, spec.server, spec.playback, &spec.encoding) }
}

/// By which protocol it goes to its server: as the user chose where the server takes that, else by RTSP, which every
/// server does, and a remark that says so. What was chosen was possible then; the server's settings may be others
/// since.
pub(crate) fn way(hub: &Hub, server: ServerId, encoding: &Encoding) -> (By, Option<Remark>) {
    match check_way(hub, server, encoding) {
        Ok(()) => (encoding.publish, None),
        Err(_) => {
            let instead = Remark::new(RemarkCode::PublishedInstead).with("wanted", encoding.publish.label());
            (By::Rtsp, Some(instead))
        }
    }
}

/// # Errors
/// `setting_unfit` where the server does not take it so.
pub(crate) fn check_way(hub: &Hub, server: ServerId, encoding: &Encoding) -> Result<(), Error> {
    encoding.publish.check(server, &hub.settings())
}
