//! How a stream is sent, chosen in the form: settings, who plays it, for how many more there is room, presets, encoders.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    it::{Dir, PATIENCE, Server, media, process, until},
    support::{
        chromium,
        webdriver::{Driver, WebDriver},
    },
};

/// Chooses of a list, by the word that is shown.
async fn pick(browser: &WebDriver, list: &str, word: &str) -> Result<()> {
    let css = format!("select#{list}");
    browser.find(&css).await?;
    let pick = "const list = document.querySelector(arguments[0]); \
                const option = [...list.options].find((option) => option.text.startsWith(arguments[1])); \
                list.value = option.value; list.dispatchEvent(new Event('change', { bubbles: true }))";
    browser.js(pick, json!([css, word])).await.map(drop)
}

/// Each of the other settings, in one visit of the form.
async fn every_setting(browser: &WebDriver, server: &Server, file: &Path) -> Result<()> {
    browser.click(".nav a[href=\"#/\"]").await?;
    browser.click("#new-stream").await?;
    browser.fill("#file-path", &format!("{}\n", file.display())).await?;
    browser.find("[data-testid=verdict]").await?;
    browser.js("document.querySelector('#playback-times').click()", json!([])).await?;
    browser.fill("#times", "3\t").await?;
    browser.js("document.querySelector('[data-testid=advanced]').open = true", json!([])).await?;
    let lists = [
        ("video-codec", "H.264"),
        ("encoder", "Processor"),
        ("rotate", "90° to the right"),
        ("deinterlace", "Always"),
        ("audio", "AAC"),
        ("publish", "RTMP"),
    ];
    for (list, word) in lists {
        pick(browser, list, word).await?;
    }
    let fields = [
        ("quality", "25"),
        ("fps", "15"),
        ("keyframes", "2"),
        ("audio-bitrate", "96"),
        ("volume", "50"),
        ("start", "0:01"),
        ("end", "0:03"),
    ];
    for (field, text) in fields {
        browser.fill(&format!("#{field}"), &format!("{text}\t")).await?;
    }
    browser.gone("[aria-invalid=true]").await?;
    browser
        .wait_js("document.querySelector('[data-testid=command]').innerText.includes('transpose=clock')")
        .await?;
    browser.find("#stream-name").await?.type_keys("\u{E003}chosen").await?;
    browser.click("#save:not([disabled])").await?;
    let chosen = until("it is saved", async || {
        let all = server.streams().await;
        all.into_iter().find(|stream| stream["name"] == "chosen")
    })
    .await;
    let wanted = json!({
        "video": "h264", "encoder": "software", "rotate": 90, "deinterlace": true, "audio": "aac", "publish": "rtmp",
        "quality": 25, "fps": 15, "keyframes": 2, "audio_kilobits": 96, "volume": 50, "start": 1000, "end": 3000,
    });
    assert_eq!((&chosen["encoding"], &chosen["playback"]), (&wanted, &json!({ "times": 3 })), "{chosen:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_sent_as_somebody_chose() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let file = media::plain(&dir.media("a.mp4"));
    let server = Server::ready(&dir).await;
    let other = server.create("other", &file, false).await;
    let driver = Driver::start("chromedriver", testkit::free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 1000).await?;
    browser.goto(&format!("{}/", server.url)).await?;
    browser.find("body[data-ready=true]").await?;

    // Whoever began with a stream has not seen the first page, and is asked all the same.
    browser.click("[data-testid=who-banner] #who-local-network").await?;
    browser.click("#confirm-cancel").await?;
    browser.click("[data-testid=who-banner] #who-this-computer").await?;
    browser.gone("[data-testid=who-banner]").await?;
    assert_eq!(server.get("/api/v1/server").await["reach_chosen"], true);

    // Sent as it is, WebRTC has no sound; one click cures that.
    browser.click("#new-stream").await?;
    browser.fill("#file-path", &format!("{}\n", file.display())).await?;
    browser.find("[data-testid=verdict][data-mode=copy]").await?;
    browser.click("[data-testid=everywhere] [data-act=cure-sounds]").await?;
    browser.find("[data-testid=verdict][data-mode=transcode]").await?;
    browser.gone("[data-testid=everywhere] [data-act=cure-sounds]").await?;

    // What can't be is said beside its field, and can't be saved.
    let open = "document.querySelector('[data-testid=advanced]').open";
    if browser.js(&format!("return {open}"), json!([])).await? == json!(false) {
        browser.click("[data-testid=advanced] summary").await?;
    }
    browser.wait_js(open).await?;
    browser.fill("#bitrate", "60\t").await?;
    browser.find("#bitrate[aria-invalid=true]").await?;
    browser.find("#save[disabled]").await?;
    browser.fill("#bitrate", "0.4\t").await?;
    browser.gone("#bitrate[aria-invalid=true]").await?;
    pick(&browser, "height", "240p").await?;
    browser.wait_js("document.querySelector('.aside').innerText.includes('×240')").await?;
    let room = "/\\d/.test(document.querySelector('[data-testid=room]').innerText)";
    browser.wait_js_within(room, PATIENCE).await?;

    // Kept under a name, for others.
    browser.click("[data-act=preset-save]").await?;
    browser.fill("#preset-name", "Small").await?;
    browser.click("#preset-keep:not([disabled])").await?;
    browser.find("[data-testid=presets] [data-act=preset-apply]").await?;
    // A driver's clear() is no typing, so the name that the form proposes would come back.
    browser.find("#stream-name").await?.type_keys("\u{E003}small").await?;
    browser.click("#save-start:not([disabled])").await?;
    // A computer that is busy with other things asks first.
    let is_live = "document.querySelector('.row[data-name=small] .state[data-on-air=true]')";
    let asks = "document.querySelector('#confirm-ok')";
    browser.wait_js_within(&format!("{is_live} || {asks}"), PATIENCE).await?;
    if browser.js(&format!("return !!{asks}"), json!([])).await? == true {
        browser.click("#confirm-ok").await?;
    }
    browser.wait_js_within(is_live, PATIENCE).await?;
    let chosen = json!({ "kilobits": 400, "height": 240, "audio": "both" });
    let all = server.streams().await;
    let small = all.iter().find(|stream| stream["name"] == "small").unwrap();
    assert_eq!(small["encoding"], chosen, "{small:#}");

    // Applied to another stream, in the form of the first.
    browser.click(".row[data-name=small] a.name").await?;
    browser.find("[data-testid=stream-page][data-name=small]").await?;
    browser.find("[data-testid=everywhere]").await?;
    browser.click(".head [data-act=edit]").await?;
    browser.click("[data-act=preset-apply]").await?;
    let its_box = "[...document.querySelectorAll('[data-testid=preset-streams] label')]\
                   .find((label) => label.innerText.includes('other')).querySelector('input').click()";
    browser.find("[data-testid=preset-streams] label").await?;
    browser.js(its_box, json!([])).await?;
    browser.click("#preset-apply-ok:not([disabled])").await?;
    until("the other has them too", async || {
        (server.stream(&other).await["encoding"] == chosen).then_some(())
    })
    .await;
    browser.click("[data-act=close]").await?;

    every_setting(&browser, &server, &file).await?;

    // What encodes is told by the server's page.
    browser.click(".nav a[href=\"#/server\"]").await?;
    browser.click("[data-testid=encoders] [data-act=try-encoders]:not([disabled])").await?;
    browser.find_within("[data-testid=encoders] dd.good", PATIENCE).await?;

    let logged = browser.js("return window.__errors || []", json!([])).await?;
    assert_eq!(logged, Value::Array(Vec::new()), "the page broke nowhere");
    browser.quit().await?;
    assert_eq!(server.stop().await, Some(0));
    process::none_left(dir.path()).await;
    Ok(())
}
