//! No password and no token reaches an answer, a log or a shown command.

use std::{collections::BTreeSet, fs, io::Read as _};

use serde_json::json;

use crate::support::{Dir, Server, files_below, media};

/// The passwords of MediaMTX's configuration, the publishers' in FFmpeg's arguments, and the token.
fn secrets(dir: &Dir, server: &Server) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    let mut run = Vec::new();
    files_below(&dir.data().join("run"), &mut run);
    for (_, text) in run {
        for line in text.lines() {
            let line = line.replace('"', "");
            let values = line.split("pass:").skip(1).filter_map(|rest| rest.split([',', '}']).next());
            secrets.extend(values.map(|pass| pass.trim().to_owned()));
        }
    }
    for ffmpeg in server.children("ffmpeg") {
        let urls = ffmpeg.command.split(' ').filter_map(|arg| arg.strip_prefix("rtsp://")?.split_once('@'));
        secrets.extend(urls.filter_map(|(login, _)| Some(login.split_once(':')?.1.to_owned())));
    }
    secrets.extend(stream_engine::owner::read(&dir.data()).and_then(|owner| owner.token));
    secrets.retain(|secret| secret.len() >= 8);
    secrets
}

/// All that is in a support bundle.
fn unpacked(path: &str) -> String {
    let mut bundle = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let mut all = String::new();
    for at in 0..bundle.len() {
        let mut bytes = Vec::new();
        bundle.by_index(at).unwrap().read_to_end(&mut bytes).unwrap();
        all.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(all.len() > 1000, "it holds something");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_told() {
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    // The most talkative log there is.
    let mut command = crate::support::server::command(&dir);
    command.env("RUST_LOG", "trace,hyper=info,hyper_util=info");
    let server = Server::run(command).await;
    server.until_server("running").await;
    let id = server.create("quiet", &file, true).await;
    server.until_on_air(&id).await;
    let mut secrets = secrets(&dir, &server);
    let stream = format!("/api/v1/streams/{id}");
    let password = "Viewers-only_9".to_owned();
    let access = json!({ "viewers": "restricted", "password": { "set": password } });
    let told_at_once = server.post(&format!("{stream}/access"), access).await.ok();
    let link = server.post(&format!("{stream}/guest-links"), json!({ "lasts": "hour" })).await.ok();
    let token = link["urls"][0].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
    let key = server.post(&format!("{stream}/publish-key"), json!({})).await.ok();
    secrets.extend([password, token, key["key"].as_str().unwrap().to_owned()]);
    // Refused ones are not told either.
    let refused = "Refused pass word";
    let access = json!({ "viewers": "restricted", "password": { "set": refused } });
    let refusal = server.post(&format!("{stream}/access"), access).await;
    secrets.insert(refused.to_owned());
    assert!(secrets.len() >= 7, "a password and the token at least, or this test sees nothing");

    let mut told = vec![
        ("the answer".to_owned(), told_at_once.to_string()),
        ("the refusal".to_owned(), refusal.body.to_string()),
    ];
    for process in crate::support::process::below(server.pid()) {
        let command = process.command.clone();
        // FFmpeg's right to publish: made anew at each start, and of use on this computer alone.
        let allowed = process.name == "ffmpeg";
        told.extend((!allowed).then_some((format!("the arguments of {}", process.name), command)));
    }
    let bundle = server.post("/api/v1/support-bundle", json!({})).await.ok();
    told.push(("the bundle".to_owned(), unpacked(bundle["path"].as_str().unwrap())));
    for path in [
        "/api/v1/snapshot",
        "/api/v1/streams",
        &format!("/api/v1/streams/{id}"),
        &format!("/api/v1/streams/{id}/log"),
        "/api/v1/server",
        "/api/v1/server/log",
        "/api/v1/obs-export",
        "/api/v1/media",
    ] {
        told.push((path.to_owned(), server.get(path).await.to_string()));
    }
    let probed = server.post("/api/v1/probe", json!({ "path": file })).await.ok();
    assert!(probed["command"].as_str().unwrap().contains("ffmpeg"), "{probed:#}");
    told.push(("probe".to_owned(), probed.to_string()));
    told.push(("standard error".to_owned(), server.said()));
    assert_eq!(server.stop().await, Some(0));
    files_below(&dir.data().join("logs"), &mut told);
    told.push(("config.json".to_owned(), fs::read_to_string(dir.data().join("config.json")).unwrap()));
    assert!(told.iter().any(|(place, _)| place.contains("/logs/")), "there are logs");
    for (place, text) in &told {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{place} tells a secret");
        }
    }
}
