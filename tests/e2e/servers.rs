//! Several servers in a real browser: one is added, a stream is put on it, and what somebody else changes there is
//! told.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use testkit::{free_port, wait_until};

use crate::{
    it::{
        Dir, Server,
        hall::{Hall, OWNER_PASSWORD, PUBLISH_PASSWORD},
        media,
        server::file_source,
    },
    support::{
        chromium,
        webdriver::{Driver, WebDriver},
    },
};

const PATIENCE: Duration = Duration::from_secs(90);
/// Chooses a stream's server by its name, as a person does.
const CHOOSE: &str = "const list = document.getElementById('stream-server'); \
    list.value = [...list.options].find((option) => option.text === arguments[0]).value; \
    list.dispatchEvent(new Event('change', { bubbles: true }));";

/// The first of them is this computer.
const HOME: &str = "const list = document.getElementById('stream-server'); list.selectedIndex = 0; \
    list.dispatchEvent(new Event('change', { bubbles: true }));";

/// The id of the server that was added.
async fn id_of_other(server: &Server) -> serde_json::Value {
    server.get("/api/v1/servers").await["servers"][0]["id"].take()
}

async fn text(browser: &WebDriver, css: &str) -> Result<String> {
    browser.find_within(css, PATIENCE).await?;
    browser.text(css).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_added_streamed_to_and_kept_as_we_want_it() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let file = media::copy("no_audio.mp4", &dir.media("hall.mp4"));
    let (remote, server) = (Hall::usual().await, Server::ready(&dir).await);
    let driver = Driver::start("chromedriver", free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 800).await?;
    browser.goto(&format!("{}/#/server", server.url)).await?;
    browser.find_within("[data-testid=no-others]", PATIENCE).await?;

    // The test names the step that fails, and then what is there.
    browser.click("#add-server").await?;
    browser.fill("#server-name", "Church hall").await?;
    browser.fill("#server-api", &remote.api()).await?;
    browser.fill("#server-user", "owner").await?;
    browser.fill("#server-password", "wrong-one").await?;
    browser.click("#test-server").await?;
    browser.find_within("[data-testid=server-steps] [data-code=remote_password_wrong]", PATIENCE).await?;
    browser.fill("#server-password", OWNER_PASSWORD).await?;
    browser.click("[data-testid=server-form] .more summary").await?;
    browser.fill("#publish-user", "publisher").await?;
    // Enter tests, as the button does.
    browser.fill("#publish-password", &format!("{PUBLISH_PASSWORD}\n")).await?;
    browser.find_within("[data-testid=test-good]", PATIENCE).await?;
    assert_eq!(text(&browser, "[data-testid=tested-version]").await?, "1.20.1");
    browser.click("#save-server").await?;
    browser.find_within("[data-testid=other-page][data-name='Church hall']", PATIENCE).await?;
    browser.find_within("[data-testid=other-page] [data-server-state=live]", PATIENCE).await?;
    assert!(text(&browser, "[data-testid=foreign]").await?.contains("theirs"));
    let page = browser.address().await?;

    // A stream is put there by the form.
    browser.goto(&format!("{}/#/", server.url)).await?;
    browser.click("#first-choose").await?;
    browser.click(&format!("[data-testid=media-entries] [data-path=\"{}\"]", file.display())).await?;
    browser.find_within("#stream-server", PATIENCE).await?;
    browser.js(CHOOSE, json!(["Church hall"])).await?;
    browser.click("#save-start:not([disabled])").await?;
    browser.find_within(".row[data-name=hall] [data-on-air=true]", PATIENCE).await?;
    assert_eq!(text(&browser, ".row[data-name=hall] [data-testid=on-server]").await?, "Church hall");
    assert!(remote.path("hall").await.is_some(), "its path is there");

    // Somebody changes it: it is told, and made as we want it when we say so.
    remote.patch("hall", json!({ "maxReaders": 3 })).await;
    browser.goto(&page).await?;
    let told = text(&browser, "[data-path=hall]").await?;
    assert!(told.contains("maxReaders") && told.contains('3'), "{told}");
    assert_eq!(remote.path("hall").await.unwrap_or_default()["maxReaders"], 3, "it was left alone until now");
    browser.click("[data-path=hall] [data-act=apply-ours]").await?;
    wait_until(PATIENCE, "it is ours again", async || {
        remote.path("hall").await.is_some_and(|path| path["maxReaders"] == 0)
    })
    .await;
    browser.wait_js_within("!document.querySelector('[data-testid=drift]')", PATIENCE).await?;
    // The same for all paths at once, where there are several.
    let other = id_of_other(&server).await;
    let body = json!({ "name": "moves", "source": file_source(&file), "server": other, "start": true });
    let moves = server.post("/api/v1/streams", body).await.ok();
    let moves = moves["id"].as_str().unwrap_or_default();
    server.until_on_air(moves).await;
    for path in ["hall", "moves"] {
        remote.patch(path, json!({ "maxReaders": 4 })).await;
    }
    browser.find_within("[data-act=apply-all]:not([disabled])", PATIENCE).await?;
    browser.click("[data-act=apply-all]").await?;
    browser.wait_js_within("!document.querySelector('[data-testid=drift]')", PATIENCE).await?;
    for path in ["hall", "moves"] {
        assert_eq!(remote.path(path).await.unwrap_or_default()["maxReaders"], 0, "{path}");
    }
    // What a stream has a setting for can be taken over as well.
    remote.patch("hall", json!({ "record": true })).await;
    browser.find_within("[data-path=hall] [data-act=adopt-theirs]:not([disabled])", PATIENCE).await?;
    browser.click("[data-path=hall] [data-act=adopt-theirs]").await?;
    browser.wait_js_within("!document.querySelector('[data-testid=drift]')", PATIENCE).await?;
    let all = server.streams().await;
    assert!(all.iter().any(|stream| stream["name"] == "hall" && stream["record"] == true), "{all:#?}");
    assert_eq!(remote.path("hall").await.unwrap_or_default()["record"], true);
    browser.goto(&format!("{}/#/activity", server.url)).await?;
    browser.find_within(".happening[data-kind=drift_adopted]", PATIENCE).await?;
    assert_eq!(text(&browser, ".happening[data-kind=server_added] .who").await?, "Church hall");
    browser.goto(&page).await?;
    assert_eq!(
        remote.path("theirs").await.unwrap_or_default()["maxReaders"],
        7,
        "what is not ours is left alone"
    );

    // The owner's word on viewers, and the owner's list of users.
    browser.click("#edit-server").await?;
    browser.find("[data-testid=server-form]").await?;
    browser.js("document.querySelector('[data-testid=server-form] .more').open = true", json!([])).await?;
    browser.click("label:has(#may-kick)").await?;
    browser.click("label:has(#sets-users)").await?;
    let list = json!({ "authInternalUsers": Hall::users() }).to_string();
    browser.fill("#server-users", &list).await?;
    browser.click("#save-server:not([disabled])").await?;
    browser.gone("[data-testid=server-form]").await?;
    let spec = server.get("/api/v1/servers").await["servers"][0]["spec"].take();
    assert_eq!((&spec["may_kick"], &spec["has_users"]), (&json!(true), &json!(true)), "{spec:#}");

    // A stream moves by its form.
    browser.goto(&format!("{}/#/streams/{moves}", server.url)).await?;
    browser.find_within("[data-testid=stream-page][data-name=moves]", PATIENCE).await?;
    browser.click(".head [data-act=edit]").await?;
    browser.find_within("#stream-server", PATIENCE).await?;
    browser.js(HOME, json!([])).await?;
    browser.click("#save:not([disabled])").await?;
    browser.gone("#stream-server").await?;
    wait_until(PATIENCE, "its path is gone there", async || remote.path("moves").await.is_none()).await;
    assert_ne!(server.until_on_air(moves).await["server"], other, "it is with us");
    browser.goto(&page).await?;

    // Removed, its stream comes home.
    browser.click("#remove-server").await?;
    browser.click("#remove-ok").await?;
    browser.find_within("[data-testid=no-others]", PATIENCE).await?;
    wait_until(PATIENCE, "its path is gone there", async || remote.path("hall").await.is_none()).await;
    browser.goto(&format!("{}/#/", server.url)).await?;
    browser.find_within(".row[data-name=hall] [data-on-air=true]", PATIENCE).await?;
    browser.quit().await?;
    assert_eq!(server.stop().await, Some(0));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_agreed_to_and_a_folder_is_shared() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let shared = dir.path().join("shared");
    std::fs::create_dir(&shared)?;
    let (remote, server) = (Hall::encrypted().await, Server::ready(&dir).await);
    let driver = Driver::start("chromedriver", free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 800).await?;
    browser.goto(&format!("{}/#/server", server.url)).await?;
    browser.find_within("[data-testid=no-others]", PATIENCE).await?;
    browser.click("#add-server").await?;
    browser.fill("#server-name", "Studio").await?;
    browser.fill("#server-api", &remote.api()).await?;
    browser.fill("#server-user", "owner").await?;
    browser.fill("#server-password", OWNER_PASSWORD).await?;
    browser.js("document.getElementById('kind-shared').click()", json!([])).await?;
    browser.fill("#folder-here", &shared.join("not there").display().to_string()).await?;
    browser.click("[data-testid=server-form] .more summary").await?;
    browser.fill("#publish-user", "publisher").await?;
    browser.fill("#publish-password", PUBLISH_PASSWORD).await?;

    // The certificate of the API, then that of what streams are sent to, and then the folder that is not there.
    browser.click("#test-server").await?;
    browser.find_within("[data-code=remote_certificate_unknown]", PATIENCE).await?;
    browser.click("[data-act=trust]").await?;
    browser.find_within("[data-testid=trusted-api]", PATIENCE).await?;
    browser.find_within("[data-testid=trust]", PATIENCE).await?;
    browser.click("[data-act=trust]").await?;
    browser.find_within("[data-testid=trusted-publish]", PATIENCE).await?;
    browser.find_within("[data-testid=server-steps] [data-code=folder_unusable]", PATIENCE).await?;
    browser.fill("#folder-here", &format!("{}\n", shared.display())).await?;
    browser.find_within("[data-testid=test-good]", PATIENCE).await?;
    let lacks = text(&browser, "[data-testid=lacks]").await?;
    assert!(lacks.contains("Guest links") && !lacks.contains("own disk"), "{lacks}");
    browser.click("#save-server").await?;
    browser
        .find_within("[data-testid=other-page][data-name=Studio] [data-server-state=live]", PATIENCE)
        .await?;
    let servers = server.get("/api/v1/servers").await;
    assert_eq!(servers["servers"][0]["spec"]["kind"], "shared_folder", "{servers:#}");
    browser.quit().await?;
    assert_eq!(server.stop().await, Some(0));
    Ok(())
}
