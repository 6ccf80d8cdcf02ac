//! Pictures of every page, light and dark, with a frozen clock and a canned picture of the world.
//!
//! With the environment variable `UPDATE_SCREENSHOTS` they are written to `docs/screenshots/`; else they are made
//! in the test's own folder and compared with those. `SCREENSHOTS=access,server` makes these pages alone.

mod pages;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use self::pages::{Page, Step, pages};
use crate::support::{
    canned, chromium,
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

/// What there is no desktop and no server for.
const PRETEND: &str = include_str!("screenshots/pretend.js");

/// Nothing moves either.
const STILL: &str = r#"
    const style = document.createElement('style');
    style.textContent = '*, *::before, *::after { animation: none !important; transition: none !important; \
        caret-color: transparent !important; }';
    document.head.append(style);
"#;

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
    let source = [FROZEN.replace("NOW", &canned::NOW.to_string()).as_str(), PRETEND].concat();
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
    let mut wrong = Vec::new();
    let some = std::env::var("SCREENSHOTS").ok();
    let asked = |page: &Page| some.as_ref().is_none_or(|some| some.split(',').any(|name| name == page.name));
    for page in pages().into_iter().filter(asked) {
        let host = canned::Host::start(page.scene).await?;
        let sizes: &[(u32, u32)] = if page.narrow { &[(1280, 800), (900, 600)] } else { &[(1280, 800)] };
        for &(width, height) in sizes {
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
            Step::Show(css) => {
                browser.find(css).await?;
                let scroll = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";
                browser.js(scroll, json!([css])).await?;
            }
        }
    }
    browser.find(page.complete).await?;
    browser.wait_js("document.fonts.status === 'loaded'").await?;
    browser
        .wait_js("[...document.querySelectorAll('video')].every((v) => !v.srcObject || v.readyState > 1)")
        .await?;
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
