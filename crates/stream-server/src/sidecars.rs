//! Where programs that come with us are: beside our own, and where `cargo xtask sidecars` keeps them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// How the folder of the MediaMTX begins that this program is made and tested for. Others are kept beside it, for
/// tests.
const KEPT: &str = "mediamtx-1.20.1-";

/// The folder of our own program, to look in before `PATH`.
pub fn beside() -> Option<PathBuf> {
    std::env::current_exe().ok().and_then(|exe| exe.parent().map(PathBuf::from))
}

/// The folder of the kept MediaMTX, to look in after `PATH`. FFmpeg and ffprobe are kept near it too, for tests; the
/// user's own belong together.
pub fn kept() -> Option<PathBuf> {
    kept_in(&dirs::cache_dir()?.join("stream-manager").join("sidecars"))
}

/// `mediamtx-VERSION-OS_ARCH` in the folder `cache`.
fn kept_in(cache: &Path) -> Option<PathBuf> {
    let mut entries = fs::read_dir(cache).ok()?.flatten();
    let ours = entries.find(|entry| entry.file_name().to_string_lossy().starts_with(KEPT));
    ours.map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_versions_the_one_that_is_ours_is_taken() {
        let cache = tempfile::tempdir().unwrap();
        for name in ["mediamtx-1.21.0-linux_amd64", "mediamtx-1.12.3-linux_amd64", "ffmpeg-7.0.2-linux_amd64"]
        {
            fs::create_dir(cache.path().join(name)).unwrap();
        }
        assert_eq!(kept_in(cache.path()), None);
        let ours = cache.path().join("mediamtx-1.20.1-linux_amd64");
        fs::create_dir(&ours).unwrap();
        assert_eq!(kept_in(cache.path()), Some(ours));
        assert_eq!(kept_in(&cache.path().join("none")), None);
    }
}
