//! The browser interface: Rust to wasm, wasm to a page, into `ui/dist`.
//!
//! Every file but `index.html` carries a hash of its content in its name, so a host can let browsers keep it forever.
//! `ui/index.html` has two markers, `<!-- styles -->` and `<!-- script -->`, which become the style sheet and the
//! module that starts the program. That module is a file of its own because the pages' content security policy
//! forbids scripts inside the page.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use fs_err as fs;

use crate::{
    process, stamp, style_sheet,
    toolchain::{self, Target},
    wasm_parts::{self, Files},
    workspace::Workspace,
};

const STYLES_MARKER: &str = "<!-- styles -->";
const SCRIPT_MARKER: &str = "<!-- script -->";

/// Everything that the bundle is made from.
const SOURCES: &[&str] = &[
    ".cargo/config.toml",
    "Cargo.toml",
    "Cargo.lock",
    "locales",
    "crates/stream-api",
    "ui/Cargo.toml",
    "ui/src",
    "ui/styles",
    "ui/index.html",
    "xtask/src/toolchain.rs",
    "xtask/src/ui.rs",
    "xtask/src/wasm_order.rs",
    "xtask/src/wasm_parts.rs",
];

/// Builds the bundle, unless the one that is there was made from the same sources.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let dist = workspace.root.join("ui/dist");
    let fingerprint = stamp::of_files(&workspace.root, SOURCES)?;
    if is_current(&dist, &fingerprint) {
        println!("the interface is up to date");
        return Ok(());
    }
    let program = compile(workspace)?;
    // Made beside the old bundle and swapped in whole, so that a host that serves it never sees a half.
    let fresh = workspace.root.join("ui/dist.tmp");
    remove(&fresh)?;
    fs::create_dir_all(&fresh)?;
    bundle(&workspace.root.join("ui"), &program, &fresh, &fingerprint)?;
    remove(&dist)?;
    fs::rename(&fresh, &dist)?;
    let sizes = wasm_parts::sizes(&dist)?;
    println!(
        "the interface: {} kB of wasm, compressed {} kB to start with and {} kB in all",
        sizes.all.raw / 1000,
        sizes.first.gzip / 1000,
        sizes.all.gzip / 1000
    );
    Ok(())
}

fn is_current(dist: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(dist.join("index.html")).is_ok_and(|page| page.contains(&build_mark(fingerprint)))
}

fn build_mark(fingerprint: &str) -> String {
    format!("<meta name=\"build\" content=\"{}\">", &fingerprint[..16])
}

fn compile(workspace: &Workspace) -> Result<PathBuf> {
    let route = toolchain::ensure(Target::Wasm)?;
    let target_dir = workspace.separate_target("wasm");
    let mut cargo = toolchain::cargo("rustc", Target::Wasm, &route, &target_dir)?;
    cargo.current_dir(&workspace.root).args(["--package", "ui", "--profile", "wasm-release"]);
    // The linker keeps what it knows of who refers to what: by that the program is taken apart.
    cargo.args(["--", "-Clink-arg=--emit-relocs"]);
    process::run(&mut cargo)?;
    Ok(target_dir.join(Target::Wasm.triple()).join("wasm-release/ui.wasm"))
}

fn bundle(ui: &Path, program: &Path, dist: &Path, fingerprint: &str) -> Result<()> {
    let files = wasm_parts::make(program, dist, fingerprint)?;
    fs::write(dist.join("boot.js"), boot_script(&files))?;
    let boot = name_by_content(dist, "boot", "js")?;
    fs::write(dist.join("app.css"), style_sheet::of(&ui.join("styles"))?)?;
    let style = name_by_content(dist, "app", "css")?;

    let page = page(&fs::read_to_string(ui.join("index.html"))?, &style, &boot, &files, fingerprint)?;
    fs::write(dist.join("index.html"), page)?;
    Ok(())
}

/// Fetches the wasm at once, while the browser still reads the glue. A `<link rel="preload">` would not do: in the
/// desktop's window, whose scheme is not HTTP, WebKit fetches what it names a second time.
fn boot_script(files: &Files) -> String {
    let Files { glue, first, .. } = files;
    format!(
        "const program = fetch(new URL(\"./{first}\", import.meta.url));\n\
         const {{ default: start }} = await import(\"./{glue}\");\n\
         await start({{ module_or_path: program }});\n"
    )
}

/// Renames `stem.kind` in `folder` to `stem-HASH.kind` and gives the new name.
fn name_by_content(folder: &Path, stem: &str, kind: &str) -> Result<String> {
    let plain = folder.join(format!("{stem}.{kind}"));
    let hash = stamp::sha256(&fs::read(&plain)?);
    let name = format!("{stem}-{}.{kind}", &hash[..12]);
    fs::rename(plain, folder.join(&name))?;
    Ok(name)
}

fn page(template: &str, style: &str, boot: &str, files: &Files, fingerprint: &str) -> Result<String> {
    for marker in [STYLES_MARKER, SCRIPT_MARKER] {
        if template.matches(marker).count() != 1 {
            bail!("ui/index.html must hold {marker} once");
        }
    }
    let Files { glue, loader, .. } = files;
    let mark = build_mark(fingerprint);
    let style = format!("{mark}\n<link rel=\"stylesheet\" href=\"/{style}\">");
    // All at once: else each file would be asked for only when the one before it was read.
    let script = format!(
        "<link rel=\"modulepreload\" href=\"/{glue}\">\n\
         <link rel=\"modulepreload\" href=\"/{loader}\">\n\
         <script type=\"module\" src=\"/{boot}\"></script>"
    );
    Ok(template.replace(STYLES_MARKER, &style).replace(SCRIPT_MARKER, &script))
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "0123456789abcdef0123";

    fn files() -> Files {
        let (glue, loader) = ("app-3.js".to_owned(), "later-3.js".to_owned());
        Files { glue, loader, first: "app-3_bg.wasm".to_owned() }
    }

    #[test]
    fn every_source_is_there() -> Result<()> {
        let root = Workspace::find()?.root;
        for source in SOURCES {
            assert!(root.join(source).exists(), "{source}");
        }
        Ok(())
    }

    #[test]
    fn the_page_gets_style_and_script_from_files() -> Result<()> {
        let template = "<head><!-- styles --></head><body><!-- script --></body>";
        let page = page(template, "app-1.css", "boot-2.js", &files(), PRINT)?;
        assert!(page.contains("<link rel=\"stylesheet\" href=\"/app-1.css\">"), "{page}");
        assert!(page.contains("<script type=\"module\" src=\"/boot-2.js\"></script>"), "{page}");
        for ahead in ["app-3.js", "later-3.js"] {
            assert!(page.contains(&format!(" href=\"/{ahead}\">")), "{ahead} is fetched ahead: {page}");
        }
        assert!(page.contains("content=\"0123456789abcdef\""), "the build can be told from the page: {page}");
        assert!(!page.contains("<!--"), "no marker is left: {page}");
        Ok(())
    }

    #[test]
    fn the_wasm_is_asked_for_before_the_glue_is_there() {
        let script = boot_script(&files());
        let at = |what: &str| script.find(what).unwrap_or(usize::MAX);
        assert!(at("fetch(") < at("import(\"./app-3.js\")"), "{script}");
        assert!(at("./app-3_bg.wasm") < at("import(\""), "{script}");
    }

    #[test]
    fn a_page_without_markers_is_refused() {
        let error = page("<head></head>", "a", "b", &files(), PRINT).expect_err("no markers");
        assert!(error.to_string().contains(STYLES_MARKER), "{error}");
    }

    #[test]
    fn content_names_the_file() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("app.css"), "")?;
        assert_eq!(name_by_content(folder.path(), "app", "css")?, "app-e3b0c44298fc.css");
        assert!(folder.path().join("app-e3b0c44298fc.css").is_file());
        Ok(())
    }
}
