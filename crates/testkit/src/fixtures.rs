//! Where the real programs are.

use std::{env, io::Write as _, path::PathBuf};

/// The real FFmpeg: `STREAM_MANAGER_FFMPEG`, else from `PATH`.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn ffmpeg() -> PathBuf {
    find("ffmpeg", "STREAM_MANAGER_FFMPEG").expect("install FFmpeg, or name it in STREAM_MANAGER_FFMPEG")
}

/// The real ffprobe: `STREAM_MANAGER_FFPROBE`, else from `PATH`.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn ffprobe() -> PathBuf {
    find("ffprobe", "STREAM_MANAGER_FFPROBE")
        .expect("install FFmpeg, or name ffprobe in STREAM_MANAGER_FFPROBE")
}

/// The real MediaMTX: `STREAM_MANAGER_MEDIAMTX`, else where `cargo xtask sidecars` keeps it, else from `PATH`.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn mediamtx() -> PathBuf {
    env::var_os("STREAM_MANAGER_MEDIAMTX")
        .map(PathBuf::from)
        .or_else(cached_mediamtx)
        .or_else(|| find("mediamtx", "STREAM_MANAGER_MEDIAMTX"))
        .expect("run `cargo xtask sidecars` to get MediaMTX, or name it in STREAM_MANAGER_MEDIAMTX")
}

/// One of the versions of MediaMTX that `cargo xtask sidecars` keeps. `None`, with the reason printed, where it isn't
/// in the cache: the test is then skipped.
///
/// # Panics
/// If it isn't there and `STREAM_MANAGER_SKIP_NOTHING` is set, as `cargo xtask test` does where all were fetched.
#[must_use]
pub fn mediamtx_version(version: &str) -> Option<PathBuf> {
    version_of("mediamtx", version, &format!("no MediaMTX {version} here; `cargo xtask sidecars` makes it"))
}

/// Versions of FFmpeg that `cargo xtask sidecars` fetches for tests, besides the system's own.
pub const FFMPEG_VERSIONS: &[&str] = &["4.2.2", "7.0.2", "9.0.2"];

/// One of [`FFMPEG_VERSIONS`]. `None`, with the reason printed, where it isn't in the cache: the test is then skipped.
/// None of them brings ffprobe.
///
/// # Panics
/// If the version is none of those; and like [`mediamtx_version`].
#[must_use]
pub fn ffmpeg_version(version: &str) -> Option<PathBuf> {
    assert!(FFMPEG_VERSIONS.contains(&version), "FFmpeg {version} is not fetched by `cargo xtask sidecars`");
    let why = format!("no FFmpeg {version} here; `cargo xtask sidecars` fetches it from PyPI");
    version_of("ffmpeg", version, &why)
}

/// That version of a program in our cache, or `why` there is none.
fn version_of(name: &str, version: &str, why: &str) -> Option<PathBuf> {
    let found = cached(name).into_iter().find(|(numbers, _)| *numbers == parts(version));
    if found.is_none() {
        assert!(env::var_os("STREAM_MANAGER_SKIP_NOTHING").is_none(), "{why}");
        // Not by a macro, whose words the harness keeps to itself.
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
    }
    found.map(|(_, path)| path)
}

/// The version of MediaMTX that the app is made for.
const MEDIAMTX: &str = "1.20.1";

/// That one, in our cache.
fn cached_mediamtx() -> Option<PathBuf> {
    cached("mediamtx").into_iter().find(|(numbers, _)| *numbers == parts(MEDIAMTX)).map(|(_, path)| path)
}

/// Each `sidecars/NAME-VERSION-OS_ARCH/NAME` in our cache, with its version.
fn cached(name: &str) -> Vec<(Vec<u32>, PathBuf)> {
    let Some(folder) = dirs::cache_dir() else { return Vec::new() };
    let Ok(entries) = folder.join("stream-manager/sidecars").read_dir() else { return Vec::new() };
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let program = |path: PathBuf| {
        let version = path.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix('-')?.split('-').next()?;
        let (version, path) = (parts(version), path.join(&file));
        (!version.is_empty() && path.is_file()).then_some((version, path))
    };
    entries.flatten().filter_map(|entry| program(entry.path())).collect()
}

/// The numbers of a version; none where one isn't a number.
fn parts(version: &str) -> Vec<u32> {
    version.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}

fn find(name: &str, variable: &str) -> Option<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        return Some(named.into());
    }
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(&file)).find(|path| path.is_file())
}
