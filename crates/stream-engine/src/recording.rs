//! Whether a recording is really being written: by looking at the files.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use stream_api::{Code, Error, Recording, t};

/// Without a new byte for this long a recording is stuck. MediaMTX writes a part a second (`recordPartDuration`).
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// Watches the folder of one stream's recordings.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    bytes: u64,
    grown: Option<Instant>,
    since: Option<Instant>,
}

impl Watch {
    /// Looks at `folder` now. `wanted`: the stream is on air and is to be recorded.
    pub(crate) fn look(&mut self, folder: &Path, wanted: bool, now: Instant) -> Recording {
        if !wanted {
            *self = Watch::default();
            return Recording::Off;
        }
        let bytes = size(folder);
        let since = *self.since.get_or_insert_with(|| {
            self.bytes = bytes;
            now
        });
        if bytes > self.bytes {
            self.grown = Some(now);
        }
        // Fewer when someone deleted an old file.
        self.bytes = bytes;
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

    #[test]
    fn only_new_bytes_count_as_writing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        fs::write(&file, "old").unwrap();
        let (mut watch, start) = (Watch::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(watch.look(dir.path(), false, at(0)), Recording::Off);
        assert_eq!(watch.look(dir.path(), true, at(0)), Recording::Waiting, "old files are no proof");
        fs::write(&file, "old and new").unwrap();
        assert_eq!(watch.look(dir.path(), true, at(1)), Recording::Writing);
        assert_eq!(watch.look(dir.path(), true, at(9)), Recording::Writing);
        assert_eq!(watch.look(dir.path(), true, at(12)), Recording::Stuck);
        fs::write(&file, "old and new and more").unwrap();
        assert_eq!(watch.look(dir.path(), true, at(13)), Recording::Writing, "it may recover");
        assert_eq!(watch.look(dir.path(), false, at(14)), Recording::Off);
        assert_eq!(watch.look(dir.path(), true, at(15)), Recording::Waiting, "and starts afresh");
        assert_eq!(
            watch.look(&dir.path().join("none"), true, at(26)),
            Recording::Stuck,
            "deleting is not writing"
        );
    }
}
