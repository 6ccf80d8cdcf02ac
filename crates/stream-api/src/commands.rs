//! The one list of commands. Every host takes the whole list by [`with_commands!`](crate::with_commands), so a
//! command without a body does not compile, and the interface calls by type.
//!
//! On the wire a request is one JSON object. Over REST its `{fields}` in the path, its query (GET, DELETE) and its
//! JSON body (POST, PATCH) are merged into that object.

mod access;
mod capacity;
mod encoders;
mod history;
mod order;
mod others;
mod prepare;
mod preset;
mod server;
mod source;
mod viewers;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Capacity, Effects, EncodersTried, Encoding, Import, LogLine, ObsFile, OtherServer, Playback, ProbeReport,
    RunLog, Secret, ServerId, ServerStatus, ServerTested, Snapshot, Source, SourceTested, Stream,
    StreamHistory, StreamId, StreamSpec,
};

pub use access::{
    GuestLinkCreate, GuestLinkMade, GuestLinkRevoke, NewAccess, PasswordChange, PublishKey, PublishKeyRenew,
    PublishKeyRevoke, QrCode, StreamAccessSet, StreamQr,
};
pub use capacity::CapacityGet;
pub use encoders::EncodersTry;
pub use history::{
    Activities, ActivityExport, ActivityFile, ActivityList, ActivitySeen, StreamPast, StreamRunLog,
};
pub use order::{StreamRestart, StreamStart, StreamStartAll, StreamStop, StreamStopAll};
pub use others::{
    Adopted, DriftAdopt, DriftApply, LeftStreams, OtherList, Others, ServerAdd, ServerEdit, ServerRemove,
    ServerRetry, ServerSecrets, ServerTest,
};
pub use prepare::{
    PrepareCancel, PrepareStart, PreparedFiles, PreparedList, PreparedRemove, PreparedRoomSet,
};
pub use preset::{PresetApplied, PresetApply, PresetRemove, PresetSave};
pub use server::{
    ConfigFile, ServerConfigExport, ServerConfigRead, ServerGet, ServerLog, ServerPortsRenew, ServerRestart,
    ServerSettingsCheck, ServerSettingsSet,
};
pub use source::{MediaBrowse, MediaFolder, SourceProbe, SourceTest};
pub use viewers::{UplinkSet, ViewerKick, ViewerList, Watching};

/// A command: its request is the type itself.
pub trait Command: Serialize + DeserializeOwned + Send + 'static {
    /// What it answers.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
    /// Its name and route.
    const ROUTE: Route;
}

/// Name and REST route of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Such as `stream_start`.
    pub name: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the host's root; `{field}` stands for a field of the request.
    pub path: &'static str,
    /// HTTP status of success.
    pub success: u16,
}

/// HTTP method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads; the request is in the query.
    Get,
    /// Does; the request is a JSON body.
    Post,
    /// Changes some fields; the request is a JSON body.
    Patch,
    /// Removes; the request is in the path.
    Delete,
}

impl Method {
    /// As in HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// Hands the whole list to the macro `callback!`, as `Request, name;` rows.
#[macro_export]
macro_rules! with_commands {
    ($($callback:tt)+) => {
        $($callback)+! {
            SnapshotGet, snapshot_get;
            StreamList, stream_list;
            StreamGet, stream_get;
            StreamCreate, stream_create;
            StreamUpdate, stream_update;
            StreamDelete, stream_delete;
            StreamStart, stream_start;
            StreamStop, stream_stop;
            StreamRestart, stream_restart;
            StreamDuplicate, stream_duplicate;
            StreamAccessSet, stream_access_set;
            GuestLinkCreate, guest_link_create;
            GuestLinkRevoke, guest_link_revoke;
            PublishKeyRenew, publish_key_renew;
            PublishKeyRevoke, publish_key_revoke;
            StreamQr, stream_qr;
            StreamLog, stream_log;
            StreamOpen, stream_open;
            StreamStartAll, stream_start_all;
            StreamStopAll, stream_stop_all;
            SourceProbe, source_probe;
            SourceTest, source_test;
            MediaBrowse, media_browse;
            ServerGet, server_get;
            ServerLog, server_log;
            ServerRestart, server_restart;
            ServerPortsRenew, server_ports_renew;
            ServerSettingsCheck, server_settings_check;
            ServerSettingsSet, server_settings_set;
            ServerConfigExport, server_config_export;
            ServerConfigRead, server_config_read;
            OtherList, other_list;
            ServerTest, server_test;
            ServerAdd, server_add;
            ServerEdit, server_edit;
            ServerRemove, server_remove;
            ServerRetry, server_retry;
            DriftApply, drift_apply;
            DriftAdopt, drift_adopt;
            UplinkSet, uplink_set;
            ViewerList, viewer_list;
            ViewerKick, viewer_kick;
            ToolsCheck, tools_check;
            ObsExport, obs_export;
            ActivityList, activity_list;
            ActivityExport, activity_export;
            ActivitySeen, activity_seen;
            StreamPast, stream_past;
            StreamRunLog, stream_run_log;
            SupportBundle, support_bundle;
            PrepareStart, prepare_start;
            PrepareCancel, prepare_cancel;
            PreparedList, prepared_list;
            PreparedRemove, prepared_remove;
            PreparedRoomSet, prepared_room_set;
            EncodersTry, encoders_try;
            PresetSave, preset_save;
            PresetRemove, preset_remove;
            PresetApply, preset_apply;
            CapacityGet, capacity_get;
        }
    };
}

macro_rules! routes {
    ($($request:ident => $reply:ty, $name:literal, $method:ident $path:literal, $success:literal;)+) => {
        $(impl Command for $request {
            type Reply = $reply;
            const ROUTE: Route =
                Route { name: $name, method: Method::$method, path: $path, success: $success };
        })+

        /// Every command's route.
        pub const COMMANDS: &[Route] = &[$(<$request as Command>::ROUTE),+];
    };
}

routes! {
    SnapshotGet => Snapshot, "snapshot_get", Get "/api/v1/snapshot", 200;
    StreamList => Streams, "stream_list", Get "/api/v1/streams", 200;
    StreamGet => Stream, "stream_get", Get "/api/v1/streams/{id}", 200;
    StreamCreate => Stream, "stream_create", Post "/api/v1/streams", 201;
    StreamUpdate => Stream, "stream_update", Patch "/api/v1/streams/{id}", 200;
    StreamDelete => Nothing, "stream_delete", Delete "/api/v1/streams/{id}", 200;
    StreamStart => Stream, "stream_start", Post "/api/v1/streams/{id}/start", 200;
    StreamStop => Stream, "stream_stop", Post "/api/v1/streams/{id}/stop", 200;
    StreamRestart => Stream, "stream_restart", Post "/api/v1/streams/{id}/restart", 200;
    StreamDuplicate => Stream, "stream_duplicate", Post "/api/v1/streams/{id}/duplicate", 201;
    StreamAccessSet => Stream, "stream_access_set", Post "/api/v1/streams/{id}/access", 200;
    GuestLinkCreate => GuestLinkMade, "guest_link_create", Post "/api/v1/streams/{id}/guest-links", 201;
    GuestLinkRevoke => Stream, "guest_link_revoke", Delete "/api/v1/streams/{id}/guest-links/{link}", 200;
    PublishKeyRenew => PublishKey, "publish_key_renew", Post "/api/v1/streams/{id}/publish-key", 200;
    PublishKeyRevoke => Stream, "publish_key_revoke", Delete "/api/v1/streams/{id}/publish-key", 200;
    StreamQr => QrCode, "stream_qr", Get "/api/v1/streams/{id}/qr", 200;
    StreamLog => Log, "stream_log", Get "/api/v1/streams/{id}/log", 200;
    StreamOpen => Opened, "stream_open", Post "/api/v1/open", 200;
    StreamStartAll => Streams, "stream_start_all", Post "/api/v1/start-all", 200;
    StreamStopAll => Streams, "stream_stop_all", Post "/api/v1/stop-all", 200;
    SourceProbe => ProbeReport, "source_probe", Post "/api/v1/probe", 200;
    SourceTest => SourceTested, "source_test", Post "/api/v1/source-test", 200;
    MediaBrowse => MediaFolder, "media_browse", Get "/api/v1/media", 200;
    ServerGet => ServerStatus, "server_get", Get "/api/v1/server", 200;
    ServerLog => Log, "server_log", Get "/api/v1/server/log", 200;
    ServerRestart => ServerStatus, "server_restart", Post "/api/v1/server/restart", 200;
    ServerPortsRenew => ServerStatus, "server_ports_renew", Post "/api/v1/server/ports/renew", 200;
    ServerSettingsCheck => Effects, "server_settings_check", Post "/api/v1/server/settings/check", 200;
    ServerSettingsSet => ServerStatus, "server_settings_set", Post "/api/v1/server/settings", 200;
    ServerConfigExport => ConfigFile, "server_config_export", Get "/api/v1/server/config", 200;
    ServerConfigRead => Import, "server_config_read", Post "/api/v1/server/config/read", 200;
    OtherList => Others, "other_list", Get "/api/v1/servers", 200;
    ServerTest => ServerTested, "server_test", Post "/api/v1/servers/test", 200;
    ServerAdd => OtherServer, "server_add", Post "/api/v1/servers", 201;
    ServerEdit => OtherServer, "server_edit", Patch "/api/v1/servers/{id}", 200;
    ServerRemove => Nothing, "server_remove", Delete "/api/v1/servers/{id}", 200;
    ServerRetry => OtherServer, "server_retry", Post "/api/v1/servers/{id}/retry", 200;
    DriftApply => OtherServer, "drift_apply", Post "/api/v1/servers/{id}/drift/apply", 200;
    DriftAdopt => Adopted, "drift_adopt", Post "/api/v1/servers/{id}/drift/adopt", 200;
    UplinkSet => Nothing, "uplink_set", Post "/api/v1/server/uplink", 200;
    ViewerList => Watching, "viewer_list", Get "/api/v1/viewers", 200;
    ViewerKick => Nothing, "viewer_kick", Post "/api/v1/viewers/{id}/kick", 200;
    ToolsCheck => Nothing, "tools_check", Post "/api/v1/tools/check", 200;
    ObsExport => ObsFile, "obs_export", Get "/api/v1/obs-export", 200;
    ActivityList => Activities, "activity_list", Get "/api/v1/activity", 200;
    ActivityExport => ActivityFile, "activity_export", Get "/api/v1/activity/export", 200;
    ActivitySeen => Nothing, "activity_seen", Post "/api/v1/activity/seen", 200;
    StreamPast => StreamHistory, "stream_past", Get "/api/v1/streams/{id}/history", 200;
    StreamRunLog => RunLog, "stream_run_log", Get "/api/v1/streams/{id}/runs/{run}/log", 200;
    SupportBundle => BundleFile, "support_bundle", Post "/api/v1/support-bundle", 200;
    PrepareStart => Stream, "prepare_start", Post "/api/v1/streams/{id}/prepare", 200;
    PrepareCancel => Stream, "prepare_cancel", Delete "/api/v1/streams/{id}/prepare", 200;
    PreparedList => PreparedFiles, "prepared_list", Get "/api/v1/prepared", 200;
    PreparedRemove => Nothing, "prepared_remove", Delete "/api/v1/prepared/{key}", 200;
    PreparedRoomSet => Nothing, "prepared_room_set", Post "/api/v1/prepared/room", 200;
    EncodersTry => EncodersTried, "encoders_try", Post "/api/v1/encoders", 200;
    PresetSave => Nothing, "preset_save", Post "/api/v1/presets", 200;
    PresetRemove => Nothing, "preset_remove", Delete "/api/v1/presets/{name}", 200;
    PresetApply => PresetApplied, "preset_apply", Post "/api/v1/presets/{name}/apply", 200;
    CapacityGet => Capacity, "capacity_get", Post "/api/v1/capacity", 200;
}

/// Everything, at one moment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SnapshotGet {}

/// All streams.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StreamList {}

/// Streams, sorted by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Streams {
    /// Sorted by name.
    pub streams: Vec<Stream>,
}

/// One stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamGet {
    /// Which.
    pub id: StreamId,
}

/// A new stream. A file is probed first: what can't be streamed is refused and nothing is created.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamCreate {
    /// The server that it is to belong to; the bundled one when absent.
    #[serde(default, skip_serializing_if = "ServerId::is_bundled")]
    pub server: ServerId,
    /// Made from the file's name when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Where pictures and sound come from.
    pub source: Source,
    /// A network source's password; one in its address counts as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Loop when absent.
    #[serde(default)]
    pub playback: Playback,
    /// Off when absent.
    #[serde(default)]
    pub record: bool,
    /// On when absent.
    #[serde(default = "crate::spec::kept_by_default")]
    pub keep_viewers: bool,
    /// Who may watch; everybody when absent.
    #[serde(default)]
    pub access: NewAccess,
    /// Send it from a prepared file as soon as there is one. Off when absent.
    #[serde(default)]
    pub prepare: bool,
    /// How a file is sent; automatic when absent.
    #[serde(default, skip_serializing_if = "Encoding::is_automatic")]
    pub encoding: Encoding,
    /// Start it at once.
    #[serde(default)]
    pub start: bool,
}

/// Changes what is given and keeps the rest. A stream that runs is restarted when the change needs it: a new
/// source, name, server, playback or encoding does, `record`, `muted` and `prepare` do not. Its viewers stay when they
/// are kept ([`crate::Kept`]), unless its name, its tracks ([`crate::Tracks`]) or `keep_viewers` itself change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamUpdate {
    /// Which.
    pub id: StreamId,
    /// Another server: the stream moves there, and viewers' URLs change with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerId>,
    /// A new name; viewers' URLs change with it, and the folder of recordings from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new source; a file is probed first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// A network source's new password; empty for none. Absent, it stays as long as host and user do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Loop or once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub playback: Option<Playback>,
    /// Record or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<bool>,
    /// No notifications, or all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Keep viewers or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_viewers: Option<bool>,
    /// Send it from a prepared file as soon as there is one, or not. Restarts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prepare: Option<bool>,
    /// How a file is sent: all of it, not only what changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Refuse with `would_overload` where it is live and this machine has no room for what it takes then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_full: bool,
}

impl StreamUpdate {
    /// Of this stream, nothing yet.
    pub fn of(id: StreamId) -> StreamUpdate {
        StreamUpdate {
            id,
            server: None,
            name: None,
            source: None,
            password: None,
            playback: None,
            record: None,
            muted: None,
            keep_viewers: None,
            prepare: None,
            encoding: None,
            unless_full: false,
        }
    }

    /// Changes what it changes.
    pub fn apply(self, spec: &mut StreamSpec) {
        set(&mut spec.server, self.server);
        set(&mut spec.name, self.name);
        set(&mut spec.source, self.source);
        set(&mut spec.playback, self.playback);
        set(&mut spec.record, self.record);
        set(&mut spec.muted, self.muted);
        set(&mut spec.keep_viewers, self.keep_viewers);
        set(&mut spec.prepare, self.prepare);
        set(&mut spec.encoding, self.encoding);
    }
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// Stops and removes a stream. Its recordings stay on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamDelete {
    /// Which.
    pub id: StreamId,
}

/// A stopped copy under a new name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamDuplicate {
    /// Which.
    pub id: StreamId,
}

/// The newest log lines of a stream: FFmpeg's and ours.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamLog {
    /// Which.
    pub id: StreamId,
}

/// Log lines, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Log {
    /// Oldest first.
    pub lines: Vec<LogLine>,
    /// Whole log on disk.
    pub file: String,
}

/// Streams files at once: a stream that plays the file already is started, else one is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamOpen {
    /// Absolute paths.
    pub paths: Vec<String>,
    /// Start none of them where this machine has no room for all, as far as that is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unless_full: bool,
}

/// What became of each file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opened {
    /// Streams that were made or started.
    pub streams: Vec<Stream>,
    /// Files that can't be streamed, by path.
    pub refused: BTreeMap<String, crate::Error>,
    /// Why the streams were not started: `would_overload`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<Box<crate::Error>>,
}

/// Looks for FFmpeg, ffprobe and MediaMTX again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ToolsCheck {}

/// All streams as an OBS Studio scene collection.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ObsExport {}

/// Writes a zip file for whoever helps: versions, configuration, probes, status, activities and logs, without
/// secrets. The host hands it over: the desktop saves it where the user chooses (its own command `save_support_bundle`), the REST API gives its bytes at
/// `GET /api/v1/support-bundle/{file_name}`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SupportBundle {}

/// A support bundle on the engine's computer. Only the newest few are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleFile {
    /// Its name.
    pub file_name: String,
    /// Absolute path.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// An acknowledgement without content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! names {
        ($($request:ident, $name:ident;)+) => {
            [$((stringify!($name), <$request as Command>::ROUTE.name)),+]
        };
    }

    #[test]
    fn the_list_and_the_routes_agree() {
        let names = with_commands!(names);
        for (listed, routed) in names {
            assert_eq!(listed, routed);
        }
        assert_eq!(names.len(), COMMANDS.len(), "every command has a route, every route is listed");
        for (i, a) in COMMANDS.iter().enumerate() {
            for b in &COMMANDS[i + 1..] {
                assert!((a.method, a.path) != (b.method, b.path), "{} and {} differ", a.name, b.name);
            }
        }
    }
}
