use std::path::PathBuf;

use stream_api::{HostKind, Reach};

/// What a host decides before an engine starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds everything; see [`default_path`](crate::default_path).
    pub data_dir: PathBuf,
    /// Which host.
    pub kind: HostKind,
    /// Folders that may be browsed and streamed; empty = no restriction (desktop only).
    pub media_roots: Vec<PathBuf>,
    /// Programs that the user named; looked for when absent.
    pub tools: ToolPaths,
    /// From where streams can be watched, when the host was told; stored as if a person had set it.
    pub reach: Option<Reach>,
    /// Passwords are kept in this user's keychain, where there is one; else in a file. For hosts with a person before
    /// them, who can unlock it.
    pub keychain: bool,
    /// The host's own pages (`http://127.0.0.1:5000`), which may play streams; the desktop's window is known.
    pub pages: Vec<String>,
    /// Folders to look in before `PATH`: the app's own.
    pub beside: Vec<PathBuf>,
    /// A folder to look in after `PATH`: where `cargo xtask sidecars` keeps its result.
    pub kept: Option<PathBuf>,
}

/// Programs that the user named.
#[derive(Debug, Clone, Default)]
pub struct ToolPaths {
    /// FFmpeg, 5.1 or newer.
    pub ffmpeg: Option<PathBuf>,
    /// ffprobe, 5.1 or newer.
    pub ffprobe: Option<PathBuf>,
    /// MediaMTX, 1.19 or newer.
    pub mediamtx: Option<PathBuf>,
}
