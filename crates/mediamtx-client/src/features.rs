use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::Version;

/// What a server knows, found out from what it answers: its version alone may be missing, or be a lie of a self-built
/// one. The version in brackets is the first official one that has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// As it says itself (1.15.2); `0.0.0` when self-built.
    pub version: Option<Version>,
    /// What it is at least, by what it knows.
    pub at_least: Version,
    /// Routes under their new names (1.21).
    pub new_routes: bool,
    /// `rtspTransports` and `rtspEncryption`, which were `protocols` and `encryption` before (1.11).
    pub rtsp_names: bool,
    /// Sources by UDP are `udp+mpegts://`, which was `udp://` before; `udp+rtp://` is new (1.14).
    pub udp_sources: bool,
    /// Lists of web pages that may use an API, `apiAllowOrigins`, which was one `apiAllowOrigin` before (1.15.4).
    pub allow_origins: bool,
    /// Log lines as JSON (1.15.6).
    pub structured_log: bool,
    /// Readers stay while nobody publishes (1.16).
    pub always_available: bool,
    /// One HLS session a viewer (1.18), not one muxer a path.
    pub hls_sessions: bool,
    /// Media over QUIC (1.19).
    pub moq: bool,
    /// Hooks are `runOnAvailable`, which was `runOnReady` before (1.19.3).
    pub run_on_available: bool,
    /// Paths can be sent to other servers (1.20).
    pub forward: bool,
    /// Passwords are not shown (1.20.1): what is read can't be written back. Assumed where it can't be seen.
    pub redacted_passwords: bool,
    /// Readers by RTSP get in with a password that is kept as a hash: broken from 1.12 to 1.13.0
    /// (bluenviron/mediamtx#4698, seen with 1.12.3: DESCRIBE passes, SETUP is refused).
    pub rtsp_hashes: bool,
    /// Users have passwords here (`authMethod: internal`), not at another server.
    pub internal_users: bool,
    /// RTSP asks for passwords by digest too: the server then refuses a list of users in which any is kept as a hash
    /// (`internal/conf/conf.go`).
    pub rtsp_digest: bool,
    path_keys: BTreeSet<String>,
}

impl Features {
    /// From the answers of `config/global/get`, `…/path-defaults/get` and `info`.
    pub(crate) fn from_answers(
        global: &Map<String, Value>,
        path_defaults: &Map<String, Value>,
        version: Option<Version>,
        new_routes: bool,
        hls_sessions: bool,
    ) -> Features {
        let has = |key: &str| global.contains_key(key);
        let path_has = |key: &str| path_defaults.contains_key(key);
        let mut features = Features {
            version,
            at_least: version_of(1, 9, 0),
            new_routes,
            rtsp_names: has("rtspTransports"),
            udp_sources: path_has("rtpSDP"),
            allow_origins: has("apiAllowOrigins"),
            structured_log: has("logStructured"),
            always_available: path_has("alwaysAvailable"),
            hls_sessions: hls_sessions || has("hlsCDNSecret"),
            moq: has("moq"),
            run_on_available: path_has("runOnAvailable"),
            forward: path_has("forward"),
            redacted_passwords: redacted(global, version),
            rtsp_hashes: !path_has("useAbsoluteTimestamp") || path_has("recordMaxPartSize"),
            internal_users: global.get("authMethod").is_none_or(|method| method == "internal"),
            rtsp_digest: global
                .get("rtspAuthMethods")
                .and_then(Value::as_array)
                .is_some_and(|methods| methods.iter().any(|method| method == "digest")),
            path_keys: path_defaults.keys().cloned().collect(),
        };
        features.at_least = features.lower_bound();
        features
    }

    /// Whether a path may have `key`. To a server that does not know it, it is an error.
    pub fn knows_path_key(&self, key: &str) -> bool {
        self.path_keys.contains(key)
    }

    fn lower_bound(&self) -> Version {
        let told = self.version.filter(|version| !version.is_self_built());
        let signs = [
            (self.new_routes, version_of(1, 21, 0)),
            (self.forward, version_of(1, 20, 0)),
            (self.run_on_available, version_of(1, 19, 3)),
            (self.moq, version_of(1, 19, 0)),
            (self.hls_sessions, version_of(1, 18, 0)),
            (self.always_available, version_of(1, 16, 0)),
            (self.structured_log, version_of(1, 15, 6)),
            (self.allow_origins, version_of(1, 15, 4)),
            (self.udp_sources, version_of(1, 14, 0)),
            (self.rtsp_names, version_of(1, 11, 0)),
        ];
        let seen = signs.into_iter().find(|(seen, _)| *seen).map(|(_, version)| version);
        told.or(seen).unwrap_or(self.at_least)
    }
}

fn version_of(major: u32, minor: u32, patch: u32) -> Version {
    Version { major, minor, patch }
}

/// Seen by a password that is shown or hidden; else told by the version.
fn redacted(global: &Map<String, Value>, version: Option<Version>) -> bool {
    let users = global.get("authInternalUsers").and_then(Value::as_array).into_iter().flatten();
    let passwords: Vec<&str> =
        users.filter_map(|user| user.get("pass")?.as_str()).filter(|pass| !pass.is_empty()).collect();
    match (passwords.as_slice(), version) {
        ([], Some(version)) if !version.is_self_built() => version >= version_of(1, 20, 1),
        ([], _) => true,
        (shown, _) => shown.contains(&"<redacted>"),
    }
}
