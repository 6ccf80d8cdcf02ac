//! What happened is written down, survives restarts and crashes, and can be handed on without secrets.

use std::{fs, io::Read as _};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::{Dir, Server, media, process, until};

/// Kinds of what happened, newest first.
async fn kinds(server: &Server, query: &str) -> Vec<String> {
    let page = server.get(&format!("/api/v1/activity?{query}")).await;
    page["activities"].as_array().unwrap().iter().map(|a| a["kind"].as_str().unwrap().to_owned()).collect()
}

async fn newest(server: &Server, kind: &str) -> Value {
    until(&format!("{kind} is written down"), async || {
        let page = server.get(&format!("/api/v1/activity?kinds={kind}&limit=1")).await;
        page["activities"].get(0).cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_edge_is_written_down_and_found_again() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let id = server.create("lobby", &file, true).await;
    server.until_on_air(&id).await;
    let live = newest(&server, "live").await;
    assert_eq!((&live["stream"], &live["name"]), (&json!(id), &json!("lobby")));
    let after = live["after_ms"].as_u64().unwrap();
    assert!((20..60_000).contains(&after), "on air after {after} ms");
    assert_eq!(newest(&server, "ordered").await["by"], "api");

    let ffmpeg = server.children("ffmpeg");
    process::signal(ffmpeg[0].pid, Signal::SIGKILL);
    let fault = newest(&server, "faulted").await;
    assert_eq!(fault["cause"]["code"], "ffmpeg_killed", "{fault:#}");
    let recovered = newest(&server, "recovered").await;
    assert_eq!(recovered["cause"], fault["cause"]);
    let between = recovered["at"].as_i64().unwrap() - fault["at"].as_i64().unwrap();
    let after = recovered["after_ms"].as_i64().unwrap();
    assert!(
        (after - between).abs() < 3_000 && after < 60_000,
        "{after} ms by one clock, {between} by the other"
    );
    let expected = ["recovered", "faulted", "live", "ordered", "created", "server_started", "app_started"];
    assert_eq!(kinds(&server, "").await, expected);
    assert_eq!(kinds(&server, "text=LOB&levels=warning").await, ["faulted"]);
    assert_eq!(server.get("/api/v1/snapshot").await["unseen_faults"], 1);

    let past = server.get(&format!("/api/v1/streams/{id}/history")).await;
    assert_eq!(past["day"]["restarts"], 1, "{past:#}");
    let (wanted, on_air) =
        (past["day"]["wanted_ms"].as_u64().unwrap(), past["day"]["on_air_ms"].as_u64().unwrap());
    assert!(on_air <= wanted, "{past:#}");
    assert_eq!(past["last_fault"]["cause"]["code"], "ffmpeg_killed");
    assert_eq!(past["runs"].as_array().unwrap().len(), 2);
    assert_eq!(past["runs"][1]["end"]["type"], "fault");
    let first = past["runs"][1]["id"].as_i64().unwrap();
    let run_log = async |server: &Server| {
        let log = server.get(&format!("/api/v1/streams/{id}/runs/{first}/log")).await;
        log["head"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let said = run_log(&server).await;
    assert!(said.iter().any(|line| line.starts_with("FFmpeg was started")), "{said:?}");
    let missing = server.ask("GET", &format!("/api/v1/streams/{id}/runs/1/log"), None).await;
    assert_eq!((missing.status, missing.code().as_str()), (404, "no_such_run"));

    let export = server.get("/api/v1/activity/export?kinds=live,recovered").await;
    let csv = export["content"].as_str().unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(csv.ends_with("\r\n") && csv.contains(",lobby,On air after "), "{csv}");

    // The program dies; MediaMTX and FFmpeg go with it.
    server.kill().await;
    process::none_left(dir.path()).await;
    let server = Server::ready(&dir).await;
    server.until_on_air(&id).await;
    newest(&server, "app_lost").await;
    let all = kinds(&server, "limit=500").await;
    assert!(all.ends_with(&expected.map(str::to_owned)), "all of it is still there: {all:?}");
    assert_eq!(newest(&server, "ordered").await["by"], "start");
    assert_eq!(server.get("/api/v1/snapshot").await["unseen_faults"], 2);
    assert_eq!(run_log(&server).await, said, "so are the logs of its runs");
    server.ask("POST", "/api/v1/activity/seen", None).await.ok();
    assert_eq!(server.get("/api/v1/snapshot").await["unseen_faults"], 0);
    let past = server.get(&format!("/api/v1/streams/{id}/history")).await;
    assert_eq!(past["runs"][1]["end"]["type"], "lost", "{past:#}");

    assert_eq!(server.stop().await, Some(0));
    let server = Server::start(&dir).await;
    let newest: Vec<String> = kinds(&server, "limit=500").await;
    assert_eq!(
        newest.iter().filter(|kind| *kind == "app_lost").count(),
        1,
        "an end that was asked for is none"
    );
    assert_eq!(newest.iter().filter(|kind| *kind == "app_stopped").count(), 1);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_support_bundle_holds_no_secret() {
    const SECRET: &str = "Pl4ntedSecret";
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    fs::create_dir_all(dir.data().join("logs/streams/old")).unwrap();
    let lines = format!(
        "x rtsp://me:{SECRET}@camera/1 refused\nsrt://h?streamid=publish:a:me:{SECRET}&passphrase={SECRET}\n\
         pass: {SECRET}\n\"token\": \"{SECRET}\"\nGET /a?jwt={SECRET} and a good line\n"
    );
    for log in ["logs/mediamtx.log", "logs/app.2026-01-01.log", "logs/streams/old/1.log"] {
        fs::write(dir.data().join(log), &lines).unwrap();
    }
    let server = Server::ready(&dir).await;
    let id = server.create("lobby", &file, true).await;
    server.until_on_air(&id).await;
    let yml = fs::read_to_string(dir.data().join("run/mediamtx.yml")).unwrap();
    let passwords: Vec<&str> = yml
        .split("\"pass\":")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .filter(|pass| pass.len() > 8)
        .collect();
    assert!(passwords.len() >= 2, "the server has passwords: {passwords:?}");
    let owner: Value =
        serde_json::from_str(&fs::read_to_string(dir.data().join("owner.json")).unwrap()).unwrap();
    let token = owner["token"].as_str().unwrap();
    // Where nobody expects them.
    fs::write(dir.data().join("logs/mediamtx.log"), format!("{lines}{}\n{token}\n", passwords.join("\n")))
        .unwrap();

    let bundle = server.ask("POST", "/api/v1/support-bundle", None).await.ok();
    let name = bundle["file_name"].as_str().unwrap();
    let response = reqwest::get(format!("{}/api/v1/support-bundle/{name}", server.url)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/zip");
    let bytes = response.bytes().await.unwrap();
    assert_eq!(bytes.len() as u64, bundle["size"].as_u64().unwrap());
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut content = std::collections::BTreeMap::new();
    for n in 0..zip.len() {
        let mut page = zip.by_index(n).unwrap();
        let mut text = String::new();
        page.read_to_string(&mut text).unwrap();
        content.insert(page.name().to_owned(), text);
    }
    for (name, text) in &content {
        for secret in passwords.iter().copied().chain([SECRET, token]) {
            assert!(!text.contains(secret), "{name} holds a secret:\n{text}");
        }
    }
    for (name, part) in [
        ("about.json", "mediamtx"),
        ("config.json", "lobby"),
        ("status.json", "on_air"),
        ("probes.json", "h264"),
        ("activity.csv", "app_started"),
        ("history.json", "wanted_ms"),
        ("mediamtx.yml", "rtspAddress"),
        ("logs/mediamtx.log", "a good line"),
        ("logs/app.2026-01-01.log", "a good line"),
        ("logs/streams/old/1.log", "a good line"),
    ] {
        let text = content.get(name).unwrap_or_else(|| panic!("{name} is in {:?}", content.keys()));
        assert!(text.contains(part), "{name} holds {part}:\n{text}");
    }
    for bad in ["..%2Fconfig.json", "stream-manager-support-x.zip", "%2e%2e/owner.json"] {
        let answer = server.ask("GET", &format!("/api/v1/support-bundle/{bad}"), None).await;
        assert_eq!(answer.status, 404, "{bad}");
    }
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_broken_is_put_aside_and_said() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    fs::write(dir.data().join("history.sqlite"), [0x5a; 20_000]).unwrap();
    let server = Server::ready(&dir).await;
    let snapshot = server.get("/api/v1/snapshot").await;
    let note = snapshot["host"]["notes"][0].as_str().unwrap();
    assert!(note.contains("history.broken-"), "{note}");
    let id = server.create("lobby", &file, true).await;
    server.until_on_air(&id).await;
    newest(&server, "live").await;
    assert_eq!(server.stop().await, Some(0));
}
