use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::{Secret, Trust};

/// Where MediaMTX's API listens when nothing else is said.
const USUAL_PORT: u16 = 9997;

/// Where a Control API is, who asks, and which certificate is believed.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiAddress {
    base: Url,
    /// Who asks, where the server wants to know.
    pub credentials: Option<Credentials>,
    /// Which certificate is believed, where the address begins with `https`.
    pub trust: Trust,
}

/// A user of the Control API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub pass: Secret,
}

/// Why a text is no address of a Control API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing but blanks.
    #[error("the address is empty")]
    Empty,
    /// Something else than `http` and `https`, such as `rtsp`.
    #[error("the address begins with something else than http or https")]
    Scheme,
    /// No computer's name, a port beyond 65535, blanks inside.
    #[error("the address is not understood")]
    Unreadable,
}

impl ApiAddress {
    /// The address without credentials, with a `/` at its end.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// The computer's name or address; an IPv6 one stands in brackets.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Whether both lead to the same API, however it is written: encrypted or not, and by whichever name this computer
    /// has for itself.
    pub fn is_same_place(&self, other: &ApiAddress) -> bool {
        let host = |address: &ApiAddress| match address.host() {
            "localhost" | "127.0.0.1" | "[::1]" => "localhost".to_owned(),
            host => host.trim_end_matches('.').to_owned(),
        };
        let place = |address: &ApiAddress| {
            (host(address), address.base.port_or_known_default(), address.base.path().to_owned())
        };
        place(self) == place(other)
    }

    /// The same place asked by somebody else.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, pass: &str) -> ApiAddress {
        self.credentials = Some(Credentials { user: user.to_owned(), pass: Secret::new(pass) });
        self
    }

    /// The same place, with another idea of which certificate is good.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> ApiAddress {
        self.trust = trust;
        self
    }
}

/// Never with the password.
impl fmt::Debug for ApiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAddress")
            .field("base", &self.base())
            .field("credentials", &self.credentials)
            .field("trust", &self.trust)
            .finish()
    }
}

/// Reads what a person types: `http://host:9997`, `host`, `[::1]:9997`, `::1`, `https://user:pass@proxy/prefix/`, and
/// also an address that was copied out of a browser, such as `http://host:9997/v3/paths/list`.
///
/// Without a scheme it is `http`, and then without a port [`USUAL_PORT`]. A password inside moves to `credentials`.
impl FromStr for ApiAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<ApiAddress, AddressError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let bare = !text.contains("://");
        let whole = match bare {
            true if text.parse::<Ipv6Addr>().is_ok() => format!("http://[{text}]"),
            true => format!("http://{text}"),
            false => text.to_owned(),
        };
        let mut base = Url::parse(&whole).map_err(|_| AddressError::Unreadable)?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(AddressError::Scheme);
        }
        // `Url` swallows blanks and tabs inside a name's path, and knows a host for every http address.
        if whole.contains(char::is_whitespace) || base.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::Unreadable);
        }
        let credentials = credentials(&base);
        // Neither fails: it is an http address with a host.
        let _ = (base.set_username(""), base.set_password(None));
        if bare && base.port().is_none() {
            let _ = base.set_port(Some(USUAL_PORT));
        }
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path();
        let prefix = path.split_once("/v3").filter(|(_, rest)| rest.is_empty() || rest.starts_with('/'));
        let prefix = prefix.map_or(path, |(prefix, _)| prefix).trim_end_matches('/').to_owned();
        base.set_path(&format!("{prefix}/"));
        Ok(ApiAddress { base, credentials, trust: Trust::System })
    }
}

fn credentials(url: &Url) -> Option<Credentials> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    (!url.username().is_empty()).then(|| Credentials {
        user: decoded(url.username()),
        pass: Secret::new(decoded(url.password().unwrap_or_default())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Result<String, AddressError> {
        text.parse::<ApiAddress>().map(|address| address.base().to_owned())
    }

    #[test]
    fn what_people_type_is_understood() {
        for (typed, expected) in [
            ("192.168.1.5", "http://192.168.1.5:9997/"),
            (" media.example:1234 ", "http://media.example:1234/"),
            ("localhost:9997/v3/paths/list?page=1", "http://localhost:9997/"),
            ("::1", "http://[::1]:9997/"),
            ("[fe80::1]:99", "http://[fe80::1]:99/"),
            ("http://host", "http://host/"),
            ("https://proxy.example/media/mtx", "https://proxy.example/media/mtx/"),
            ("https://proxy.example/media/v3/", "https://proxy.example/media/"),
            ("https://proxy.example/v30/", "https://proxy.example/v30/"),
            ("http://bücher.example/ä", "http://xn--bcher-kva.example/%C3%A4/"),
        ] {
            assert_eq!(base(typed).as_deref(), Ok(expected), "{typed:?}");
        }
    }

    #[test]
    fn a_place_is_the_same_however_it_is_written() {
        let same = |one: &str, other: &str| {
            let address = |text: &str| text.parse::<ApiAddress>().unwrap();
            address(one).is_same_place(&address(other))
        };
        for (one, other) in [
            ("hall", "http://Hall:9997/v3/paths/list"),
            ("me:pw@hall", "http://hall:9997"),
            ("http://hall:9997", "https://hall:9997"),
            ("localhost", "127.0.0.1"),
            ("::1", "127.0.0.1"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
        for (one, other) in [("hall", "hall:9998"), ("hall", "hall2"), ("https://p/a", "https://p/b")] {
            assert!(!same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_address_is_told() {
        assert_eq!(base("  "), Err(AddressError::Empty));
        assert_eq!(base("rtsp://host:8554/x"), Err(AddressError::Scheme));
        for text in ["http://", "host:99999", "a b", "http://ho st/", "[::1", "1:2:3"] {
            assert_eq!(base(text), Err(AddressError::Unreadable), "{text:?}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_taken_out_and_never_shown() {
        let address: ApiAddress = "http://me:s%40cr%3Ft@host:1/".parse().unwrap();
        assert_eq!(address.base(), "http://host:1/");
        let credentials = address.credentials.as_ref().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.pass.reveal()), ("me", "s@cr?t"));
        assert!(!format!("{address:?}").contains("s@cr"), "{address:?}");
    }
}
