//! Other versions of FFmpeg than the system's, for tests alone: they differ in what they obey, print and accept.

use std::{
    io::{Cursor, Read as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use fs_err as fs;

use super::{
    download::{self, Failure},
    make_executable, platform,
    wheels::{WHEELS, Wheel},
};
use crate::{process, stamp, workspace};

const PACKAGES: &str = "https://files.pythonhosted.org/packages";

/// Every version for this platform, in the cache folder as `ffmpeg-VERSION-OS_ARCH/ffmpeg`.
///
/// A host that can't be reached is said and is no error: the tests that need these programs then say that they are
/// skipped. A wrong checksum is one.
pub(crate) fn fetch_all() -> Result<Vec<PathBuf>> {
    let here = platform()?;
    let mut programs = Vec::new();
    for wheel in WHEELS.iter().filter(|wheel| wheel.platform == here) {
        let program = place(wheel)?;
        let ready = program.is_file() && verify(&program, wheel.version).is_ok();
        if ready || fetched(wheel, &program)? {
            programs.push(program);
        }
    }
    Ok(programs)
}

/// Whether every version is there. Some platforms have not all of them.
pub(super) fn are_there() -> bool {
    let Ok(here) = platform() else { return false };
    WHEELS.iter().all(|any| {
        let mut same = WHEELS.iter().filter(|wheel| wheel.platform == here && wheel.version == any.version);
        same.any(|wheel| place(wheel).is_ok_and(|program| program.is_file()))
    })
}

fn place(wheel: &Wheel) -> Result<PathBuf> {
    let (os, arch) = wheel.platform;
    let folder = format!("ffmpeg-{}-{os}_{arch}", wheel.version);
    let file = format!("ffmpeg{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::cache_dir()?.join("sidecars").join(folder).join(file))
}

/// Whether it could be reached.
fn fetched(wheel: &Wheel, program: &Path) -> Result<bool> {
    println!("fetching FFmpeg {} for the tests", wheel.version);
    let archive = match download::get(&format!("{PACKAGES}/{}/{}", wheel.folder, wheel.name)) {
        Ok(archive) => archive,
        Err(Failure::Wrong(error)) => return Err(error),
        Err(Failure::Unreachable(reason)) => {
            println!("it can't be reached ({reason}); the tests that need it are skipped");
            return Ok(false);
        }
    };
    let bytes = open(&archive, wheel.name, wheel.sum)?;
    let folder = program.parent().context("a program's path has a folder")?;
    fs::create_dir_all(folder)?;
    // Beside the final place, so that the last step is one rename and nobody ever runs half a program.
    let fresh = folder.join(format!("fresh-{}{}", std::process::id(), std::env::consts::EXE_SUFFIX));
    fs::write(&fresh, bytes)?;
    make_executable(&fresh)?;
    verify(&fresh, wheel.version)?;
    fs::rename(&fresh, program)?;
    Ok(true)
}

/// FFmpeg out of a wheel, if its checksum is `expected`.
fn open(wheel: &[u8], name: &str, expected: &str) -> Result<Vec<u8>> {
    let found = stamp::sha256(wheel);
    if found != expected {
        bail!("{name} has the SHA-256 {found}, but {expected} is expected; it is not used");
    }
    let mut zip = zip::ZipArchive::new(Cursor::new(wheel))?;
    let inside = zip.file_names().find(|file| file.starts_with("imageio_ffmpeg/binaries/ffmpeg-"));
    let inside = inside.with_context(|| format!("{name} holds no FFmpeg"))?.to_owned();
    let mut program = Vec::new();
    zip.by_name(&inside)?.read_to_end(&mut program)?;
    Ok(program)
}

/// Asks the program for its version: it proves that it runs here and is the one.
fn verify(program: &Path, version: &str) -> Result<()> {
    let answer = process::output(Command::new(program).arg("-version"))?;
    let said = answer.split_whitespace().nth(2).unwrap_or_default();
    // A build from git says `n9.0.2-17-g…`.
    let number = said.trim_start_matches('n').split('-').next();
    if !answer.starts_with("ffmpeg version ") || number != Some(version) {
        bail!("{} says it is version {said}, not {version}", program.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, io::Write as _};

    use super::*;

    fn wheel(file: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(file, zip::write::SimpleFileOptions::default()).expect("memory");
        zip.write_all(b"program").expect("memory");
        zip.finish().expect("memory").into_inner()
    }

    #[test]
    fn the_program_comes_out_of_a_checked_wheel() -> Result<()> {
        let bytes = wheel("imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v7.0.2");
        assert_eq!(open(&bytes, "w.whl", &stamp::sha256(&bytes))?, b"program");
        Ok(())
    }

    #[test]
    fn a_wrong_or_empty_wheel_is_refused() {
        let bytes = wheel("imageio_ffmpeg/binaries/README.md");
        let error = open(&bytes, "w.whl", &"0".repeat(64)).expect_err("a wrong checksum");
        assert!(error.to_string().contains("it is not used"), "{error}");
        let error = open(&bytes, "w.whl", &stamp::sha256(&bytes)).expect_err("nothing to run");
        assert!(error.to_string().contains("holds no FFmpeg"), "{error}");
    }

    #[test]
    fn every_wheel_is_pinned_and_alone_for_its_version_and_platform() {
        let mut seen = BTreeSet::new();
        for wheel in WHEELS {
            assert!(seen.insert((wheel.version, wheel.platform)), "{} is there twice", wheel.name);
            assert!(
                wheel.sum.len() == 64 && wheel.sum.chars().all(|digit| digit.is_ascii_hexdigit()),
                "{}",
                wheel.name
            );
        }
        for version in ["4.2.2", "7.0.2", "9.0.2"] {
            assert!(seen.contains(&(version, ("linux", "amd64"))), "{version}");
        }
    }
}
