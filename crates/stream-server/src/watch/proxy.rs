//! What a guest's player asks of MediaMTX, under our own address: WHEP and HLS. MediaMTX sees the link's own user.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Watch, known};

/// No answer of MediaMTX takes longer to begin: a playlist of low latency waits for the next part.
const ANSWER: Duration = Duration::from_secs(20);
/// More than any offer has.
const OFFER: usize = 64 * 1024;
/// Headers of MediaMTX that a player needs.
const PASSED: [header::HeaderName; 5] =
    [header::CONTENT_TYPE, header::ETAG, header::CACHE_CONTROL, header::LINK, header::LAST_MODIFIED];

pub(super) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(ANSWER)
        .build()
        .unwrap_or_default() // building fails over TLS alone, which is not compiled in
}

/// The library that plays HLS where a browser does not by itself; MediaMTX brings it along.
pub(super) async fn hls_script(State(watch): State<Watch>) -> Response {
    pass(watch.client.get(watch.engine.hls_script()), |_| None).await
}

pub(super) async fn whep(
    State(watch): State<Watch>,
    Path(link): Path<String>,
    headers: HeaderMap,
    offer: Body,
) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    let Ok(offer) = body(offer).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let request = watch.client.post(guest.whep).basic_auth(&link, Some(token)).body(offer);
    let session = |location: &str| Some(format!("/guest/{link}/whep/{}", location.rsplit('/').next()?));
    pass(request.header(header::CONTENT_TYPE, "application/sdp"), session).await
}

pub(super) async fn whep_session(
    State(watch): State<Watch>,
    Path((link, session)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    candidates: Body,
) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    if !is_plain(&session) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(candidates) = body(candidates).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let mut request =
        watch.client.request(method, format!("{}/{session}", guest.whep)).basic_auth(&link, Some(token));
    for name in [header::CONTENT_TYPE, header::IF_MATCH] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    pass(request.body(candidates), |_| None).await
}

pub(super) async fn hls(
    State(watch): State<Watch>,
    Path((link, file)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    if !is_plain(&file) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let request = watch.client.get(format!("{}{file}{query}", guest.hls)).basic_auth(&link, Some(token));
    // The one redirect: MediaMTX finds out whether its cookie comes back, which it need not.
    let again = |location: &str| Some(format!("/guest/{link}/hls/{}", location.rsplit('/').next()?));
    pass(request, again).await
}

/// A part of an address that leads nowhere else.
fn is_plain(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !part.is_empty() && part.chars().all(plain) && !part.starts_with('.')
}

async fn body(body: Body) -> Result<Bytes, axum::Error> {
    axum::body::to_bytes(body, OFFER).await
}

/// Asks MediaMTX and passes its answer on; `location` says where a `Location` of its own is here.
async fn pass(request: reqwest::RequestBuilder, location: impl Fn(&str) -> Option<String>) -> Response {
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::debug!(error = %error.without_url(), "the server did not answer a guest's player");
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
    (answer.status(), headers, Body::from_stream(answer.bytes_stream())).into_response()
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
