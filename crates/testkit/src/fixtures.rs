//! Where the real programs are.

use std::{
    env,
    path::{Path, PathBuf},
};

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

/// The newest of `sidecars/mediamtx-VERSION-OS_ARCH/mediamtx` in our cache.
fn cached_mediamtx() -> Option<PathBuf> {
    let folder = dirs::cache_dir()?.join("stream-manager/sidecars");
    let file = format!("mediamtx{}", env::consts::EXE_SUFFIX);
    let version = |path: &Path| -> Option<Vec<u32>> {
        let name = path.parent()?.file_name()?.to_str()?.strip_prefix("mediamtx-")?.split('-').next()?;
        name.split('.').map(|part| part.parse().ok()).collect()
    };
    let found = folder.read_dir().ok()?.flatten().map(|entry| entry.path().join(&file));
    found.filter(|path| path.is_file() && version(path).is_some()).max_by_key(|path| version(path))
}

fn find(name: &str, variable: &str) -> Option<PathBuf> {
    if let Some(named) = env::var_os(variable) {
        return Some(named.into());
    }
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(&file)).find(|path| path.is_file())
}
