//! Who may do what on a server (`authInternalUsers`), as its file and its API take it.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ipnet::{IpNet, Ipv4Net};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::Secret;

/// What MediaMTX 1.20.1 and newer show instead of a password. Written back, it becomes everybody's password.
const REDACTED: &str = "<redacted>";

/// The name that stands for everybody.
pub const ANYBODY: &str = "any";

/// Characters of a plain name or password besides letters and digits (`internal/conf/credential.go`).
const PLAIN: &str = "!$()*+.;<=>[]^_-{}@#&";

/// An entry of the list of users. The first whose addresses, permission and credentials all fit lets a client in;
/// there is no entry that keeps somebody out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// [`ANYBODY`], or a name; of another's list also a hash, `sha256:…`.
    pub name: String,
    /// What it must know.
    pub pass: Pass,
    /// Where it must be; empty for anywhere.
    pub ips: Vec<IpNet>,
    /// What it may do.
    pub permissions: Vec<Permission>,
}

/// What a user must know to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pass {
    /// Nothing: whoever gives the name is let in.
    Open,
    /// This text; see [`User::check`] for what it may hold.
    Plain(Secret),
    /// A text with this SHA-256. Works for all protocols, but not where `rtspAuthMethods` has `digest`; broken for
    /// readers by RTSP in 1.12 and 1.13.0 (bluenviron/mediamtx#4698).
    Sha256([u8; 32]),
    /// A text with this hash, in argon2's own notation, without `argon2:` before it.
    Argon2(Secret),
    /// The server does not say. Can't be written.
    Redacted,
}

/// A thing that a user may do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// What.
    pub action: Action,
    /// To which paths; of no meaning for [`Action::Api`], [`Action::Metrics`] and [`Action::Pprof`].
    pub paths: Paths,
}

/// What can be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Send to a path.
    Publish,
    /// Watch a path.
    Read,
    /// Get a path's recordings from MediaMTX's own playback server.
    Playback,
    /// Read and write the configuration, see and kick clients: the server belongs to whoever has it.
    Api,
    /// Read figures.
    Metrics,
    /// Read what is for the developers of MediaMTX.
    Pprof,
}

/// Which paths a permission is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Paths {
    /// All of them, those of other people too.
    All,
    /// The one of this name.
    Named(String),
    /// Those whose name this regular expression (Go's RE2) finds a match *in*: it needs its own `^` and `$`.
    Matching(String),
}

/// What is wrong with a list of users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UserFault {
    /// Nobody.
    #[error("a user has no name")]
    NoName,
    /// MediaMTX lets everybody in who gives the name.
    #[error("the password of `{0}` is empty")]
    EmptyPassword(String),
    /// MediaMTX refuses it.
    #[error("`{ANYBODY}` stands for everybody and can't have a password")]
    AnybodyWithPassword,
    /// Characters that MediaMTX refuses, or that a protocol can't carry.
    #[error("the name or password of `{0}` has characters that MediaMTX does not take")]
    Characters(String),
    /// It was read from a server that doesn't tell passwords.
    #[error("the password of `{0}` is not known")]
    Redacted(String),
    /// Whoever reaches the server could run programs on its computer.
    #[error("everybody may use the Control API, from other computers too")]
    AnybodyInControl,
    /// Nobody could change anything any more, until the server is restarted.
    #[error("nobody on the list may use the Control API")]
    NobodyInControl,
}

impl Permission {
    /// To one path.
    pub fn on(action: Action, path: &str) -> Permission {
        Permission { action, paths: Paths::Named(path.to_owned()) }
    }

    /// To all paths, or of an action that concerns none.
    pub fn everywhere(action: Action) -> Permission {
        Permission { action, paths: Paths::All }
    }
}

impl Pass {
    /// The SHA-256 of `text`, which then need not be kept. Of use for random passwords: a short one is soon guessed.
    pub fn sha256(text: &str) -> Pass {
        Pass::Sha256(Sha256::digest(text).into())
    }

    /// As MediaMTX writes it.
    pub(crate) fn read(text: &str) -> Pass {
        let digest = |text| BASE64_STANDARD.decode(text).ok()?.try_into().ok();
        if let Some(digest) = text.strip_prefix("sha256:").and_then(digest) {
            return Pass::Sha256(digest);
        }
        match (text, text.strip_prefix("argon2:")) {
            ("", _) => Pass::Open,
            (REDACTED, _) => Pass::Redacted,
            (_, Some(hash)) => Pass::Argon2(Secret::new(hash)),
            _ => Pass::Plain(Secret::new(text)),
        }
    }

    fn written(&self) -> Option<String> {
        Some(match self {
            Pass::Open => String::new(),
            Pass::Plain(text) => text.reveal().to_owned(),
            Pass::Sha256(digest) => format!("sha256:{}", BASE64_STANDARD.encode(digest)),
            Pass::Argon2(hash) => format!("argon2:{}", hash.reveal()),
            Pass::Redacted => return None,
        })
    }
}

impl User {
    /// Somebody with a password, from anywhere.
    pub fn new(name: &str, pass: Pass, permissions: Vec<Permission>) -> User {
        User { name: name.to_owned(), pass, ips: Vec::new(), permissions }
    }

    /// Everybody.
    pub fn anybody(permissions: Vec<Permission>) -> User {
        User::new(ANYBODY, Pass::Open, permissions)
    }

    /// The same, from these addresses alone.
    #[must_use]
    pub fn from(mut self, ips: impl IntoIterator<Item = IpNet>) -> User {
        self.ips = ips.into_iter().collect();
        self
    }

    /// The same, from this computer alone.
    #[must_use]
    pub fn from_this_computer(self) -> User {
        self.from(["127.0.0.1", "::1"].iter().filter_map(|text| ip_range(text)))
    }

    /// Whether a server can take it as it is.
    ///
    /// # Errors
    /// [`UserFault`].
    pub fn check(&self) -> Result<(), UserFault> {
        let name = || self.name.clone();
        let hashed = self.name.starts_with("sha256:") || self.name.starts_with("argon2:");
        match &self.pass {
            _ if self.name.is_empty() => Err(UserFault::NoName),
            Pass::Redacted => Err(UserFault::Redacted(name())),
            pass if self.name == ANYBODY && *pass != Pass::Open => Err(UserFault::AnybodyWithPassword),
            Pass::Plain(text) if text.reveal().is_empty() => Err(UserFault::EmptyPassword(name())),
            Pass::Plain(text) if !is_plain(text.reveal()) => Err(UserFault::Characters(name())),
            _ if !hashed && !is_plain(&self.name) => Err(UserFault::Characters(name())),
            Pass::Open if self.is_in_control() && !self.is_local() => Err(UserFault::AnybodyInControl),
            _ => Ok(()),
        }
    }

    fn is_in_control(&self) -> bool {
        self.permissions.iter().any(|one| one.action == Action::Api)
    }

    fn is_local(&self) -> bool {
        !self.ips.is_empty()
            && self.ips.iter().all(|net| net.network().is_loopback() && net.broadcast().is_loopback())
    }

    /// Whether an entry that a server shows is this one, whatever the spelling of addresses, the order of permissions,
    /// and a password that it doesn't tell.
    pub fn is_shown_as(&self, shown: &User) -> bool {
        let same_pass = shown.pass == Pass::Redacted && self.pass != Pass::Open || self.pass == shown.pass;
        self.name == shown.name
            && same_pass
            && sorted(&self.ips) == sorted(&shown.ips)
            && sorted(&self.permissions) == sorted(&shown.permissions)
    }
}

/// Whether a whole list can be written: each entry, and that somebody stays in control.
///
/// # Errors
/// [`UserFault`].
pub fn check_users(users: &[User]) -> Result<(), UserFault> {
    users.iter().try_for_each(User::check)?;
    if users.iter().any(User::is_in_control) { Ok(()) } else { Err(UserFault::NobodyInControl) }
}

/// The users in a text: `authInternalUsers` as YAML or JSON, with or without its name, or a whole `mediamtx.yml`.
///
/// # Errors
/// Why it is none, or is none that can be written.
pub fn read_users(text: &str) -> Result<Vec<User>, String> {
    let list = match yaml(text)? {
        Value::Object(mut keys) => keys.remove("authInternalUsers").unwrap_or_default(),
        list => list,
    };
    let Value::Array(entries) = list else { return Err("no authInternalUsers".to_owned()) };
    let users = entries.into_iter().enumerate().map(|(at, mut entry)| {
        // YAML reads a password of digits alone as a number.
        for key in ["user", "pass"] {
            if let Some(number) = entry.get(key).filter(|value| value.is_number()).map(Value::to_string) {
                entry[key] = number.into();
            }
        }
        serde_json::from_value::<User>(entry).map_err(|error| {
            // What stands there instead may be a password.
            let error = error.to_string();
            let plain = error.rsplit_once(", expected ").map(|(_, what)| format!("expected {what}"));
            format!("entry {}: {}", at + 1, plain.unwrap_or(error))
        })
    });
    let users: Vec<User> = users.collect::<Result<_, _>>()?;
    check_users(&users).map_err(|fault| fault.to_string())?;
    Ok(users)
}

/// What a YAML or JSON text says.
///
/// # Errors
/// Where it is none and why, without its lines: passwords stand in them.
pub(crate) fn yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| error.without_snippet().to_string())
}

/// A network (`10.0.0.0/8`) or an address (`10.1.2.3`), in the form that compares: without bits beyond the prefix, and
/// with IPv4 inside IPv6 (`::ffff:10.0.0.0/104`) as the IPv4 that MediaMTX makes of it
/// (`internal/conf/ip_networks.go`).
pub fn ip_range(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let net = text.parse::<IpNet>().ok().or_else(address)?.trunc();
    let IpNet::V6(long) = net else { return Some(net) };
    let inside = long.addr().to_ipv4_mapped().zip(long.prefix_len().checked_sub(96));
    Some(inside.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(net, IpNet::V4))
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|one| one.is_ascii_alphanumeric() || PLAIN.contains(one))
}

fn sorted<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort();
    items.dedup();
    items
}

/// All four keys (bluenviron/mediamtx#3185).
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default)]
    user: String,
    #[serde(default)]
    pass: String,
    #[serde(default)]
    ips: Option<Vec<String>>,
    #[serde(default)]
    permissions: Option<Vec<WirePermission>>,
}

#[derive(Deserialize)]
struct WirePermission {
    action: String,
    #[serde(default)]
    path: String,
}

impl Serialize for WirePermission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("action", &self.action)?;
        if !matches!(self.action.as_str(), "api" | "metrics" | "pprof") {
            map.serialize_entry("path", &self.path)?;
        }
        map.end()
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pass =
            self.pass.written().ok_or_else(|| serde::ser::Error::custom("the password is not known"))?;
        let permissions = self.permissions.iter().map(WirePermission::from).collect();
        let ips = self.ips.iter().map(shown).collect();
        Wire { user: self.name.clone(), pass, ips: Some(ips), permissions: Some(permissions) }
            .serialize(serializer)
    }
}

/// A single address without its prefix, as people write it.
fn shown(range: &IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() { range.addr().to_string() } else { range.to_string() }
}

impl From<&Permission> for WirePermission {
    fn from(permission: &Permission) -> Self {
        let action = match permission.action {
            Action::Publish => "publish",
            Action::Read => "read",
            Action::Playback => "playback",
            Action::Api => "api",
            Action::Metrics => "metrics",
            Action::Pprof => "pprof",
        };
        let path = match &permission.paths {
            Paths::All => String::new(),
            Paths::Named(name) => name.clone(),
            Paths::Matching(pattern) => format!("~{pattern}"),
        };
        WirePermission { action: action.to_owned(), path }
    }
}

impl<'de> Deserialize<'de> for User {
    /// Addresses and actions that are not understood are an error: a user who seems to have fewer limits than it has
    /// would be shown wrongly.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<User, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let unknown = |what: &str| serde::de::Error::custom(format!("`{what}` is not understood"));
        let ips = wire.ips.unwrap_or_default();
        let ips =
            ips.iter().map(|text| ip_range(text).ok_or_else(|| unknown(text))).collect::<Result<_, _>>()?;
        let permission = |one: WirePermission| {
            let action =
                serde_json::from_value(one.action.as_str().into()).map_err(|_| unknown(&one.action))?;
            let paths = match (one.path.as_str(), one.path.strip_prefix('~')) {
                ("", _) => Paths::All,
                (_, Some(pattern)) => Paths::Matching(pattern.to_owned()),
                (name, None) => Paths::Named(name.to_owned()),
            };
            Ok(Permission { action, paths })
        };
        let permissions = wire.permissions.unwrap_or_default().into_iter().map(permission);
        let permissions = permissions.collect::<Result<_, D::Error>>()?;
        Ok(User { name: wire.user, pass: Pass::read(&wire.pass), ips, permissions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_as_the_server_keeps_them() {
        for (given, kept) in [
            (" 10.1.2.3/8 ", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.1.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::FFFF:a00:1/128", "10.0.0.1/32"),
            ("::ffff:0:0/90", "::ffc0:0:0/90"),
            ("fd00::1/8", "fd00::/8"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(ip_range(given).map(|net| net.to_string()).as_deref(), Some(kept), "{given}");
            let user = User::anybody(Vec::new()).from(ip_range(given));
            let shown = serde_json::json!({ "user": "any", "ips": [kept] });
            assert!(user.is_shown_as(&serde_json::from_value(shown).unwrap()), "{given}");
        }
    }

    #[test]
    fn a_list_is_read_in_every_form() {
        let list = "- user: owner\n  pass: 1234\n  permissions:\n  - action: api\n";
        let named = format!("authInternalUsers:\n{list}");
        let whole = format!("logLevel: info\n{named}paths:\n  all_others:\n");
        let json = r#"[{"user":"owner","pass":"1234","permissions":[{"action":"api"}]}]"#;
        for text in [list, &named, &whole, json] {
            let users = read_users(text).unwrap();
            assert_eq!(
                (users[0].name.as_str(), &users[0].pass),
                ("owner", &Pass::Plain(Secret::new("1234")))
            );
        }
        for text in ["", "x", "a: [", "[]", "- user: any\n  permissions:\n  - action: read\n"] {
            assert!(read_users(text).is_err(), "{text:?}");
        }
        let hidden = r#"[{"user":"owner","pass":"<redacted>","permissions":[{"action":"api"}]}]"#;
        assert!(read_users(hidden).is_err(), "as the server shows it");
    }

    #[test]
    fn an_error_repeats_no_password() {
        for text in [
            "- user: owner\n  pass: s3cret\n  permissions: [\n",
            "- user: owner\n  pass: \"s3cret\n",
            "- user: owner\n pass: s3cret\n   x: [",
            "- s3cret\n",
            "- user: owner\n  pass: [s3cret]\n",
            "- user: owner\n  pass: x\n  permissions: s3cret\n",
        ] {
            let error = read_users(text).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let unknown = "- user: owner\n  pass: x\n  permissions: [{action: dance}]\n";
        assert!(read_users(unknown).unwrap_err().contains("dance"), "what it is about is said");
    }
}
