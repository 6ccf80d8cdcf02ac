//! Who may watch a stream, and who else may send it.

use serde::{Deserialize, Serialize};

use crate::{GuestLink, LinkLasts, Protocol, Secret, StreamId, ViewerAccess};

/// Says who may watch a stream. Who lost the right is disconnected at once; nobody else notices.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamAccessSet {
    /// Which.
    pub id: StreamId,
    /// Everybody, or only some.
    pub viewers: ViewerAccess,
    /// The name that goes with the password; as it was when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What becomes of the password.
    #[serde(default)]
    pub password: PasswordChange,
    /// Addresses and ranges of them, see [`Access::ips`](crate::Access::ips); as they were when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ips: Option<Vec<String>>,
}

/// Who may watch a stream that is made just now.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccess {
    /// Everybody, or only some.
    pub viewers: ViewerAccess,
    /// The name that goes with the password; [`VIEWER`](crate::VIEWER) when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The password, where one is needed; see [`check_password`](crate::check_password).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Addresses and ranges of them, see [`Access::ips`](crate::Access::ips).
    #[serde(default)]
    pub ips: Vec<String>,
}

/// What becomes of a password.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordChange {
    /// It stays.
    #[default]
    Keep,
    /// None is needed any more.
    Remove,
    /// This one from now on; see [`check_password`](crate::check_password).
    Set(Secret),
}

/// A new publish key for an outside encoder; an earlier one is void, and who publishes with it is disconnected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublishKeyRenew {
    /// Which stream.
    pub id: StreamId,
}

/// A publish key, told this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublishKey {
    /// The user name that goes with it.
    pub user: String,
    /// The key: a password.
    pub key: Secret,
}

/// No outside encoder may publish any more; who does is disconnected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PublishKeyRevoke {
    /// Which stream.
    pub id: StreamId,
}

/// A new guest link.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestLinkCreate {
    /// Of which stream.
    pub id: StreamId,
    /// How long it lets in.
    pub lasts: LinkLasts,
    /// What to call it, 60 characters at most; may be empty.
    #[serde(default)]
    pub label: String,
    /// The link that it takes the place of ([`GuestLink::id`]): that one lets nobody in any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
}

/// A guest link, told this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuestLinkMade {
    /// As it is listed from now on.
    pub link: GuestLink,
    /// The addresses of its page, the best first. Secrets: who knows one may watch.
    pub urls: Vec<Secret>,
    /// The first address as a QR code: an SVG picture.
    pub qr: Secret,
}

/// A guest link lets nobody in any more; who watches by it is disconnected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuestLinkRevoke {
    /// Of which stream.
    pub id: StreamId,
    /// Which: [`GuestLink::id`].
    pub link: String,
}

/// A viewers' address as a QR code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamQr {
    /// Of which stream.
    pub id: StreamId,
    /// By which protocol.
    pub protocol: Protocol,
    /// By which of its server's addresses; the best one when absent, or when the server no longer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// A QR code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QrCode {
    /// What it says.
    pub text: String,
    /// An SVG picture, black on white with its margin.
    pub svg: String,
}
