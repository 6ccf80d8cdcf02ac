use std::path::PathBuf;

use clap::Parser;

/// How the window's process is started.
pub(crate) const WINDOW_OF: &str = "--window-of";

/// Turns video files into live streams. Files that are named go live at once.
#[derive(Debug, Clone, Parser)]
#[command(name = "stream-manager", version)]
pub(crate) struct CommandLine {
    /// Where everything is stored; the platform's folder for app data when absent. Two folders run side by side.
    #[arg(long, value_name = "DIR", env = "STREAM_MANAGER_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Starts in the tray, without a window: for a start at login.
    #[arg(long)]
    pub(crate) minimized: bool,

    /// Shows the window of the owner of this data folder; how the owner starts it.
    #[arg(long, hide = true, value_name = "DIR")]
    pub(crate) window_of: Option<PathBuf>,

    /// FFmpeg to use; else the one that was located, beside the app, then on the PATH.
    #[arg(long, value_name = "PROGRAM", env = "STREAM_MANAGER_FFMPEG")]
    pub(crate) ffmpeg: Option<PathBuf>,

    /// ffprobe to use; else the one beside that FFmpeg, beside the app, then on the PATH.
    #[arg(long, value_name = "PROGRAM", env = "STREAM_MANAGER_FFPROBE")]
    pub(crate) ffprobe: Option<PathBuf>,

    /// MediaMTX to use; else beside the app, then on the PATH, then of `cargo xtask sidecars`.
    #[arg(long, value_name = "PROGRAM", env = "STREAM_MANAGER_MEDIAMTX")]
    pub(crate) mediamtx: Option<PathBuf>,

    /// Video files to stream at once.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl CommandLine {
    /// The data folder; `None` where the platform names none.
    pub(crate) fn data_dir(&self) -> Option<PathBuf> {
        self.data_dir.clone().or_else(stream_engine::default_path)
    }

    /// The files, absolute, as the engine wants them.
    pub(crate) fn files(&self) -> Vec<String> {
        let absolute = |file: &PathBuf| std::path::absolute(file).unwrap_or_else(|_| file.clone());
        self.files.iter().map(|file| absolute(file).to_string_lossy().into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_absolute_and_odd_names_stay() {
        let line = CommandLine::parse_from(["stream-manager", "--minimized", "--", "-a b%.mp4", "/v/c.mp4"]);
        let files = line.files();
        assert!(
            files[0].ends_with("-a b%.mp4") && std::path::Path::new(&files[0]).is_absolute(),
            "{files:?}"
        );
        assert_eq!(files[1], "/v/c.mp4");
        assert!(line.minimized);
    }

    #[test]
    fn the_window_is_told_whose_it_is() {
        let line = CommandLine::parse_from(["stream-manager", WINDOW_OF, "/d"]);
        assert_eq!(line.window_of.as_deref(), Some(std::path::Path::new("/d")));
    }
}
