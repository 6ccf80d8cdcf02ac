//! What others change on their server: ours is shown and decided by a person, theirs is left alone.

use serde_json::{Value, json};

use crate::support::{
    Dir, Server,
    hall::{Hall, READ_PASSWORD, until_other},
    media, until,
};

fn incoming(server: &str, name: &str) -> Value {
    json!({ "server": server, "name": name, "source": { "type": "incoming" }, "start": true })
}

async fn made(server: &Server, body: Value) -> String {
    server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned()
}

/// What kind of activity it is, and about whom.
fn told(activity: &Value) -> (String, String) {
    let word = |key: &str| activity[key].as_str().unwrap().to_owned();
    (word("kind"), word("name"))
}

fn keys(other: &Value) -> Vec<String> {
    let drift = other["drift"].as_array().unwrap().iter();
    let differences = drift.flat_map(|one| one["differences"].as_array().unwrap());
    differences.map(|one| one["key"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_shown_and_applied_or_adopted() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::start(&dir).await;
    let id = hall.added_to(&server, "Hall").await;
    let stream = made(&server, incoming(&id, "obs")).await;
    server.until_state(&stream, "running").await;
    hall.patch("obs", json!({ "record": true, "maxReaders": 3 })).await;
    let changed = until_other(&server, &id, "changed", |other| !keys(other).is_empty()).await;
    assert_eq!(keys(&changed), ["maxReaders", "record"], "{changed:#}");
    let record = &changed["drift"][0]["differences"][1];
    assert_eq!(
        (&record["ours"], &record["theirs"], &record["adoptable"]),
        (&"false".into(), &"true".into(), &true.into())
    );

    let route = format!("/api/v1/servers/{id}/drift");
    let adopted = server.post(&format!("{route}/adopt"), json!({ "stream": stream })).await.ok();
    assert_eq!(adopted, json!({ "adopted": ["record"], "left": ["maxReaders"] }));
    server.until(&stream, "to be recorded", |stream| stream["record"] == true).await;
    let path = hall.path("obs").await.unwrap();
    assert_eq!((&path["record"], &path["maxReaders"]), (&true.into(), &3.into()), "nothing was written");
    let left = until_other(&server, &id, "nearer", |other| keys(other) == ["maxReaders"]).await;
    assert_eq!(left["drift"][0]["differences"][0]["adoptable"], false);

    // It stays over a restart of this program.
    server.kill().await;
    let server = Server::start(&dir).await;
    until_other(&server, &id, "as before", |other| keys(other) == ["maxReaders"]).await;
    assert_eq!(hall.path("obs").await.unwrap()["maxReaders"], 3);
    server.post(&format!("{route}/apply"), json!({})).await.ok();
    until_other(&server, &id, "ours", |other| keys(other).is_empty()).await;
    assert_eq!(hall.path("obs").await.unwrap()["maxReaders"], 0);

    // What is taken away comes back by itself.
    hall.ask("DELETE", "config/paths/delete/obs", None).await.unwrap();
    until("the path is back", async || hall.path("obs").await).await;
    until("it is told", async || {
        let happened =
            server.get("/api/v1/activity?kinds=drifted,drift_adopted,drift_applied,server_mended").await;
        let told: Vec<(String, String)> = happened["activities"].as_array()?.iter().rev().map(told).collect();
        let expected = [
            ("drifted", "obs"),
            ("drift_adopted", "obs"),
            // Shown anew to a program that starts anew.
            ("drifted", "obs"),
            ("drift_applied", "obs"),
            ("server_mended", "Hall"),
        ];
        let expected = expected.map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        (told.len() >= expected.len()).then(|| assert_eq!(told, expected, "{happened:#}"))
    })
    .await;
    assert_eq!(hall.path("theirs").await.unwrap()["maxReaders"], 7, "what is theirs was never touched");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_on_one_server_leave_each_other_alone() {
    let hall = Hall::usual().await;
    let (one, other) = (Dir::new(), Dir::new());
    let (one, other) = tokio::join!(Server::start(&one), Server::start(&other));
    let (at_one, at_other) = tokio::join!(hall.added_to(&one, "Hall"), hall.added_to(&other, "Hall"));
    let first = made(&one, incoming(&at_one, "first")).await;
    one.until_state(&first, "running").await;
    let second = made(&other, incoming(&at_other, "second")).await;
    other.until_state(&second, "running").await;
    let seen = until_other(&other, &at_other, "shared", |seen| seen["foreign"] == 2).await;
    assert_eq!(seen["foreign_paths"], json!(["first", "theirs"]), "{seen:#}");
    for name in ["first", "theirs"] {
        let barred = made(&other, incoming(&at_other, name)).await;
        let barred = other.until(&barred, "barred", |stream| !stream["fault"].is_null()).await;
        assert_eq!(barred["fault"]["code"], "path_foreign", "{barred:#}");
    }
    assert_eq!(other.stop().await, Some(0));
    assert!(hall.path("second").await.is_none());
    assert!(hall.path("first").await.is_some() && hall.path("theirs").await.is_some());
    assert_eq!(one.stream(&first).await["state"], "running");
    assert_eq!(one.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_enforced_with_the_owners_list() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    // The reader may watch everything: this server's own decision.
    let id = hall.given_to(&server, "Hall").await;
    let met = until_other(&server, &id, "running", |other| other["state"] == "running").await;
    assert!(!met["lacks"].as_array().unwrap().contains(&"users".into()), "{met:#}");
    let file = media::plain(&dir.media("a.mp4"));
    let source = crate::support::server::file_source(&file);
    let stream = made(&server, json!({ "server": id, "name": "a", "source": source, "start": true })).await;
    let url = server.until_on_air(&stream).await["urls"]["rtsp"].as_str().unwrap().to_owned();
    assert_eq!(media::watched(&url).await, ["h264", "aac"], "new ones are open");
    let access = format!("/api/v1/streams/{stream}/access");
    let restricted = json!({ "viewers": "restricted", "password": { "set": "Viewers-only_9" } });
    server.post(&access, restricted).await.ok();
    assert!(media::watch(&url).await.is_empty(), "not without a password");
    let login = |user: &str, pass: &str| url.replace("rtsp://", &format!("rtsp://{user}:{pass}@"));
    assert_eq!(media::watched(&login("viewer", "Viewers-only_9")).await, ["h264", "aac"]);
    assert_eq!(
        media::watched(&login("reader", READ_PASSWORD)).await,
        ["h264", "aac"],
        "the owner's own users stay"
    );
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_a_stream_has_is_adopted_from_mediamtx_1_12() {
    every_setting_that_a_stream_has_is_adopted_from("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_a_stream_has_is_adopted_from_mediamtx_1_21() {
    every_setting_that_a_stream_has_is_adopted_from("1.21.0").await;
}

async fn every_setting_that_a_stream_has_is_adopted_from(version: &str) {
    let Some(hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    let id = hall.added_to(&server, "Hall").await;
    let source = json!({ "type": "network", "url": format!("rtsp://127.0.0.1:{}/nobody", hall.rtsp()) });
    let body = json!({ "server": id, "name": "cam", "source": source, "start": true });
    let stream = made(&server, body).await;
    server.until_state(&stream, "running").await;
    let url = format!("rtsp://me:Camera-pw_1@127.0.0.1:{}/elsewhere", hall.rtsp());
    let change = json!({ "record": true, "source": url, "sourceOnDemand": true, "rtspTransport": "tcp" });
    hall.patch("cam", change).await;
    let changed = until_other(&server, &id, "changed", |other| keys(other).len() == 4).await;
    assert!(!changed.to_string().contains("Camera-pw_1"), "{changed:#}");
    let differences = changed["drift"][0]["differences"].as_array().unwrap();
    assert!(differences.iter().all(|one| one["adoptable"] == true), "{changed:#}");
    let route = format!("/api/v1/servers/{id}/drift/adopt");
    let adopted = server.post(&route, json!({ "stream": stream })).await.ok();
    assert_eq!(
        (adopted["adopted"].as_array().unwrap().len(), &adopted["left"]),
        (4, &json!([])),
        "{adopted}"
    );
    let adopted = |now: &Value| {
        let source = (&now["source"]["when"], &now["source"]["transport"], &now["source"]["user"]);
        now["record"] == true && source == (&json!("on_demand"), &json!("tcp"), &json!("me"))
    };
    server.until(&stream, "as it was changed", adopted).await;
    until_other(&server, &id, "as we want it", |other| keys(other).is_empty()).await;
    let path = hall.path("cam").await.unwrap();
    assert_eq!(
        (&path["record"], &path["source"], &path["sourceOnDemand"], &path["rtspTransport"]),
        (&json!(true), &json!(url), &json!(true), &json!("tcp")),
        "it stayed as its owner had made it: {path:#}"
    );
    assert_eq!(server.stop().await, Some(0));
}
