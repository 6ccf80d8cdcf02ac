//! What decides how a file is sent, besides the file.

use ffmpeg_cli::plan::Wanted;
use stream_api::{Encoding, Protocols, ServerId};

use crate::{hub::Hub, prober::Prober};

/// For a stream of `server` that is to be sent as the user chose.
pub(crate) fn wanted(hub: &Hub, prober: &Prober, server: ServerId, encoding: &Encoding) -> Wanted {
    // What viewers of somebody else's server watch by is its owner's business.
    let viewers = if server.is_bundled() { hub.settings().protocols } else { Protocols::default() };
    Wanted { encoding: encoding.clone(), encoders: prober.encoders().working(), viewers }
}
