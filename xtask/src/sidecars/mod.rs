//! The programs that the app brings along: today MediaMTX, at one pinned version. And those that its tests need: other
//! versions of MediaMTX and FFmpeg.
//!
//! MediaMTX comes from the project's official archive, checked against a pinned SHA-256; where none is pinned, or the
//! release host can't be reached, it is built from its Go module, checked against the committed `go.sum`
//! (docs/adr/0005).

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

/// Whether every program is there that the tests ask for: none of them has a reason to be skipped then.
pub(crate) fn are_complete() -> bool {
    let is_there = |version: &str| path_of(version).is_ok_and(|program| program.is_file());
    [MEDIAMTX].iter().chain(&OTHERS).all(|version| is_there(version)) && ffmpeg::are_there()
}

/// The version of MediaMTX that the app is made and tested for.
pub(crate) const MEDIAMTX: &str = "1.20.1";

/// Other versions that the tests talk to: an old one and the newest. The checksums of their archives aren't known, so
/// they are built from their Go modules alone.
const OTHERS: [&str; 2] = ["1.12.3", "1.21.0"];

/// Where the pinned MediaMTX is, or will be, kept.
pub(crate) fn mediamtx_path() -> Result<PathBuf> {
    path_of(MEDIAMTX)
}

fn path_of(version: &str) -> Result<PathBuf> {
    let (os, arch) = platform()?;
    let folder = format!("mediamtx-{version}-{os}_{arch}");
    let file = format!("mediamtx{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::cache_dir()?.join("sidecars").join(folder).join(file))
}

/// Whether the pinned MediaMTX is there and runs.
pub(crate) fn mediamtx_ready() -> Result<bool> {
    let program = mediamtx_path()?;
    Ok(program.is_file() && verify(&program, MEDIAMTX).is_ok())
}

/// Whether there is an archive of the pinned MediaMTX for this system whose checksum is known.
pub(crate) fn can_fetch() -> bool {
    platform().is_ok_and(|(os, arch)| archive::pinned(MEDIAMTX, os, arch).is_some())
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
    let (os, arch) = platform()?;
    let fetched = match archive::pinned(MEDIAMTX, os, arch) {
        Some(archive) => {
            println!("fetching MediaMTX {MEDIAMTX} for {os}_{arch}");
            archive.fetch()
        }
        None => Err(download::Failure::Unreachable(format!("no checksum of one for {os}_{arch} is pinned"))),
    };
    let mut origin = "the official archive";
    install(&program, MEDIAMTX, |fresh| match fetched {
        Ok(bytes) => Ok(fs::write(fresh, bytes)?),
        Err(download::Failure::Unreachable(reason)) => {
            println!("no archive of a release ({reason}); building it from its Go module (some minutes)");
            origin = "its Go module";
            module::build(&recipe(workspace, MEDIAMTX), fresh, MEDIAMTX)
        }
        Err(download::Failure::Wrong(error)) => Err(error),
    })?;
    println!("MediaMTX {MEDIAMTX} from {origin}");
    Ok(program)
}

/// The other versions of MediaMTX that the tests talk to, built if they aren't in the cache yet.
///
/// Without a Go toolchain that is said and is no error: the tests that need these programs then say that they are
/// skipped.
pub(crate) fn other_mediamtxs(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for version in OTHERS {
        let program = path_of(version)?;
        if !program.is_file() || verify(&program, version).is_err() {
            if let Err(reason) = module::go_version() {
                println!("MediaMTX {version} can't be built ({reason}); the tests that need it are skipped");
                continue;
            }
            println!("building MediaMTX {version} for the tests (some minutes)");
            install(&program, version, |fresh| module::build(&recipe(workspace, version), fresh, version))?;
        }
        programs.push(program);
    }
    Ok(programs)
}

fn recipe(workspace: &Workspace, version: &str) -> PathBuf {
    workspace.root.join("xtask/sidecars").join(format!("mediamtx-{version}"))
}

/// Has a program made, looks whether it is the right one, and puts it in its place.
fn install(program: &Path, version: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = program.parent().context("the sidecar's path has a folder")?;
    fs::create_dir_all(folder)?;
    // Beside the final place, so that the last step is one rename and nobody ever runs half a program.
    let fresh = folder.join(format!("fresh-{}{}", std::process::id(), std::env::consts::EXE_SUFFIX));
    make(&fresh)?;
    make_executable(&fresh)?;
    verify(&fresh, version)?;
    Ok(fs::rename(&fresh, program)?)
}

/// Asks the program for its version: it proves that it runs here and is the one.
fn verify(program: &Path, version: &str) -> Result<()> {
    let answer = process::output(Command::new(program).arg("--version"))?;
    if answer.trim() != format!("v{version}") {
        bail!("{} says it is version {}, not v{version}", program.display(), answer.trim());
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
