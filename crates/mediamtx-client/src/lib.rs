//! MediaMTX seen from outside: its Control API, the configuration file it starts with, its log lines, its URLs.
//!
//! The only crate that knows a MediaMTX URL, JSON field or log line. It starts no process, remembers of a server no
//! more than what it knows, and decides nothing: one writer per server, and the order of its writes, are the engine's
//! business.
//! Facts were read in and measured on MediaMTX 1.12.3, 1.20.1 and 1.21.0; the names of 1.9 and everything between are
//! understood too.

mod address;
mod api;
pub mod config;
mod dial;
mod doors;
mod drift;
mod error;
mod examine;
mod features;
mod http;
mod import;
pub mod log;
mod media;
mod path_config;
mod publish_rules;
mod pull;
mod routes;
mod session;
mod tls;
mod urls;
mod users;
mod version;
mod viewers;
mod wire;

pub use address::{AddressError, ApiAddress, Credentials};
pub use api::Api;
pub use config::{ServerConfig, TlsFiles};
pub use dial::{Wire, dial};
pub use doors::{doors, urls_by};
pub use drift::Difference;
pub use error::{ApiError, Broken};
pub use examine::{Examination, Flaw, examine};
pub use features::Features;
pub use import::{ImportError, import};
pub use ipnet::IpNet;
pub use media::Media;
pub use path_config::{PathConfig, Pull, RtspTransport, Source};
pub use publish_rules::{PublishRules, Publishable};
pub use pull::{PullFailure, source_url};
pub use session::{HlsMuxer, Role, RtspConnection, Session, SessionKind};
pub use stream_api::Secret;
pub use tls::{CertificateFault, CertificateProblem, Fingerprint, NoFingerprint, Trust};
pub use urls::{publish_url, urls};
pub use users::{
    ANYBODY, Action, Pass, Paths, Permission, User, UserFault, check_users, ip_range, read_users,
};
pub use version::{MINIMUM, Version};
pub use viewers::{PROBE_QUERY, is_probe, viewers};
pub use wire::{About, ForwardState, PathState, Peer, Recording, Segment, Track};
