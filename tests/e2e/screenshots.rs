//! Pictures of every page, light and dark, with a frozen clock and a canned picture of the world.
//!
//! With the environment variable `UPDATE_SCREENSHOTS` they are written to `docs/screenshots/`; else they are made
//! in the test's own folder and compared with those. `SCREENSHOTS=access,server` makes these pages alone.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::support::{
    canned::{self, Scene},
    chromium,
    picture::Picture,
    webdriver::{Driver, WebDriver},
};

/// The largest that a committed picture may be, in bytes.
const LARGEST: usize = 300_000;
/// The share of pixels that may differ from the committed picture.
const ALLOWED: f64 = 0.05;

/// Time stands still: every run gives the same picture.
const FROZEN: &str = r#"
    const stopped = NOW, Real = Date;
    window.Date = class extends Real {
        constructor(...given) { if (given.length) super(...given); else super(stopped); }
        static now() { return stopped; }
    };
    performance.now = () => 1000;
    window.__errors = [];
    addEventListener('error', (event) => window.__errors.push(String(event.message)));
    addEventListener('unhandledrejection', (event) => window.__errors.push(String(event.reason)));
"#;

/// Nothing moves either.
const STILL: &str = r#"
    const style = document.createElement('style');
    style.textContent = '*, *::before, *::after { animation: none !important; transition: none !important; \
        caret-color: transparent !important; }';
    document.head.append(style);
"#;

/// A page to be pictured: its file name, the scene behind it, its address, what is done there, and what shows
/// that it is complete.
struct Page {
    name: &'static str,
    scene: Scene,
    hash: String,
    steps: &'static [Step],
    complete: &'static str,
}

enum Step {
    Click(&'static str),
    Fill(&'static str, &'static str),
}

fn pages() -> Vec<Page> {
    use Step::{Click, Fill};
    let page = |name, scene, hash: String, steps, complete| Page { name, scene, hash, steps, complete };
    let form: &[Step] = &[Click("#new-stream"), Fill("#file-path", "/srv/media/evening-concert.mp4\n")];
    let menu: &[Step] = &[Click(".row[data-name='lobby'] [data-act=menu]")];
    let run_log: &[Step] = &[Click("[data-run='3']")];
    let camera: &[Step] = &[
        Click("#new-stream"),
        Click("label:has(#source-network)"),
        Fill("#source-url", "rtsp://192.168.1.20/stream1"),
        Fill("#source-user", "viewer"),
        Fill("#source-password", "wrong-one"),
        Click("#test-source"),
        Click("label:has(#access-password)"),
        Fill("#access-pass", "Correct-horse_9"),
    ];
    let access: &[Step] = &[
        Click("[data-testid=access] [data-act=access]"),
        Click("label:has(#access-some)"),
        Fill("#access-pass", "Correct-horse_9"),
        Click("label:has(#access-address)"),
        Fill("#access-ips", "192.168.0.0/16"),
    ];
    let link: &[Step] = &[Click("[data-testid=access] [data-act=new-link]"), Click("#link-create")];
    let server_form: &[Step] = &[
        Click("#add-server"),
        Fill("#server-name", "Church hall"),
        Fill("#server-api", "https://192.168.1.5:9997"),
        Click("#test-server"),
    ];
    let stream = |n| format!("#/streams/{}", canned::id(n));
    let other = format!("#/server/{}", canned::servers::church());
    vec![
        page("streams", Scene::Busy, "#/".into(), &[], ".row[data-name='lobby']"),
        page("new-stream", Scene::Busy, "#/".into(), form, "#save-start:not([disabled])"),
        page("camera", Scene::Busy, "#/".into(), camera, "[data-testid=test-steps]"),
        page("access", Scene::Busy, stream(1), access, "#access-save:not([disabled])"),
        page("guest-link", Scene::Busy, stream(1), link, "[data-testid=link-url]"),
        page("guest", Scene::Busy, "watch/lobby#guest-1.token".into(), &[], "body[data-state=offline]"),
        page("stream", Scene::Busy, stream(1), &[], "[data-testid=log]"),
        page("stream-failed", Scene::Busy, stream(4), &[], "[data-testid=fault]"),
        page("activity", Scene::Busy, "#/activity".into(), &[], ".happening"),
        page("activity-none", Scene::Empty, "#/activity".into(), &[], "[data-testid=no-activity]"),
        page("run-log", Scene::Busy, stream(1), run_log, "[data-testid=run-log] .line"),
        page("server", Scene::Busy, "#/server".into(), &[], "[data-testid=server-page]"),
        page("servers", Scene::Several, "#/server".into(), &[], "[data-testid=server-row]"),
        page("add-server", Scene::Several, "#/server".into(), server_form, "[data-act=trust]"),
        page("other-server", Scene::Several, other, &[], "[data-testid=drift]"),
        page("streams-several", Scene::Several, "#/".into(), &[], "[data-testid=on-server]"),
        page("menu", Scene::Busy, "#/".into(), menu, "[data-act=delete]"),
        page("first-run", Scene::Empty, "#/".into(), &[], "#first-choose"),
        page("server-failed", Scene::Failed, "#/server".into(), &[], "[data-testid=fault]"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_in_light_and_dark() -> Result<()> {
    chromium::needs_the_interface()?;
    let scratch = tempfile::tempdir()?;
    let update = std::env::var_os("UPDATE_SCREENSHOTS").is_some();
    let committed = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/screenshots"));
    let compare = !update && same_fonts(committed);
    let driver = Driver::start("chromedriver", testkit::free_port(), &[]).await?;
    let browser = chromium::open(&driver, 1280, 800).await?;
    browser.cdp("Emulation.setTimezoneOverride", json!({ "timezoneId": "UTC" })).await?;
    let source = FROZEN.replace("NOW", &canned::NOW.to_string());
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
    let mut wrong = Vec::new();
    let some = std::env::var("SCREENSHOTS").ok();
    let asked = |page: &Page| some.as_ref().is_none_or(|some| some.split(',').any(|name| name == page.name));
    for page in pages().into_iter().filter(asked) {
        let host = canned::Host::start(page.scene).await?;
        for (width, height) in [(1280, 800), (900, 600)] {
            chromium::size(&browser, width, height).await?;
            for scheme in ["light", "dark"] {
                let name = match width {
                    1280 => format!("{}-{scheme}.png", page.name),
                    _ => format!("{}-{scheme}-{width}.png", page.name),
                };
                let bytes = shot(&browser, &host.url, &page, scheme).await.with_context(|| name.clone())?;
                let written: PathBuf =
                    if update && width == 1280 { committed } else { scratch.path() }.join(&name);
                fs::create_dir_all(written.parent().context("a folder")?)?;
                fs::write(&written, &bytes)?;
                let old = fs::read(committed.join(&name)).ok().filter(|_| compare);
                wrong.extend(judge(&name, &bytes, (width, height), scheme, old.as_deref())?);
            }
        }
    }
    browser.quit().await?;
    if update {
        fs::write(committed.join("fonts.txt"), fonts())?;
    }
    if !wrong.is_empty() {
        let kept = scratch.keep();
        wrong.push(format!("the pictures are in {}", kept.display()));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn shot(browser: &WebDriver, url: &str, page: &Page, scheme: &str) -> Result<Vec<u8>> {
    let features = json!([
        { "name": "prefers-color-scheme", "value": scheme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ]);
    browser.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
    // Another page first: an address that differs after `#` alone is not loaded again.
    browser.goto("about:blank").await?;
    browser.goto(&format!("{url}/{}", page.hash)).await?;
    browser.find("body[data-ready=true], body[data-state]").await?;
    browser.js(STILL, json!([])).await?;
    for step in page.steps {
        match step {
            Step::Click(css) => browser.click(css).await?,
            Step::Fill(css, text) => browser.fill(css, text).await?,
        }
    }
    browser.find(page.complete).await?;
    browser.wait_js("document.fonts.status === 'loaded'").await?;
    let errors = browser.js("return window.__errors", json!([])).await?;
    ensure!(errors == json!([]), "the page broke: {errors}");
    let wide = browser.js("return document.documentElement.scrollWidth > innerWidth", json!([])).await?;
    ensure!(wide == false, "the page is wider than its window");
    browser.screenshot().await
}

/// What is wrong with a picture.
fn judge(
    name: &str,
    bytes: &[u8],
    size: (u32, u32),
    scheme: &str,
    committed: Option<&[u8]>,
) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let picture = Picture::read(bytes)?;
    if (picture.width, picture.height) != size {
        wrong.push(format!("{name} has {}×{} pixels", picture.width, picture.height));
    }
    if picture.colours() < 50 {
        wrong.push(format!("{name} is blank: {} colours", picture.colours()));
    }
    let bright = picture.brightness();
    if (scheme == "light") != (bright > 127) {
        wrong.push(format!("{name} does not look {scheme}: brightness {bright}"));
    }
    if bytes.len() > LARGEST {
        wrong.push(format!("{name} has {} bytes", bytes.len()));
    }
    if let Some(committed) = committed {
        let difference = picture.difference(&Picture::read(committed)?);
        if difference > ALLOWED {
            let share = difference * 100.0;
            wrong.push(format!(
                "{name} differs from the committed one in {share:.1} % of its pixels; if that is meant, set \
                 UPDATE_SCREENSHOTS=1"
            ));
        }
    }
    Ok(wrong)
}

/// Whether the committed pictures were drawn with the fonts of this computer.
fn same_fonts(committed: &Path) -> bool {
    let same = fs::read_to_string(committed.join("fonts.txt")).is_ok_and(|known| known == fonts());
    if !same {
        eprintln!(
            "not compared with docs/screenshots: other fonts than those of fonts.txt, or no pictures yet"
        );
    }
    same
}

/// The font files that this computer takes for the usual families, with their sizes.
#[expect(clippy::disallowed_methods, reason = "asks fontconfig, and ends by itself")]
fn fonts() -> String {
    let mut lines = BTreeSet::new();
    for family in ["system-ui", "sans-serif", "Inter", "ui-monospace", "monospace"] {
        for weight in ["regular", "bold"] {
            let pattern = format!("{family}:{weight}");
            let output = Command::new("fc-match").args(["--format", "%{file}", &pattern]).output();
            let file = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
            let size = fs::metadata(&file).map(|meta| meta.len()).unwrap_or_default();
            let name = Path::new(&file).file_name().map(|name| name.to_string_lossy().into_owned());
            lines.insert(format!("{pattern} {} {size}\n", name.unwrap_or_default()));
        }
    }
    lines.into_iter().collect()
}
