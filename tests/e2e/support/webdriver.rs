//! A small WebDriver client: what the tests need of <https://www.w3.org/TR/webdriver2/>, for chromedriver and
//! WebKitWebDriver alike.
#![allow(dead_code, reason = "each test module uses its own part")]

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

/// How long `find` and its kind wait for the page, on a computer that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);
/// The name of an element reference in WebDriver's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A driver process, such as chromedriver; killed with its browsers when dropped.
pub struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// Starts `program` with `--port=PORT` and `env`, and waits until it answers.
    #[expect(clippy::disallowed_methods, reason = "a test's own process, killed with its group on drop")]
    pub async fn start(program: &str, port: u16, env: &[(&str, &str)]) -> Result<Driver> {
        let child = Command::new(program)
            .arg(format!("--port={port}"))
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{program} is installed"))?;
        let driver = Driver { child, url: format!("http://127.0.0.1:{port}") };
        let http = reqwest::Client::new();
        let deadline = Instant::now() + PATIENCE;
        while http.get(format!("{}/status", driver.url)).send().await.is_err() {
            if Instant::now() > deadline {
                bail!("{program} did not answer on port {port}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(driver)
    }

    /// A new session with the capabilities of `alwaysMatch`.
    pub async fn session(&self, always_match: Value) -> Result<WebDriver> {
        WebDriver::connect(&self.url, always_match).await
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            let group = nix::unistd::Pid::from_raw(pid);
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

/// One session: one window.
pub struct WebDriver {
    http: reqwest::Client,
    url: String,
}

/// An element of the page.
pub struct Element<'a> {
    driver: &'a WebDriver,
    id: String,
}

impl WebDriver {
    /// Opens a session at a driver that runs already, such as `http://127.0.0.1:4444`.
    pub async fn connect(driver_url: &str, always_match: Value) -> Result<WebDriver> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(120)).build()?;
        let body = json!({ "capabilities": { "alwaysMatch": always_match } });
        let value = send(http.post(format!("{driver_url}/session")).json(&body)).await?;
        let id = value["sessionId"].as_str().context("the driver names the session")?;
        Ok(WebDriver { url: format!("{driver_url}/session/{id}"), http })
    }

    /// Ends the session: closes the window. WebKitWebDriver kills the program.
    pub async fn quit(self) -> Result<()> {
        send(self.http.delete(&self.url)).await.map(drop)
    }

    /// Loads a page and waits until it is loaded.
    pub async fn goto(&self, url: &str) -> Result<()> {
        self.post("url", json!({ "url": url })).await.map(drop)
    }

    /// Loads the page again.
    pub async fn reload(&self) -> Result<()> {
        self.post("refresh", json!({})).await.map(drop)
    }

    /// The page's address.
    pub async fn address(&self) -> Result<String> {
        let value = send(self.http.get(format!("{}/url", self.url))).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// The first element that matches the CSS selector; waits for it.
    pub async fn find(&self, css: &str) -> Result<Element<'_>> {
        self.find_within(css, PATIENCE).await
    }

    /// The same with a patience of its own.
    pub async fn find_within(&self, css: &str, patience: Duration) -> Result<Element<'_>> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(element) = self.find_all(css).await?.into_iter().next() {
                return Ok(element);
            }
            if Instant::now() > deadline {
                let text = self.js("return document.body.innerText", json!([])).await.unwrap_or_default();
                bail!("{css} did not appear within {patience:?}; the page shows: {text}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// All elements that match now.
    pub async fn find_all(&self, css: &str) -> Result<Vec<Element<'_>>> {
        let found = self.post("elements", json!({ "using": "css selector", "value": css })).await?;
        let ids = found.as_array().into_iter().flatten().filter_map(|e| e[ELEMENT].as_str());
        Ok(ids.map(|id| Element { driver: self, id: id.to_owned() }).collect())
    }

    /// Waits until nothing matches any more.
    pub async fn gone(&self, css: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.find_all(css).await?.is_empty() {
            if Instant::now() > deadline {
                bail!("{css} did not go away within {PATIENCE:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Finds and clicks; waits until the click is possible.
    pub async fn click(&self, css: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.find(css).await?.click().await {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                // Covered, moving or just replaced: try again.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Finds, empties and types.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // Drawn anew in between, it is another field.
            let field = self.find(css).await?;
            let filled = match field.clear().await {
                Ok(()) => field.type_keys(text).await,
                Err(error) => Err(error),
            };
            match filled {
                Ok(()) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// The text of the first element that matches, as shown; waits for the element.
    pub async fn text(&self, css: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.find(css).await?.text().await {
                Ok(text) => return Ok(text),
                Err(error) if Instant::now() > deadline => return Err(error),
                // Just replaced.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Waits until the text of something that matches holds `part`, and gives that text as it is shown.
    pub async fn reads(&self, css: &str, part: &str) -> Result<String> {
        let shown = "[...document.querySelectorAll(arguments[0])].map((element) => element.innerText)";
        let script = format!("return {shown}.find((text) => text.includes(arguments[1]))");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Value::String(text) = self.js(&script, json!([css, part])).await? {
                return Ok(text);
            }
            if Instant::now() > deadline {
                let text = self.js("return document.body.innerText", json!([])).await.unwrap_or_default();
                bail!("{css} did not read {part:?} within {PATIENCE:?}; the page shows: {text}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Runs a function body in the page; `arguments[0]`… are `args`.
    pub async fn js(&self, script: &str, args: Value) -> Result<Value> {
        self.post("execute/sync", json!({ "script": script, "args": args })).await
    }

    /// Waits until a JavaScript expression is truthy.
    pub async fn wait_js(&self, expression: &str) -> Result<()> {
        self.wait_js_within(expression, PATIENCE).await
    }

    /// The same with a patience of its own.
    pub async fn wait_js_within(&self, expression: &str, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        let script = format!("return !!({expression})");
        while self.js(&script, json!([])).await.ok().as_ref() != Some(&Value::Bool(true)) {
            if Instant::now() > deadline {
                let text = self.js("return document.body.innerText", json!([])).await.unwrap_or_default();
                bail!("{expression} did not become true within {patience:?}; the page shows: {text}");
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// The window's picture, as PNG.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        let value = send(self.http.get(format!("{}/screenshot", self.url))).await?;
        Ok(BASE64_STANDARD.decode(value.as_str().context("a picture in base64")?)?)
    }

    /// Sets the outer size of the window, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.post("window/rect", json!({ "width": width, "height": height })).await.map(drop)
    }

    /// Chromium only: a command of the DevTools protocol, such as `Emulation.setEmulatedMedia`.
    pub async fn cdp(&self, command: &str, params: Value) -> Result<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": params })).await
    }

    /// Chromium only, with `goog:loggingPrefs`: what the page threw or wrote to the console as an error since it was
    /// asked last.
    pub async fn errors(&self) -> Result<Vec<String>> {
        let log = self.post("se/log", json!({ "type": "browser" })).await?;
        // What could not be fetched is the page's to tell, and is told by the browser too.
        let is_error = |entry: &&Value| entry["level"] == "SEVERE" && entry["source"] != "network";
        let errors = log.as_array().into_iter().flatten().filter(is_error);
        Ok(errors.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        send(self.http.post(format!("{}/{path}", self.url)).json(&body)).await
    }
}

impl Element<'_> {
    /// A trusted click in its middle.
    pub async fn click(&self) -> Result<()> {
        self.post("click", json!({})).await.map(drop)
    }

    /// Empties a field.
    pub async fn clear(&self) -> Result<()> {
        self.post("clear", json!({})).await.map(drop)
    }

    /// Types; `\n` is Enter.
    pub async fn type_keys(&self, text: &str) -> Result<()> {
        let text = text.replace('\n', "\u{E007}");
        self.post("value", json!({ "text": text })).await.map(drop)
    }

    /// The text as shown.
    pub async fn text(&self) -> Result<String> {
        let value = self.get("text").await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// An attribute, when it is there.
    pub async fn attribute(&self, name: &str) -> Result<Option<String>> {
        Ok(self.get(&format!("attribute/{name}")).await?.as_str().map(str::to_owned))
    }

    /// Its picture, as PNG.
    pub async fn screenshot(&self) -> Result<Vec<u8>> {
        let value = self.get("screenshot").await?;
        Ok(BASE64_STANDARD.decode(value.as_str().context("a picture in base64")?)?)
    }

    /// A property of the DOM, such as `value` or `checked`.
    pub async fn property(&self, name: &str) -> Result<Value> {
        self.get(&format!("property/{name}")).await
    }

    /// Whether it can be clicked.
    pub async fn enabled(&self) -> Result<bool> {
        Ok(self.get("enabled").await?.as_bool().unwrap_or(false))
    }

    async fn get(&self, path: &str) -> Result<Value> {
        send(self.driver.http.get(format!("{}/element/{}/{path}", self.driver.url, self.id))).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.driver.post(&format!("element/{}/{path}", self.id), body).await
    }
}

/// Sends once more when the connection breaks: WebKitWebDriver resets about one in forty.
async fn send(request: reqwest::RequestBuilder) -> Result<Value> {
    let again = request.try_clone();
    let response = match (request.send().await, again) {
        (Err(error), Some(again)) if !error.is_timeout() => again.send().await?,
        (result, _) => result?,
    };
    let mut body: Value = response.json().await?;
    let value = body["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(anyhow!("{error}: {}", value["message"].as_str().unwrap_or_default())),
        None => Ok(value),
    }
}
