use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that is shown nowhere but on the wire, and there only where it is asked for: no `Display`, and `Debug` says
/// only that there is some.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one place that stores or sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whole words in the names of parameters that hold a secret.
const WORDS: [&str; 11] =
    ["auth", "credential", "credentials", "hdnea", "hdnts", "key", "pass", "psw", "pwd", "sig", "sign"];
/// How the names of others end, as in `access_token`, `AccessToken`, `X-Amz-Signature`, `streamkey`.
const ENDS: [&str; 11] = [
    "accesskey",
    "apikey",
    "jwt",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "secretkey",
    "signature",
    "streamkey",
    "token",
];

/// Whether a parameter of an address that is called so holds a secret. The one list of such names: what it knows is
/// kept apart when it is given, and hidden wherever it is printed.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| WORDS.contains(&word) || ENDS.iter().any(|end| word.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_however_they_are_written() {
        for name in [
            "access_token",
            "accessToken",
            "api_key",
            "apikey",
            "auth",
            "auth_key",
            "hdnts",
            "jwt",
            "key",
            "pass",
            "passphrase",
            "passwd",
            "PASSWORD",
            "psw",
            "pwd",
            "secret",
            "client-secret",
            "sig",
            "sign",
            "signature",
            "streamKey",
            "token",
            "tokens.token",
            "X-Amz-Credential",
            "X-Amz-Signature",
            "X-Plex-Token",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "", "bypass", "channel", "design", "keyframe", "latency", "mode", "monkey", "path", "streamid",
            "user",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
