//! The server's page and that of what happened: who may connect, settings, files in and out, logs, faults.

use std::{fs, io::Read as _, path::Path};

use anyhow::Result;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use testkit::free_port;

use super::Walk;
use crate::{
    it::{PATIENCE, Server, media, process, reader::Reader, until},
    support::{picture::Picture, webdriver::WebDriver},
};

async fn status(server: &Server) -> Value {
    server.get("/api/v1/server").await
}

/// Applies what was changed on the page, and waits until the server runs with it and the stream is on air.
async fn apply(walk: &Walk, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Result<()> {
    let browser = &walk.browser;
    browser.click("#apply-settings:not([disabled])").await?;
    until(what, async || holds(&status(&walk.server).await["settings"]).then_some(())).await;
    browser.wait_js_within("!document.querySelector('[data-testid=apply-bar]')", PATIENCE).await?;
    walk.server.until_server("running").await;
    walk.server.until_on_air(id).await;
    Ok(())
}

/// The passwords with which the server runs, and the program's own token.
fn secrets(data: &Path) -> Vec<String> {
    let between = |text: String, before: &str| -> Vec<String> {
        let parts = text.split(before).skip(1).map(|rest| rest.trim_start().trim_start_matches('"'));
        parts.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let read = |name: &str| fs::read_to_string(data.join(name)).unwrap();
    let mut secrets = between(read("run/mediamtx.yml"), "\"pass\":");
    secrets.extend(between(read("owner.json"), "\"token\":"));
    secrets.retain(|secret| secret.len() > 8);
    assert!(secrets.len() >= 3, "the server's passwords and the token");
    secrets
}

fn unpacked(file: &Path) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let pages = 0..zip.len();
    let page = |n| {
        let (mut page, mut bytes) = (zip.by_index(n).unwrap(), Vec::new());
        page.read_to_end(&mut bytes).unwrap();
        (page.name().to_owned(), String::from_utf8_lossy(&bytes).into_owned())
    };
    pages.map(page).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_the_server_and_of_what_happened() -> Result<()> {
    let walk = Walk::begin().await?;
    let (server, browser) = (&walk.server, &walk.browser);

    // From where it may be watched is asked until it is answered.
    walk.open("").await?;
    browser.click("[data-testid=who] #who-this-computer").await?;
    browser.gone("[data-testid=who]").await?;
    let chosen = async || (status(server).await["reach_chosen"] == true).then_some(());
    until("the answer is kept", chosen).await;
    walk.open("").await?;
    browser.find("#first-choose").await?;
    browser.gone("[data-testid=who]").await?;

    let id = server.create("show", &media::plain(&walk.dir.media("a.mp4")), true).await;
    let quiet = server.create("quiet", &walk.dir.media("a.mp4"), false).await;
    let stream = server.until_on_air(&id).await;
    settings(&walk, &id, stream["urls"]["rtsp"].as_str().unwrap()).await?;
    files(&walk, &id).await?;
    what_happened(&walk, &id, &quiet).await?;
    walk.end().await
}

/// Changed on the page, which says before what it interrupts; kept after a reload.
async fn settings(walk: &Walk, id: &str, watched: &str) -> Result<()> {
    let (server, browser) = (&walk.server, &walk.browser);
    let viewer = Reader::of(watched).await;
    walk.open("server").await?;
    browser.reads("[data-testid=all-viewers]", "1").await?;
    browser.click("label:has([data-protocol=RTMP])").await?;
    browser.find("[data-testid=apply-bar]").await?;
    browser.click("[data-act=discard-settings]").await?;
    browser.gone("[data-testid=apply-bar]").await?;

    // What was answered at first can be answered anew.
    browser.click("label:has(#reach-local-network)").await?;
    browser.click("label:has([data-protocol=RTMP])").await?;
    browser.click("#hls-variant option[value=fmp4]").await?;
    browser.fill("#webrtc-hosts", "203.0.113.9\t").await?;
    // A certificate that is not there is said before anything is interrupted.
    browser.click("#encryption option[value=given]").await?;
    browser.fill("#certificate", "/nowhere/cert.pem\t").await?;
    browser.fill("#key", "/nowhere/key.pem\t").await?;
    browser.find("#certificate.wrong").await?;
    browser.find("#apply-settings[disabled]").await?;
    browser.click("#encryption option[value=off]").await?;
    browser.gone("#certificate").await?;
    let told = browser.reads("[data-testid=apply-bar]", "1 stream pauses").await?;
    assert!(told.contains("1 viewer has to connect again"), "{told}");
    assert_eq!(status(server).await["settings"]["reach"], "this_computer", "nothing is changed yet");
    let open = |settings: &Value| {
        (&settings["reach"], &settings["hls_variant"]) == (&json!("local_network"), &json!("fmp4"))
            && settings["webrtc_hosts"] == json!(["203.0.113.9"])
    };
    apply(walk, id, "it is open to the network", open).await?;
    viewer.until_let_go().await;
    let stream = server.stream(id).await;
    assert_eq!((&stream["urls"]["rtmp"], stream["urls"]["rtsp"] == ""), (&json!(""), false), "{stream:#}");

    by_each_address(walk, id).await?;
    walk.open("server").await?;
    browser.fill("#uplink", "0").await?;
    browser.find("[data-testid=uplink-error]").await?;
    browser.fill("#uplink", "40").await?;
    browser.click("#uplink-save:not([disabled])").await?;
    browser.find("[data-testid=uplink-share]").await?;
    assert_eq!(status(server).await["uplink_mbps"], 40);

    walk.open("server").await?;
    for kept in [
        "document.querySelector('#reach-local-network')?.checked",
        "document.querySelector('[data-protocol=RTMP]')?.checked === false",
        "document.querySelector('[data-protocol=RTSP]')?.checked",
        "document.querySelector('#uplink')?.value === '40'",
    ] {
        browser.wait_js(kept).await?;
    }
    Ok(())
}

/// The address that is chosen is the one of the code for phones and of the recipes too.
async fn by_each_address(walk: &Walk, id: &str) -> Result<()> {
    let browser = &walk.browser;
    walk.open(&format!("streams/{id}")).await?;
    let several = status(&walk.server).await["addresses"].as_array().is_some_and(|all| all.len() > 1);
    if several {
        browser.click("#address option[value=\"127.0.0.1\"]").await?;
    }
    browser.reads("[data-testid=watch] code", "rtsp://127.0.0.1:").await?;
    browser.click("[data-testid=players] summary").await?;
    browser.click("[data-act=qr]").await?;
    let text = browser.reads(".ask-body code", "http://127.0.0.1:").await?;
    let code = Picture::read(&browser.find(".qr svg").await?.screenshot().await?)?;
    assert_eq!(code.code(), text);
    browser.click("#qr-done").await
}

/// A `mediamtx.yml` in and out, the server's log, and the support bundle.
async fn files(walk: &Walk, id: &str) -> Result<()> {
    let (server, browser) = (&walk.server, &walk.browser);
    let theirs = walk.dir.path().join("theirs.yml");
    let chosen = async |text: &str| {
        fs::write(&theirs, text)?;
        browser.find("#config-chosen").await?.type_keys(&theirs.display().to_string()).await
    };
    chosen("- nothing\n- of ours\n").await?;
    browser.find("[data-testid=config-error]").await?;
    let port = free_port();
    let text = format!(
        "hlsVariant: mpegts\nhlsAddress: 127.0.0.1:{port}\nrtmp: yes\nrunOnConnect: ./hook.sh\n\
         paths:\n  yard:\n    source: rtsp://me:Pl4nted@192.0.2.1/1\n"
    );
    chosen(&text).await?;
    let shown = browser.reads("[data-testid=import]", "hlsVariant").await?;
    for part in ["mpegts", &port.to_string(), "rtmp", "runOnConnect", "yard", "make a stream for it"] {
        assert!(shown.contains(part), "{part} is told: {shown}");
    }
    assert!(!shown.contains("Pl4nted"), "{shown}");
    browser.click("#take-config").await?;
    browser.gone("[data-testid=import]").await?;
    browser.reads("[data-testid=apply-bar]", "1 stream pauses").await?;
    apply(walk, id, "what fits of it counts", |settings| {
        (&settings["hls_variant"], &settings["ports"]["hls"]) == (&json!("mpegts"), &json!(port))
            && (&settings["reach"], &settings["protocols"]["rtmp"]) == (&json!("this_computer"), &json!(true))
    })
    .await?;

    browser.click("#export-config").await?;
    let exported = fs::read_to_string(walk.downloaded("mediamtx", ".yml").await)?;
    assert!(exported.contains("mpegts") && exported.contains("\"show\""), "{exported}");
    let secrets = secrets(&walk.dir.data());
    assert!(secrets.iter().all(|secret| !exported.contains(secret.as_str())), "no password is exported");

    browser.fill("[data-testid=log-search]", "STARTED with listener").await?;
    let lines = "[...document.querySelectorAll('[data-testid=log] .line')]";
    let fit = "every((line) => line.innerText.includes('started with listener'))";
    browser.wait_js(&format!("{lines}.length > 3 && {lines}.{fit}")).await?;
    browser.click(".logcard [data-filter=errors]").await?;
    browser.gone("[data-testid=log] .line").await?;

    // What encodes here, tried once more.
    browser.reads("[data-testid=encoders]", "H.264").await?;
    browser.click("[data-act=try-encoders]:not([aria-busy])").await?;
    browser.find("[data-act=try-encoders]:not([aria-busy])").await?;

    browser.click("#save-bundle").await?;
    browser.reads("[data-testid=support] .made", ".zip").await?;
    let bundle = unpacked(&walk.downloaded("stream-manager-support", ".zip").await);
    let about = bundle.iter().find(|(name, _)| name == "about.json").map(|(_, text)| text.as_str());
    let version = status(server).await["version"].as_str().unwrap().to_owned();
    assert!(about.is_some_and(|text| text.contains(&version) && text.contains("ffmpeg")), "{about:?}");
    for (name, text) in &bundle {
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{name} holds a secret");
    }
    Ok(())
}

/// A fault is seen by looking at the page, found by kind and stream, and handed on as a table.
async fn what_happened(walk: &Walk, id: &str, quiet: &str) -> Result<()> {
    let (server, browser) = (&walk.server, &walk.browser);
    let ffmpeg = until("one FFmpeg sends", async || {
        Some(server.children("ffmpeg")).filter(|ffmpeg| ffmpeg.len() == 1)
    })
    .await;
    process::signal(ffmpeg[0].pid, Signal::SIGKILL);
    browser.find_within("[data-testid=unseen]", PATIENCE).await?;
    browser.click(".nav a[href=\"#/activity\"]").await?;
    browser.gone("[data-testid=unseen]").await?;
    until("it was seen", async || (server.get("/api/v1/snapshot").await["unseen_faults"] == 0).then_some(()))
        .await;
    server.until_on_air(id).await;
    browser.find_within(".happening[data-kind=recovered]", PATIENCE).await?;
    browser.find(".happening[data-kind=server_started]").await?;

    browser.click("[data-filter=faults]").await?;
    browser.gone(".happening[data-kind=server_started]").await?;
    browser.find(".happening[data-kind=faulted]").await?;
    stream(browser, quiet).await?;
    browser.find("[data-testid=no-activity]").await?;
    stream(browser, id).await?;
    browser.find(".happening[data-kind=faulted]").await?;
    browser.click("#activity-time option[value=hour]").await?;
    browser.find(".happening[data-kind=faulted]").await?;
    let shown = browser.find_all(".happening").await?.len();
    browser.click("#export-activity").await?;
    let table = fs::read_to_string(walk.downloaded("stream-manager-activity", ".csv").await)?;
    let rows: Vec<&str> = table.lines().skip(1).collect();
    assert!(
        rows.len() == shown && rows.iter().all(|row| row.contains(",show,")),
        "{shown} are shown: {table}"
    );
    assert!(rows.iter().any(|row| row.contains("faulted")), "{table}");

    browser.fill("#search-activity", "no such words").await?;
    browser.find("[data-testid=no-activity]").await?;
    browser.click("[data-testid=no-activity] button").await?;
    browser.find(".happening[data-kind=server_started]").await?;
    Ok(())
}

/// Chooses of which stream.
async fn stream(browser: &WebDriver, id: &str) -> Result<()> {
    browser.click(&format!("#activity-stream option[value=\"{id}\"]")).await?;
    browser.wait_js(&format!("document.querySelector('#activity-stream').value === '{id}'")).await
}
