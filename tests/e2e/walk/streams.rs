//! Everything that can be done with streams in the interface and that the other tests don't do: begin on the first
//! page, mend a name, change, rename, duplicate, start and stop all, record, copy each address, read a log.

use anyhow::Result;
use serde_json::json;

use super::Walk;
use crate::{
    it::{PATIENCE, media, until},
    support::webdriver::WebDriver,
};

/// Fills in a name that is refused, and then one that is not.
async fn name(browser: &WebDriver, refused: &str, name: &str) -> Result<()> {
    browser.fill("#stream-name", refused).await?;
    browser.find("[data-testid=name-error]").await?;
    browser.find("#save[disabled]").await?;
    browser.fill("#stream-name", name).await?;
    browser.gone("[data-testid=name-error]").await
}

async fn choose(browser: &WebDriver, stream: &str, act: &str) -> Result<()> {
    browser.click(&format!(".row[data-name={stream}] [data-act=menu]")).await?;
    browser.click(&format!("[data-act={act}]")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_of_streams() -> Result<()> {
    let walk = Walk::begin().await?;
    let (server, browser) = (&walk.server, &walk.browser);
    let file = media::plain(&walk.dir.media("a.mp4"));
    walk.open("").await?;

    // The first page leads to the form of each kind.
    browser.click("#first-camera").await?;
    browser.find("#source-url").await?;
    // Viewers of a camera are kept where it is converted, which one that is fetched on demand never is.
    browser.find("#keep-viewers").await?;
    browser.click("label:has(#on-demand)").await?;
    browser.gone("#keep-viewers").await?;
    browser.click("[data-act=close]").await?;
    browser.gone("#source-url").await?;
    browser.click("#first-test-pattern").await?;
    browser.wait_js("document.querySelector('#stream-name')?.value === 'test-pattern'").await?;
    name(browser, "a//b", "bars").await?;
    browser.click("label:has(#keep-viewers)").await?;
    browser.click("#save:not([disabled])").await?;
    browser.find(".row[data-name=bars] .state[data-state=stopped]").await?;
    assert_eq!(server.streams().await[0]["keep_viewers"], false, "it was switched off");
    choose(browser, "bars", "delete").await?;
    browser.click("#confirm-ok").await?;
    browser.gone(".row[data-name=bars]").await?;

    // Changed and renamed.
    let a = server.create("a", &file, false).await;
    let b = server.create("b", &file, false).await;
    choose(browser, "b", "edit").await?;
    browser.find("#stream-name").await?;
    browser.click("[data-act=close]").await?;
    browser.gone("#stream-name").await?;
    choose(browser, "b", "edit").await?;
    name(browser, "A", "renamed").await?;
    // What was changed is not thrown away unasked.
    browser.click("[data-act=close]").await?;
    browser.click("#confirm-cancel").await?;
    browser.gone("#confirm-cancel").await?;
    browser.click("label:has(#record)").await?;
    browser.click("#save:not([disabled])").await?;
    browser.find(".row[data-name=renamed]").await?;
    let changed = server.stream(&b).await;
    assert_eq!((&changed["name"], &changed["record"]), (&json!("renamed"), &json!(true)));
    choose(browser, "a", "duplicate").await?;
    browser.find(".toast.done").await?;
    browser.wait_js("document.querySelectorAll('.row[data-name]').length === 3").await?;

    browser.click("#start-all:not([disabled])").await?;
    let live = "document.querySelectorAll('.row .state[data-on-air=true]').length === 3";
    browser.wait_js_within(live, PATIENCE).await?;
    browser.find_within(".row[data-name=renamed] .chip.rec", PATIENCE).await?;

    // A stream's own page.
    browser.click(".row[data-name=a] a.name").await?;
    browser.find("[data-testid=stream-page][data-name=a]").await?;
    let urls = server.stream(&a).await["urls"].clone();
    for protocol in ["rtsp", "hls", "webrtc", "rtmp", "srt"] {
        browser.click(&format!("[data-testid=watch] [data-act=copy-{protocol}]")).await?;
        until(&format!("the address for {protocol} is copied"), async || {
            let copied = walk.copied().await.ok()?;
            (urls[protocol] == copied && !copied.is_empty()).then_some(())
        })
        .await;
    }
    browser.click("label:has(#record-switch)").await?;
    browser.find_within("[data-testid=recording][data-recording=writing]", PATIENCE).await?;
    browser.click("label:has(#record-switch)").await?;
    browser.find_within("[data-testid=recording][data-recording=off]", PATIENCE).await?;
    browser.find("[data-testid=log] .line").await?;
    browser.fill("[data-testid=log-search]", "no line has these words").await?;
    browser.gone("[data-testid=log] .line").await?;

    browser.click(".nav a[href=\"#/\"]").await?;
    browser.click("#stop-all:not([disabled])").await?;
    browser.click("#confirm-ok").await?;
    let stopped = "document.querySelectorAll('.row .state[data-state=stopped]').length === 3";
    browser.wait_js_within(stopped, PATIENCE).await?;
    server.until_no_ffmpeg().await;
    walk.end().await
}
