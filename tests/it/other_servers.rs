//! Adding, editing and removing servers of somebody else.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use testkit::free_port;

use crate::support::{
    Dir, Server,
    hall::{Hall, OWNER_PASSWORD, PUBLISH_PASSWORD, READ_PASSWORD, until_other},
    media,
    reader::Reader,
    server::file_source,
};

/// The first step that failed, and the code of its error; none when all is well.
fn failed(tested: &Value) -> Option<(String, String)> {
    let step = tested["steps"].as_array().unwrap().iter().find(|step| step["outcome"] == "failed")?;
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    Some((word(&step["step"]), word(&step["error"]["code"])))
}

async fn test(server: &Server, spec: &Value, password: &str) -> Value {
    let mut secrets = Hall::secrets();
    secrets["password"]["set"] = password.into();
    let body = json!({ "spec": spec, "secrets": secrets });
    server.post("/api/v1/servers/test", body).await.ok()
}

/// Somebody who answers every connection so, or never.
async fn answering(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            match answer {
                None => held.push(client),
                Some(answer) => {
                    let _ = client.read(&mut [0; 2048]).await;
                    let _ = client.write_all(answer.as_bytes()).await;
                }
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_step_by_step_what_is_wrong() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::start(&dir).await;
    let good = test(&server, &hall.spec("Hall"), OWNER_PASSWORD).await;
    assert_eq!(failed(&good), None, "{good:#}");
    assert_eq!((&good["version"], &good["foreign"]), (&"1.20.1".into(), &1.into()), "{good:#}");
    let lacks = good["lacks"].as_array().unwrap();
    assert!(lacks.contains(&"slates".into()) && lacks.contains(&"users".into()), "{good:#}");

    let at = |api: String| json!({ "name": "x", "kind": "remote", "api": api, "user": "owner" });
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";
    let wrong = [
        (hall.spec("Hall"), "wrong", "password", "remote_password_wrong"),
        (at(format!("http://127.0.0.1:{}", free_port())), "x", "reach", "remote_refused"),
        (at(answering(Some(page)).await), "x", "identity", "remote_web_page"),
        (at(answering(None).await), "x", "identity", "remote_silent"),
        (at("http://no-such-name.invalid:1".to_owned()), "x", "reach", "remote_name_unknown"),
    ];
    for (spec, password, step, code) in wrong {
        let tested = test(&server, &spec, password).await;
        assert_eq!(failed(&tested), Some((step.to_owned(), code.to_owned())), "{tested:#}");
        assert!(!tested.to_string().contains(OWNER_PASSWORD));
    }
    let elsewhere = json!({ "publish": format!("rtsp://127.0.0.1:{}", free_port()) });
    let mut spec = hall.spec("Hall");
    spec["publish"] = elsewhere["publish"].clone();
    let tested = test(&server, &spec, OWNER_PASSWORD).await;
    assert_eq!(
        failed(&tested),
        Some(("publish".to_owned(), "remote_publish_unreachable".to_owned())),
        "{tested:#}"
    );
    let unfit = json!({ "spec": at("rtsp://h".to_owned()) });
    assert_eq!(server.post("/api/v1/servers/test", unfit).await.code(), "server_address_unfit");
    assert_eq!(server.get("/api/v1/servers").await["servers"], json!([]), "a test adds nothing");
    assert_eq!(server.stop().await, Some(0));
}

/// Outcome and code of the step that tries to send.
async fn sending(server: &Server, hall: &Hall, user: &str, password: &str) -> (String, String) {
    let (mut spec, mut secrets) = (hall.spec("Hall"), Hall::secrets());
    spec["publish_user"] = user.into();
    secrets["publish_password"]["set"] = password.into();
    let body = json!({ "spec": spec, "secrets": secrets });
    let tested = server.post("/api/v1/servers/test", body).await.ok();
    let step = tested["steps"].as_array().unwrap().iter().find(|step| step["step"] == "publish").unwrap();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (word(&step["outcome"]), word(&step["error"]["code"]))
}

/// 401 is said to a wrong password and to a path that is not permitted alike, and 400 to a path that is not there
/// whoever asks.
async fn a_login_is_tried_where_it_can_be(version: &str) {
    let Some(mut hall) = Hall::of(version).await else { return };
    let dir = Dir::new();
    let server = Server::start(&dir).await;
    let some =
        [json!({ "action": "publish", "path": "show" }), json!({ "action": "publish", "path": "~^live/" })];
    let mut users = Hall::users();
    let cam = json!({ "user": "cam", "pass": PUBLISH_PASSWORD, "permissions": some });
    users.as_array_mut().unwrap().push(cam);
    hall.says("authInternalUsers", users);
    hall.kill();
    hall.start().await;
    let found = |outcome: &str, code: &str| (outcome.to_owned(), code.to_owned());
    let (untried, wrong) =
        (found("skipped", "remote_publish_untried"), found("failed", "remote_publish_login"));
    assert_eq!(sending(&server, &hall, "cam", PUBLISH_PASSWORD).await, untried, "{version}: nothing for it");
    assert_eq!(sending(&server, &hall, "cam", "wrong").await, untried, "{version}: nobody knows");
    assert_eq!(sending(&server, &hall, "reader", READ_PASSWORD).await, wrong, "{version}: who only watches");
    // An old one would throw out who sends there.
    let theirs = if version == "1.12.3" { &untried } else { &wrong };
    assert_eq!(&sending(&server, &hall, "publisher", "wrong").await, theirs, "{version}: a path of theirs");

    hall.says("paths", json!({ "theirs": {}, "~^live/": {} }));
    hall.kill();
    hall.start().await;
    let limited = found("passed", "remote_publish_some");
    assert_eq!(sending(&server, &hall, "cam", PUBLISH_PASSWORD).await, limited, "{version}");
    assert_eq!(sending(&server, &hall, "cam", "wrong").await, wrong, "{version}");
    assert_eq!(
        sending(&server, &hall, "publisher", PUBLISH_PASSWORD).await,
        found("passed", ""),
        "{version}"
    );
    assert_eq!(sending(&server, &hall, "publisher", "wrong").await, wrong, "{version}");

    // Somebody else is asked who may, and says no to everything.
    let no = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    hall.says("authMethod", "http".into());
    hall.says("authHTTPAddress", answering(Some(no)).await.into());
    hall.says("authHTTPExclude", json!([{ "action": "api" }]));
    hall.kill();
    hall.start().await;
    assert_eq!(
        sending(&server, &hall, "cam", PUBLISH_PASSWORD).await,
        untried,
        "{version}: it may be the path"
    );
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_tried_on_mediamtx_1_12() {
    a_login_is_tried_where_it_can_be("1.12.3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_tried_on_mediamtx_1_20() {
    a_login_is_tried_where_it_can_be("1.20.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_tried_on_mediamtx_1_21() {
    a_login_is_tried_where_it_can_be("1.21.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_its_own_making_is_agreed_to() {
    let dir = Dir::new();
    let hall = Hall::encrypted().await;
    let server = Server::ready(&dir).await;
    let mut spec = hall.spec("Hall");
    let tested = test(&server, &spec, OWNER_PASSWORD).await;
    assert_eq!(failed(&tested), Some(("certificate".to_owned(), "remote_certificate_unknown".to_owned())));
    spec["fingerprint"] = tested["fingerprint"].clone();
    let tested = test(&server, &spec, OWNER_PASSWORD).await;
    assert_eq!(failed(&tested), Some(("publish".to_owned(), "remote_certificate_unknown".to_owned())));
    spec["publish_fingerprint"] = tested["publish_fingerprint"].clone();
    assert_eq!(failed(&test(&server, &spec, OWNER_PASSWORD).await), None);

    // Everything goes encrypted.
    let added =
        server.post("/api/v1/servers", json!({ "spec": spec, "secrets": Hall::secrets() })).await.ok();
    let id = added["id"].as_str().unwrap();
    until_other(&server, id, "running", |other| other["state"] == "running").await;
    let source = file_source(&media::plain(&dir.media("a.mp4")));
    let stream = json!({ "server": id, "name": "safe", "source": source, "start": true });
    let stream = server.post("/api/v1/streams", stream).await.ok();
    let stream = server.until_on_air(stream["id"].as_str().unwrap()).await;
    let url = format!("rtsps://127.0.0.1:{}/safe", hall.rtsps());
    assert_eq!(stream["urls"]["rtsp"], url, "{stream:#}");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_reached_by_ipv6_alone() {
    let Some(hall) = Hall::by_ipv6().await else { return };
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    assert_eq!(failed(&test(&server, &hall.spec("Hall"), OWNER_PASSWORD).await), None);
    let id = hall.added_to(&server, "Hall").await;
    let source = file_source(&media::plain(&dir.media("a.mp4")));
    let stream = json!({ "server": id, "name": "show", "source": source, "start": true });
    let stream = server.post("/api/v1/streams", stream).await.ok();
    let stream = server.until_on_air(stream["id"].as_str().unwrap()).await;
    assert_eq!(stream["urls"]["rtsp"], format!("rtsp://[::1]:{}/show", hall.rtsp()), "{stream:#}");
    assert_eq!(media::watched(&hall.watch("show")).await, ["h264", "aac"]);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_are_added_edited_and_removed() {
    let (dir, hall) = (Dir::new(), Hall::usual().await);
    let server = Server::ready(&dir).await;
    let wrong = json!({ "spec": hall.spec("Hall"), "secrets": { "password": { "set": "wrong" } } });
    let added = server.post("/api/v1/servers", wrong).await.ok();
    let id = added["id"].as_str().unwrap().to_owned();
    let failed = until_other(&server, &id, "failed", |other| other["state"] == "failed").await;
    assert_eq!(failed["fault"]["code"], "remote_password_wrong", "{failed:#}");
    let again = json!({ "spec": hall.spec("HALL"), "secrets": {} });
    assert_eq!(server.post("/api/v1/servers", again).await.code(), "server_name_taken");
    let mut twice = hall.spec("Another");
    twice["api"] = hall.api().replace("127.0.0.1", "localhost").into();
    assert_eq!(server.post("/api/v1/servers", json!({ "spec": twice })).await.code(), "server_known");

    let route = format!("/api/v1/servers/{id}");
    let better = json!({ "spec": hall.spec("Church hall"), "secrets": Hall::secrets() });
    server.ask("PATCH", &route, Some(better)).await.ok();
    let met = until_other(&server, &id, "running", |other| other["state"] == "running").await;
    assert_eq!(
        (&met["spec"]["name"], &met["foreign_paths"]),
        (&"Church hall".into(), &json!(["theirs"])),
        "{met:#}"
    );
    assert_eq!((&met["spec"]["has_password"], &met["fault"]), (&true.into(), &Value::Null), "{met:#}");

    // Names are unique on each server alone.
    let source = file_source(&media::plain(&dir.media("a.mp4")));
    let at = |server: &str| json!({ "server": server, "name": "lobby", "source": source, "start": true });
    let here = server.create("lobby", &dir.media("a.mp4"), true).await;
    let there = server.post("/api/v1/streams", at(&id)).await.ok()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.post("/api/v1/streams", at(&id)).await.code(), "name_taken");
    let nowhere = "00000000-0000-7000-8000-000000000001";
    assert_eq!(server.post("/api/v1/streams", at(nowhere)).await.code(), "no_such_server");
    server.until_on_air(&there).await;
    // And a stream does not move over another one.
    let moved = json!({ "server": "00000000-0000-0000-0000-000000000000" });
    let stream = format!("/api/v1/streams/{there}");
    assert_eq!(server.ask("PATCH", &stream, Some(moved.clone())).await.code(), "name_taken");
    let renamed = json!({ "server": moved["server"], "name": "foyer" });
    server.ask("PATCH", &stream, Some(renamed)).await.ok();
    let home =
        server.until(&there, "here", |stream| stream["on_air"] == true && stream["server"].is_null()).await;
    assert!(
        media::watched(home["urls"]["rtsp"].as_str().unwrap()).await.contains(&"h264".to_owned()),
        "{home:#}"
    );
    assert_eq!(hall.path("lobby").await, None, "nothing of it is left there");
    server.ask("PATCH", &stream, Some(json!({ "server": id }))).await.ok();
    let away =
        server.until(&there, "there", |stream| stream["on_air"] == true && stream["server"] == *id).await;
    assert_eq!(away["urls"]["rtsp"], format!("rtsp://127.0.0.1:{}/foyer", hall.rtsp()), "{away:#}");
    assert_eq!(media::watched(&hall.watch("foyer")).await, ["h264", "aac"]);

    // A server with streams stays, unless it is said what becomes of them.
    assert_eq!(server.ask("DELETE", &route, None).await.code(), "server_in_use");
    server.ask("DELETE", &format!("{route}?streams=move"), None).await.ok();
    server.until(&there, "home", |stream| stream["on_air"] == true && stream["server"].is_null()).await;
    assert_eq!(hall.path("foyer").await, None);
    assert!(hall.path("theirs").await.is_some(), "what is theirs is theirs");
    assert_eq!(server.get("/api/v1/servers").await["servers"], json!([]));
    server.until_on_air(&here).await;
    let happened = server.get("/api/v1/activity?text=hall").await["activities"].clone();
    let happened = happened.as_array().unwrap().iter().rev().filter(|one| one["stream"].is_null());
    let told: Vec<_> =
        happened.map(|one| (&one["kind"], &one["name"])).map(|(kind, name)| json!([kind, name])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["server_added", "Hall"],
            ["server_failed", "Hall"],
            ["server_changed", "Church hall"],
            ["server_started", "Church hall"],
            ["server_removed", "Church hall"],
        ])
    );

    // A configuration that names a server which is not there starts all the same.
    assert_eq!(server.stop().await, Some(0));
    let file = dir.data().join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let lost = config["streams"].as_array_mut().unwrap().iter_mut().find(|one| one["id"] == *there).unwrap();
    lost["server"] = nowhere.into();
    std::fs::write(&file, config.to_string()).unwrap();
    let server = Server::ready(&dir).await;
    server.until_on_air(&here).await;
    let lost = server.until(&there, "faulty", |stream| !stream["fault"].is_null()).await;
    assert_eq!(lost["fault"]["code"], "no_such_server", "{lost:#}");
    server.ask("PATCH", &stream, Some(moved)).await.ok();
    server.until_on_air(&there).await;
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_at_once_and_one_is_removed_with_its_streams() {
    let dir = Dir::new();
    let (mut north, south) = tokio::join!(Hall::usual(), Hall::usual());
    let server = Server::ready(&dir).await;
    let (at_north, at_south) =
        tokio::join!(north.added_to(&server, "North"), south.added_to(&server, "South"));
    let file = media::plain(&dir.media("a.mp4"));
    let put = async |id: &str| {
        let body = json!({ "server": id, "name": "show", "source": file_source(&file), "start": true });
        server.post("/api/v1/streams", body).await.ok()["id"].as_str().unwrap().to_owned()
    };
    let (first, second) = (put(&at_north).await, put(&at_south).await);
    for (stream, hall) in [(&first, &north), (&second, &south)] {
        let stream = server.until_on_air(stream).await;
        assert_eq!(stream["urls"]["rtsp"], format!("rtsp://127.0.0.1:{}/show", hall.rtsp()), "{stream:#}");
    }

    // One is lost and found again; who watches at the other does not notice.
    let mut viewer = Reader::of(&south.watch("show")).await;
    north.kill();
    until_other(&server, &at_north, "away", |other| other["state"] == "unreachable").await;
    viewer.gets_more().await;
    assert_eq!(server.stream(&second).await["on_air"], true);
    north.start().await;
    server.until(&first, "back", |stream| stream["on_air"] == true).await;
    let happened = server.get("/api/v1/activity?kinds=server_crashed,server_recovered").await;
    let happened = happened["activities"].as_array().unwrap();
    let told: Vec<_> = happened.iter().map(|one| json!([one["kind"], one["name"]])).collect();
    assert_eq!(
        json!(told),
        json!([["server_recovered", "North"], ["server_crashed", "North"]]),
        "{happened:#?}"
    );

    // It is removed, and its stream with it.
    let route = format!("/api/v1/servers/{at_north}");
    assert_eq!(server.ask("DELETE", &route, None).await.code(), "server_in_use");
    server.ask("DELETE", &format!("{route}?streams=delete"), None).await.ok();
    let left: Vec<Value> = server.streams().await.iter().map(|stream| stream["id"].clone()).collect();
    assert_eq!(left, [json!(second)]);
    assert_eq!(north.path("show").await, None, "nothing of it is left there");
    assert!(north.path("theirs").await.is_some(), "what is theirs is theirs");
    viewer.gets_more().await;
    assert!(south.path("show").await.is_some());
    assert_eq!(server.stop().await, Some(0));
}
