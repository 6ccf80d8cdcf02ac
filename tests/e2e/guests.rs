//! A guest in a real browser: what the page of a guest link plays and says, from the link to its end.

use std::{path::Path, time::Duration};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::{
    it::{Dir, Server, media},
    support::{
        chromium,
        webdriver::{Driver, WebDriver},
    },
};

/// A player needs seconds, and on a busy computer many of them.
const PATIENCE: Duration = Duration::from_secs(90);

pub async fn state(browser: &WebDriver, state: &str) -> Result<()> {
    browser.wait_js_within(&format!("document.body.dataset.state === '{state}'"), PATIENCE).await?;
    if state != "live" {
        ensure!(!browser.text("#notes").await?.is_empty(), "{state} is said in words");
    }
    Ok(())
}

/// Waits until pictures move, whichever way they come.
pub async fn plays(browser: &WebDriver) -> Result<()> {
    state(browser, "live").await?;
    let frames = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames";
    let before = browser.js(&format!("return {frames}"), json!([])).await?.as_u64().unwrap_or_default();
    browser.wait_js_within(&format!("{frames} > {}", before + 20), PATIENCE).await
}

async fn link(server: &Server, id: &str) -> (String, String) {
    let made =
        server.post(&format!("/api/v1/streams/{id}/guest-links"), json!({ "lasts": "hour" })).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["urls"][0]), text(&made["link"]["id"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_link_plays_waits_and_ends() -> Result<()> {
    let dir = Dir::new();
    // With sound that WebRTC has none of, and without sound: by HLS, and by WebRTC.
    let files = [media::plain(&dir.media("a.mp4")), media::copy("no_audio.mp4", &dir.media("b.mp4"))];
    let server = Server::ready(&dir).await;
    let driver = Driver::start("chromedriver", testkit::free_port(), &[]).await?;
    let browser = chromium::open(&driver, 900, 600).await?;
    for (name, file) in ["by-hls", "by-webrtc"].into_iter().zip(&files) {
        let id = server.create(name, file, true).await;
        server.until_on_air(&id).await;
        let restricted = json!({ "viewers": "restricted" });
        server.post(&format!("/api/v1/streams/{id}/access"), restricted).await.ok();
        let (url, guest) = link(&server, &id).await;
        browser.goto(&url).await?;
        plays(&browser).await?;
        let by_webrtc = browser.js("return !!document.querySelector('video').srcObject", json!([])).await?;
        assert_eq!(by_webrtc, name == "by-webrtc");
        assert_eq!(browser.text("#name").await?, name);
        browser.click("#sound").await?;
        browser.wait_js("!document.querySelector('video').muted").await?;

        // It waits for a stream that is off, and comes back by itself.
        server.order(&id, "stop").await;
        state(&browser, "offline").await?;
        server.order(&id, "start").await;
        plays(&browser).await?;

        // Revoked, it ends; so it does for whoever opens it now.
        let gone = format!("/api/v1/streams/{id}/guest-links/{guest}");
        server.ask("DELETE", &gone, None).await.ok();
        state(&browser, "gone").await?;
        browser.reload().await?;
        state(&browser, "gone").await?;
        browser.goto(url.split_once('#').unwrap().0).await?;
        state(&browser, "wrong").await?;
        server.order(&id, "stop").await;
    }
    browser.goto("about:blank").await?;
    encrypted(&server, &browser, &files[1]).await?;
    browser.quit().await?;
    assert_eq!(server.stop().await, Some(0));
    Ok(())
}

/// The same where viewers' connections are encrypted; a link from before leads there.
async fn encrypted(server: &Server, browser: &WebDriver, file: &Path) -> Result<()> {
    let id = server.create("encrypted", file, true).await;
    server.until_on_air(&id).await;
    let (plain, _) = link(server, &id).await;
    let mut settings = server.get("/api/v1/server").await["settings"].take();
    settings["encryption"] = json!("self_signed");
    for port in ["rtsps", "rtmps"] {
        settings["ports"][port] = json!(testkit::free_port());
    }
    server.post("/api/v1/server/settings", json!({ "settings": settings })).await.ok();
    server.until_on_air(&id).await;
    browser.goto(&plain).await?;
    plays(browser).await?;
    assert!(browser.address().await?.starts_with("https://"), "{}", browser.address().await?);
    let (url, _) = link(server, &id).await;
    assert!(url.starts_with("https://"), "{url}");
    browser.goto("about:blank").await?;
    browser.goto(&url).await?;
    plays(browser).await
}
