//! Whether the file of a stream that runs is still there, and still the one that FFmpeg opened. FFmpeg goes on with
//! what it has open, so nothing else tells.

use std::{
    fs, io,
    time::{Duration, Instant, SystemTime},
};

use futures_util::FutureExt as _;
use tokio::task::JoinHandle;

use crate::drives::{self, Drives};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// A file that is replaced is not there for a moment.
const LOOKS: u32 = 2;

/// Looks for one file, now and then, and never waits for a drive that does not answer.
#[derive(Debug, Default)]
pub(super) struct SourceWatch {
    asked: Option<JoinHandle<Option<Look>>>,
    at: Option<Instant>,
    /// How often in a row it was not there.
    missed: u32,
    /// As it was when it was first looked at.
    first: Option<Shape>,
    changed: bool,
}

/// What became of a file since FFmpeg opened it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing, as far as is known.
    #[default]
    Same,
    /// It is not there any more.
    Gone,
    /// Another one is there, or something else in it.
    Changed,
}

#[derive(Debug)]
enum Look {
    Missing,
    There(Shape),
    /// It can't be looked at, and may well be there.
    Unknown,
}

/// What tells one content of a file from another. Not the number of its inode: some network drives give a file another
/// one whenever they are asked.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl SourceWatch {
    /// What became of the file, as far as is known; called about once a second. `runs`: FFmpeg has it open.
    pub(super) fn look(&mut self, drives: &Drives, path: &str, runs: bool, now: Instant) -> Fate {
        if !runs {
            *self = SourceWatch::default();
            return Fate::Same;
        }
        if let Some(seen) = self.asked.as_mut().and_then(|asked| asked.now_or_never()) {
            self.asked = None;
            self.take(seen.ok().flatten().unwrap_or(Look::Unknown));
        }
        if self.asked.is_none() && self.at.is_none_or(|at| now.duration_since(at) >= EVERY) {
            self.at = Some(now);
            let (drives, path) = (drives.clone(), path.to_owned());
            self.asked = Some(tokio::spawn(async move {
                let asked = path.clone();
                drives.ask(path.as_ref(), drives::LIMIT, move || look_at(&asked)).await
            }));
        }
        match self.changed {
            _ if self.missed >= LOOKS => Fate::Gone,
            true => Fate::Changed,
            false => Fate::Same,
        }
    }

    fn take(&mut self, seen: Look) {
        self.missed = if matches!(seen, Look::Missing) { self.missed + 1 } else { 0 };
        if let Look::There(shape) = seen {
            self.changed = self.first.as_ref().is_some_and(|first| *first != shape);
            self.first.get_or_insert(shape);
        }
    }
}

fn look_at(path: &str) -> Look {
    match fs::metadata(path) {
        Ok(found) => Look::There(Shape { bytes: found.len(), modified: found.modified().ok() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Look::Missing,
        Err(_) => Look::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks until what was asked is answered; what is said then.
    async fn look(watch: &mut SourceWatch, path: &str, now: Instant) -> Fate {
        let drives = Drives::default();
        watch.look(&drives, path, true, now);
        let answered = async {
            while watch.asked.as_ref().is_some_and(|asked| !asked.is_finished()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), answered).await.expect("it is answered");
        watch.look(&drives, path, true, now)
    }

    #[tokio::test]
    async fn a_file_is_gone_when_it_is_missed_twice_and_back_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        let path = file.to_str().unwrap();
        fs::write(&file, "x").unwrap();
        let (mut watch, start) = (SourceWatch::default(), Instant::now());
        let drives = Drives::default();
        let at = |looks: u32| start + EVERY * looks;
        assert_eq!(look(&mut watch, path, at(0)).await, Fate::Same);
        let aside = dir.path().join("b.mp4");
        fs::rename(&file, &aside).unwrap();
        assert_eq!(look(&mut watch, path, at(0)).await, Fate::Same, "it is not looked at so soon");
        assert_eq!(look(&mut watch, path, at(1)).await, Fate::Same, "it may be being replaced");
        assert_eq!(look(&mut watch, path, at(2)).await, Fate::Gone);
        assert_eq!(look(&mut watch, path, at(2)).await, Fate::Gone);
        fs::rename(&aside, &file).unwrap();
        assert_eq!(look(&mut watch, path, at(3)).await, Fate::Same);
        fs::remove_file(&file).unwrap();
        for looks in [4, 5] {
            look(&mut watch, path, at(looks)).await;
        }
        assert_eq!(watch.look(&drives, path, false, at(5)), Fate::Same, "nothing runs");
        assert_eq!(watch.look(&drives, path, true, at(5)), Fate::Same, "and it starts afresh");
    }

    #[tokio::test]
    async fn another_file_in_its_place_is_seen_until_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("a.mp4"), dir.path().join("b.mp4"));
        let path = file.to_str().unwrap();
        fs::write(&file, "one").unwrap();
        let (mut watch, start) = (SourceWatch::default(), Instant::now());
        let drives = Drives::default();
        assert_eq!(look(&mut watch, path, start).await, Fate::Same);
        // As long, and with a time of its own.
        fs::write(&other, "two").unwrap();
        let later = SystemTime::now() + Duration::from_secs(60);
        fs::File::options().write(true).open(&other).unwrap().set_modified(later).unwrap();
        fs::rename(&other, &file).unwrap();
        assert_eq!(look(&mut watch, path, start + EVERY).await, Fate::Changed);
        assert_eq!(look(&mut watch, path, start + EVERY * 2).await, Fate::Changed);
        assert_eq!(watch.look(&drives, path, false, start + EVERY * 2), Fate::Same);
        assert_eq!(look(&mut watch, path, start + EVERY * 3).await, Fate::Same, "FFmpeg opened this one");
    }
}
