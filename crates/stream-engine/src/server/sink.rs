use std::{path::Path, sync::Arc, time::Instant};

use parking_lot::Mutex;
use stream_api::{Fault, Metrics, ServerId, StreamId};

use super::{pressure::Pressure, tls::Tls};
use crate::{data_dir::silent, hub::Hub, room::Look};

/// Where what is seen of one server goes in the picture.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    hub: Hub,
    id: ServerId,
    /// Of the bundled one.
    tls: Option<Tls>,
    /// The data folder does not answer.
    silent: Arc<Mutex<Option<Fault>>>,
}

impl Sink {
    pub(super) fn new(hub: Hub, id: ServerId) -> Sink {
        Sink { hub, id, tls: None, silent: Arc::default() }
    }

    /// Of the bundled server, which encrypts by these certificates.
    pub(super) fn of_ours(hub: Hub, tls: Tls) -> Sink {
        Sink { tls: Some(tls), ..Sink::new(hub, ServerId::BUNDLED) }
    }

    /// New figures of its streams, and of all that it sends.
    pub(super) fn metrics(&self, streams: Vec<(StreamId, Metrics)>, outbound_bps: u64) {
        self.hub.metrics(self.id, streams, outbound_bps);
    }

    /// Whether that is more than is good, and what else is wrong. Of the connection and the computer of others
    /// nothing is known.
    pub(super) fn judge(&self, pressure: &mut Pressure, viewers: u32, bps: u64, now: Instant) {
        if self.id.is_bundled() {
            self.hub.server(|server| {
                server.warnings = pressure.judge(viewers, bps, server.uplink_mbps, now);
                server.warnings.extend(self.tls.as_ref().and_then(Tls::trouble));
                server.warnings.extend(self.silent.lock().clone());
            });
        }
    }

    /// How full the disk of the recordings is, which is the data folder's, or whether it answers at all.
    pub(super) fn disk(&self, folder: &Path, look: Look) {
        let silent = (look == Look::Silent).then(|| Fault::new(silent(folder)));
        *self.silent.lock() = silent;
        if let Look::Space(space) = look {
            // Steps of 64 MiB: the picture need not change with every byte.
            let free = space.free >> 26 << 26;
            self.hub.server(|server| (server.disk_free, server.disk_total) = (Some(free), Some(space.total)));
        }
    }
}
