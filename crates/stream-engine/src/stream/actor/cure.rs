//! Whether a failed stream can go on.

use stream_api::{Code, StreamSpec};
use tokio::task::JoinHandle;

use super::Actor;
use crate::{
    drives,
    lifecycle::Phase,
    prober::{self, Stamp},
    stream::Parts,
    tool_fault,
    tools::Program,
};

/// What of a failed stream is looked at, now and then.
#[derive(Debug, Default)]
pub(super) struct Cure {
    look: Option<JoinHandle<Look>>,
    exchange: Exchange,
}

impl Drop for Cure {
    /// Nobody waits for it any more.
    fn drop(&mut self) {
        if let Some(look) = &self.look {
            look.abort();
        }
    }
}

/// What a start uses that somebody may exchange. Until they do, it fails again.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ground {
    /// The source's file; none where there is none, or where it could not be looked at.
    pub(super) source: Option<Stamp>,
    pub(super) ffmpeg: Option<Program<ffmpeg_cli::Version>>,
}

/// What a look found.
#[derive(Debug)]
enum Look {
    /// What was missing is there again, or not.
    Back(bool),
    /// What a start would use now; none where that could not be looked at.
    Now(Option<Ground>),
}

/// Sees that what a start uses is another thing than the one that failed, and whole: what is being copied changes from
/// look to look.
#[derive(Debug, Default)]
struct Exchange {
    last: Option<Ground>,
}

impl Exchange {
    fn take(&mut self, now: Option<Ground>, failed: &Ground) -> bool {
        let stays = now.is_some() && self.last == now;
        self.last = now;
        stays && self.last.as_ref() != Some(failed)
    }
}

impl Actor {
    /// Looks whether what this stream missed is there again, unless that is being looked for. The stream goes on
    /// meanwhile: a drive may never answer, and a stop is never refused.
    pub(super) fn look_for_cure(&mut self) {
        let Phase::Failed { fault, .. } = &self.machine.phase else { return };
        let cure = self.cure.get_or_insert_default();
        if cure.look.is_none() {
            let look = look(self.parts.clone(), self.spec.clone(), fault.error.code);
            cure.look = Some(tokio::spawn(look));
        }
    }
}

/// What the looks of a stream that failed with `failed` found, once one is over; never without one.
pub(super) async fn found(cure: &mut Option<Cure>, failed: &Ground) -> bool {
    let Some((look, exchange)) =
        cure.as_mut().and_then(|cure| Some((cure.look.as_mut()?, &mut cure.exchange)))
    else {
        return std::future::pending().await;
    };
    let is_cured = match look.await {
        Ok(Look::Back(is_back)) => is_back,
        Ok(Look::Now(now)) => exchange.take(now, failed),
        Err(_) => false,
    };
    if let Some(cure) = cure {
        cure.look = None;
    }
    is_cured
}

async fn look(parts: Parts, spec: StreamSpec, missed: Code) -> Look {
    match missed {
        Code::SourceMissing
        | Code::SourceFolderMissing
        | Code::SourceDenied
        | Code::SourceEmpty
        | Code::SourceIsFolder => {
            let path = spec.source.place().to_owned();
            let asked = path.clone();
            let look = move || prober::is_readable(&asked);
            Look::Back(parts.drives.ask(path.as_ref(), drives::LIMIT, look).await == Some(true))
        }
        code if tool_fault::is_of_ffmpeg(code) => {
            parts.tools.check_again().await;
            let found = parts.tools.found();
            Look::Back(found.ffmpeg.is_ok() && found.ffprobe.is_ok())
        }
        // The file may be overwritten by a whole one, FFmpeg by one that can more.
        _ => Look::Now(ground(&parts, &spec).await),
    }
}

async fn ground(parts: &Parts, spec: &StreamSpec) -> Option<Ground> {
    parts.tools.check_exchanged().await;
    let ffmpeg = parts.tools.found().ffmpeg.ok();
    let source = match spec.source.file() {
        Some(file) => Some(parts.prober.look(file).await.ok()?.stamp().clone()),
        None => None,
    };
    Some(Ground { source, ffmpeg })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn of(size: u64, second: u64) -> Ground {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        Ground { source: Some(Stamp::new("/v/a.mp4", Some(modified), size)), ffmpeg: None }
    }

    #[test]
    fn a_file_that_is_copied_over_another_is_tried_when_it_is_whole() {
        let failed = of(600, 1);
        let mut exchange = Exchange::default();
        for (now, is_cured) in [
            (Some(of(600, 1)), false),
            (Some(of(600, 1)), false),
            // It grows,
            (Some(of(700, 2)), false),
            (Some(of(800, 2)), false),
            // is away for a moment,
            (None, false),
            (None, false),
            // and then stays as it is.
            (Some(of(900, 3)), false),
            (Some(of(900, 3)), true),
        ] {
            assert_eq!(exchange.take(now.clone(), &failed), is_cured, "{now:?}");
        }
        let mut exchange = Exchange::default();
        for _ in 0..3 {
            assert!(!exchange.take(Some(of(900, 3)), &of(900, 3)), "the new one fails too");
        }
    }

    #[test]
    fn an_ffmpeg_of_the_same_version_may_be_another_one() {
        let of = |second: u64| {
            let modified = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(second));
            let version = ffmpeg_cli::Version::parse("ffmpeg version 7.1.1 Copyright").unwrap();
            Ground {
                source: None,
                ffmpeg: Some(Program { path: "/usr/bin/ffmpeg".into(), version, modified }),
            }
        };
        let mut exchange = Exchange::default();
        let cured: Vec<bool> = [1, 1, 2, 2].map(|second| exchange.take(Some(of(second)), &of(1))).into();
        assert_eq!(cured, [false, false, false, true]);
    }
}
