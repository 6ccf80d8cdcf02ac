use std::time::Instant;

use stream_api::{Metrics, ServerId, StreamId};

use super::{pressure::Pressure, tls::Tls};
use crate::hub::Hub;

/// Where what is seen of one server goes in the picture.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    hub: Hub,
    id: ServerId,
    /// Of the bundled one.
    tls: Option<Tls>,
}

impl Sink {
    pub(super) fn new(hub: Hub, id: ServerId) -> Sink {
        Sink { hub, id, tls: None }
    }

    /// Of the bundled server, which encrypts by these certificates.
    pub(super) fn of_ours(hub: Hub, tls: Tls) -> Sink {
        Sink { tls: Some(tls), ..Sink::new(hub, ServerId::BUNDLED) }
    }

    /// New figures of its streams, and of all that it sends.
    pub(super) fn metrics(&self, streams: Vec<(StreamId, Metrics)>, outbound_bps: u64) {
        self.hub.metrics(self.id, streams, outbound_bps);
    }

    /// Whether that is more than is good, and what else is wrong. Of the connection and the computer of others nothing is known.
    pub(super) fn judge(&self, pressure: &mut Pressure, viewers: u32, bps: u64, now: Instant) {
        if self.id.is_bundled() {
            self.hub.server(|server| {
                server.warnings = pressure.judge(viewers, bps, server.uplink_mbps, now);
                server.warnings.extend(self.tls.as_ref().and_then(Tls::trouble));
            });
        }
    }

    /// How full the disk of the recordings is.
    pub(super) fn disk(&self, free: u64, total: u64) {
        if self.id.is_bundled() {
            self.hub.server(|server| (server.disk_free, server.disk_total) = (Some(free), Some(total)));
        }
    }
}
