use serde::{Deserialize, Serialize};
use stream_api::{Encryption, HlsVariant, Ports, Protocols, Reach, ServerSettings};

use crate::store::Unknown;

/// A server as stored. What an older version did not know is as it was then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredServer {
    /// Chosen at first start, then kept.
    #[serde(default)]
    pub(crate) ports: Option<Ports>,
    /// Absent until a person chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reach: Option<Reach>,
    #[serde(default)]
    pub(crate) protocols: Protocols,
    #[serde(default)]
    pub(crate) hls_variant: HlsVariant,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) webrtc_hosts: Vec<String>,
    #[serde(default)]
    pub(crate) encryption: Encryption,
    /// Of the page that guest links open; chosen at first start, then kept.
    #[serde(default)]
    pub(crate) guest_port: Option<u16>,
    /// How fast the connection to the viewers is, when a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uplink_mbps: Option<u32>,
    /// Empty once it is read.
    #[serde(flatten, skip_serializing)]
    pub(crate) unknown: Unknown,
}

impl StoredServer {
    /// What a person set, or what is usual.
    pub(crate) fn settings(&self) -> ServerSettings {
        ServerSettings {
            reach: self.reach.unwrap_or_default(),
            protocols: self.protocols,
            ports: self.ports.unwrap_or_default(),
            hls_variant: self.hls_variant,
            webrtc_hosts: self.webrtc_hosts.clone(),
            encryption: self.encryption.clone(),
            guest_port: self.guest_port,
        }
    }

    /// The same with what a person has set.
    pub(crate) fn with(self, settings: ServerSettings) -> StoredServer {
        let ServerSettings { reach, protocols, ports, hls_variant, webrtc_hosts, encryption, guest_port } =
            settings;
        StoredServer {
            ports: Some(ports),
            reach: Some(reach),
            protocols,
            hls_variant,
            webrtc_hosts,
            encryption,
            guest_port: guest_port.or(self.guest_port),
            ..self
        }
    }
}
