use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use stream_api::{Code, Error};
use subtle::ConstantTimeEq as _;

use crate::{Door, problem::Problem};

/// Where the desktop's own page comes from: macOS and Linux, then Windows.
const WINDOW_ORIGINS: [&str; 3] = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"];

/// Who may ask. Any web page that the user visits can send requests to a loopback port: under our name (Origin
/// tells), under a name of its own that it lets point here (Host tells), and proxies can carry in whole networks.
#[derive(Debug)]
pub(crate) struct Guard {
    port: u16,
    /// What every request must bring, when the host is locked.
    lock: Option<String>,
}

impl Guard {
    pub(crate) fn new(port: u16, door: &Door) -> Guard {
        Guard { port, lock: door.lock().map(str::to_owned) }
    }

    /// Whether the request with this head may be answered.
    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        self.check_host(uri, headers)?;
        if let Some(name) = headers.keys().map(header::HeaderName::as_str).find(|name| forwards(name)) {
            return Err(Error::new(Code::Forwarded).with("header", name));
        }
        self.check_origin(uri, headers)?;
        if let Some(token) = &self.lock
            && uri.path() != "/healthz"
            && !bears(headers, token)
        {
            return Err(Error::new(Code::Unauthorized));
        }
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if changes && has_body(headers) && !is_json(headers) {
            return Err(Error::new(Code::NotJson));
        }
        Ok(())
    }

    fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let mut hosts = headers.get_all(header::HOST).iter().map(|value| value.to_str().unwrap_or("?"));
        let host = hosts.next().unwrap_or_default();
        let one = hosts.next().is_none();
        // A request line with a whole URL (RFC 9112 §3.2.2) overrides the header: both must be ours.
        let target = uri.authority().is_none_or(|authority| self.is_ours(authority));
        if one && target && host.parse().is_ok_and(|authority| self.is_ours(&authority)) {
            return Ok(());
        }
        Err(Error::new(Code::ForeignHost).with("host", if host.is_empty() { "?" } else { host }))
    }

    fn check_origin(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let foreign = |origin: &str| Err(Error::new(Code::ForeignOrigin).with("origin", origin));
        let Some(origin) = headers.get(header::ORIGIN) else {
            // Browsers send no Origin with plain GETs, such as `<img src>`, but say how foreign the page is.
            let site = headers.get("sec-fetch-site").map(|value| value.to_str().unwrap_or("?"));
            return match site {
                Some(site) if uri.path().starts_with("/api/") && !matches!(site, "same-origin" | "none") => {
                    foreign(site)
                }
                _ => Ok(()),
            };
        };
        let origin = origin.to_str().unwrap_or("?");
        let authority = origin.strip_prefix("http://").and_then(|rest| rest.parse().ok());
        let window = self.lock.is_some() && WINDOW_ORIGINS.contains(&origin);
        if window || authority.is_some_and(|authority| self.is_ours(&authority)) {
            return Ok(());
        }
        foreign(origin)
    }

    /// A loopback address or `localhost`, with our port. No other name, whatever it resolves to.
    fn is_ours(&self, authority: &Authority) -> bool {
        let host = authority.host();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = host.eq_ignore_ascii_case("localhost")
            || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        loopback && !authority.as_str().contains('@') && authority.port_u16().unwrap_or(80) == self.port
    }
}

/// The first thing that every request meets.
pub(crate) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            tracing::warn!(code = error.code.as_str(), method = %request.method(), "request refused");
            Problem::from(error).into_response()
        }
    }
}

/// Whether the request brings `token` as `Authorization: Bearer`. Takes the same time for every wrong one.
pub(crate) fn bears(headers: &HeaderMap, token: &str) -> bool {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    given.is_some_and(|given| given.ct_eq(token.as_bytes()).into())
}

fn forwards(header: &str) -> bool {
    header == "forwarded" || header == "x-real-ip" || header == "via" || header.starts_with("x-forwarded-")
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Guard = Guard { port: 5000, lock: None };

    fn locked() -> Guard {
        Guard { port: 5000, lock: Some("secret".into()) }
    }

    fn code(
        guard: &Guard,
        method: Method,
        uri: &'static str,
        headers: &[(&'static str, &str)],
    ) -> Option<Code> {
        let map = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_str(value).unwrap())
        });
        let mut head = HeaderMap::new();
        map.for_each(|(name, value)| {
            head.append(name, value);
        });
        guard.check(&method, &Uri::from_static(uri), &head).err().map(|error| error.code)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for host in ["127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "[::1]:5000", "127.0.0.2:5000"] {
            assert_eq!(code(&OPEN, Method::GET, "/", &[("host", host)]), None, "{host} is ours");
        }
        for host in [
            "evil.example:5000",
            "127.0.0.1.evil.example:5000",
            "127.0.0.1",
            "127.0.0.1:5001",
            "localhost.:5000",
            "localhost.evil:5000",
            "192.168.1.2:5000",
            "0.0.0.0:5000",
            "a@127.0.0.1:5000",
            "127.0.0.1:5000/",
            "",
        ] {
            assert_eq!(code(&OPEN, Method::GET, "/", &[("host", host)]), Some(Code::ForeignHost), "{host:?}");
        }
        assert_eq!(code(&OPEN, Method::GET, "/", &[]), Some(Code::ForeignHost), "no Host");
        let two = [("host", "127.0.0.1:5000"), ("host", "evil.example")];
        assert_eq!(code(&OPEN, Method::GET, "/", &two), Some(Code::ForeignHost), "two Hosts");
        let whole = code(&OPEN, Method::GET, "http://evil.example/", &[("host", "127.0.0.1:5000")]);
        assert_eq!(whole, Some(Code::ForeignHost), "the request line counts too");
    }

    #[test]
    fn only_our_own_pages_may_ask() {
        let ask = |guard: &Guard, origin: &str| {
            let headers =
                [("host", "127.0.0.1:5000"), ("origin", origin), ("authorization", "Bearer secret")];
            code(guard, Method::POST, "/api/v1/streams", &headers)
        };
        for origin in ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"] {
            assert_eq!(ask(&OPEN, origin), None, "{origin} is ours");
        }
        for origin in [
            "null",
            "https://evil.example",
            "http://127.0.0.1:8080",
            "http://127.0.0.1",
            "https://127.0.0.1:5000",
            "http://127.0.0.1:5000.evil.example",
            "tauri://localhost",
            "http://tauri.localhost",
        ] {
            assert_eq!(ask(&OPEN, origin), Some(Code::ForeignOrigin), "{origin} is foreign");
        }
        assert_eq!(ask(&locked(), "tauri://localhost"), None, "the window's page is the desktop's own");
        for (site, refused) in
            [("cross-site", true), ("same-site", true), ("same-origin", false), ("none", false)]
        {
            let headers = [("host", "127.0.0.1:5000"), ("sec-fetch-site", site)];
            let found = code(&OPEN, Method::GET, "/api/v1/streams", &headers);
            assert_eq!(found == Some(Code::ForeignOrigin), refused, "{site}");
            assert_eq!(code(&OPEN, Method::GET, "/", &headers), None, "links to the page work");
        }
    }

    #[test]
    fn proxies_are_never_local() {
        for header in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"] {
            let headers = [("host", "127.0.0.1:5000"), (header, "127.0.0.1")];
            assert_eq!(code(&OPEN, Method::GET, "/", &headers), Some(Code::Forwarded), "{header}");
        }
    }

    #[test]
    fn the_lock_opens_to_the_token_alone() {
        let ask = |value: &str, uri| {
            code(&locked(), Method::GET, uri, &[("host", "127.0.0.1:5000"), ("authorization", value)])
        };
        assert_eq!(ask("Bearer secret", "/"), None);
        assert_eq!(ask("", "/healthz"), None, "a watchdog needs no token");
        for wrong in
            ["", "Bearer ", "Bearer secre", "Bearer secrets", "bearer secret", "Basic secret", "secret"]
        {
            assert_eq!(ask(wrong, "/"), Some(Code::Unauthorized), "{wrong:?}");
        }
    }

    #[test]
    fn bodies_are_json() {
        let ask = |method, length, kind| {
            let headers = [("host", "127.0.0.1:5000"), ("content-length", length), ("content-type", kind)];
            code(&OPEN, method, "/api/v1/streams", &headers)
        };
        assert_eq!(ask(Method::POST, "2", "application/json"), None);
        assert_eq!(ask(Method::PATCH, "2", "Application/JSON; charset=utf-8"), None);
        assert_eq!(ask(Method::POST, "0", ""), None, "no body, no type");
        for kind in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/jsonp",
        ] {
            for method in [Method::POST, Method::PATCH, Method::DELETE] {
                assert_eq!(ask(method, "2", kind), Some(Code::NotJson), "{kind}");
            }
        }
    }
}
