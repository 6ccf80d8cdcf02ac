//! What somebody else changed and we put back, for the history.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use stream_api::{ActivityKind, Mended};

use crate::hub::Hub;

/// Who changes something again and again is told of once in this time.
const TOLD: Duration = Duration::from_secs(60);

/// Tells what was put back on one server.
#[derive(Debug)]
pub(super) struct Mends {
    hub: Hub,
    /// As people call it; empty for the bundled one.
    server: String,
    /// What was told, and when.
    told: HashMap<Mended, Instant>,
}

impl Mends {
    pub(super) fn new(hub: Hub, server: String) -> Mends {
        Mends { hub, server, told: HashMap::new() }
    }

    pub(super) fn tell(&mut self, mended: Mended) {
        let now = Instant::now();
        self.told.retain(|_, at| now.duration_since(*at) < TOLD);
        if self.told.insert(mended.clone(), now).is_none() {
            self.hub.tell_server(&self.server, ActivityKind::ServerMended { mended });
        }
    }
}
