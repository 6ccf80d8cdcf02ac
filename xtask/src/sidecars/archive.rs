//! The official archive of a MediaMTX release.

use std::io::{Cursor, Read as _};

use anyhow::{Context as _, anyhow};
use flate2::read::GzDecoder;

use super::download::{self, Failure};
use crate::stamp;

const RELEASES: &str = "https://github.com/bluenviron/mediamtx/releases/download";

/// SHA-256 of the archives of the pinned version, for the platforms where it is known beforehand. The others (macOS)
/// are checked against the `checksums.sha256` of the release itself, which guards against damage, not against a
/// replaced release.
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

/// The program's bytes out of the archive for this platform.
pub(super) fn fetch(version: &str, os: &str, arch: &str) -> Result<Vec<u8>, Failure> {
    let kind = if os == "windows" { "zip" } else { "tar.gz" };
    let name = format!("mediamtx_v{version}_{os}_{arch}.{kind}");
    let archive = download::get(&format!("{RELEASES}/v{version}/{name}"))?;
    let expected = match PINNED.iter().find(|(pinned, _)| *pinned == name) {
        Some((_, sum)) => (*sum).to_owned(),
        None => {
            println!("no checksum of {name} is pinned; checking against the release's own checksums.sha256");
            let list = download::get(&format!("{RELEASES}/v{version}/checksums.sha256"))?;
            listed(&String::from_utf8_lossy(&list), &name).map_err(Failure::Wrong)?
        }
    };
    open(&archive, &name, &expected).map_err(Failure::Wrong)
}

/// The SHA-256 of `name` in a list such as `sha256sum` prints.
fn listed(list: &str, name: &str) -> anyhow::Result<String> {
    let rows = list.lines().filter_map(|line| line.split_once(char::is_whitespace));
    let mut rows = rows.map(|(sum, file)| (sum, file.trim_start_matches([' ', '*'])));
    let row = rows.find(|(_, file)| file.trim_start_matches("./") == name);
    Ok(row.with_context(|| format!("checksums.sha256 does not list {name}"))?.0.to_owned())
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
    fn a_checksum_list_is_read_by_file_name() -> anyhow::Result<()> {
        let list = "aa  other.tar.gz\nbb *mediamtx_v1.20.1_darwin_arm64.tar.gz\ncc  ./dotted.tar.gz\n";
        assert_eq!(listed(list, "mediamtx_v1.20.1_darwin_arm64.tar.gz")?, "bb");
        assert_eq!(listed(list, "dotted.tar.gz")?, "cc");
        assert!(listed(list, "tar.gz").is_err(), "a part of a name is another file");
        Ok(())
    }

    #[test]
    fn every_pinned_sum_is_a_sha256_of_this_version() {
        for (name, sum) in PINNED {
            assert!(name.contains(&format!("_v{}_", super::super::MEDIAMTX)), "{name}");
            assert!(sum.len() == 64 && sum.chars().all(|digit| digit.is_ascii_hexdigit()), "{name}: {sum}");
        }
    }
}
