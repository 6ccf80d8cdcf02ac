use std::path::PathBuf;

use clap::Parser;
use stream_api::t;

/// How the window's process is started.
pub(crate) const WINDOW_OF: &str = "--window-of";

/// How the program is started.
#[derive(Debug, Clone, Parser)]
#[command(name = "stream-manager", version, about = t!("cli.app.about"), long_about = None)]
pub(crate) struct CommandLine {
    #[arg(help = t!("cli.data_dir"), long, value_name = "DIR", env = "STREAM_MANAGER_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,

    #[arg(help = t!("cli.minimized"), long)]
    pub(crate) minimized: bool,

    /// Shows the window of the owner of this data folder; how the owner starts it.
    #[arg(long, hide = true, value_name = "DIR")]
    pub(crate) window_of: Option<PathBuf>,

    #[arg(help = t!("cli.app.ffmpeg"), long, value_name = "PROGRAM", env = "STREAM_MANAGER_FFMPEG")]
    pub(crate) ffmpeg: Option<PathBuf>,

    #[arg(help = t!("cli.ffprobe"), long, value_name = "PROGRAM", env = "STREAM_MANAGER_FFPROBE")]
    pub(crate) ffprobe: Option<PathBuf>,

    #[arg(help = t!("cli.mediamtx"), long, value_name = "PROGRAM", env = "STREAM_MANAGER_MEDIAMTX")]
    pub(crate) mediamtx: Option<PathBuf>,

    #[arg(help = t!("cli.files"), value_name = "FILE")]
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
