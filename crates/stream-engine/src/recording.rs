//! Whether a recording is really being written: by looking at the files.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::FutureExt as _;
use stream_api::{Code, Error, Recording, t};
use tokio::task::JoinHandle;

use crate::drives::{self, Drives};

/// Without a new byte for this long a recording is stuck. MediaMTX writes a part a second (`recordPartDuration`).
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Watches the folder of one stream's recordings, and never waits for a drive that does not answer.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    asked: Option<JoinHandle<Option<u64>>>,
    /// By the last answer.
    bytes: Option<u64>,
    grown: Option<Instant>,
    since: Option<Instant>,
}

impl Watch {
    /// How the recording in `folder` is, as far as is known; called about once a second. `wanted`: the stream is on air
    /// and is to be recorded.
    pub(crate) fn look(&mut self, drives: &Drives, folder: &Path, wanted: bool, now: Instant) -> Recording {
        if !wanted {
            *self = Watch::default();
            return Recording::Off;
        }
        if let Some(answer) = self.asked.as_mut().and_then(|asked| asked.now_or_never()) {
            self.asked = None;
            self.answered(answer.ok().flatten(), now);
        }
        if self.asked.is_none() {
            let (drives, folder) = (drives.clone(), folder.to_owned());
            self.asked = Some(tokio::spawn(async move {
                let asked = folder.clone();
                drives.ask(&folder, drives::LIMIT, move || size(&asked)).await
            }));
        }
        self.judged(now)
    }

    fn answered(&mut self, bytes: Option<u64>, now: Instant) {
        let Some(bytes) = bytes else { return };
        // Fewer when someone deleted an old file.
        if self.bytes.replace(bytes).is_some_and(|before| bytes > before) {
            self.grown = Some(now);
        }
    }

    fn judged(&mut self, now: Instant) -> Recording {
        let since = *self.since.get_or_insert(now);
        match self.grown {
            Some(grown) if now.duration_since(grown) < STUCK_AFTER => Recording::Writing,
            None if now.duration_since(since) < STUCK_AFTER => Recording::Waiting,
            _ => Recording::Stuck,
        }
    }
}

/// The recording as it is, and what is wrong with it: from what the files say, and from why the server says that it
/// does not write. On a full disk a few bytes are written every now and then.
pub(crate) fn judge(seen: Recording, said: Option<&str>, folder: &Path) -> (Recording, Option<Error>) {
    match (seen, said) {
        (Recording::Off, _) => (Recording::Off, None),
        (_, Some(reason)) => (Recording::Stuck, Some(fault(reason, folder))),
        (Recording::Stuck, None) => (Recording::Stuck, Some(fault(t!("recording.no_bytes"), folder))),
        (seen, None) => (seen, None),
    }
}

/// `reason` ends in the system's words (`strerror`, as Go has them), or Windows' own.
fn fault(reason: &str, folder: &Path) -> Error {
    let says = |any: &[&str]| any.iter().any(|words| reason.contains(words));
    let code = match () {
        () if says(&["no space left on device", "quota exceeded", "not enough space on the disk"]) => {
            Code::RecordingNoSpace
        }
        () if says(&["permission denied", "operation not permitted", "Access is denied"]) => {
            Code::RecordingDenied
        }
        () if says(&["read-only file system", "media is write protected"]) => Code::RecordingReadOnly,
        () => Code::RecordingFailed,
    };
    let error = Error::new(code).with("path", folder.display());
    if code == Code::RecordingFailed { error.with("reason", reason) } else { error }
}

/// Bytes of the files in `folder`; what can't be read counts as none.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|m| m.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_make_the_fault() {
        let folder = Path::new("/r/x");
        let judged = |said| judge(Recording::Writing, Some(said), folder);
        for (said, code) in [
            ("write /r/x/1.mp4: no space left on device", Code::RecordingNoSpace),
            ("mkdir /r/x: permission denied", Code::RecordingDenied),
            ("mkdir /r/x: read-only file system", Code::RecordingReadOnly),
            ("mkdir /r/x: not a directory", Code::RecordingFailed),
        ] {
            let (recording, fault) = judged(said);
            let fault = fault.unwrap();
            assert_eq!((recording, fault.code), (Recording::Stuck, code), "{said}");
            assert!(!format!("{}{}", fault.message, fault.hint).contains('{'), "{fault:?}");
        }
        assert_eq!(judge(Recording::Writing, None, folder), (Recording::Writing, None));
        assert_eq!(judge(Recording::Off, Some("old"), folder), (Recording::Off, None));
        let silent = judge(Recording::Stuck, None, folder).1.unwrap();
        assert_eq!(silent.code, Code::RecordingFailed);
    }

    #[tokio::test]
    async fn only_new_bytes_count_as_writing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        fs::write(&file, "old").unwrap();
        let drives = Drives::default();
        let (mut watch, start) = (Watch::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let folder = dir.path();
        let seen = look(&mut watch, &drives, folder, true, at(0)).await;
        assert_eq!(seen, Recording::Waiting, "old files are no proof");
        fs::write(&file, "old and new").unwrap();
        assert_eq!(look(&mut watch, &drives, folder, true, at(1)).await, Recording::Writing);
        assert_eq!(look(&mut watch, &drives, folder, true, at(9)).await, Recording::Writing);
        assert_eq!(look(&mut watch, &drives, folder, true, at(12)).await, Recording::Stuck);
        fs::write(&file, "old and new and more").unwrap();
        assert_eq!(
            look(&mut watch, &drives, folder, true, at(13)).await,
            Recording::Writing,
            "it may recover"
        );
        assert_eq!(watch.look(&drives, folder, false, at(14)), Recording::Off);
        let fresh = look(&mut watch, &drives, folder, true, at(15)).await;
        assert_eq!(fresh, Recording::Waiting, "and starts afresh");
        let gone = look(&mut watch, &drives, &folder.join("none"), true, at(26)).await;
        assert_eq!(gone, Recording::Stuck, "deleting is not writing");
    }

    /// Looks until what was asked is answered, and says what is known then.
    async fn look(
        watch: &mut Watch,
        drives: &Drives,
        folder: &Path,
        wanted: bool,
        now: Instant,
    ) -> Recording {
        // What was asked earlier is of earlier.
        watch.asked = None;
        watch.look(drives, folder, wanted, now);
        let answer = watch.asked.take().unwrap().await.unwrap();
        watch.answered(answer, now);
        watch.judged(now)
    }

    #[tokio::test]
    async fn a_drive_that_does_not_answer_is_not_waited_for() {
        let (drives, folder) = (Drives::default(), Path::new("/r/x"));
        let (mut watch, start) = (Watch::default(), Instant::now());
        for second in 0..20 {
            watch.asked = Some(tokio::spawn(std::future::pending()));
            let seen = watch.look(&drives, folder, true, start + Duration::from_secs(second));
            let expected = if second < 10 { Recording::Waiting } else { Recording::Stuck };
            assert_eq!(seen, expected, "after {second} s");
        }
    }
}
