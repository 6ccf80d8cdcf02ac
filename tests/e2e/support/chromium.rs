//! Chromium without a screen.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use super::webdriver::{Driver, WebDriver};

/// A Chromium window that shows a page of exactly this many CSS pixels.
pub async fn open(driver: &Driver, width: u32, height: u32) -> Result<WebDriver> {
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
        "--font-render-hinting=none",
        "--lang=en-US",
    ];
    // A second download of a page is not asked about: nobody could answer.
    let prefs = json!({ "profile.default_content_setting_values.automatic_downloads": 1 });
    let options = json!({ "args": arguments, "prefs": prefs });
    let wanted = json!({
        "acceptInsecureCerts": true,
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let browser = driver.session(wanted).await?;
    size(&browser, width, height).await?;
    Ok(browser)
}

/// Sets the size of the page.
pub async fn size(browser: &WebDriver, width: u32, height: u32) -> Result<()> {
    let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
    browser.cdp("Emulation.setDeviceMetricsOverride", metrics).await.map(drop)
}

/// Lets the page at `url` read and write the clipboard.
pub async fn with_clipboard(browser: &WebDriver, url: &str) -> Result<()> {
    let grant = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": url });
    browser.cdp("Browser.grantPermissions", grant).await.map(drop)
}

/// What is downloaded comes to this folder, under its own name once it is whole.
pub async fn downloads(browser: &WebDriver, folder: &Path) -> Result<()> {
    let to = json!({ "behavior": "allow", "downloadPath": folder });
    browser.cdp("Browser.setDownloadBehavior", to).await.map(drop)
}

/// Fails with a hint while the interface was not built.
pub fn needs_the_interface() -> Result<()> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/dist/index.html"))?;
    ensure!(page.contains("<script"), "run `cargo xtask ui` first: these tests need the built interface");
    Ok(())
}
