//! Build script of the desktop package: capabilities, and a placeholder interface so that a fresh clone compiles.

use std::{fs, io, path::Path};

/// Shown when the interface was never built.
const PLACEHOLDER: &str = "<!doctype html><meta charset=\"utf-8\"><title>Stream Manager</title>\
    <p>The interface was not built yet. Run <code>cargo xtask ui</code>.</p>\n";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=tauri.conf.json");
    println!("cargo:rerun-if-changed=ui/dist");
    placeholder(Path::new("ui/dist/index.html"))?;
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new());
    tauri_build::try_build(attributes).map_err(|error| io::Error::other(format!("{error:#}")))
}

/// `generate_context!` panics when `frontendDist` is missing, so that even `cargo check` would need the interface.
fn placeholder(page: &Path) -> io::Result<()> {
    if page.exists() {
        return Ok(());
    }
    if let Some(folder) = page.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(page, PLACEHOLDER)
}
