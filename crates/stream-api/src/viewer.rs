//! Those who watch, one by one, and the connection that they are served by.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Code, Error, Protocol, StreamId, UnixMillis};

/// The fastest connection that can be given, in megabits per second.
const FASTEST: u32 = 1_000_000;

/// The identity of a viewer's connection, as the server gave it. Whoever comes back has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ViewerId(pub Uuid);

impl fmt::Display for ViewerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ViewerId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(ViewerId)
    }
}

/// Somebody who watches a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// Their connection.
    pub id: ViewerId,
    /// What they watch.
    pub stream: StreamId,
    /// By which protocol; absent for one that has no name here, such as MoQ.
    pub protocol: Option<Protocol>,
    /// By RTSPS or RTMPS.
    pub encrypted: bool,
    /// From where: an IP address, of a proxy if there is one between.
    pub address: String,
    /// The name that their player gave, or the id of their guest link; may be empty. No proof of who it is.
    pub user: String,
    /// Their player in its own words; may be empty.
    pub agent: String,
    /// Since when.
    pub since: Option<UnixMillis>,
    /// Bytes that they got.
    pub outbound_bytes: u64,
    /// Bits per second that they get now, over the last seconds.
    pub outbound_bps: u64,
}

impl Viewer {
    /// The protocol as people write it, `RTSPS` for instance. None for one that has no name here.
    pub const fn protocol_label(&self) -> Option<&'static str> {
        match (self.protocol, self.encrypted) {
            (Some(Protocol::Rtsp), true) => Some("RTSPS"),
            (Some(Protocol::Rtmp), true) => Some("RTMPS"),
            (Some(protocol), _) => Some(protocol.label()),
            (None, _) => None,
        }
    }
}

/// Whether a connection can be this fast: 1 to 1,000,000 Mb/s.
///
/// # Errors
/// `uplink_unfit`.
pub fn check_uplink(mbps: u32) -> Result<(), Error> {
    match (1..=FASTEST).contains(&mbps) {
        true => Ok(()),
        false => Err(Error::new(Code::UplinkUnfit).with("mbps", mbps)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_some_speed() {
        assert!(check_uplink(1).is_ok() && check_uplink(FASTEST).is_ok());
        for bad in [0, FASTEST + 1] {
            assert_eq!(check_uplink(bad).map_err(|error| error.code), Err(Code::UplinkUnfit), "{bad}");
        }
    }
}
