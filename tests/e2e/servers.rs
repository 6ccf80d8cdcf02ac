//! Several servers in a real browser: one is added, a stream is put on it, and what somebody else changes there is told.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Result;
use serde_json::{Value, json};
use testkit::{fixtures, free_port, wait_until};

use crate::{
    it::{Dir, Server, media},
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
const PASSWORD: &str = "Remote-pass_1";

/// A MediaMTX of somebody else's, with a path of its own; ended on drop.
struct Remote {
    child: Child,
    api: u16,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl Remote {
    #[expect(clippy::disallowed_methods, reason = "a test's own process, killed on drop")]
    async fn start() -> Result<Remote> {
        let (api, rtsp, hls) = (free_port(), free_port(), free_port());
        let every = ["publish", "read", "playback", "api", "metrics", "pprof"];
        let permissions: Vec<Value> = every.iter().map(|action| json!({ "action": action })).collect();
        let config = json!({
            "api": true,
            "apiAddress": format!("127.0.0.1:{api}"),
            "rtspAddress": format!("127.0.0.1:{rtsp}"),
            "rtspTransports": ["tcp"],
            "hlsAddress": format!("127.0.0.1:{hls}"),
            "rtmp": false,
            "srt": false,
            "webrtc": false,
            "authInternalUsers": [
                { "user": "admin", "pass": PASSWORD, "permissions": permissions },
                { "user": "any", "permissions": [{ "action": "read" }] },
            ],
            "paths": { "doorbell": {} },
        });
        let dir = tempfile::tempdir()?;
        // JSON is YAML.
        fs::write(dir.path().join("mediamtx.yml"), config.to_string())?;
        let child = Command::new(fixtures::mediamtx())
            .arg(dir.path().join("mediamtx.yml"))
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let remote = Remote { child, api, http: reqwest::Client::new(), _dir: dir };
        wait_until(PATIENCE, "the remote server answers", async || remote.path("doorbell").await.is_some())
            .await;
        Ok(remote)
    }

    fn url(&self, of: &str) -> String {
        format!("http://127.0.0.1:{}/v3/config/paths/{of}", self.api)
    }

    /// How a path is set there.
    async fn path(&self, name: &str) -> Option<Value> {
        let request = self.http.get(self.url(&format!("get/{name}"))).basic_auth("admin", Some(PASSWORD));
        let answer = request.send().await.ok().filter(|answer| answer.status().is_success())?;
        answer.json().await.ok()
    }

    async fn change(&self, name: &str, change: Value) -> Result<()> {
        let request = self.http.patch(self.url(&format!("patch/{name}"))).basic_auth("admin", Some(PASSWORD));
        request.json(&change).send().await?.error_for_status()?;
        Ok(())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn text(browser: &WebDriver, css: &str) -> Result<String> {
    browser.find_within(css, PATIENCE).await?.text().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_added_streamed_to_and_kept_as_we_want_it() -> Result<()> {
    chromium::needs_the_interface()?;
    let dir = Dir::new();
    let file = media::copy("no_audio.mp4", &dir.media("hall.mp4"));
    let (remote, server) = (Remote::start().await?, Server::ready(&dir).await);
    let driver = Driver::start("chromedriver", free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 800).await?;
    browser.goto(&format!("{}/#/server", server.url)).await?;
    browser.find_within("[data-testid=no-others]", PATIENCE).await?;

    // The test names the step that fails, and then what is there.
    browser.click("#add-server").await?;
    browser.fill("#server-name", "Church hall").await?;
    browser.fill("#server-api", &format!("http://127.0.0.1:{}", remote.api)).await?;
    browser.fill("#server-user", "admin").await?;
    browser.fill("#server-password", "wrong-one").await?;
    browser.click("#test-server").await?;
    browser.find_within("[data-testid=server-steps] [data-code=remote_password_wrong]", PATIENCE).await?;
    browser.fill("#server-password", PASSWORD).await?;
    browser.click(".more summary").await?;
    browser.fill("#publish-user", "admin").await?;
    browser.fill("#publish-password", PASSWORD).await?;
    // Enter tests, as the button does.
    browser.find("#publish-password").await?.type_keys("\n").await?;
    browser.find_within("[data-testid=test-good]", PATIENCE).await?;
    assert_eq!(text(&browser, "[data-testid=tested-version]").await?, "1.20.1");
    browser.click("#save-server").await?;
    browser.find_within("[data-testid=other-page][data-name='Church hall']", PATIENCE).await?;
    browser.find_within("[data-testid=other-page] [data-server-state=live]", PATIENCE).await?;
    assert!(text(&browser, "[data-testid=foreign]").await?.contains("doorbell"));
    let page = browser.address().await?;

    // A stream is put there by the form.
    browser.goto(&format!("{}/#/", server.url)).await?;
    browser.click("#first-choose").await?;
    browser.click(&format!("[data-testid=media-entries] [data-path=\"{}\"]", file.display())).await?;
    browser.js(CHOOSE, json!(["Church hall"])).await?;
    browser.click("#save-start:not([disabled])").await?;
    browser.find_within(".row[data-name=hall] [data-on-air=true]", PATIENCE).await?;
    assert_eq!(text(&browser, ".row[data-name=hall] [data-testid=on-server]").await?, "Church hall");
    assert!(remote.path("hall").await.is_some(), "its path is there");

    // Somebody changes it: it is told, and made as we want it when we say so.
    remote.change("hall", json!({ "maxReaders": 3 })).await?;
    browser.goto(&page).await?;
    let told = text(&browser, "[data-path=hall]").await?;
    assert!(told.contains("maxReaders") && told.contains('3'), "{told}");
    assert_eq!(remote.path("hall").await.unwrap_or_default()["maxReaders"], 3, "it was left alone until now");
    browser.click("[data-path=hall] [data-act=apply-ours]").await?;
    wait_until(PATIENCE, "it is ours again", async || {
        remote.path("hall").await.is_some_and(|path| path["maxReaders"] == 0)
    })
    .await;
    browser.gone("[data-testid=drift]").await?;
    assert!(remote.path("doorbell").await.is_some(), "what is not ours is left alone");

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
