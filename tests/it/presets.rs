//! Settings under a name, applied to many streams.

use serde_json::{Value, json};

use crate::support::{Dir, Server, media, process};

async fn kept(server: &Server) -> Value {
    server.get("/api/v1/snapshot").await["presets"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_kept_under_a_name_and_applied_to_many_streams() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let live = server.create("live", &file, true).await;
    let idle = server.create("idle", &file, false).await;
    let incoming = json!({ "name": "incoming", "source": { "type": "incoming" } });
    let incoming = server.post("/api/v1/streams", incoming).await.ok()["id"].as_str().unwrap().to_owned();
    let own = json!({ "encoding": { "start": 500, "end": 2500 } });
    server.ask("PATCH", &format!("/api/v1/streams/{idle}"), Some(own)).await.ok();
    server.until_on_air(&live).await;

    let save = async |name: &str, encoding: Value| {
        server.post("/api/v1/presets", json!({ "name": name, "encoding": encoding })).await
    };
    assert_eq!(save("..", json!({})).await.code(), "preset_name_unfit");
    assert_eq!(save("bad", json!({ "fps": 0 })).await.code(), "setting_unfit");
    let name = "Hall / 120p";
    save(name, json!({ "height": 120, "start": 1000, "extra": "-y" })).await.ok();
    save("Other", json!({ "fps": 10 })).await.ok();
    let hall = json!({ "name": name, "encoding": { "height": 120 } });
    assert_eq!(kept(&server).await, json!([hall, { "name": "Other", "encoding": { "fps": 10 } }]));

    let streams = json!({ "streams": [live, idle, incoming] });
    let applied = server.post("/api/v1/presets/Hall%20%2F%20120p/apply", streams.clone()).await.ok();
    let refused = applied["refused"].as_object().unwrap();
    assert_eq!(refused.len(), 1, "{applied:#}");
    assert_eq!(refused[&incoming]["code"], "encoding_unfit", "{applied:#}");
    let stream = server.until(&live, "it is sent so", |s| s["plan"]["picture"]["height"] == 120).await;
    assert_eq!(stream["encoding"], json!({ "height": 120 }));
    let stream = server.stream(&idle).await;
    assert_eq!(
        stream["encoding"],
        json!({ "height": 120, "start": 500, "end": 2500 }),
        "its part is its own"
    );
    assert_eq!(server.post("/api/v1/presets/none/apply", streams).await.code(), "no_such_preset");

    assert_eq!(server.stop().await, Some(0));
    let server = Server::ready(&dir).await;
    assert_eq!(kept(&server).await[0], hall, "it was stored");
    let mut kept_aside = std::fs::read_dir(dir.data()).unwrap().flatten();
    let is_broken = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().contains("broken");
    assert!(!kept_aside.any(is_broken), "nothing of the configuration was unknown");
    server.ask("DELETE", "/api/v1/presets/Hall%20%2F%20120p", None).await.ok();
    assert_eq!(kept(&server).await.as_array().unwrap().len(), 1);
    assert_eq!(server.stream(&idle).await["encoding"]["height"], 120, "streams go on with what they have");
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
}
