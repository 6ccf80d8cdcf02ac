use std::borrow::Cow;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};
use stream_api::{Code, Error};

use crate::problem::Problem;

/// The built interface. A debug build reads it from disk at run time, a release build carries it inside.
#[derive(Embed)]
#[folder = "../../ui/dist"]
struct Dist;

/// The interface.
const PAGE: &str = "index.html";

/// The interface's files, for everything that no other route answers.
pub fn interface() -> Router {
    Router::new().fallback(asset)
}

async fn asset(method: Method, uri: Uri, request: HeaderMap) -> Response {
    if !matches!(method, Method::GET | Method::HEAD) {
        let error = Error::new(Code::WrongMethod).with("path", uri.path()).with("method", method);
        return Problem::from(error).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { PAGE } else { path };
    if let Some(file) = Dist::get(path) {
        return answer(path, file, &request);
    }
    // The interface is one page, which finds its way by what stands behind the `#`. Somebody who looks for another one
    // gets it all the same, to read that there is none and to find back.
    let looks = request.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    match Dist::get(PAGE).filter(|_| looks.is_some_and(|accept| accept.contains("text/html"))) {
        Some(page) => (StatusCode::NOT_FOUND, answer(PAGE, page, &HeaderMap::new())).into_response(),
        None => Problem::from(Error::new(Code::NoSuchRoute).with("path", uri.path())).into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, request: &HeaderMap) -> Response {
    let tag = tag(&file.metadata.sha256_hash());
    let mut headers = HeaderMap::new();
    let cache = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    put(&mut headers, header::ETAG, &tag);
    if request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = file.metadata.mimetype();
    let text = kind.starts_with("text/") || kind.ends_with("javascript") || kind.ends_with("json");
    put(
        &mut headers,
        header::CONTENT_TYPE,
        &if text { format!("{kind}; charset=utf-8") } else { kind.to_owned() },
    );
    // Packed once, when the interface was built.
    if accepts_gzip(request)
        && let Some(packed) = Dist::get(&format!("{path}.gz"))
    {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return (headers, body(packed)).into_response();
    }
    (headers, body(file)).into_response()
}

fn body(file: EmbeddedFile) -> Body {
    match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn tag(hash: &[u8]) -> String {
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    let given = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|q| matches!(q, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// Whether the name carries a hash of the content, such as `app-1f0c9a27d3b4.js`: such a file never changes.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_', '.']).skip(1).any(|part| {
        part.len() >= 8
            && part.bytes().all(|b| b.is_ascii_hexdigit())
            && part.bytes().any(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
        for hashed in ["app-1f0c9a27d3b4.js", "assets/ui-0123456789abcdef_bg.wasm", "style.00c0ffee.css"] {
            assert!(is_hashed(hashed), "{hashed}");
        }
        for plain in ["index.html", "app.js", "icon-512.png", "app-feedback.js", "facade12.css"] {
            assert!(!is_hashed(plain), "{plain}");
        }
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let accepts = |value| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        assert!(accepts("gzip"));
        assert!(accepts("deflate, gzip;q=0.8, br"));
        assert!(!accepts("gzip;q=0"));
        assert!(!accepts("br"));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn the_page_is_the_interface_and_other_things_are_not_found() {
        let get =
            async |path: &'static str, method| asset(method, path.parse().unwrap(), HeaderMap::new()).await;
        for page in ["/", "/index.html"] {
            let response = get(page, Method::GET).await;
            assert_eq!(response.status(), 200, "{page}");
            assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
            assert_eq!(response.headers()["cache-control"], "no-cache");
        }
        for nowhere in ["/streams", "/streams/1/log", "/nothing.html"] {
            let looks = "text/html,application/xhtml+xml,*/*;q=0.8";
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(looks))]);
            let response = asset(Method::GET, nowhere.parse().unwrap(), headers).await;
            assert_eq!(response.status(), 404, "{nowhere}");
            assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8", "a page says so");
            assert_eq!(get(nowhere, Method::GET).await.status(), 404, "{nowhere}");
        }
        let response = get("/", Method::GET).await;
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, response.headers()["etag"].clone())]);
        let again = asset(Method::GET, "/".parse().unwrap(), known).await;
        assert_eq!(again.status(), 304, "a page that did not change is not sent again");
        for missing in ["/nothing.js", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml"] {
            assert_eq!(get(missing, Method::GET).await.status(), 404, "{missing}");
        }
        assert_eq!(get("/", Method::POST).await.status(), 405);
    }
}
