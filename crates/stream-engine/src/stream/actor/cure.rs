//! Whether a failed stream can go on.

use stream_api::{Code, StreamSpec};
use tokio::task::JoinHandle;

use super::Actor;
use crate::{drives, lifecycle::Phase, prober, stream::Parts, tool_fault};

/// A look whether what a failed stream missed is there again. Ended when nobody waits for it any more.
#[derive(Debug)]
pub(super) struct Cure(JoinHandle<bool>);

impl Drop for Cure {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Actor {
    /// Looks whether what this stream missed is there again, unless that is being looked for. The stream goes on
    /// meanwhile: a drive may never answer, and a stop is never refused.
    pub(super) fn look_for_cure(&mut self) {
        let Phase::Failed { fault, .. } = &self.machine.phase else { return };
        if self.cure.is_none() {
            let look = is_cured(self.parts.clone(), self.spec.clone(), fault.error.code);
            self.cure = Some(Cure(tokio::spawn(look)));
        }
    }
}

/// What the look found, once it is over; never without one.
pub(super) async fn found(cure: &mut Option<Cure>) -> bool {
    let Some(Cure(look)) = cure else { return std::future::pending().await };
    let found = look.await.unwrap_or(false);
    *cure = None;
    found
}

async fn is_cured(parts: Parts, spec: StreamSpec, missed: Code) -> bool {
    match missed {
        Code::SourceMissing
        | Code::SourceFolderMissing
        | Code::SourceDenied
        | Code::SourceEmpty
        | Code::SourceIsFolder => {
            let path = spec.source.place().to_owned();
            let asked = path.clone();
            let look = move || prober::is_readable(&asked);
            parts.drives.ask(path.as_ref(), drives::LIMIT, look).await == Some(true)
        }
        code if tool_fault::is_of_ffmpeg(code) => {
            parts.tools.check_again().await;
            let found = parts.tools.found();
            found.ffmpeg.is_ok() && found.ffprobe.is_ok()
        }
        _ => false,
    }
}
