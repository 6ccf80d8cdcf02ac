//! The steps of a person in a browser against the headless host: make a stream from a file, watch it go live, copy
//! its address, stop it, find it again after a restart of the program.

use anyhow::Result;
use serde_json::json;

use crate::{
    it::{Dir, Server, media, process, server::command_at, until},
    support::{
        chromium,
        webdriver::{Driver, WebDriver},
    },
};

fn row(name: &str, state: &str) -> String {
    format!(".row[data-name=\"{name}\"] .state[data-state=\"{state}\"]")
}

async fn opened(browser: &WebDriver, server: &Server) -> Result<()> {
    browser.goto(&format!("{}/", server.url)).await?;
    browser.find("body[data-ready=true]").await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_the_file_to_the_restart() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let file = media::plain(&dir.media("lobby.mp4"));
    // One that nobody gets while the program starts again.
    let address = format!("127.0.0.1:{}", testkit::free_port());
    let server = Server::run(command_at(&dir, &address)).await;
    server.until_server("running").await;
    let driver = Driver::start("chromedriver", testkit::free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 800).await?;
    chromium::with_clipboard(&browser, &server.url).await?;
    opened(&browser, &server).await?;

    // Nothing is there yet: the page says where to begin, and offers what lies in the folders of the host.
    browser.click("#first-choose").await?;
    browser.click(&format!("[data-testid=media-entries] [data-path=\"{}\"]", file.display())).await?;
    browser.wait_js("document.querySelector('#stream-name').value === 'lobby'").await?;
    let command = browser.js("return document.body.innerText.includes('ffmpeg')", json!([])).await?;
    assert_eq!(command, true, "the form shows how it will be sent");
    browser.find("#file-path").await?.type_keys("\u{E004}").await?;
    browser.find("#save-start:not([disabled])").await?;
    browser.click("#save-start").await?;
    browser.find(&row("lobby", "running")).await?;
    browser.find(".row[data-name=lobby] .state[data-on-air=true]").await?;

    // The address in the clipboard is one that can be watched.
    browser.click(".row[data-name=lobby] [data-act=copy]").await?;
    browser.click("[data-act=copy-rtsp]").await?;
    let copied = browser.js("return navigator.clipboard.readText()", json!([])).await?;
    let copied = copied.as_str().unwrap_or_default();
    assert_eq!(copied, server.streams().await[0]["urls"]["rtsp"], "the RTSP address was copied");
    assert!(media::watched(copied).await.contains(&"h264".to_owned()), "{copied} shows a picture");

    // What happened stands on the page of activities, and comes there by itself.
    browser.click(".nav a[href=\"#/activity\"]").await?;
    browser.find(".happening[data-kind=live]").await?;
    browser.click("[data-filter=faults]").await?;
    browser.find("[data-testid=no-activity]").await?;
    browser.click("[data-filter=wanted]").await?;
    browser.find(".happening[data-kind=ordered]").await?;
    browser.gone(".happening[data-kind=live]").await?;
    browser.click(".happening[data-kind=ordered] a.name").await?;
    browser.find("[data-testid=runs] .run").await?;
    browser.click("[data-testid=runs] .run").await?;
    browser.find("[data-testid=run-log] .line").await?;
    browser.click(".run-log [data-act=close]").await?;
    browser.click(".nav a[href=\"#/\"]").await?;

    // A file that can't be streamed is said in the form, and nothing is made.
    browser.click("#new-stream").await?;
    browser.fill("#file-path", &format!("{}\n", dir.media("missing.mp4").display())).await?;
    let said = browser.text("[data-testid=probe-error]").await?;
    assert!(said.contains("missing.mp4"), "{said}");
    browser.click("[data-act=close]").await?;
    // What was typed is not thrown away unasked.
    browser.click("#confirm-ok").await?;
    browser.gone("[data-testid=probe-error]").await?;

    // The program restarts: the page comes back by itself, and so does the stream.
    assert_eq!(server.stop().await, Some(0));
    browser.find("[data-testid=link-lost]").await?;
    let server = Server::run(command_at(&dir, &address)).await;
    browser.gone("[data-testid=link-lost]").await?;
    browser.find(&row("lobby", "running")).await?;

    browser.click(".row[data-name=lobby] [data-act=stop]").await?;
    // Where somebody watches it is asked first; our own reader may still be counted.
    let stopped = row("lobby", "stopped");
    until("it is stopped", async || {
        for ok in browser.find_all("#confirm-ok").await.ok()? {
            let _ = ok.click().await;
        }
        (!browser.find_all(&stopped).await.ok()?.is_empty()).then_some(())
    })
    .await;
    server.until_no_ffmpeg().await;
    browser.click(".row[data-name=lobby] [data-act=start]").await?;
    browser.find(&row("lobby", "running")).await?;

    browser.click(".row[data-name=lobby] [data-act=menu]").await?;
    browser.click("[data-act=delete]").await?;
    browser.click("#confirm-ok").await?;
    browser.gone(".row[data-name=lobby]").await?;
    assert!(server.streams().await.is_empty());

    assert_eq!(browser.errors().await?, Vec::<String>::new(), "the page broke nowhere");
    browser.quit().await?;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
    Ok(())
}
