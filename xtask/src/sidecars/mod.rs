//! The programs that the app brings along: today MediaMTX, at one pinned version. And those that its tests need: other
//! versions of FFmpeg.
//!
//! MediaMTX comes from the project's official archive, checked against a pinned SHA-256; where the release host can't be
//! reached, it is built from its Go module, checked against the committed `go.sum` (docs/adr/0005).

mod archive;
mod download;
mod ffmpeg;
mod module;
mod wheels;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use crate::{
    process,
    workspace::{self, Workspace},
};

pub(crate) use ffmpeg::fetch_all as ffmpegs;

/// The version of MediaMTX that the app is made and tested for.
pub(crate) const MEDIAMTX: &str = "1.20.1";

/// Where the pinned MediaMTX is, or will be, kept.
pub(crate) fn mediamtx_path() -> Result<PathBuf> {
    let (os, arch) = platform()?;
    let folder = format!("mediamtx-{MEDIAMTX}-{os}_{arch}");
    let file = format!("mediamtx{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::cache_dir()?.join("sidecars").join(folder).join(file))
}

/// Whether the pinned MediaMTX is there and runs.
pub(crate) fn mediamtx_ready() -> Result<bool> {
    let program = mediamtx_path()?;
    Ok(program.is_file() && verify(&program).is_ok())
}

/// Whether a Go toolchain is here that can build MediaMTX.
pub(crate) fn can_build() -> Result<String> {
    module::go_version()
}

/// The pinned MediaMTX, fetched or built if it isn't in the cache yet.
pub(crate) fn mediamtx(workspace: &Workspace) -> Result<PathBuf> {
    let program = mediamtx_path()?;
    if mediamtx_ready()? {
        return Ok(program);
    }
    let folder = program.parent().context("the sidecar's path has a folder")?;
    fs::create_dir_all(folder)?;
    // Beside the final place, so that the last step is one rename and nobody ever runs half a program.
    let fresh = folder.join(format!("fresh-{}{}", std::process::id(), std::env::consts::EXE_SUFFIX));
    let (os, arch) = platform()?;
    println!("fetching MediaMTX {MEDIAMTX} for {os}_{arch}");
    let origin = match archive::fetch(MEDIAMTX, os, arch) {
        Ok(bytes) => fs::write(&fresh, bytes).map(|()| "the official archive").map_err(Into::into),
        Err(download::Failure::Unreachable(reason)) => {
            println!(
                "the release host can't be reached ({reason}); building it from its Go module (some minutes)"
            );
            let recipe = workspace.root.join("xtask/sidecars").join(format!("mediamtx-{MEDIAMTX}"));
            module::build(&recipe, &fresh, MEDIAMTX).map(|()| "its Go module")
        }
        Err(download::Failure::Wrong(error)) => Err(error),
    }?;
    make_executable(&fresh)?;
    verify(&fresh)?;
    fs::rename(&fresh, &program)?;
    println!("MediaMTX {MEDIAMTX} from {origin}");
    Ok(program)
}

/// Asks the program for its version: it proves that it runs here and is the pinned one.
fn verify(program: &Path) -> Result<()> {
    let answer = process::output(Command::new(program).arg("--version"))?;
    if answer.trim() != format!("v{MEDIAMTX}") {
        bail!("{} says it is version {}, not v{MEDIAMTX}", program.display(), answer.trim());
    }
    Ok(())
}

/// Operating system and processor, in the words of the releases.
fn platform() -> Result<(&'static str, &'static str)> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os @ ("linux" | "windows") => os,
        other => bail!("MediaMTX is not released for {other}"),
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => bail!("no MediaMTX is known here for the processor {other}"),
    };
    Ok((os, arch))
}

#[cfg(unix)]
fn make_executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(program, std::fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}
