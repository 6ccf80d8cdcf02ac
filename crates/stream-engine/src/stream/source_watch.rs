//! Whether the file of a stream that runs is still there. FFmpeg goes on with what it has open, so nothing else tells.

use std::{
    fs, io,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use tokio::task::{JoinHandle, spawn_blocking};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// A file that is replaced is not there for a moment.
const LOOKS: u32 = 2;

/// Looks for one file, now and then, and never waits for a drive that does not answer.
#[derive(Debug, Default)]
pub(super) struct SourceWatch {
    asked: Option<JoinHandle<bool>>,
    at: Option<Instant>,
    /// How often in a row it was not there.
    missed: u32,
}

impl SourceWatch {
    /// Whether the file is gone, as far as is known; called about once a second. `runs`: FFmpeg has it open.
    pub(super) fn is_gone(&mut self, path: &str, runs: bool, now: Instant) -> bool {
        if !runs {
            *self = SourceWatch::default();
            return false;
        }
        if let Some(gone) = self.asked.as_mut().and_then(|asked| asked.now_or_never()) {
            self.asked = None;
            self.missed = if gone.unwrap_or(false) { self.missed + 1 } else { 0 };
        }
        if self.asked.is_none() && self.at.is_none_or(|at| now.duration_since(at) >= EVERY) {
            self.at = Some(now);
            let path = path.to_owned();
            self.asked = Some(spawn_blocking(move || is_not_there(&path)));
        }
        self.missed >= LOOKS
    }
}

/// What can't be looked at for another reason may well be there.
fn is_not_there(path: &str) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks until what was asked is answered; what is said then.
    async fn look(watch: &mut SourceWatch, path: &str, now: Instant) -> bool {
        watch.is_gone(path, true, now);
        let answered = async {
            while watch.asked.as_ref().is_some_and(|asked| !asked.is_finished()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), answered).await.expect("it is answered");
        watch.is_gone(path, true, now)
    }

    #[tokio::test]
    async fn a_file_is_gone_when_it_is_missed_twice_and_back_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        let path = file.to_str().unwrap();
        fs::write(&file, "x").unwrap();
        let (mut watch, start) = (SourceWatch::default(), Instant::now());
        let at = |looks: u32| start + EVERY * looks;
        assert!(!look(&mut watch, path, at(0)).await);
        fs::remove_file(&file).unwrap();
        assert!(!look(&mut watch, path, at(0)).await, "it is not looked at so soon");
        assert!(!look(&mut watch, path, at(1)).await, "it may be being replaced");
        assert!(look(&mut watch, path, at(2)).await);
        assert!(look(&mut watch, path, at(2)).await);
        fs::write(&file, "x").unwrap();
        assert!(!look(&mut watch, path, at(3)).await);
        fs::remove_file(&file).unwrap();
        for looks in [4, 5] {
            look(&mut watch, path, at(looks)).await;
        }
        assert!(!watch.is_gone(path, false, at(5)), "nothing runs");
        assert!(!watch.is_gone(path, true, at(5)), "and it starts afresh");
    }
}
