//! The Control API: what a request is, how an answer is judged. Its parts are the other files of this folder.

mod clients;
mod configuration;
mod paths;
mod recordings;

use std::fmt;
use std::sync::Arc;

use hyper::{Method, StatusCode};
use parking_lot::Mutex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::{Answer, Line};
use crate::routes::{PATH_DEFAULTS, Route};
use crate::wire::Page;
use crate::{About, ApiAddress, ApiError, Features, SessionKind, Version};

/// More than most servers have: pages are no snapshot, so all is asked for at once (the default is 100).
const PAGE: u32 = 10_000;

/// Pages after which a list is none: it may be one of somebody else's, who says that there is always another.
const PAGES: u32 = 20;

/// What a path's name keeps in a URL; `/` is understood as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// A client of one server's Control API, of any version from 1.9 on. Cheap to clone. It never retries and never goes
/// through a proxy.
///
/// Reads may run at any time. Writes must come from one place, one after the other: MediaMTX answers a write
/// before it is applied ([`barrier`](Api::barrier)), and overlapping ones could hang it (bluenviron/mediamtx#6077).
#[derive(Clone)]
pub struct Api {
    line: Line,
    address: ApiAddress,
    features: Arc<Mutex<Option<Arc<Features>>>>,
}

/// Never with the password.
impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Api {
    /// A client for `address`. Connects to nothing yet.
    pub fn new(address: ApiAddress) -> Api {
        Api { line: Line::new(&address), address, features: Arc::default() }
    }

    /// Whom it asks.
    pub fn address(&self) -> &ApiAddress {
        &self.address
    }

    /// The server's version and start: the cheapest proof that it is up, and that it is ours.
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` with 404 before 1.15.2.
    pub async fn info(&self) -> Result<About, ApiError> {
        let mut about: About = self.get("info").await?;
        if about.version.trim().is_empty() {
            return Err(ApiError::Garbage("no version".to_owned()));
        }
        about.version = about.version.trim().to_owned();
        Ok(about)
    }

    /// What the server knows: found out by the first call, remembered by this client and its clones until
    /// [`forget_features`](Api::forget_features).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn features(&self) -> Result<Arc<Features>, ApiError> {
        let known = self.features.lock().clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Arc::new(self.detect(&self.global().await?).await?);
        *self.features.lock() = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Makes the next call find out anew: after a restart it may be another version.
    pub fn forget_features(&self) {
        *self.features.lock() = None;
    }

    /// Asks whatever `global` does not tell.
    pub(crate) async fn detect(&self, global: &Map<String, Value>) -> Result<Features, ApiError> {
        let renamed = self.get_if_there(&format!("{}/get", PATH_DEFAULTS.name(true))).await?;
        let new_routes = renamed.is_some();
        let path_defaults = match renamed {
            Some(keys) => keys,
            None => self.get(&format!("{}/get", PATH_DEFAULTS.name(false))).await?,
        };
        let about: Option<About> = self.get_if_there("info").await?;
        let version = about.and_then(|about| Version::parse(&about.version));
        // By name it is known since 1.18.1; before, the list alone tells, and only where HLS is on.
        let hls_list = format!("{}/list", Route::sessions(SessionKind::Hls).name(new_routes));
        let hls_sessions = self.get_if_there::<Value>(&hls_list).await?.is_some();
        Ok(Features::from_answers(global, &path_defaults, version, new_routes, hls_sessions))
    }

    /// A route's name at this server.
    async fn name(&self, route: Route) -> Result<&'static str, ApiError> {
        Ok(route.name(self.features().await?.new_routes))
    }

    /// Everything of a list, page by page.
    async fn list<T: DeserializeOwned>(&self, route: &str) -> Result<Vec<T>, ApiError> {
        let mut all = Vec::new();
        let mut number = 0;
        loop {
            let page: Page<T> = self.get(&format!("{route}?itemsPerPage={PAGE}&page={number}")).await?;
            let empty = page.items.is_empty();
            all.extend(page.items);
            number += 1;
            if empty || number >= page.page_count {
                return Ok(all);
            }
            if number >= PAGES {
                return Err(ApiError::Garbage("a list without an end".to_owned()));
            }
        }
    }

    async fn get<T: DeserializeOwned>(&self, route: &str) -> Result<T, ApiError> {
        let answer = judged(self.line.send(Method::GET, route, None).await?)?;
        serde_json::from_slice(&answer.body).map_err(|error| ApiError::Garbage(error.to_string()))
    }

    /// None where there is no such route or thing.
    async fn get_if_there<T: DeserializeOwned>(&self, route: &str) -> Result<Option<T>, ApiError> {
        match self.get(route).await {
            Err(ApiError::Refused { status: 404, .. }) => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// The answer's body is of no interest: it is empty up to 1.15.4, and `{"status":"ok"}` after.
    async fn write<T: Serialize>(&self, method: Method, route: &str, body: &T) -> Result<(), ApiError> {
        let body = serde_json::to_vec(body).map_err(|error| ApiError::Garbage(error.to_string()))?;
        judged(self.line.send(method, route, Some(body)).await?).map(drop)
    }
}

fn judged(answer: Answer) -> Result<Answer, ApiError> {
    match answer.status {
        ok if ok.is_success() => Ok(answer),
        StatusCode::UNAUTHORIZED => Err(ApiError::Unauthorized),
        other => Err(ApiError::Refused { status: other.as_u16(), message: message(&answer.body) }),
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, IN_PATH).to_string()
}

/// In a query even `/` is encoded.
fn encoded_value(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn gone_is_fine(answer: Result<(), ApiError>) -> Result<(), ApiError> {
    match answer {
        Err(ApiError::Refused { status: 404, .. }) => Ok(()),
        other => other,
    }
}

/// The `error` of a JSON body, else the body itself, cut to a line's length.
fn message(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let told = serde_json::from_slice::<Value>(body).ok();
    let told = told.as_ref().and_then(|body| body.get("error")?.as_str()).unwrap_or(&text);
    told.trim().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_but_for_their_slashes() {
        assert_eq!(encoded("a/b-c_d.e"), "a/b-c_d.e");
        assert_eq!(encoded("~^(a|b)$ ä?"), "%7E%5E%28a%7Cb%29%24%20%C3%A4%3F");
        assert_eq!(encoded_value("a/b+c"), "a%2Fb%2Bc");
    }

    #[test]
    fn a_refusal_shows_the_servers_words() {
        assert_eq!(message(br#"{"status":"error","error":"path not found"}"#), "path not found");
        assert_eq!(message(br#"{"error":"json: unknown field \"x\""}"#), "json: unknown field \"x\"");
        assert_eq!(message(b"404 page not found\n"), "404 page not found");
    }

    #[test]
    fn debug_hides_the_password() {
        let address: ApiAddress = "http://127.0.0.1:1/".parse().unwrap();
        let shown = format!("{:?}", Api::new(address.with_credentials("control", "s3cret")));
        assert!(shown.contains("http://127.0.0.1:1/\"") && !shown.contains("s3cret"), "{shown}");
    }
}
