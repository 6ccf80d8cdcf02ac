//! MediaMTX built from its Go module, for machines that can't reach its releases.
//!
//! The committed `go.mod` and `go.sum` fix the version and the content of everything that goes in. Two files that the
//! project's own release process generates are missing from the module and are added to the vendored copy:
//! its version, and the player script hls.js (version as in its `internal/servers/hls/hlsjsdownloader/VERSION`).

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;
use fs_err as fs;

use crate::{process, stamp, workspace};

/// The player script that a version of MediaMTX brings along.
struct HlsJs {
    /// Of MediaMTX.
    mediamtx: &'static str,
    /// Of hls.js.
    version: &'static str,
    /// SHA-256 of `package/dist/hls.min.js` in npm's archive of that version.
    sum: &'static str,
}

const HLS_JS: &[HlsJs] = &[
    HlsJs {
        mediamtx: "1.12.3",
        version: "1.6.2",
        sum: "e65013dc3435b55a34b5257a7e65835926c1f4d57209dba89a810d3505f4f143",
    },
    // The archive's integrity:
    // sha512-NnQpT6Z//+2IB2qovSUbKbrlXY1MOpi0JynZ9L2NNOuTJiNCyMSQj9k2laEj1v7CxU/Hb8oTWR98eT3mVpPQVQ==
    HlsJs {
        mediamtx: "1.20.1",
        version: "1.7.0",
        sum: "1f28c6a43deedddbd59aea4c119bd788f5e2347772c19da1f6f92f8d0032d9dc",
    },
    HlsJs {
        mediamtx: "1.21.0",
        version: "1.7.2",
        sum: "afcde07437ec84b072fe8782e772ceb5046eac751b2719f73ae0d83d763bc3f5",
    },
];

/// The oldest Go that `go.mod` accepts.
const GO: (u32, u32) = (1, 26);

/// The version of the Go toolchain here, if it is new enough.
pub(super) fn go_version() -> Result<String> {
    let answer = process::output(Command::new("go").arg("version"))
        .context("Go is not here: install Go 1.26 or newer from https://go.dev/dl")?;
    let version = answer.split_whitespace().find_map(|word| word.strip_prefix("go1.")).unwrap_or_default();
    let minor: u32 = version.split('.').next().and_then(|minor| minor.parse().ok()).unwrap_or_default();
    if minor < GO.1 {
        bail!("{} is too old: install Go {}.{} or newer from https://go.dev/dl", answer.trim(), GO.0, GO.1);
    }
    Ok(format!("1.{version}"))
}

/// Builds MediaMTX by the `recipe` (a folder with `go.mod` and `go.sum`) into the file `program`.
pub(super) fn build(recipe: &Path, program: &Path, version: &str) -> Result<()> {
    go_version()?;
    let folder = workspace::cache_dir()?.join(format!("build-mediamtx-{version}-{}", std::process::id()));
    let built = build_in(&folder, recipe, program, version);
    let removed = fs::remove_dir_all(&folder);
    built?;
    Ok(removed?)
}

fn build_in(folder: &Path, recipe: &Path, program: &Path, version: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    for file in ["go.mod", "go.sum"] {
        fs::copy(recipe.join(file), folder.join(file))?;
    }
    let sources = folder.join("vendor/github.com/bluenviron/mediamtx");
    // `-e`: it complains of the generated files, which are added right below, and goes on.
    process::output(go(folder).args(["mod", "vendor", "-e"]))?;
    fs::write(sources.join("internal/core/VERSION"), format!("v{version}"))?;
    fs::write(sources.join("internal/servers/hls/hls.min.js"), hls_js(folder, version)?)?;
    process::run(
        go(folder)
            .env("CGO_ENABLED", "0")
            .args(["build", "-mod=vendor", "-trimpath", "-ldflags", "-s -w", "-o"])
            .arg(program)
            .arg("github.com/bluenviron/mediamtx"),
    )
}

/// `GOSUMDB=off`: the committed `go.sum` is the check, and it is complete.
fn go(folder: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(folder).env("GOSUMDB", "off").env("GOFLAGS", "").env("GOWORK", "off");
    command
}

fn hls_js(folder: &Path, mediamtx: &str) -> Result<Vec<u8>> {
    let wanted = HLS_JS.iter().find(|script| script.mediamtx == mediamtx);
    let wanted = wanted.with_context(|| format!("no hls.js is pinned for MediaMTX {mediamtx}"))?;
    let version = wanted.version;
    let archive = match process::find("npm") {
        Some(_) => npm_pack(folder, version)?,
        None => registry_archive(version)?,
    };
    let mut tar = tar::Archive::new(GzDecoder::new(archive.as_slice()));
    for entry in tar.entries()? {
        let mut entry = entry?;
        if entry.path()? == Path::new("package/dist/hls.min.js") {
            let mut script = Vec::new();
            entry.read_to_end(&mut script)?;
            let sum = stamp::sha256(&script);
            if sum != wanted.sum {
                bail!("hls.min.js of hls.js {version} has the SHA-256 {sum}, but {} is expected", wanted.sum);
            }
            return Ok(script);
        }
    }
    bail!("hls.js {version} holds no dist/hls.min.js")
}

fn npm_pack(folder: &Path, version: &str) -> Result<Vec<u8>> {
    // On Windows npm is a script, which only its full name starts.
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let package = format!("hls.js@{version}");
    process::output(
        Command::new(npm).args(["pack", "--silent", "--ignore-scripts", &package]).current_dir(folder),
    )?;
    let archive: PathBuf = folder.join(format!("hls.js-{version}.tgz"));
    Ok(fs::read(archive)?)
}

fn registry_archive(version: &str) -> Result<Vec<u8>> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(120))).build().into();
    let address = format!("https://registry.npmjs.org/hls.js/-/hls.js-{version}.tgz");
    let mut answer =
        agent.get(&address).call().context("fetching hls.js, which MediaMTX's HLS page needs")?;
    Ok(answer.body_mut().with_config().limit(50_000_000).read_to_vec()?)
}
