//! Whether a failed stream can go on.

use stream_api::Code;

use super::Actor;
use crate::{lifecycle::Phase, prober, tool_fault};

impl Actor {
    /// Whether what a failed stream missed is there again.
    pub(super) async fn is_cured(&self) -> bool {
        let Phase::Failed { fault, .. } = &self.machine.phase else { return false };
        match fault.error.code {
            Code::SourceMissing
            | Code::SourceFolderMissing
            | Code::SourceDenied
            | Code::SourceEmpty
            | Code::SourceIsFolder => {
                let path = self.spec.source.place().to_owned();
                tokio::task::spawn_blocking(move || prober::is_readable(&path)).await.unwrap_or(false)
            }
            code if tool_fault::is_of_ffmpeg(code) => {
                self.parts.tools.check_again().await;
                let found = self.parts.tools.found();
                found.ffmpeg.is_ok() && found.ffprobe.is_ok()
            }
            _ => false,
        }
    }
}
