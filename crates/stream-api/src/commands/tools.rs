use serde::{Deserialize, Serialize};

/// Looks for FFmpeg, ffprobe and MediaMTX again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ToolsCheck {}

/// Uses this FFmpeg from now on, and the ffprobe beside it. Stored. Of the desktop's window alone: the program is run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FfmpegLocate {
    /// Absolute; none for the one that is found.
    #[serde(default)]
    pub path: Option<String>,
}
