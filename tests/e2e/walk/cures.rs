//! The one click that helps, on real faults: another port, FFmpeg looked for again, a file shown
//! anew, a restart.

use std::{fs, net::TcpListener};

use anyhow::Result;
use serde_json::{Value, json};
use testkit::free_ports_in_a_row;

use super::Walk;
use crate::{
    it::{Dir, PATIENCE, Server, media, server::command},
    support::chromium,
};

/// The button of a fault that is shown in full.
fn button(code: &str) -> String {
    format!("[data-testid=fault][data-code={code}] [data-act=cure]")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_one_click_that_helps() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let (here, there) = (media::plain(&dir.media("here.mp4")), dir.media("there.mp4"));
    // The port of its server is another's, and its FFmpeg is not there. The next ports are taken instead, which must be
    // no other test's.
    let port = free_ports_in_a_row(20);
    let holder = TcpListener::bind(("127.0.0.1", port))?;
    let config = dir.data().join("config.json");
    let mut stored: Value = serde_json::from_slice(&fs::read(&config)?)?;
    stored["server"]["ports"]["rtsp"] = json!(port);
    fs::write(&config, stored.to_string())?;
    let ffmpeg = dir.path().join("ffmpeg");
    let mut command = command(&dir);
    command.arg("--ffmpeg").arg(&ffmpeg);
    let server = Server::run(command).await;
    server.until_server("failed").await;
    let walk = Walk::with(dir, server).await?;
    let (server, browser) = (&walk.server, &walk.browser);

    walk.open("server").await?;
    browser.click(&button("port_taken")).await?;
    browser.click("#confirm-ok").await?;
    browser.gone(&button("port_taken")).await?;
    server.until_server("running").await;
    drop(holder);

    // A start fails for want of FFmpeg, which is looked for again, in vain.
    let id = server.create("film", &here, true).await;
    server.until_state(&id, "failed").await;
    browser.click(".nav a[href=\"#/\"]").await?;
    browser.click(".row[data-name=film] [data-act=cure]").await?;
    browser.click("#check-tools").await?;
    let said = "document.querySelector('[data-testid=install-state]').innerText";
    browser.wait_js(&format!("/^Looked again: There is no .*ffmpeg/.test({said})")).await?;

    // Once it is there it is found at one click.
    server.order(&id, "stop").await;
    fs::rename(&here, &there)?;
    std::os::unix::fs::symlink(testkit::fixtures::ffmpeg(), &ffmpeg)?;
    browser.click("#check-tools").await?;
    browser.wait_js(&format!("/^Looked again: FFmpeg \\S+ is ready/.test({said})")).await?;
    browser.click("#install-ok").await?;
    browser.gone("#install-ok").await?;
    browser.gone(&button("ffmpeg_not_there")).await?;

    // The file is elsewhere.
    browser.click(".row[data-name=film] [data-act=start]").await?;
    browser.find_within(".row[data-name=film] .state[data-state=failed]", PATIENCE).await?;
    browser.click(".row[data-name=film] [data-act=cure]").await?;
    browser.click(&format!("[data-testid=media-entries] [data-path=\"{}\"]", there.display())).await?;
    browser.click("#save:not([disabled])").await?;
    browser.find_within(".row[data-name=film] .state[data-on-air=true]", PATIENCE).await?;

    // Another file is under its name.
    let other = media::copy("no_audio.mp4", &walk.dir.media("other.mp4"));
    fs::rename(other, &there)?;
    browser.click(".row[data-name=film] a.name").await?;
    browser.find_within(&button("source_changed"), PATIENCE).await?;
    browser.click(&button("source_changed")).await?;
    browser.gone(&button("source_changed")).await?;
    server
        .until(&id, "the other file is sent", |s| s["on_air"] == true && s["plan"]["audio"].is_null())
        .await;
    walk.end().await
}
