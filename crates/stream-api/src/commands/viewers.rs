//! Those who watch, one by one.

use serde::{Deserialize, Serialize};

use crate::{StreamId, Viewer, ViewerId};

/// Who watches now, as far as the server tells them apart: before MediaMTX 1.18 it does not do so by HLS. Our own
/// readers are left out, as they are in [`Viewers`](crate::Viewers).
///
/// Asked for again while somebody looks at it: it changes every second with every viewer, which is more than all
/// pages that do not show it should be told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ViewerList {
    /// Of this stream; of all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamId>,
}

/// Who watches, at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Watching {
    /// Who has been there longest first.
    pub viewers: Vec<Viewer>,
}

/// Ends a viewer's connection. They can come back, unless access is restricted. One that is already gone is fine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ViewerKick {
    /// Whose.
    pub id: ViewerId,
}

/// Says how fast the connection to the viewers is, so that it is told when it gets full.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UplinkSet {
    /// Megabits per second, see [`check_uplink`](crate::check_uplink); absent: it is not known, and nothing is told.
    #[serde(default)]
    pub mbps: Option<u32>,
}
