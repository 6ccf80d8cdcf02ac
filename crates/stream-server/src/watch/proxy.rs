//! What a guest's player asks of MediaMTX, under our own address: WHEP and HLS. MediaMTX sees the link's own user.

use std::time::Duration;

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Builder},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use stream_engine::guest_agent;
use tokio::time::timeout;

use super::{Watch, known, listener::Caller};

/// More than any offer has.
const OFFER: usize = 64 * 1024;
/// Within this time it is there: nobody holds a connection for longer by sending it slowly.
const OFFERED: Duration = Duration::from_secs(15);
/// Headers of MediaMTX that a player needs.
const PASSED: [header::HeaderName; 5] =
    [header::CONTENT_TYPE, header::ETAG, header::CACHE_CONTROL, header::LINK, header::LAST_MODIFIED];

/// A guest: the link, its token, and how their program is named to MediaMTX.
struct By<'a> {
    link: &'a str,
    token: &'a str,
    agent: String,
}

impl<'a> By<'a> {
    fn of(link: &'a str, token: &'a str, caller: Caller, headers: &HeaderMap) -> By<'a> {
        let own = headers.get(header::USER_AGENT).and_then(|own| own.to_str().ok()).unwrap_or_default();
        By { link, token, agent: guest_agent(caller.0, own) }
    }

    /// A request to MediaMTX, by the link's own user.
    fn request(&self, method: Method, url: &str) -> Builder {
        let pair = BASE64_STANDARD.encode(format!("{}:{}", self.link, self.token));
        Request::builder()
            .method(method)
            .uri(url)
            .header(header::AUTHORIZATION, format!("Basic {pair}"))
            .header(header::USER_AGENT, &self.agent)
    }
}

/// The library that plays HLS where a browser does not by itself; MediaMTX brings it along.
pub(super) async fn hls_script(State(watch): State<Watch>) -> Response {
    let script = Request::get(watch.engine.hls_script());
    pass(&watch, script, Bytes::new(), |_| None).await
}

pub(super) async fn whep(
    State(watch): State<Watch>,
    Extension(caller): Extension<Caller>,
    Path(link): Path<String>,
    headers: HeaderMap,
    offer: Body,
) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    if guest.whep.is_empty() {
        return StatusCode::NOT_IMPLEMENTED.into_response();
    }
    let offer = match body(offer).await {
        Ok(offer) => offer,
        Err(refused) => return refused.into_response(),
    };
    let request = By::of(&link, &token, caller, &headers).request(Method::POST, &guest.whep);
    let session = |location: &str| Some(format!("/guest/{link}/whep/{}", location.rsplit('/').next()?));
    pass(&watch, request.header(header::CONTENT_TYPE, "application/sdp"), offer, session).await
}

pub(super) async fn whep_session(
    State(watch): State<Watch>,
    Extension(caller): Extension<Caller>,
    Path((link, session)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    candidates: Body,
) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    if guest.whep.is_empty() || !is_plain(&session) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let candidates = match body(candidates).await {
        Ok(candidates) => candidates,
        Err(refused) => return refused.into_response(),
    };
    let by = By::of(&link, &token, caller, &headers);
    let mut request = by.request(method, &format!("{}/{session}", guest.whep));
    for name in [header::CONTENT_TYPE, header::IF_MATCH] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    pass(&watch, request, candidates, |_| None).await
}

pub(super) async fn hls(
    State(watch): State<Watch>,
    Extension(caller): Extension<Caller>,
    Path((link, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    if guest.hls.is_empty() || !is_plain(&file) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let by = By::of(&link, &token, caller, &headers);
    let request = by.request(Method::GET, &format!("{}{file}{query}", guest.hls));
    // The one redirect: MediaMTX finds out whether its cookie comes back, which it need not.
    let again = |location: &str| Some(format!("/guest/{link}/hls/{}", location.rsplit('/').next()?));
    pass(&watch, request, Bytes::new(), again).await
}

/// A part of an address that leads nowhere else.
fn is_plain(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !part.is_empty() && part.chars().all(plain) && !part.starts_with('.')
}

async fn body(body: Body) -> Result<Bytes, StatusCode> {
    let read = timeout(OFFERED, axum::body::to_bytes(body, OFFER)).await;
    read.map_err(|_| StatusCode::REQUEST_TIMEOUT)?.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)
}

/// Asks MediaMTX and passes its answer on; `location` says where a `Location` of its own is here.
async fn pass(
    watch: &Watch,
    request: Builder,
    body: Bytes,
    location: impl Fn(&str) -> Option<String>,
) -> Response {
    let Ok(request) = request.body(body.into()) else { return StatusCode::NOT_FOUND.into_response() };
    let answer = match watch.media.ask(request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::debug!(%error, "the server did not answer a guest's player");
            return StatusCode::BAD_GATEWAY.into_response();
        }
    };
    let mut headers = HeaderMap::new();
    for name in PASSED {
        if let Some(value) = answer.headers().get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let there = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    if let Some(here) = there.and_then(location).and_then(|here| HeaderValue::try_from(here).ok()) {
        headers.insert(header::LOCATION, here);
    }
    (answer.status(), headers, Body::new(answer.into_body())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_leads_elsewhere() {
        assert!(is_plain("index.m3u8") && is_plain("0f3a-part_7.mp4"));
        for bad in ["", "..", "../x", "a/b", "a%2fb", "a?b", ".x", "a#b", "a b"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
