//! The page that a guest link opens, on an address of its own: it plays one stream in any browser, and shows nothing
//! else of this program. A guest's token is in the link's fragment, which no browser sends; the page sends it as a
//! header, and what a browser asks by itself (native HLS) carries it as a cookie of that link's paths alone.

mod listener;
mod page;
mod proxy;

use std::{future::pending, io, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, patch, post},
};
use serde_json::json;
use stream_engine::{Engine, Guest, GuestPage, Media};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use listener::Listener;

/// While it can't be served, this often it is tried again; and so long players may keep their connections when it
/// moves: they come back by themselves.
const AGAIN: Duration = Duration::from_secs(2);

/// What the handlers need.
#[derive(Clone)]
struct Watch {
    engine: Engine,
    media: Media,
}

/// Serves the page until `stop`, wherever the engine wants it.
pub(crate) async fn run(engine: Engine, stop: CancellationToken) {
    let mut page = engine.guest_page();
    let app = router(Watch { engine: engine.clone(), media: Media::here() });
    let mut told = None;
    while !stop.is_cancelled() {
        let wanted = page.borrow_and_update().clone();
        let moved = stop.child_token();
        let mut serving = std::pin::pin!(serve(&engine, wanted.as_ref(), &app, &moved));
        let ended = tokio::select! {
            ended = &mut serving => Some(ended),
            _ = page.changed() => None,
            () = stop.cancelled() => None,
        };
        let error = match ended {
            Some(Err(error)) => error,
            // It was told to end: everything is about to.
            Some(Ok(())) => continue,
            None => {
                moved.cancel();
                let _ = timeout(AGAIN, serving).await;
                told = None;
                continue;
            }
        };
        // Once: to find out who holds a port takes a while.
        if told != wanted {
            tracing::warn!(%error, ?wanted, "guest links can't be opened");
            if let Some(page) = &wanted {
                engine.guest_page_tried(page.listen, Some(&error));
            }
            told.clone_from(&wanted);
        }
        tokio::select! {
            () = sleep(AGAIN) => {}
            _ = page.changed() => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn serve(
    engine: &Engine,
    wanted: Option<&GuestPage>,
    app: &Router,
    stop: &CancellationToken,
) -> io::Result<()> {
    let Some(page) = wanted else { return pending().await };
    let listener = Listener::open(page).await?;
    engine.guest_page_tried(page.listen, None);
    listener.serve(app, stop).await;
    Ok(())
}

/// The files of the page that guest links open. What they ask for is not there.
pub fn guest_page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/watch/{*name}", get(page::page))
        .route("/watch.js", get(page::script))
        .route("/watch.css", get(page::style))
}

fn router(watch: Watch) -> Router {
    guest_page()
        .route("/hls.min.js", get(proxy::hls_script))
        .route("/guest/{link}", get(guest))
        .route("/guest/{link}/whep", post(proxy::whep))
        .route("/guest/{link}/whep/{session}", patch(proxy::whep_session).delete(proxy::whep_session))
        .route("/guest/{link}/hls/{*file}", get(proxy::hls))
        .fallback(any(async || StatusCode::NOT_FOUND))
        .layer(axum::middleware::map_response(page::headers))
        .with_state(watch)
}

/// How the guest's stream is.
async fn guest(State(watch): State<Watch>, Path(link): Path<String>, headers: HeaderMap) -> Response {
    let (guest, token) = match known(&watch, &link, &headers) {
        Ok(known) => known,
        Err(refused) => return refused,
    };
    let encrypted = watch.engine.guest_page().borrow().as_ref().is_some_and(|page| page.tls.is_some());
    let cookie = cookie(&link, &token, encrypted);
    let body = json!({ "name": guest.name, "live": guest.live, "whole": guest.whole_by_webrtc });
    ([(header::SET_COOKIE, cookie)], Json(body)).into_response()
}

/// Keeps the token for what a browser asks by itself, of this link's paths alone; never in plain where the page is
/// encrypted.
fn cookie(link: &str, token: &str, encrypted: bool) -> String {
    let secure = if encrypted { "; Secure" } else { "" };
    format!("guest={token}; Path=/guest/{link}/; HttpOnly; SameSite=Strict{secure}")
}

/// The guest and the token that proves it; else 401.
#[expect(clippy::result_large_err, reason = "an answer, made once")]
fn known(watch: &Watch, link: &str, headers: &HeaderMap) -> Result<(Guest, String), Response> {
    let token = token(headers);
    let guest = token.and_then(|token| Some((watch.engine.guest(link, token)?, token.to_owned())));
    guest.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())
}

/// From the header that the page sends, else from the cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let sent = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let kept = || text(header::COOKIE)?.split(';').find_map(|pair| pair.trim().strip_prefix("guest="));
    sent.or_else(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_of_an_encrypted_page_is_never_sent_in_plain() {
        let plain = "guest=t; Path=/guest/l/; HttpOnly; SameSite=Strict";
        assert_eq!(cookie("l", "t", false), plain);
        assert_eq!(cookie("l", "t", true), format!("{plain}; Secure"));
    }

    #[test]
    fn a_token_comes_by_header_or_by_cookie() {
        let of = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, header::HeaderValue::from_static(value));
            token(&headers).map(str::to_owned)
        };
        assert_eq!(of("authorization", "Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("cookie", "a=b; guest=abc; c=d").as_deref(), Some("abc"));
        assert_eq!((of("authorization", "Basic abc"), of("cookie", "guests=abc")), (None, None));
    }
}
