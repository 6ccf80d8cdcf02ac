//! The HTTP host: who may ask, what is answered.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Dir, Server};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_own_page_of_this_computer_is_served() {
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    let http = reqwest::Client::new();
    let streams = format!("{}/api/v1/streams", server.url);
    let ask = async |method: Method, headers: &[(&str, &str)], body: &'static str| {
        let mut request = http.request(method, &streams).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let problem: Value = response.json().await.unwrap();
        (status, problem["code"].as_str().unwrap_or_default().to_owned())
    };
    let json_type = ("content-type", "application/json");
    let refused = |code: &str, status: u16| (status, code.to_owned());
    assert_eq!(ask(Method::GET, &[("host", "evil.example:5000")], "").await, refused("foreign_host", 421));
    assert_eq!(
        ask(Method::GET, &[("origin", "http://evil.example")], "").await,
        refused("foreign_origin", 403)
    );
    assert_eq!(ask(Method::GET, &[("origin", "null")], "").await, refused("foreign_origin", 403));
    assert_eq!(ask(Method::GET, &[("x-forwarded-for", "127.0.0.1")], "").await, refused("forwarded", 403));
    assert_eq!(ask(Method::GET, &[("forwarded", "for=127.0.0.1")], "").await, refused("forwarded", 403));
    assert_eq!(ask(Method::POST, &[("content-type", "text/plain")], "{}").await, refused("not_json", 415));
    assert_eq!(ask(Method::POST, &[], "{}").await, refused("not_json", 415));
    assert_eq!(ask(Method::POST, &[json_type], "{").await, refused("bad_request", 400));
    assert_eq!(
        ask(Method::POST, &[json_type], r#"{"source":{"type":"file"}}"#).await,
        refused("bad_request", 400)
    );
    let unknown = r#"{"source":{"type":"file","path":"/x"},"colour":"red"}"#;
    assert_eq!(ask(Method::POST, &[json_type], unknown).await, refused("bad_request", 400));
    assert_eq!(ask(Method::PUT, &[json_type], "{}").await, refused("wrong_method", 405));
    assert_eq!(ask(Method::GET, &[("origin", &server.url)], "").await.0, 200, "the own page may");
    assert_eq!(server.streams().await, Vec::<Value>::new());
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_json_and_pages_are_safe() {
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    assert_eq!(server.ask("GET", "/api/v1/nothing", None).await.code(), "no_such_route");
    assert_eq!(server.ask("GET", "/api", None).await.status, 404);
    assert_eq!(server.ask("GET", "/api/v1/streams/nope", None).await.code(), "no_such_stream");
    let unknown = "/api/v1/streams/018f0000-0000-7000-8000-000000000000/start";
    let missing = server.ask("POST", unknown, None).await;
    assert_eq!((missing.status, missing.code().as_str()), (404, "no_such_stream"));
    let large = json!({ "paths": ["x".repeat(70_000)] });
    let too_large = server.post("/api/v1/open", large).await;
    assert_eq!((too_large.status, too_large.code().as_str()), (413, "too_large"));
    assert_eq!(server.get("/healthz").await["status"], "ok");
    assert!(server.get("/api/v1/server").await["ports"]["rtsp"].is_u64());

    let http = reqwest::Client::new();
    let wrong = http.delete(format!("{}/api/v1/streams", server.url)).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong.headers()["allow"].to_str().unwrap().contains("POST"), "{:?}", wrong.headers());
    let page = http.get(&server.url).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let headers = page.headers().clone();
    assert!(headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cache-control"], "no-cache");
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("<html"));
    let nowhere = http.get(format!("{}/streams/lobby", server.url)).header("accept", "text/html");
    let nowhere = nowhere.send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
    assert!(nowhere.text().await.unwrap().contains("<html"), "the interface says that there is no such page");
    assert_eq!(server.ask("GET", "/streams/lobby", None).await.code(), "no_such_route");
    let api = http.get(format!("{}/api/v1/streams", server.url)).send().await.unwrap();
    assert_eq!(api.headers()["cache-control"], "no-store");
    assert_eq!(api.headers()["content-type"], "application/json");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_media_folders_are_browsed() {
    let dir = Dir::new();
    std::fs::write(dir.media("a.mp4"), "x").unwrap();
    let server = Server::start(&dir).await;
    let folder = server.get("/api/v1/media").await;
    assert_eq!(folder["entries"][0]["name"], "a.mp4", "{folder:#}");
    assert_eq!(server.ask("GET", "/api/v1/media?path=%2Fetc", None).await.code(), "source_outside_media");
    assert_eq!(server.stop().await, Some(0));
}
