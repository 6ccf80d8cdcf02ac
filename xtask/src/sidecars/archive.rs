//! The official archive of a MediaMTX release.

use std::io::{Cursor, Read as _};

use anyhow::anyhow;
use flate2::read::GzDecoder;

use super::download::{self, Failure};
use crate::stamp;

const RELEASES: &str = "https://github.com/bluenviron/mediamtx/releases/download";

/// SHA-256 of the archives of the pinned version, for the platforms where it is known beforehand. For the others
/// (macOS) it is built from its Go module: a list of sums that lies beside a release is replaced with it.
const PINNED: &[(&str, &str)] = &[
    (
        "mediamtx_v1.20.1_linux_amd64.tar.gz",
        "81b143f55a5d23d4a8c028d52869c14ea4a59919900528698fcc97a747fd69c6",
    ),
    (
        "mediamtx_v1.20.1_linux_arm64.tar.gz",
        "d1689f0bfefb1864e5ed3dcc8495eb2d7ec0a654f90bf3cd48980cb3bd08718a",
    ),
    (
        "mediamtx_v1.20.1_windows_amd64.zip",
        "dc970f8e1f3ad58edafcf536bcd1ffe0adcb4390e7ace9377694a9ea2c1ebe53",
    ),
];

/// A release's archive whose content is known beforehand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Archive {
    name: &'static str,
    sum: &'static str,
    version: String,
}

/// The one for a platform; `None` where its sum is not pinned.
pub(super) fn pinned(version: &str, os: &str, arch: &str) -> Option<Archive> {
    let stem = format!("mediamtx_v{version}_{os}_{arch}.");
    let (name, sum) = PINNED.iter().copied().find(|(name, _)| name.starts_with(&stem))?;
    Some(Archive { name, sum, version: version.to_owned() })
}

impl Archive {
    /// The program's bytes.
    pub(super) fn fetch(&self) -> Result<Vec<u8>, Failure> {
        let archive = download::get(&format!("{RELEASES}/v{}/{}", self.version, self.name))?;
        open(&archive, self.name, self.sum).map_err(Failure::Wrong)
    }
}

/// The program in `archive`, if its checksum is `expected`.
fn open(archive: &[u8], name: &str, expected: &str) -> anyhow::Result<Vec<u8>> {
    let found = stamp::sha256(archive);
    if found != expected {
        return Err(anyhow!("{name} has the SHA-256 {found}, but {expected} is expected; it is not used"));
    }
    let mut program = Vec::new();
    if name.ends_with(".zip") {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive))?;
        zip.by_name("mediamtx.exe")?.read_to_end(&mut program)?;
        return Ok(program);
    }
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    for entry in tar.entries()? {
        let mut entry = entry?;
        if entry.path()?.file_name().is_some_and(|file| file == "mediamtx") {
            entry.read_to_end(&mut program)?;
            return Ok(program);
        }
    }
    Err(anyhow!("{name} holds no mediamtx"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn tar_gz(file: &str, content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_cksum();
        let mut tar = tar::Builder::new(Vec::new());
        tar.append_data(&mut header, file, content).expect("a small archive");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar.into_inner().expect("a small archive")).expect("memory");
        gzip.finish().expect("memory")
    }

    #[test]
    fn the_program_comes_out_of_a_checked_archive() -> anyhow::Result<()> {
        let archive = tar_gz("mediamtx", b"program");
        assert_eq!(open(&archive, "m.tar.gz", &stamp::sha256(&archive))?, b"program");
        Ok(())
    }

    #[test]
    fn another_checksum_is_refused() {
        let archive = tar_gz("mediamtx", b"program");
        let error = open(&archive, "m.tar.gz", &"0".repeat(64)).expect_err("a wrong checksum");
        assert!(error.to_string().contains("is expected; it is not used"), "{error}");
    }

    #[test]
    fn an_archive_without_the_program_is_refused() {
        let archive = tar_gz("LICENSE", b"text");
        let error = open(&archive, "m.tar.gz", &stamp::sha256(&archive)).expect_err("nothing to run");
        assert!(error.to_string().contains("holds no mediamtx"), "{error}");
    }

    #[test]
    fn nothing_is_fetched_whose_sum_is_not_pinned() {
        let version = super::super::MEDIAMTX;
        for (os, arch, kind) in [("linux", "amd64", ".tar.gz"), ("windows", "amd64", ".zip")] {
            let archive = pinned(version, os, arch).expect("it is pinned");
            assert!(archive.name.ends_with(&format!("_{os}_{arch}{kind}")), "{archive:?}");
        }
        assert_eq!(pinned(version, "darwin", "arm64"), None);
        assert_eq!(pinned("1.21.0", "linux", "amd64"), None);
    }

    #[test]
    fn every_pinned_sum_is_a_sha256_of_this_version() {
        for (name, sum) in PINNED {
            assert!(name.contains(&format!("_v{}_", super::super::MEDIAMTX)), "{name}");
            assert!(sum.len() == 64 && sum.chars().all(|digit| digit.is_ascii_hexdigit()), "{name}: {sum}");
        }
    }
}
