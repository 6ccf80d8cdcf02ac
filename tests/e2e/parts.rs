//! The part of the interface that comes later: it comes by itself, and where it can't the page says so.

use anyhow::Result;
use serde_json::json;

use crate::{
    it::{Dir, Server},
    support::{chromium, webdriver::Driver},
};

/// Fetching the part fails for as long as `away` is set.
const AWAY: &str = "window.away = true; const real = window.fetch; \
    window.fetch = (what, ...rest) => window.away && String(what).includes('/later-') \
        ? Promise.reject(new TypeError('away')) : real(what, ...rest);";

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_can_not_be_fetched_is_told_and_tried_again() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let server = Server::ready(&dir).await;
    let driver = Driver::start("chromedriver", testkit::free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 800).await?;

    browser.goto(&format!("{}/#/nowhere", server.url)).await?;
    browser.find("body[data-ready=true]").await?;
    let came =
        "performance.getEntriesByType('resource').some(({name}) => /later-[0-9a-f]+\\.wasm$/.test(name))";
    browser.wait_js(came).await?;

    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": AWAY })).await?;
    browser.reload().await?;
    browser.click(".nav a[href=\"#/server\"]").await?;
    let said = browser.text("main [data-testid=later-failed]").await?;
    assert!(said.contains("try again"), "{said}");
    // What stands before the page says so too, and does not hold anybody up.
    browser.click(".nav a[href=\"#/\"]").await?;
    browser.click("#new-stream").await?;
    browser.find("dialog [data-testid=later-failed]").await?;
    browser.click("dialog footer button").await?;
    browser.gone("dialog").await?;

    browser.js("window.away = false", json!([])).await?;
    browser.click("#later-retry").await?;
    browser.find("#first-choose").await?;
    browser.click("#new-stream").await?;
    browser.find("#stream-name").await?;
    browser.quit().await?;
    assert_eq!(server.stop().await, Some(0));
    Ok(())
}
