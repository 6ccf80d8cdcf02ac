use std::{future::IntoFuture, io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, Uri, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use stream_api::{Code, Error};
use stream_engine::Engine;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::trace::TraceLayer;

use crate::{
    Door, assets, door, events,
    guard::{self, Guard},
    problem::Problem,
    routes, watch,
};

/// How long requests that are under way may take once the host stops.
const GRACE: Duration = Duration::from_secs(2);

/// What every handler needs.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pub(crate) door: Arc<Door>,
    pub(crate) stop: CancellationToken,
}

/// Serves the interface, the commands and the events of `engine` on `listener`, and the page of guest links where
/// the engine wants it, until `stop`; then ends the event
/// streams and lets requests that are under way finish, for 2 s at most. Does not shut the engine down.
///
/// # Errors
/// When the listener has no address or breaks.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    door: Door,
    stop: CancellationToken,
) -> io::Result<()> {
    tokio::spawn(watch::run(engine.clone(), stop.clone()));
    let guard = Guard::new(listener.local_addr()?.port(), &door);
    let app = router(Host { engine, door: Arc::new(door), stop: stop.clone() }, guard);
    let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let out_of_grace = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = serving.into_future() => result,
        () = out_of_grace => {
            tracing::warn!("requests were still under way when the host stopped");
            Ok(())
        }
    }
}

fn router(host: Host, guard: Guard) -> Router {
    routes::commands()
        .route("/api/v1/events", get(events::events))
        .merge(door::routes())
        .with_state(host)
        .merge(assets::interface())
        .route("/healthz", get(|| async { axum::Json(serde_json::json!({ "status": "ok" })) }))
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::new(guard), guard::check))
        .layer(middleware::from_fn(headers))
        .layer(TraceLayer::new_for_http())
}

async fn wrong_method(method: Method, uri: Uri) -> Problem {
    Error::new(Code::WrongMethod).with("path", uri.path()).with("method", method).into()
}

/// Headers of every answer. The policy lets the page load only what we serve: scripts and wasm of our own.
async fn headers(uri: Uri, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
             connect-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) || uri.path().starts_with("/api/") {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
