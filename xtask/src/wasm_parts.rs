//! Makes of the linked program the files that a browser loads: the part that it starts with, and what comes later.
//!
//! The program says itself what comes later, by `#[wasm_split]` in `ui/src/later.rs`. What the linker left of the
//! relocations (`--emit-relocs`) tells which functions and which data only that part reaches. The first part is what
//! wasm-bindgen makes loadable; the others only borrow its memory, its table of functions and its imports. In the end
//! every part gets its functions in the order in which they compress best, which also shortens the numbers that the
//! linker padded.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow};
use flate2::{Compression, write::GzEncoder};
use fs_err as fs;
use wasm_bindgen_cli_support::Bindgen;
use wasm_split_cli_support as split;

use crate::{stamp, wasm_order};

/// How the first part's file is called, before the hash.
const FIRST: &str = "app";

/// Names of a program's files, all in one folder.
#[derive(Debug)]
pub(crate) struct Files {
    /// Starts the program, once its default export is called.
    pub(crate) glue: String,
    /// Fetches the parts that come later; the glue imports it.
    pub(crate) loader: String,
    /// The part that the program starts with.
    pub(crate) first: String,
}

/// Sizes of a program that a browser loads, in bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) raw: usize,
    pub(crate) gzip: usize,
}

/// Sizes of what is loaded before the interface can be used, and of all there is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) first: Size,
    pub(crate) all: Size,
}

/// Makes the files of `program` in `dist`. They name each other, so one hash names them all: of the program and of
/// `fingerprint`, which stands for everything else that they are made by.
///
/// # Errors
/// When `program` was linked without relocations, or can't be read or written.
pub(crate) fn make(program: &Path, dist: &Path, fingerprint: &str) -> Result<Files> {
    let linked = fs::read(program)?;
    let hash = stamp::sha256(&[fingerprint.as_bytes(), &linked].concat());
    let hash = &hash[..12];
    let files = Files {
        glue: format!("{FIRST}-{hash}.js"),
        loader: format!("later-{hash}.js"),
        first: format!("{FIRST}-{hash}_bg.wasm"),
    };
    let work = tempfile::tempdir()?;
    let first = work.path().join("first.wasm");
    let later = divide(&linked, &first, dist, &files)?;

    let mut bindgen = Bindgen::new();
    bindgen.input_path(&first).out_name(&format!("{FIRST}-{hash}")).typescript(false);
    bindgen.remove_name_section(true).remove_producers_section(true).keep_lld_exports(true);
    bindgen.web(true)?.generate(dist).context("making the wasm loadable")?;
    order(&dist.join(&files.first))?;

    let loader = dist.join(&files.loader);
    let mut script = fs::read_to_string(&loader)?;
    for part in later {
        order(&part)?;
        let plain = part.file_name().context("a part has a name")?.to_string_lossy().into_owned();
        let stem = plain.trim_end_matches(".wasm").trim_start_matches("split_");
        let name = format!("{stem}-{hash}.wasm");
        fs::rename(&part, dist.join(&name))?;
        script = script.replace(&format!("\"./{plain}\""), &format!("\"./{name}\""));
    }
    fs::write(loader, script)?;
    Ok(files)
}

/// Writes the first part to `first`, the others and their loader into `dist`; gives the others' files.
fn divide(linked: &[u8], first: &Path, dist: &Path, files: &Files) -> Result<Vec<PathBuf>> {
    let (glue, loader) = (format!("./{}", files.glue), format!("./{}", files.loader));
    let mut options = split::Options::new(linked);
    options.main_out_path = first;
    options.output_dir = dist;
    options.main_module = &glue;
    options.link_name = &loader;
    let parts = split::transform(options).map_err(|error| anyhow!("{error:#}"));
    Ok(parts.context("taking the program apart")?.split_modules)
}

fn order(wasm: &Path) -> Result<()> {
    Ok(fs::write(wasm, wasm_order::by_likeness(&fs::read(wasm)?)?)?)
}

/// Sizes of the program in a bundle.
pub(crate) fn sizes(dist: &Path) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    for entry in fs::read_dir(dist)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "wasm") {
            let size = size(&fs::read(&path)?)?;
            sizes.all.raw += size.raw;
            sizes.all.gzip += size.gzip;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(FIRST) {
                sizes.first = size;
            }
        }
    }
    (sizes.first.raw > 0).then_some(sizes).context("the bundle holds no wasm")
}

fn size(bytes: &[u8]) -> Result<Size> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(Size { raw: bytes.len(), gzip: gzip.finish()?.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_and_all_of_them_are_counted() -> Result<()> {
        let dist = tempfile::tempdir()?;
        assert!(sizes(dist.path()).is_err(), "nothing was built");
        fs::write(dist.path().join("app-1_bg.wasm"), vec![0; 1000])?;
        fs::write(dist.path().join("later-1.wasm"), vec![0; 500])?;
        fs::write(dist.path().join("later-1.js"), "script")?;
        let sizes = sizes(dist.path())?;
        assert_eq!((sizes.first.raw, sizes.all.raw), (1000, 1500));
        assert!(sizes.first.gzip < 100 && sizes.all.gzip > sizes.first.gzip, "{sizes:?}");
        Ok(())
    }

    #[test]
    fn a_program_that_can_not_be_taken_apart_is_refused() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let program = folder.path().join("ui.wasm");
        fs::write(&program, b"\0asm\x01\0\0\0")?;
        assert!(make(&program, folder.path(), "0123").is_err(), "it has no relocations");
        Ok(())
    }
}
