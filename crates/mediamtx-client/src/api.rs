use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::wire::{Named, Page};
use crate::{About, ApiError, PathConfig, PathState, Peer, Session};

/// MediaMTX delays its answer to a wrong password by up to 4 s (1.19.1 and newer); less would report that as
/// [`ApiError::Timeout`].
const ANSWER: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(3);

/// More than any server has: pages are no snapshot, so everything is asked for at once (the default is 100).
const EVERYTHING: &str = "itemsPerPage=10000";

/// What a path's name keeps in a URL; `/` is understood as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// Session kinds, as readers are named, and the part of the API that lists and kicks them.
const SESSIONS: [(&str, &str); 5] = [
    ("rtspSession", "rtspsessions"),
    ("rtmpConn", "rtmpconns"),
    ("srtConn", "srtconns"),
    ("webRTCSession", "webrtcsessions"),
    ("hlsSession", "hlssessions"),
];

/// Kinds that can be kicked, but are off in our configuration and so not asked for.
const OTHER_SESSIONS: [(&str, &str); 3] =
    [("rtspsSession", "rtspssessions"), ("rtmpsConn", "rtmpsconns"), ("moqSession", "moqsessions")];

/// A client of one server's Control API. Cheap to clone. It never retries and never goes through a proxy.
///
/// Reads may run at any time. Writes must come from one place, one after the other: MediaMTX answers a write
/// before it is applied ([`barrier`](Api::barrier)), and overlapping ones could hang it (bluenviron/mediamtx#6077).
#[derive(Clone)]
pub struct Api {
    client: Client,
    base: String,
    user: String,
    pass: String,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("base", &self.base).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Api {
    /// A client for `base`, such as `http://127.0.0.1:9997`. Connects to nothing yet.
    pub fn new(base: &str, user: &str, pass: &str) -> Api {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build()
            .unwrap_or_default(); // building fails over TLS alone, which is not compiled in
        Api {
            client,
            base: base.trim_end_matches('/').to_owned(),
            user: user.to_owned(),
            pass: pass.to_owned(),
        }
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

    /// What every path does right now: all configured names, and those that match a pattern and are in use.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn paths(&self) -> Result<Vec<PathState>, ApiError> {
        let page: Page<PathState> = self.get(&format!("paths/list?{EVERYTHING}")).await?;
        Ok(page.items)
    }

    /// The names that have a configuration of their own.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn configured_paths(&self) -> Result<Vec<String>, ApiError> {
        let page: Page<Named> = self.get(&format!("config/paths/list?{EVERYTHING}")).await?;
        Ok(page.items.into_iter().map(|path| path.name).collect())
    }

    /// Creates a path or replaces its configuration; the same again changes nothing. Unsaid keys come from the
    /// path defaults. Recording is switched without disturbing anyone; see [`barrier`](Api::barrier).
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` with MediaMTX's reason when the configuration is invalid, which then stays as it was.
    pub async fn replace_path(&self, name: &str, config: &PathConfig) -> Result<(), ApiError> {
        self.write(Method::POST, &format!("config/paths/replace/{}", encoded(name)), config).await
    }

    /// Removes a path, closing its publisher and readers. One that does not exist is fine.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn delete_path(&self, name: &str) -> Result<(), ApiError> {
        let route = format!("config/paths/delete/{}", encoded(name));
        gone_is_fine(self.write(Method::DELETE, &route, &json!({})).await)
    }

    /// Returns when every earlier write is applied. MediaMTX answers a write before that, and a publisher that
    /// comes too soon is refused; a second write that changes nothing waits for the first (measured on 1.20.1:
    /// no failure in 150, against 10 % without).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn barrier(&self) -> Result<(), ApiError> {
        self.write(Method::PATCH, "config/pathdefaults/patch", &json!({})).await
    }

    /// Every client of every protocol that is switched on.
    ///
    /// # Errors
    /// [`ApiError`]; a protocol that is switched off counts as empty.
    pub async fn sessions(&self) -> Result<Vec<Session>, ApiError> {
        let mut all = Vec::new();
        for (kind, route) in SESSIONS {
            all.extend(self.list(kind, route).await?);
        }
        Ok(all)
    }

    /// The clients by RTSP alone, our own publishers among them.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn rtsp_sessions(&self) -> Result<Vec<Session>, ApiError> {
        let (kind, route) = SESSIONS[0];
        self.list(kind, route).await
    }

    async fn list(&self, kind: &str, route: &str) -> Result<Vec<Session>, ApiError> {
        let page: Page<Session> = match self.get(&format!("{route}/list?{EVERYTHING}")).await {
            Err(ApiError::Refused { status: 404, .. }) => return Ok(Vec::new()),
            answer => answer?,
        };
        let of_kind = |session| Session { kind: kind.to_owned(), ..session };
        Ok(page.items.into_iter().map(of_kind).collect())
    }

    /// Ends a client's session; it may come back. One that is already gone is fine.
    ///
    /// # Errors
    /// [`ApiError`]; `Refused` with 404 for a kind that cannot be kicked, such as `hlsMuxer` or a pulled source.
    pub async fn kick(&self, peer: &Peer) -> Result<(), ApiError> {
        let mut kinds = SESSIONS.iter().chain(&OTHER_SESSIONS);
        let Some((_, route)) = kinds.find(|(kind, _)| kind.eq_ignore_ascii_case(&peer.kind)) else {
            let message = format!("{} cannot be kicked", peer.kind);
            return Err(ApiError::Refused { status: 404, message });
        };
        let route = format!("{route}/kick/{}", encoded(&peer.id));
        gone_is_fine(self.write(Method::POST, &route, &json!({})).await)
    }

    async fn get<T: DeserializeOwned>(&self, route: &str) -> Result<T, ApiError> {
        let body = self.send(self.request(Method::GET, route)).await?;
        serde_json::from_str(&body).map_err(|error| ApiError::Garbage(error.to_string()))
    }

    async fn write<T: Serialize>(&self, method: Method, route: &str, body: &T) -> Result<(), ApiError> {
        self.send(self.request(method, route).json(body)).await.map(drop)
    }

    fn request(&self, method: Method, route: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}/v3/{route}", self.base))
            .basic_auth(&self.user, Some(&self.pass))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<String, ApiError> {
        let response = request.send().await?;
        let status = response.status();
        let body = response.text().await?;
        match status {
            ok if ok.is_success() => Ok(body),
            StatusCode::UNAUTHORIZED => Err(ApiError::Unauthorized),
            other => Err(ApiError::Refused { status: other.as_u16(), message: message(&body) }),
        }
    }
}

fn encoded(name: &str) -> String {
    utf8_percent_encode(name, IN_PATH).to_string()
}

fn gone_is_fine(answer: Result<(), ApiError>) -> Result<(), ApiError> {
    match answer {
        Err(ApiError::Refused { status: 404, .. }) => Ok(()),
        other => other,
    }
}

/// The `error` of a JSON body, else the body itself, cut to a line's length.
fn message(body: &str) -> String {
    let told = serde_json::from_str::<Value>(body).ok();
    let told = told.as_ref().and_then(|body| body.get("error")?.as_str()).unwrap_or(body);
    told.trim().chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_but_for_their_slashes() {
        assert_eq!(encoded("a/b-c_d.e"), "a/b-c_d.e");
        assert_eq!(encoded("~^(a|b)$ ä?"), "%7E%5E%28a%7Cb%29%24%20%C3%A4%3F");
    }

    #[test]
    fn a_refusal_shows_the_servers_words() {
        assert_eq!(message(r#"{"status":"error","error":"path not found"}"#), "path not found");
        assert_eq!(message(r#"{"error":"json: unknown field \"x\""}"#), "json: unknown field \"x\"");
        assert_eq!(message("404 page not found\n"), "404 page not found");
    }

    #[test]
    fn debug_hides_the_password() {
        let shown = format!("{:?}", Api::new("http://127.0.0.1:1/", "control", "s3cret"));
        assert!(shown.contains("http://127.0.0.1:1\"") && !shown.contains("s3cret"), "{shown}");
    }
}
