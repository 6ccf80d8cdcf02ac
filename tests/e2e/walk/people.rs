//! Who watches and who may: viewers, the log and the runs of a stream, access, guest links, and who publishes.

use anyhow::{Context as _, Result};
use testkit::readers;

use super::Walk;
use crate::{
    guests,
    it::{
        PATIENCE,
        camera::Sender,
        media,
        played::{logged_in, none_plays, url},
        reader::Reader,
        until,
    },
    support::{chromium, picture::Picture, webdriver::WebDriver},
};

/// The guest of a link, as its maker calls them.
const GUEST: &str = "Anna";

/// The row of the viewer whose row begins or goes on with these words.
async fn row(browser: &WebDriver, words: &str) -> Result<String> {
    let rows = "[...document.querySelectorAll('tr[data-viewer]')]";
    let script = format!("return {rows}.find((row) => row.innerText.includes('{words}'))?.dataset.viewer");
    let id = until(&format!("a viewer with {words} is listed"), async || {
        browser.js(&script, serde_json::json!([])).await.ok()?.as_str().map(str::to_owned)
    })
    .await;
    Ok(format!("tr[data-viewer=\"{id}\"]"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_and_who_may() -> Result<()> {
    let walk = Walk::begin().await?;
    let (server, browser) = (&walk.server, &walk.browser);
    let id = server.create("show", &media::plain(&walk.dir.media("a.mp4")), true).await;
    let stream = server.until_on_air(&id).await;
    walk.open(&format!("streams/{id}")).await?;
    browser.find("[data-testid=stream-page][data-name=show]").await?;
    browser.find("[data-testid=nobody]").await?;

    // One of two viewers is sent away; the other notices nothing.
    let (by_rtmp, by_rtsp) = (url(&stream, "rtmp"), url(&stream, "rtsp"));
    let (goes, mut stays) = tokio::join!(Reader::of(&by_rtmp), Reader::of(&by_rtsp));
    let listed = row(browser, "RTMP").await?;
    browser.reads("[data-testid=viewer-count]", "2").await?;
    browser.click(&format!("{listed} [data-act=kick]")).await?;
    browser.reads(".ask-body h2", "show · RTMP").await?;
    browser.click("#confirm-ok").await?;
    goes.until_let_go().await;
    browser.gone(&listed).await?;
    row(browser, "RTSP").await?;
    browser.reads("[data-testid=viewer-count]", "1").await?;
    stays.gets_more().await;

    // What its FFmpeg wrote, to be handed on.
    browser.find("[data-testid=log] .line").await?;
    browser.click(".logcard [data-act=copy-log]").await?;
    walk.until_copied("FFmpeg was started").await;
    browser.click(".logcard [data-filter=errors]").await?;
    browser.gone("[data-testid=log] .line").await?;
    browser.click(".logcard [data-filter=all]").await?;
    browser.find("[data-testid=log] .line").await?;
    browser.click("[data-testid=runs] .run").await?;
    browser.find("[data-testid=run-log] .line").await?;
    browser.click("[data-act=copy-run-log]").await?;
    walk.until_copied("FFmpeg was started").await;
    browser.click(".run-log [data-act=close]").await?;
    browser.gone(".run-log").await?;

    for muted in [true, false] {
        browser.click(".head [data-act=menu]").await?;
        browser.click("[data-act=mute]").await?;
        server.until(&id, "muted or not", |stream| stream["muted"] == muted).await;
    }

    // A password from now on: who watched without is let go at once, and nobody gets in without.
    browser.click("[data-testid=access] [data-act=access]").await?;
    browser.click("label:has(#access-some)").await?;
    browser.fill("#access-pass", "short").await?;
    browser.find("[data-testid=access-error]").await?;
    browser.find("#access-save[disabled]").await?;
    browser.click("[data-act=make-password]").await?;
    browser.gone("[data-testid=access-error]").await?;
    let password = browser.find("#access-pass").await?.property("value").await?;
    let password = password.as_str().context("a password is made")?.to_owned();
    browser.click("[data-act=copy-password]").await?;
    assert_eq!(walk.until_copied(&password).await, password);
    browser.click("#access-save:not([disabled])").await?;
    browser.gone("[data-testid=access-dialog]").await?;
    stays.until_let_go().await;
    browser.reads("[data-testid=access-summary]", "viewer").await?;
    browser.find("[data-testid=login]").await?;
    let kept = format!("document.documentElement.innerHTML.includes('{password}')");
    browser.wait_js(&format!("!{kept}")).await?;
    none_plays(&[by_rtsp.clone(), logged_in(&stream, "viewer", "wrong-one")[0].clone()]).await;
    let with_password = &logged_in(&stream, "viewer", &password)[0];
    readers::reads_picture(with_password, PATIENCE).await.map_err(anyhow::Error::msg)?;

    a_guest_watches(&walk).await?;

    // By address, beside the password.
    browser.click("[data-testid=access] [data-act=access]").await?;
    browser.click("label:has(#access-address)").await?;
    browser.fill("#access-ips", "10.0.0.300").await?;
    browser.click("#access-save:not([disabled])").await?;
    browser.find("[data-testid=access-error]").await?;
    browser.fill("#access-ips", "10.1.2.3/8").await?;
    browser.click("#access-save:not([disabled])").await?;
    browser.gone("[data-testid=access-dialog]").await?;
    browser.reads("[data-testid=access-summary]", "10.0.0.0/8").await?;

    browser.click("[data-testid=access] [data-act=access]").await?;
    browser.click("label:has(#access-open)").await?;
    browser.click("#access-save:not([disabled])").await?;
    browser.gone("[data-testid=access-dialog]").await?;
    browser.reads("[data-testid=access-summary]", "Everyone").await?;

    somebody_publishes(&walk).await?;
    walk.end().await
}

/// By a link that is made, shown once, opened in another browser, and revoked.
async fn a_guest_watches(walk: &Walk) -> Result<()> {
    let browser = &walk.browser;
    browser.click("[data-testid=access] [data-act=new-link]").await?;
    browser.fill("#link-label", GUEST).await?;
    browser.click("label:has(#lasts-hour)").await?;
    browser.click("#link-create").await?;
    let link = browser.reads("[data-testid=link-url]", "/watch/show#").await?;
    browser.click("[data-act=copy-link]").await?;
    assert_eq!(walk.until_copied("/watch/show#").await, link);
    let code = Picture::read(&browser.find(".qr svg").await?.screenshot().await?)?;
    assert_eq!(code.code(), link, "the code that a phone reads");
    browser.click("#link-done").await?;
    browser.gone("[data-testid=link-dialog]").await?;
    browser.reads("[data-testid=guest-link]", GUEST).await?;

    let guest = chromium::open(&walk.driver, 900, 600).await?;
    guest.goto(&link).await?;
    guests::plays(&guest).await?;
    let listed = row(browser, &format!("Guest: {GUEST}")).await?;
    browser.reads(&listed, "this computer").await?;

    // Made anew, the old link is void at once.
    browser.click("[data-testid=guest-link] [data-act=renew-link]").await?;
    browser.click("#link-create").await?;
    let new = browser.reads("[data-testid=link-url]", "/watch/show#").await?;
    assert_ne!(new, link);
    browser.click("#link-done").await?;
    guests::state(&guest, "gone").await?;
    browser.gone(&listed).await?;
    guest.goto("about:blank").await?;
    guest.goto(&new).await?;
    guests::plays(&guest).await?;
    let listed = row(browser, &format!("Guest: {GUEST}")).await?;
    browser.click("[data-testid=guest-link] [data-act=revoke-link]").await?;
    browser.reads(".ask-body h2", GUEST).await?;
    browser.click("#confirm-ok").await?;
    browser.gone("[data-testid=guest-link]").await?;
    guests::state(&guest, "gone").await?;
    browser.gone(&listed).await?;
    guest.quit().await
}

/// Sends what is painted in a page of its own, to the address `arguments[0]` with the token `arguments[1]`, as OBS does
/// by WHIP (RFC 9725). Gives the status of the answer.
const SEND: &str = "
    const [address, token] = arguments;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [320, 180];
    const paint = canvas.getContext('2d');
    let at = 0;
    setInterval(() => { paint.fillStyle = `hsl(${at++ % 360} 80% 50%)`; paint.fillRect(0, 0, 320, 180); }, 40);
    const peer = window.peer = new RTCPeerConnection();
    canvas.captureStream(25).getTracks().forEach((track) => peer.addTrack(track));
    return (async () => {
        await peer.setLocalDescription();
        while (peer.iceGatheringState !== 'complete') await new Promise((done) => setTimeout(done, 50));
        const headers = { 'Content-Type': 'application/sdp', Authorization: `Bearer ${token}` };
        const answer = await fetch(address, { method: 'POST', headers, body: peer.localDescription.sdp });
        if (answer.ok) await peer.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
        return answer.status;
    })()";

/// By the recipe for WHIP, out of another browser; `rtsp` is that for FFmpeg, with the same key.
async fn by_whip(walk: &Walk, rtsp: &str) -> Result<()> {
    let browser = &walk.browser;
    let (login, _) = rtsp.trim_start_matches("rtsp://").split_once('@').context("it has a key")?;
    let shown = "[...document.querySelectorAll('[data-testid=recipes] code')].map((code) => code.innerText)";
    browser.wait_js(&format!("{shown}.includes('{login}')")).await?;
    let address = browser.reads("[data-testid=recipes] code", "/gate/whip").await?;
    let sender = chromium::open(&walk.driver, 400, 300).await?;
    // Its own page, so that no other page has to be let in there.
    sender.goto(address.trim_end_matches("whip")).await?;
    let wrong = serde_json::json!([address, "encoder:not-the-key"]);
    assert_eq!(sender.js(SEND, wrong).await?, 401, "with another key");
    assert_eq!(sender.js(SEND, serde_json::json!([address, login])).await?, 201);
    browser.reads("[data-testid=publisher]", "WebRTC").await?;
    browser.find_within(".head .state[data-on-air=true]", PATIENCE).await?;
    sender.js("window.peer.close()", serde_json::json!([])).await?;
    sender.quit().await?;
    browser.find("[data-testid=publisher-left]").await.map(drop)
}

/// By what the page of an incoming stream shows to type.
async fn somebody_publishes(walk: &Walk) -> Result<()> {
    let browser = &walk.browser;
    browser.click(".nav a[href=\"#/\"]").await?;
    browser.click("#new-stream").await?;
    browser.click("label:has(#source-incoming)").await?;
    browser.find("[data-testid=incoming-hint]").await?;
    browser.fill("#stream-name", "gate").await?;
    browser.click("#save-start:not([disabled])").await?;
    browser.click(".row[data-name=gate] a.name").await?;
    browser.reads("[data-testid=publisher]", "Waiting").await?;
    browser.reads("[data-testid=recipes] code", "USER:KEY@").await?;
    browser.click("[data-act=publish-key]").await?;
    browser.reads("[data-testid=key-hint]", "only now").await?;
    let line = browser.reads("[data-testid=recipes] code", "ffmpeg ").await?;
    let address = line.split('\'').nth(1).context("the address is quoted")?;
    assert!(address.starts_with("rtsp://") && !address.contains("KEY@"), "{address}");
    browser.click("[data-testid=recipes] [data-act=copy-recipe]").await?;
    walk.until_copied("rtmp://").await;
    by_whip(walk, address).await?;
    let sender = Sender::to(address, "rtsp");
    let shown = browser.reads("[data-testid=publisher]", "RTSP").await?;
    assert!(shown.contains("127.0.0.1"), "{shown}");
    browser.find_within(".head .state[data-on-air=true]", PATIENCE).await?;

    // To the outside it is closed; what opening it interrupts is told before.
    browser.click("[data-testid=recipes] [data-act=open-up]").await?;
    browser.reads(".ask-body", "pause").await?;
    browser.click("#confirm-cancel").await?;

    browser.click("[data-act=revoke-key]").await?;
    browser.click("#confirm-ok").await?;
    sender.until_ended().await;
    browser.find("[data-testid=publisher-left]").await?;
    browser.reads("[data-testid=recipes] code", "USER:KEY@").await?;
    Ok(())
}
