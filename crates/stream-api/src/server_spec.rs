use serde::{Deserialize, Serialize};

use crate::{Code, Error, ServerKind};

/// Characters of a server's name.
const LONGEST_NAME: usize = 60;

/// What a person set of a server that was added. Passwords are kept apart and never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSpec {
    /// For people; no two servers have the same, ignoring case.
    pub name: String,
    /// [`ServerKind::Remote`] or [`ServerKind::SharedFolder`].
    pub kind: ServerKind,
    /// Its Control API: `http(s)://host:port/`. In a request it may be what people type, and may hold user and
    /// password: the engine takes them out.
    pub api: String,
    /// The Control API's user; empty where the server asks for none.
    #[serde(default)]
    pub user: String,
    /// SHA-256 of the certificate that its API may have without an authority's signature, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Where streams are sent to, `rtsp(s)://host:port`; absent: the API's host, and the port of the server's own
    /// configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<String>,
    /// The user that may publish; empty where the server asks for none.
    #[serde(default)]
    pub publish_user: String,
    /// As `fingerprint`, of the certificate that `rtsps` shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_fingerprint: Option<String>,
    /// The name or IP address by which viewers reach it; absent: the API's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether viewers there may be disconnected from here.
    #[serde(default)]
    pub may_kick: bool,
    /// The folder that both have; for [`ServerKind::SharedFolder`] alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<SharedFolder>,
    /// A password of the API's user is kept. The engine says so; in a request it means nothing.
    #[serde(default)]
    pub has_password: bool,
    /// A password of the publishing user is kept. As `has_password`.
    #[serde(default)]
    pub has_publish_password: bool,
    /// The owner's complete list of users is kept, so who may watch can be set. As `has_password`.
    #[serde(default)]
    pub has_users: bool,
}

/// A folder that a server on this computer, or in a container on it, and this program both see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedFolder {
    /// Absolute path, for this program.
    pub here: String,
    /// The same folder as the server sees it, such as a container's `/shared`; absent: the same path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<String>,
}

impl SharedFolder {
    /// The path for the server.
    pub fn there(&self) -> &str {
        self.there.as_deref().unwrap_or(&self.here)
    }
}

impl ServerSpec {
    /// A remote server at `api`, with everything else as usual.
    pub fn remote(name: impl Into<String>, api: impl Into<String>) -> ServerSpec {
        ServerSpec {
            name: name.into(),
            kind: ServerKind::Remote,
            api: api.into(),
            user: String::new(),
            fingerprint: None,
            publish: None,
            publish_user: String::new(),
            publish_fingerprint: None,
            host: None,
            may_kick: false,
            folder: None,
            has_password: false,
            has_publish_password: false,
            has_users: false,
        }
    }
}

/// Checks a server's name: 1 to 60 characters, not blanks alone.
///
/// # Errors
/// `server_name_unfit`.
pub fn check_server_name(name: &str) -> Result<(), Error> {
    let fits = !name.trim().is_empty() && name.trim().chars().count() <= LONGEST_NAME;
    if fits { Ok(()) } else { Err(Error::new(Code::ServerNameUnfit).with("most", LONGEST_NAME)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unsaid_is_usual() {
        let spec: ServerSpec =
            serde_json::from_str(r#"{"name":"Church","kind":"remote","api":"http://h:9997/"}"#)
                .expect("reads");
        assert_eq!(spec, ServerSpec::remote("Church", "http://h:9997/"));
        let folder = SharedFolder { here: "/srv/shared".into(), there: None };
        assert_eq!(folder.there(), "/srv/shared");
    }

    #[test]
    fn names_are_short_and_not_blank() {
        assert!(check_server_name("Church hall, östlich").is_ok());
        for bad in ["", "  ", &"x".repeat(61)] {
            assert_eq!(check_server_name(bad).map_err(|error| error.code), Err(Code::ServerNameUnfit));
        }
    }
}
