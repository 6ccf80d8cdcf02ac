//! A server behind a proxy that turns bad after it was added: what is wrong is told, nothing of ours is touched, and it
//! is found again.

use serde_json::json;

use crate::support::{
    Dir, Server,
    between::Between,
    hall::{Hall, until_other},
};

const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>";
const GARBAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{\"items\":";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_turns_bad_behind_its_proxy_is_told_of_and_found_again() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let between = Between::before(hall.api().rsplit(':').next().unwrap().parse().unwrap()).await;
    let server = Server::start(&dir).await;
    let mut spec = hall.spec("Hall");
    spec["api"] = between.api().into();
    let added =
        server.post("/api/v1/servers", json!({ "spec": spec, "secrets": Hall::secrets() })).await.ok();
    let id = added["id"].as_str().unwrap();
    until_other(&server, id, "running", |other| other["state"] == "running").await;
    let stream = json!({ "server": id, "name": "obs", "source": { "type": "incoming" }, "start": true });
    let stream = server.post("/api/v1/streams", stream).await.ok()["id"].as_str().unwrap().to_owned();
    server.until(&stream, "awaited there", |stream| stream["wait"]["of"] == "publisher").await;
    assert!(hall.path("obs").await.is_some(), "said through the proxy");

    for (answer, code) in
        [(BROKEN, "remote_broken"), (PAGE, "remote_web_page"), (GARBAGE, "remote_not_mediamtx")]
    {
        between.says(Some(answer));
        let told = until_other(&server, id, code, |other| other["fault"]["code"] == code).await;
        assert_ne!(told["state"], "running", "{told:#}");
        assert!(told["fault"]["hint"].as_str().is_some_and(|hint| hint.len() > 5), "{told:#}");
        assert_eq!(server.stream(&stream).await["order"], "run", "what is ordered stays");
        assert!(hall.path("obs").await.is_some(), "nothing of ours was taken away there");
        between.says(None);
        server.post(&format!("/api/v1/servers/{id}/retry"), json!({})).await.ok();
        until_other(&server, id, "running again", |other| other["state"] == "running").await;
        server.until(&stream, "awaited again", |stream| stream["wait"]["of"] == "publisher").await;
    }
    assert_eq!(server.stop().await, Some(0));
}
