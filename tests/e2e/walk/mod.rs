//! What can be done in the interface, by clicks in a browser: with streams, with who watches and sends them, with the
//! server, and with what is wrong. What the other tests click is left out.

mod cures;
mod people;
mod server;
mod streams;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use serde_json::json;

use crate::{
    it::{Dir, Server, process, until},
    support::{
        chromium,
        webdriver::{Driver, WebDriver},
    },
};

/// One browser and one server.
struct Walk {
    browser: WebDriver,
    driver: Driver,
    server: Server,
    dir: Dir,
}

impl Walk {
    async fn begin() -> Result<Walk> {
        chromium::needs_the_interface()?;
        let dir = Dir::new();
        let server = Server::ready(&dir).await;
        Walk::with(dir, server).await
    }

    /// With a server that need not be well.
    async fn with(dir: Dir, server: Server) -> Result<Walk> {
        let driver = Driver::start("chromedriver", testkit::free_port(), &[]).await?;
        let browser = chromium::open(&driver, 1280, 1000).await?;
        chromium::with_clipboard(&browser, &server.url).await?;
        let walk = Walk { browser, driver, server, dir };
        fs::create_dir(walk.downloads())?;
        chromium::downloads(&walk.browser, &walk.downloads()).await?;
        Ok(walk)
    }

    /// Opens a page by its address after `#/`, anew.
    async fn open(&self, page: &str) -> Result<()> {
        self.browser.goto(&format!("{}/#/{page}", self.server.url)).await?;
        self.browser.reload().await?;
        self.browser.find("body[data-ready=true]").await.map(drop)
    }

    /// What the clipboard holds.
    async fn copied(&self) -> Result<String> {
        let copied = self.browser.js("return navigator.clipboard.readText()", json!([])).await?;
        Ok(copied.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until what was copied holds `part`.
    async fn until_copied(&self, part: &str) -> String {
        until(&format!("{part:?} is copied"), async || {
            self.copied().await.ok().filter(|copied| copied.contains(part))
        })
        .await
    }

    fn downloads(&self) -> PathBuf {
        self.dir.path().join("downloads")
    }

    /// Waits for a download whose name begins and ends so.
    async fn downloaded(&self, begins: &str, ends: &str) -> PathBuf {
        let is_it = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(begins) && name.ends_with(ends)
        };
        until(&format!("{begins}…{ends} is downloaded"), async || {
            fs::read_dir(self.downloads()).ok()?.flatten().map(|entry| entry.path()).find(|path| is_it(path))
        })
        .await
    }

    /// The page broke nowhere, and nothing is left running.
    async fn end(self) -> Result<()> {
        let Walk { browser, driver, server, dir } = self;
        assert_eq!(browser.errors().await?, Vec::<String>::new(), "the page broke nowhere");
        browser.quit().await?;
        drop(driver);
        assert_eq!(server.stop().await, Some(0));
        process::none_left(dir.path()).await;
        Ok(())
    }
}
