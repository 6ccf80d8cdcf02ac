use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use stream_api::t;

const PAGE: &str = include_str!("../../watch/watch.html");
const SCRIPT: &str = include_str!("../../watch/watch.js");
const STYLE: &str =
    concat!(include_str!("../../../../ui/styles/tokens.css"), include_str!("../../watch/watch.css"));

/// The words of the page: placeholders of its HTML.
const WORDS: [(&str, &str); 12] = [
    ("{{app}}", t!("app.name")),
    ("{{connecting}}", t!("watch.connecting")),
    ("{{offline}}", t!("watch.offline")),
    ("{{offline.hint}}", t!("watch.offline.hint")),
    ("{{gone}}", t!("watch.gone")),
    ("{{gone.hint}}", t!("watch.gone.hint")),
    ("{{wrong}}", t!("watch.wrong")),
    ("{{wrong.hint}}", t!("watch.wrong.hint")),
    ("{{unplayable}}", t!("watch.unplayable")),
    ("{{unplayable.hint}}", t!("watch.unplayable.hint")),
    ("{{unreachable}}", t!("watch.unreachable")),
    ("{{sound}}", t!("watch.sound")),
];

/// The same for every name and link: what it shows it asks for with the link's token.
pub(super) async fn page() -> Html<String> {
    Html(WORDS.iter().fold(PAGE.to_owned(), |page, (mark, words)| page.replace(mark, words)))
}

pub(super) async fn script() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// Headers of every answer. Other pages may show this one in a frame: that is what a link is for.
pub(super) async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; \
             img-src 'self' data:; base-uri 'none'; form-action 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_placeholder_has_its_words() {
        let Html(page) = page().await;
        assert!(!page.contains("{{") && page.contains(t!("watch.gone")), "{page}");
    }
}
