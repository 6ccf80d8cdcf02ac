//! What belongs to a server's owner stays theirs, and nothing of ours outlasts its welcome.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{
    Dir, Server,
    camera::Sender,
    hall::{Hall, PUBLISH_PASSWORD, READ_PASSWORD, until_other},
    media, process,
    server::file_source,
    until,
};

/// Who is on its owner's list.
const OWNERS: [&str; 3] = ["owner", "publisher", "reader"];

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

/// Publishes there as one whom its owner let in.
fn sends(hall: &Hall, name: &str) -> Sender {
    let url = format!("rtsp://publisher:{PUBLISH_PASSWORD}@127.0.0.1:{}/{name}", hall.rtsp());
    Sender::to(&url, "rtsp")
}

async fn is_live(hall: &Hall, name: &str) -> bool {
    let paths = hall.ask("GET", "paths/list", None).await.unwrap();
    paths["items"].as_array().unwrap().iter().any(|path| path["name"] == name && path["source"].is_object())
}

/// A server that takes any name.
async fn who_sends_to_any_name_is_not_thrown_out_on(version: &str) {
    let Some(mut hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    hall.says("paths", json!({ "all_others": {} }));
    hall.kill();
    hall.start().await;
    let server = Server::ready(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    let theirs = sends(&hall, "cam");
    until("somebody sends", async || is_live(&hall, "cam").await.then_some(())).await;
    let file = media::plain(&dir.media("a.mp4"));
    let body = json!({ "server": id, "name": "cam", "source": file_source(&file), "start": true });
    let stream = server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned();
    server.until(&stream, "barred", |stream| stream["fault"]["code"] == "path_busy").await;
    let seen = until_other(&server, &id, "looked at", |other| other["foreign"] == 2).await;
    assert_eq!(seen["foreign_paths"], json!(["all_others", "cam"]), "{seen:#}");
    assert_eq!(users(&hall).await, OWNERS, "{version}: nobody is let in to watch it");
    assert!(is_live(&hall, "cam").await && hall.path("cam").await.is_none());

    drop(theirs);
    until("nobody sends", async || (!is_live(&hall, "cam").await).then_some(())).await;
    server.order(&stream, "start").await;
    server.until_on_air(&stream).await;
    // After a crash of this program its own FFmpeg, and its own path, are no strangers.
    server.kill().await;
    let server = Server::start(&dir).await;
    server.until_on_air(&stream).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_to_any_name_is_not_thrown_out_of_mediamtx_1_12() {
    who_sends_to_any_name_is_not_thrown_out_on("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_to_any_name_is_not_thrown_out_of_mediamtx_1_21() {
    who_sends_to_any_name_is_not_thrown_out_on("1.21.0").await;
}

async fn a_change_of_users_is_decided_on(version: &str) {
    let Some(hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    incoming(&server, &id, "lobby").await;
    until("anybody may watch", async || (users(&hall).await.len() == 4).then_some(())).await;
    let (mut list, may) = (Hall::users(), json!([{ "action": "read" }]));
    list.as_array_mut().unwrap().push(json!({ "user": "guest", "pass": "Guest-pw_4", "permissions": may }));
    hall.ask("PATCH", "config/global/patch", Some(json!({ "authInternalUsers": list }))).await.unwrap();
    let seen = until_other(&server, &id, "changed", |other| other["users"].is_object()).await;
    assert_eq!(seen["users"], json!({ "added": ["guest"], "gone": [], "behind": true }), "{version}");
    assert_eq!(users(&hall).await, [&OWNERS[..], &["guest"]].concat(), "{version}: left as it is");
    // It stays over a restart of this program.
    assert_eq!(server.stop().await, Some(0));
    assert!(users(&hall).await.contains(&"guest".to_owned()), "{version}");
    let server = Server::start(&dir).await;
    until_other(&server, &id, "as before", |other| other["users"].is_object()).await;

    server.post(&format!("/api/v1/servers/{id}/drift/apply"), json!({ "users": true })).await.ok();
    assert_eq!(users(&hall).await, [&OWNERS[..], &["any"]].concat(), "{version}: as it is set here");
    until_other(&server, &id, "ours", |other| other["users"].is_null()).await;
    let told = server.get("/api/v1/activity?kinds=users_drifted,users_applied").await["activities"].clone();
    let told: Vec<&Value> = told.as_array().unwrap().iter().rev().map(|one| &one["kind"]).collect();
    assert_eq!(json!(told), json!(["users_drifted", "users_drifted", "users_applied"]), "{version}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_users_is_decided_on_mediamtx_1_12() {
    a_change_of_users_is_decided_on("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_users_is_decided_on_mediamtx_1_20() {
    a_change_of_users_is_decided_on("1.20.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_users_is_decided_on_mediamtx_1_21() {
    a_change_of_users_is_decided_on("1.21.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_has_the_name_of_ours_after_a_restart_is_its_owners() {
    let (dir, mut hall) = (Dir::new(), Hall::usual().await);
    let server = Server::start(&dir).await;
    let id = hall.given_to(&server, "Hall").await;
    let stream = incoming(&server, &id, "lobby").await;
    hall.kill();
    // What was made by the API is gone with the process; its owner has one of that name now.
    hall.says("paths", json!({ "lobby": { "maxReaders": 5 } }));
    hall.start().await;
    let barred = server.until(&stream, "barred", |stream| stream["fault"]["code"] == "path_foreign").await;
    assert_eq!(barred["server"], id);
    assert_eq!(users(&hall).await, OWNERS, "nobody is let in to what is its owner's");
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
    let owners = OWNERS;
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
