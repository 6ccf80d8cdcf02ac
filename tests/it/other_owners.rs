//! What belongs to a server's owner stays theirs, and nothing of ours outlasts its welcome.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{
    Dir, Server,
    hall::{Hall, READ_PASSWORD, until_other},
    media, process,
    server::file_source,
    until,
};

async fn with_list(server: &Server, hall: &Hall, users: Value) -> String {
    let mut secrets = Hall::secrets();
    secrets["users"] = json!({ "set": users.to_string() });
    let body = json!({ "spec": hall.spec("Hall"), "secrets": secrets });
    let id = server.post("/api/v1/servers", body).await.ok()["id"].as_str().unwrap().to_owned();
    until_other(server, &id, "running", |other| other["state"] == "running").await;
    id
}

async fn incoming(server: &Server, at: &str, name: &str) -> String {
    let stream = json!({ "server": at, "name": name, "source": { "type": "incoming" }, "start": true });
    let id = server.post("/api/v1/streams", stream).await.ok()["id"].as_str().unwrap().to_owned();
    server.until_state(&id, "running").await;
    id
}

/// Who may use it, by name.
async fn users(hall: &Hall) -> Vec<String> {
    let global = hall.ask("GET", "config/global/get", None).await.unwrap();
    let users = global["authInternalUsers"].as_array().unwrap().iter();
    users.map(|user| user["user"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_has_the_name_of_ours_after_a_restart_is_its_owners() {
    let (dir, mut hall) = (Dir::new(), Hall::usual().await);
    let server = Server::start(&dir).await;
    let id = hall.added_to(&server, "Hall").await;
    let stream = incoming(&server, &id, "lobby").await;
    hall.kill();
    // What was made by the API is gone with the process; its owner has one of that name now.
    hall.says("paths", json!({ "lobby": { "maxReaders": 5 } }));
    hall.start().await;
    let barred = server.until(&stream, "barred", |stream| stream["fault"]["code"] == "path_foreign").await;
    assert_eq!(barred["server"], id);
    let route = format!("/api/v1/servers/{id}/drift/apply");
    assert_eq!(server.post(&route, json!({ "stream": stream })).await.code(), "path_foreign");
    server.ask("DELETE", &format!("/api/v1/streams/{stream}"), None).await.ok();
    assert_eq!(hall.path("lobby").await.unwrap()["maxReaders"], 5);
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(hall.path("lobby").await.unwrap()["maxReaders"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_watch_is_taken_back_with_the_list_and_with_the_server() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let id = with_list(&server, &hall, Hall::users()).await;
    incoming(&server, &id, "lobby").await;
    let owners = ["owner", "publisher", "reader"];
    until("anybody may watch", async || (users(&hall).await.len() == 4).then_some(())).await;
    let route = format!("/api/v1/servers/{id}");
    let edit = async |users: Value| {
        let body = json!({ "spec": hall.spec("Hall"), "secrets": { "users": users } });
        server.ask("PATCH", &route, Some(body)).await.ok();
    };
    edit(json!("remove")).await;
    until("the list is the owner's", async || (users(&hall).await == owners).then_some(())).await;
    assert!(hall.path("lobby").await.is_some(), "its stream goes on");
    edit(json!({ "set": Hall::users().to_string() })).await;
    until("anybody may watch again", async || (users(&hall).await.len() == 4).then_some(())).await;

    server.ask("DELETE", &format!("{route}?streams=move"), None).await.ok();
    assert_eq!(users(&hall).await, owners);
    assert!(hall.path("lobby").await.is_none() && hall.path("theirs").await.is_some());
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rename_is_no_way_around_access() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let mut list = Hall::users();
    let public = json!({ "user": "any", "permissions": [{ "action": "read", "path": "public" }] });
    list.as_array_mut().unwrap().push(public);
    let id = with_list(&server, &hall, list).await;
    let file = media::plain(&dir.media("a.mp4"));
    let body = json!({
        "server": id, "name": "private", "source": file_source(&file), "start": true,
        "access": { "viewers": "restricted", "password": "Viewers-only_9" },
    });
    let stream = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    server.until_on_air(&stream).await;
    let route = format!("/api/v1/streams/{stream}");
    let to = async |change: Value| server.ask("PATCH", &route, Some(change)).await;
    assert_eq!(to(json!({ "name": "public" })).await.code(), "access_open_anyway");
    let home = "00000000-0000-0000-0000-000000000000";
    to(json!({ "server": home })).await.ok();
    assert_eq!(to(json!({ "server": id, "name": "public" })).await.code(), "access_open_anyway");
    to(json!({ "server": id, "name": "closed" })).await.ok();
    server.until(&stream, "there", |stream| stream["on_air"] == true && stream["server"] == *id).await;
    let url = format!("rtsp://127.0.0.1:{}/closed", hall.rtsp());
    assert!(media::watch(&url).await.is_empty());
    let reader = url.replace("rtsp://", &format!("rtsp://reader:{READ_PASSWORD}@"));
    assert_eq!(media::watched(&reader).await, ["h264", "aac"]);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_holds_up_no_stream_of_another() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let id = hall.added_to(&server, "Hall").await;
    let there = incoming(&server, &id, "there").await;
    let here = server.create("here", &media::plain(&dir.media("a.mp4")), true).await;
    server.until_on_air(&here).await;
    process::signal(hall.pid(), Signal::SIGSTOP);
    // Both need an answer that does not come.
    let route = format!("/api/v1/streams/{there}");
    {
        let renaming = server.ask("PATCH", &route, Some(json!({ "name": "elsewhere" })));
        let asking = async {
            for _ in 0..3 {
                server.get(&format!("/api/v1/streams/{here}/log")).await;
                server.post(&format!("/api/v1/streams/{here}/start"), json!({})).await.ok();
            }
        };
        tokio::pin!(renaming, asking);
        tokio::select! {
            biased;
            _ = &mut renaming => panic!("all waited for a server that hangs"),
            () = &mut asking => {}
        }
        process::signal(hall.pid(), Signal::SIGCONT);
        renaming.await.ok();
    }
    server.until(&there, "renamed", |stream| stream["name"] == "elsewhere").await;
    assert_eq!(server.stop().await, Some(0));
}
