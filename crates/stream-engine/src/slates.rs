//! Slates on disk: made once by FFmpeg, decoded once to see that they are good, then read-only and never changed.
//!
//! MediaMTX reads every slate again at each change of its configuration and ends in a panic over a damaged one, so a
//! file gets its name only when it is whole, and is looked at again before each write to the server.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use child_process::{Finished, Spawner, Spec};
use ffmpeg_cli::slate::{self, Slate};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    drives::Drives,
    tools::{Tools, WITHHELD},
};

/// Making or checking one takes a quarter of a second of one core at 1080p.
const LIMIT: Duration = Duration::from_secs(10);
/// A slate is small.
const FILE_LIMIT: Duration = Duration::from_secs(3);
/// One that no stream used for this long is removed.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Of FFmpeg's output.
const OUTPUT: usize = 16 << 10;
/// How a file that is being made is called until it is good.
const MAKING: &str = "making-";

/// The folder of slates. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Slates {
    dir: Arc<PathBuf>,
    /// The same folder as the server sees it.
    seen: Arc<PathBuf>,
    tools: Tools,
    spawner: Spawner,
    drives: Drives,
    /// One at a time: streams that start together mostly need the same.
    making: Arc<Mutex<()>>,
}

/// Why a slate could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotMade {
    #[error("{0}")]
    NoFfmpeg(stream_api::Error),
    #[error(transparent)]
    Spawn(#[from] child_process::SpawnError),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the drive does not answer")]
    Unanswered,
    #[error("FFmpeg took longer than {} s", LIMIT.as_secs())]
    Late,
    #[error("FFmpeg said: {0}")]
    Ffmpeg(String),
}

impl Slates {
    pub(crate) fn new(dir: PathBuf, tools: Tools, spawner: Spawner, drives: Drives) -> Slates {
        let seen = Arc::new(dir.clone());
        Slates { seen, dir: Arc::new(dir), tools, spawner, drives, making: Arc::default() }
    }

    /// In a folder of their own, which a server sees as `seen`.
    pub(crate) fn shared(&self, dir: PathBuf, seen: PathBuf) -> Slates {
        Slates { dir: Arc::new(dir), seen: Arc::new(seen), making: Arc::default(), ..self.clone() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.dir
    }

    /// Where the server finds the slate.
    pub(crate) fn seen(&self, slate: &Slate) -> PathBuf {
        self.seen.join(slate.file_name())
    }

    /// Where the slate is, or will be.
    pub(crate) fn file(&self, slate: &Slate) -> PathBuf {
        self.dir.join(slate.file_name())
    }

    /// Returns once the slate is there and whole.
    ///
    /// # Errors
    /// When it is not and can't be made.
    pub(crate) async fn ensure(&self, slate: &Slate) -> Result<(), NotMade> {
        let file = self.file(slate);
        if self.is_good(&file).await? {
            return Ok(());
        }
        let _one = self.making.lock().await;
        if self.is_good(&file).await? {
            return Ok(());
        }
        let began = Instant::now();
        let dir = Arc::clone(&self.dir);
        self.ask(&file, move || fs::create_dir_all(&*dir)).await??;
        let fresh = self.dir.join(format!("{MAKING}{}.mp4", Uuid::new_v4().simple()));
        let made = self.make(slate, &fresh, &file).await;
        if made.is_err() {
            // It may not even be there.
            let _ = self.ask(&file, move || fs::remove_file(&fresh)).await;
        }
        made?;
        let millis = began.elapsed().as_millis();
        tracing::info!(file = %file.display(), millis, "a slate was made");
        Ok(())
    }

    async fn make(&self, slate: &Slate, fresh: &Path, file: &Path) -> Result<(), NotMade> {
        self.ffmpeg(slate::arguments(slate, fresh)).await?;
        let said = self.ffmpeg(slate::check_arguments(fresh)).await?;
        if !said.stderr.is_empty() {
            return Err(NotMade::Ffmpeg(last_line(&said)));
        }
        let (fresh, done) = (fresh.to_owned(), file.to_owned());
        Ok(self.ask(file, move || put_in_place(&fresh, &done)).await??)
    }

    async fn is_good(&self, file: &Path) -> Result<bool, NotMade> {
        let asked = file.to_owned();
        self.ask(file, move || is_good(&asked)).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        file: &Path,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotMade> {
        self.drives.ask(file, FILE_LIMIT, work).await.ok_or(NotMade::Unanswered)
    }

    async fn ffmpeg(&self, args: Vec<OsString>) -> Result<Finished, NotMade> {
        let ffmpeg = self.tools.found().ffmpeg.map_err(NotMade::NoFfmpeg)?;
        let spec =
            Spec { env_clear_prefixes: WITHHELD.map(String::from).to_vec(), ..Spec::new(&ffmpeg.path) };
        let run = child_process::run(&self.spawner, spec.with_args(args), LIMIT, OUTPUT).await?;
        match (run.timed_out, run.exit.success()) {
            (true, _) => Err(NotMade::Late),
            (false, true) => Ok(run),
            (false, false) => Err(NotMade::Ffmpeg(last_line(&run))),
        }
    }

    /// Removes what nothing refers to: half-made files, and slates that were not used for a month. Only before the
    /// server runs.
    pub(crate) async fn tidy(&self) {
        self.remove_stale(Duration::ZERO, BTreeSet::new()).await;
    }

    /// The same where another's server runs, which has files of these names in its paths; and others may be making
    /// some.
    pub(crate) async fn tidy_but(&self, used: BTreeSet<String>) {
        self.remove_stale(KEPT_FOR, used).await;
    }

    async fn remove_stale(&self, half_made_for: Duration, used: BTreeSet<String>) {
        let dir = Arc::clone(&self.dir);
        if self.ask(&self.dir, move || remove_stale(&dir, half_made_for, &used)).await.is_err() {
            tracing::debug!("unused slates were not looked for");
        }
    }
}

fn remove_stale(dir: &Path, half_made_for: Duration, used: &BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let kept_for = if name.starts_with(MAKING) { half_made_for } else { KEPT_FOR };
        let modified = entry.metadata().and_then(|meta| meta.modified());
        // One of the future is not even new.
        let age = modified.map(|modified| modified.elapsed().unwrap_or_default());
        if !used.contains(&name)
            && age.is_ok_and(|age| age >= kept_for)
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::debug!(%error, file = %entry.path().display(), "an unused slate was not removed");
        }
    }
}

fn last_line(run: &Finished) -> String {
    let text = String::from_utf8_lossy(&run.stderr);
    ffmpeg_cli::log::redact(text.lines().last().unwrap_or_default()).into_owned()
}

/// Gives a slate that is good its name, for good.
fn put_in_place(fresh: &Path, file: &Path) -> io::Result<()> {
    let whole = File::open(fresh)?;
    whole.sync_all()?;
    let mut permissions = whole.metadata()?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(fresh, permissions)?;
    // A running server keeps what it has open; a damaged slate is replaced in one step.
    if let Err(error) = fs::rename(fresh, file) {
        // Windows does not replace a file that is read-only.
        fs::remove_file(file).map_err(|_| error)?;
        fs::rename(fresh, file)?;
    }
    Ok(())
}

fn is_good(file: &Path) -> bool {
    let whole = is_whole(file).unwrap_or(false);
    if whole && let Ok(file) = File::open(file) {
        // Says only that it is in use; a disk that can't note it is none the worse.
        let _ = file.set_modified(SystemTime::now());
    }
    whole
}

/// Whether the file is an MP4 whose boxes end where it ends: it was neither cut nor overwritten by something else.
pub(crate) fn is_whole(file: &Path) -> io::Result<bool> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    let (mut at, mut has_index, mut has_media) = (0u64, false, false);
    while at < length {
        let mut head = [0; 16];
        file.seek(SeekFrom::Start(at))?;
        if file.read_exact(&mut head[..8]).is_err() {
            return Ok(false);
        }
        let short = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let size = if short == 1 {
            file.read_exact(&mut head[8..])?;
            u64::from_be_bytes([head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15]])
        } else {
            u64::from(short)
        };
        match &head[4..8] {
            b"ftyp" if at == 0 => {}
            _ if at == 0 => return Ok(false),
            b"moov" => has_index = true,
            b"mdat" => has_media = true,
            _ => {}
        }
        if size < 8 {
            return Ok(false);
        }
        at = at.saturating_add(size);
    }
    Ok(at == length && has_index && has_media)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(parts: &[(&[u8; 4], usize)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, payload) in parts {
            bytes.extend(u32::try_from(payload + 8).unwrap().to_be_bytes());
            bytes.extend(*kind);
            bytes.resize(bytes.len() + payload, 0);
        }
        bytes
    }

    #[test]
    fn only_what_nobody_uses_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let old = SystemTime::now() - KEPT_FOR - Duration::from_secs(60);
        for (name, is_old) in
            [("used.mp4", true), ("unused.mp4", true), ("new.mp4", false), ("making-x.mp4", false)]
        {
            let file = File::create(dir.path().join(name)).unwrap();
            if is_old {
                file.set_modified(old).unwrap();
            }
        }
        let left = || {
            let names = fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name());
            names.map(|name| name.into_string().unwrap()).collect::<BTreeSet<_>>()
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        remove_stale(dir.path(), KEPT_FOR, &names(&["used.mp4"]));
        assert_eq!(left(), names(&["used.mp4", "new.mp4", "making-x.mp4"]), "where others are at work");
        remove_stale(dir.path(), Duration::ZERO, &BTreeSet::new());
        assert_eq!(left(), names(&["new.mp4"]), "where nobody is");
    }

    #[test]
    fn only_whole_files_are_taken() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        let good = boxes(&[(b"ftyp", 24), (b"moov", 300), (b"free", 0), (b"mdat", 1000)]);
        let cut = good[..good.len() - 1].to_vec();
        let longer = [good.clone(), vec![0; 3]].concat();
        for (bytes, whole) in [
            (good.clone(), true),
            (cut, false),
            (longer, false),
            (boxes(&[(b"ftyp", 24), (b"moov", 300)]), false),
            (boxes(&[(b"moov", 300), (b"mdat", 10)]), false),
            (b"overwritten by a text".to_vec(), false),
            (vec![0; 64], false),
            (Vec::new(), false),
        ] {
            fs::write(&file, &bytes).unwrap();
            assert_eq!(is_whole(&file).unwrap_or(false), whole, "{} bytes", bytes.len());
        }
        fs::remove_file(&file).unwrap();
        assert!(is_whole(&file).is_err(), "a missing one is an error");
    }
}
