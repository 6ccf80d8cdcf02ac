//! Where programs that come with us are: beside our own, and where `cargo xtask sidecars` keeps them.

use std::{fs, path::PathBuf};

/// Folders to look in before `PATH`: the one of our own program, then the kept MediaMTX, newest version first.
pub fn folders() -> Vec<PathBuf> {
    let own = std::env::current_exe().ok().and_then(|exe| exe.parent().map(PathBuf::from));
    own.into_iter().chain(kept()).collect()
}

/// `…/stream-manager/sidecars/mediamtx-VERSION-OS_ARCH` in the user's cache folder. Other programs are kept there
/// too, for tests; FFmpeg and ffprobe are the user's own, and belong together.
fn kept() -> Vec<PathBuf> {
    let Some(cache) = dirs::cache_dir() else { return Vec::new() };
    let Ok(entries) = fs::read_dir(cache.join("stream-manager").join("sidecars")) else { return Vec::new() };
    let mut kept: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("mediamtx-") && entry.path().is_dir())
        .map(|entry| (version(&entry.file_name().to_string_lossy()), entry.path()))
        .collect();
    kept.sort_by(|(a, _), (b, _)| b.cmp(a));
    kept.into_iter().map(|(_, path)| path).collect()
}

/// The version in `mediamtx-1.20.1-linux_amd64`, as numbers.
fn version(folder: &str) -> Vec<u32> {
    let version = folder.split('-').nth(1).unwrap_or_default();
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("mediamtx-1.20.1-linux_amd64") > version("mediamtx-1.9.3-linux_amd64"));
        assert_eq!(version("junk"), Vec::<u32>::new());
    }

    #[test]
    fn our_own_folder_comes_first() {
        let exe = std::env::current_exe().unwrap();
        assert_eq!(folders().first().map(PathBuf::as_path), exe.parent());
    }
}
