//! Puts a placeholder where the built interface goes, so that everything compiles before it was ever built.
use std::{env, fs, path::Path};

const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Stream Manager</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>The interface was not built yet</h1>
<p>Run <code>cargo xtask ui</code>, then start the program again.</p>
<p>The API works: <a href="/api/v1/streams">/api/v1/streams</a>.</p>
"#;

fn main() {
    let dist = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../ui/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let page = dist.join("index.html");
    if !page.exists() {
        fs::create_dir_all(&dist).expect("ui/dist can be made");
        fs::write(&page, PLACEHOLDER).expect("ui/dist is writable");
    }
}
