//! The event stream: a snapshot, then every change in order.

use serde_json::{Value, json};

use crate::support::{Dir, PATIENCE, Server, media};

/// A client of the event stream.
struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Events {
    async fn open(server: &Server) -> Events {
        let response = reqwest::get(format!("{}/api/v1/events", server.url)).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { response, buffer: String::new() }
    }

    /// The next message with its id; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                let found = field("data").map(|data| {
                    (field("id").unwrap_or_default().to_owned(), serde_json::from_str(data).expect("JSON"))
                });
                self.buffer = rest.to_owned();
                match found {
                    Some(message) => return Some(message),
                    None => continue, // a comment that keeps the connection alive
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("events come");
            self.buffer.push_str(std::str::from_utf8(&chunk.ok()??).expect("UTF-8"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_comes_first_and_then_every_change_in_order() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let mut events = Events::open(&server).await;
    let (id, first) = events.next().await.unwrap();
    assert_eq!(first["type"], "snapshot", "{first:#}");
    let at = &first["snapshot"]["at"];
    let boot = at["boot"].as_str().unwrap().to_owned();
    let mut seq = at["seq"].as_u64().unwrap();
    assert_eq!(id, format!("{boot}-{seq}"));

    let stream = server.create("told", &file, true).await;
    let mut states: Vec<String> = Vec::new();
    let mut rev = 0;
    'live: loop {
        let (id, message) = events.next().await.unwrap();
        assert_eq!(message["type"], "events", "a client that keeps up gets no second snapshot");
        for event in message["events"].as_array().unwrap() {
            assert_eq!(event["id"]["boot"], boot.as_str());
            assert_eq!(event["id"]["seq"].as_u64().unwrap(), seq + 1, "no event is missing");
            seq += 1;
            let told = &event["change"]["stream"];
            if told["id"] == stream.as_str() {
                assert!(told["rev"].as_u64().unwrap() > rev, "revisions grow");
                rev = told["rev"].as_u64().unwrap();
                let state = told["state"].as_str().unwrap().to_owned();
                if states.last() != Some(&state) {
                    states.push(state);
                }
                if told["on_air"] == true {
                    break 'live;
                }
            }
        }
        assert_eq!(id, format!("{boot}-{seq}"), "the id is that of the newest event");
    }
    let known = ["stopped", "starting", "running"];
    assert!(states.iter().all(|state| known.contains(&state.as_str())), "{states:?}");
    assert_eq!(states.last().map(String::as_str), Some("running"));

    // Another client starts from now; the end of the host is the end of the stream.
    let (_, second) = Events::open(&server).await.next().await.unwrap();
    assert_eq!(second["snapshot"]["streams"][0]["id"], stream.as_str());
    let ended = tokio::spawn(async move { while events.next().await.is_some() {} });
    assert_eq!(server.stop().await, Some(0), "an open event stream does not hold it up");
    tokio::time::timeout(PATIENCE, ended).await.expect("the stream ends").unwrap();
}

impl Events {
    /// The next notice.
    async fn notice(&mut self) -> Value {
        let next = async {
            loop {
                let (_, message) = self.next().await.expect("events go on");
                let all = message["events"].as_array().cloned().unwrap_or_default();
                if let Some(event) = all.iter().find(|event| event["change"]["type"] == "notice") {
                    return event["change"]["notice"].clone();
                }
            }
        };
        tokio::time::timeout(2 * PATIENCE, next).await.expect("a notice comes")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_cannot_be_written_is_told_and_so_is_its_return() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let in_the_way = dir.data().join("recordings/lobby");
    std::fs::create_dir_all(dir.data().join("recordings")).unwrap();
    std::fs::write(&in_the_way, "a file where the folder should be").unwrap();
    let server = Server::ready(&dir).await;
    let mut events = Events::open(&server).await;
    let id = server.create("lobby", &file, true).await;
    server.until_on_air(&id).await;
    server.ask("PATCH", &format!("/api/v1/streams/{id}"), Some(json!({ "record": true }))).await.ok();
    let told = events.notice().await;
    assert_eq!((&told["kind"], &told["stream"]), (&json!("stream_warned"), &json!(id)), "{told:#}");
    assert!(told["title"].as_str().unwrap().contains("lobby is not recorded"), "{told:#}");
    assert!(told["body"].as_str().unwrap().contains("recordings"), "the place is named: {told:#}");
    std::fs::remove_file(&in_the_way).unwrap();
    let told = events.notice().await;
    assert_eq!((&told["kind"], &told["stream"]), (&json!("stream_back"), &json!(id)), "{told:#}");
    server.until(&id, "recording", |stream| stream["recording"] == "writing").await;
    assert_eq!(server.stop().await, Some(0));
}
