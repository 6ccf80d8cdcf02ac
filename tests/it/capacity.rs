//! How many more streams the computer can send.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Dir, Server, media, process, until};

async fn of(server: &Server, request: Value) -> Value {
    until(&format!("the computer is measured: {request}"), async || {
        let capacity = server.post("/api/v1/capacity", request.clone()).await.ok();
        (capacity["computer"]["measured"] == true && capacity["computer"]["cores"] != 0.0).then_some(capacity)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_asks_first_where_there_is_no_room_for_it() {
    let dir = Dir::new();
    let clip = media::plain(&dir.media("a.mp4"));
    // Three dozen times as much to encode as 720p: too much for all but large computers, and quickly made.
    let huge = "-frames:v 3 -vf scale=3840:2160 -r 60 -c:v mpeg4 -an";
    let huge = media::made(&clip, huge, &dir.media("huge.avi"));
    let small = media::made(&clip, "-s 320x180 -c:v mpeg4 -an", &dir.media("small.avi"));
    let server = Server::ready(&dir).await;

    let nothing = of(&server, json!({})).await;
    assert!(nothing["now"].is_null(), "{nothing:#}");
    // The picture tells the same, and changes by itself.
    let computer = until("the picture tells what is left", async || {
        let computer = server.get("/api/v1/snapshot").await["computer"].clone();
        (computer["measured"] == true).then_some(computer)
    })
    .await;
    assert!(computer["free_memory"].as_u64() > Some(0), "{computer:#}");
    assert!(computer["free_cores"].as_f64() <= computer["cores"].as_f64(), "{computer:#}");
    let kept = dir.data().join("cache/speed.json");
    let written: Value =
        until("it is written down", async || serde_json::from_slice(&fs::read(&kept).ok()?).ok()).await;
    assert!(written["seconds_a_megapixel"].as_f64() > Some(0.0), "{written:#}");
    until("nothing else is left of it", async || {
        let mut left = fs::read_dir(dir.data().join("cache")).unwrap().flatten();
        (!left.any(|entry| entry.file_name().to_string_lossy().starts_with("measuring"))).then_some(())
    })
    .await;

    let many = of(&server, json!({ "path": small })).await;
    let few = of(&server, json!({ "path": huge })).await;
    let cores = |capacity: &Value| capacity["now"]["load"]["cores"].as_f64().unwrap();
    assert!(cores(&few) > 20.0 * cores(&many), "{few:#} {many:#}");
    assert!(few["prepared"]["load"]["cores"].as_f64().unwrap() < 0.1 * cores(&few), "{few:#}");
    let lower = of(&server, json!({ "path": huge, "encoding": { "height": 720 } })).await;
    assert!(cores(&lower) < 0.8 * cores(&few), "{lower:#} {few:#}");

    let id = server.create("huge", &huge, false).await;
    let start = format!("/api/v1/streams/{id}/start");
    let unless_full = json!({ "unless_full": true });
    // A start does not wait for long to learn what it takes: on a busy computer that may be too short.
    let refused = async |route: &str| {
        until("it is asked first", async || {
            let answer = server.post(route, unless_full.clone()).await;
            if answer.status < 300 {
                server.order(&id, "stop").await;
                server.until_state(&id, "stopped").await;
                return None;
            }
            Some(answer.code())
        })
        .await
    };
    if of(&server, json!({ "id": id })).await["now"]["more"] == 0 {
        assert_eq!(refused(&start).await, "would_overload");
        assert_eq!(refused("/api/v1/start-all").await, "would_overload");
        assert_eq!(server.stream(&id).await["order"], "stop", "it was not started");
        let open = json!({ "paths": [huge], "unless_full": true });
        let opened = until("files that are opened ask as well", async || {
            let opened = server.post("/api/v1/open", open.clone()).await.ok();
            if opened["full"].is_null() {
                server.order(&id, "stop").await;
                server.until_state(&id, "stopped").await;
                return None;
            }
            Some(opened)
        })
        .await;
        assert_eq!(opened["full"]["code"], "would_overload");
        assert_eq!(opened["full"]["args"]["prepare"], id.as_str(), "that would help: {opened:#}");
        assert_eq!(
            (&opened["streams"][0]["id"], &opened["streams"][0]["order"]),
            (&json!(id), &json!("stop"))
        );
        let anyway = server.post(&start, json!({})).await.ok();
        assert_eq!(anyway["order"], "run");
    } else {
        server.post(&start, unless_full.clone()).await.ok();
    }
    server.order(&id, "stop").await;
    let small = server.create("small", &small, false).await;
    let answer = server.post(&format!("/api/v1/streams/{small}/start"), unless_full).await;
    if answer.status >= 300 {
        // A computer that was as busy when it was measured as it is now.
        let takes = cores(&of(&server, json!({ "id": small })).await);
        assert!(takes >= 0.1, "so little overloads nothing: {takes} cores, {answer:?}");
        server.order(&small, "start").await;
    }
    server.until_on_air(&small).await;
    assert_eq!(server.stop().await, Some(0));

    // What was measured is known to the next run.
    let before = fs::metadata(&kept).unwrap().modified().unwrap();
    let server = Server::ready(&dir).await;
    of(&server, json!({})).await;
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), before);
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
