//! Routes that 1.21 renamed. It serves the old names beside the new ones; later versions need not.

use crate::SessionKind;

/// A route under its two names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    old: &'static str,
    new: &'static str,
}

pub(crate) const PATH_DEFAULTS: Route = Route { old: "config/pathdefaults", new: "config/path-defaults" };
pub(crate) const DELETE_SEGMENT: Route =
    Route { old: "recordings/deletesegment", new: "recordings/segments/delete" };
pub(crate) const FORWARDS: Route = Route { old: "paths/forward", new: "paths/forward-dests" };
pub(crate) const HLS_MUXERS: Route = Route { old: "hlsmuxers", new: "hls/muxers" };
pub(crate) const RTSP_CONNECTIONS: Route = Route { old: "rtspconns", new: "rtsp/conns" };
pub(crate) const RTSPS_CONNECTIONS: Route = Route { old: "rtspsconns", new: "rtsps/conns" };

impl Route {
    pub(crate) fn name(self, new_routes: bool) -> &'static str {
        if new_routes { self.new } else { self.old }
    }

    /// Where sessions of a kind are listed and kicked.
    pub(crate) fn sessions(kind: SessionKind) -> Route {
        let (old, new) = match kind {
            SessionKind::Rtsp => ("rtspsessions", "rtsp/sessions"),
            SessionKind::Rtsps => ("rtspssessions", "rtsps/sessions"),
            SessionKind::Rtmp => ("rtmpconns", "rtmp/conns"),
            SessionKind::Rtmps => ("rtmpsconns", "rtmps/conns"),
            SessionKind::Srt => ("srtconns", "srt/conns"),
            SessionKind::WebRtc => ("webrtcsessions", "webrtc/sessions"),
            SessionKind::Hls => ("hlssessions", "hls/sessions"),
            SessionKind::Moq => ("moqsessions", "moq/sessions"),
        };
        Route { old, new }
    }
}
