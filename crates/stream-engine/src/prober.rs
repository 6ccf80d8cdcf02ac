//! Finds out what a source holds: of a file by cheap checks first, then by ffprobe with a time limit; remembered by
//! path, time and size, over restarts of the program too.

mod memory;

use std::{
    collections::HashMap,
    ffi::OsString,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use child_process::{Finished, Spawner, Spec};
use ffmpeg_cli::{plan::Wanted, publish::Target};
use mediamtx_client::Track;
use parking_lot::{Mutex, MutexGuard};
use stream_api::{Code, Error, Plan, SourceMedia};

use crate::{
    drives::{self, Drives},
    encoder_trials::EncoderTrials,
    media_root::MediaRoots,
    tool_fault::Program,
    tools::{Tools, WITHHELD},
};
use memory::Memory;
pub(crate) use memory::Stamp;

/// A probe that takes longer in all is given up.
const LIMIT: Duration = drives::LIMIT;
/// Finding key frames reads 30 s of packets; a slow disk only costs the fact.
const KEYFRAME_LIMIT: Duration = Duration::from_secs(8);
/// Bytes of the file's beginning that are looked at.
const HEAD: usize = 4096;
/// Bytes of ffprobe's output that are kept.
const OUTPUT: usize = 4 << 20;
/// Sources that servers have which are remembered.
const REMEMBERED: usize = 1024;

/// Probes files. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Prober {
    tools: Tools,
    spawner: Spawner,
    roots: MediaRoots,
    drives: Drives,
    memory: Memory,
    encoders: EncoderTrials,
    /// What servers have at paths.
    live: Arc<Mutex<Fetched>>,
}

/// By the paths, with the tracks that the server told then.
type Fetched = HashMap<String, (Vec<Track>, SourceMedia)>;

/// What is known of a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Probed {
    pub(crate) media: SourceMedia,
    pub(crate) plan: Plan,
}

/// A file that may be streamed and can be read: as it is now, and how it begins.
#[derive(Debug)]
pub(crate) struct Looked {
    stamp: Stamp,
    head: Vec<u8>,
    /// How long the drive took: the rest of [`LIMIT`] is ffprobe's.
    took: Duration,
}

impl Looked {
    /// Which file it is, and as of when.
    pub(crate) fn stamp(&self) -> &Stamp {
        &self.stamp
    }
}

impl Prober {
    /// `memory`: the file that keeps what was found out.
    pub(crate) fn new(
        tools: Tools,
        spawner: Spawner,
        roots: MediaRoots,
        drives: Drives,
        memory: PathBuf,
        encoders: EncoderTrials,
    ) -> Prober {
        let by = tools.found().ffprobe.map(|ffprobe| ffprobe.version.to_string()).unwrap_or_default();
        let memory = Memory::open(memory, by, drives.clone());
        Prober { tools, spawner, roots, drives, memory, encoders, live: Arc::default() }
    }

    /// What encodes on this computer.
    pub(crate) fn encoders(&self) -> &EncoderTrials {
        &self.encoders
    }

    /// Writes down what is not yet; at the end.
    pub(crate) async fn save(&self) {
        self.memory.save().await;
    }

    /// # Errors
    /// A `source_…` code that says what is wrong with the file, or `ffmpeg_…` when ffprobe can't be used.
    pub(crate) async fn probe(&self, path: &str, wanted: &Wanted) -> Result<Probed, Error> {
        self.examine(self.look(path).await?, wanted).await
    }

    /// The cheap checks. Made before each start too: what may be streamed, and where a link leads, may have changed
    /// since.
    ///
    /// # Errors
    /// A `source_…` code; `source_timeout` when the drive does not answer.
    pub(crate) async fn look(&self, path: &str) -> Result<Looked, Error> {
        let (owned, roots) = (path.to_owned(), self.roots.clone());
        let looking = move || match roots.allow(owned.as_ref()) {
            true => look(&owned),
            false => Err(Error::new(Code::SourceOutsideMedia).with("path", owned)),
        };
        let start = Instant::now();
        let looked = self.drives.ask(path.as_ref(), LIMIT, looking).await;
        let looked = looked.unwrap_or_else(|| Err(late(path)));
        looked.map(|looked| Looked { took: start.elapsed(), ..looked })
    }

    /// What the file holds, as ffprobe says if it must be asked.
    ///
    /// # Errors
    /// As [`Prober::probe`].
    pub(crate) async fn examine(&self, looked: Looked, wanted: &Wanted) -> Result<Probed, Error> {
        let Looked { stamp, head, took } = looked;
        let path = stamp.path().to_owned();
        let path = &*path;
        if let Some(media) = self.memory.recall(&stamp) {
            return planned(media, path, wanted);
        }
        if ffmpeg_cli::probe::looks_like_playlist(&head) {
            return Err(Error::new(Code::SourceIsPlaylist).with("path", path));
        }
        let (media, whole) = self.ffprobe(path, &head, stamp.size(), LIMIT.saturating_sub(took)).await?;
        // What a slow disk kept back may be found the next time.
        if whole {
            self.memory.keep(stamp, media.clone());
        }
        planned(media, path, wanted)
    }

    /// What a server has at a path, which it says has these `tracks`; remembered as long as it says the same. None when
    /// nothing comes, for now.
    ///
    /// # Errors
    /// `ffmpeg_…` when ffprobe can't be used; `source_…` when nothing of what comes can be sent.
    pub(crate) async fn fetched(
        &self,
        from: &Target,
        tracks: &[Track],
        wanted: &Wanted,
    ) -> Result<Option<Probed>, Error> {
        let planned = |media: SourceMedia| -> Result<Option<Probed>, Error> {
            let plan = ffmpeg_cli::plan::live(&media, wanted)?;
            Ok(Some(Probed { media, plan }))
        };
        let known = |live: &Fetched| {
            let (then, media) = live.get(&from.name)?;
            (then == tracks).then(|| media.clone())
        };
        let known = known(&self.live());
        if let Some(media) = known {
            return planned(media);
        }
        let run = self.run(ffmpeg_cli::probe::live_arguments(from), LIMIT).await?;
        let text = String::from_utf8_lossy(&run.stdout);
        let media = ffmpeg_cli::probe::parse(&text).ok().filter(|_| run.exit.success() && !run.timed_out);
        // Without a size nothing of the picture came yet.
        let whole = |media: &SourceMedia| media.video.as_ref().is_none_or(|video| video.width > 0);
        let Some(media) = media.filter(whole) else {
            let said = ffmpeg_cli::log::redact(&String::from_utf8_lossy(&run.stderr)).into_owned();
            tracing::debug!(said, "nothing comes of a source that is to be converted");
            return Ok(None);
        };
        {
            let mut live = self.live();
            if live.len() >= REMEMBERED {
                live.clear();
            }
            live.insert(from.name.clone(), (tracks.to_vec(), media.clone()));
        }
        planned(media)
    }

    /// What the file holds, and whether that is all that can be known: a disk that is too slow for the key frames now
    /// may be faster the next time.
    async fn ffprobe(
        &self,
        path: &str,
        head: &[u8],
        size: u64,
        limit: Duration,
    ) -> Result<(SourceMedia, bool), Error> {
        let start = Instant::now();
        let run = self.run(ffmpeg_cli::probe::arguments(Path::new(path)), limit).await?;
        if run.timed_out {
            return Err(late(path));
        }
        let stderr = String::from_utf8_lossy(&run.stderr);
        let failure = || ffmpeg_cli::probe::failure(path, run.exit.code, &stderr, head);
        if !run.exit.success() {
            return Err(failure());
        }
        let text = String::from_utf8_lossy(&run.stdout);
        let mut media = ffmpeg_cli::probe::parse(&text).map_err(|_| failure())?;
        media.size = size;
        let (duration, mut whole) = (media.duration, true);
        if let Some(video) = &mut media.video {
            let left = limit.saturating_sub(start.elapsed()).min(KEYFRAME_LIMIT);
            let run = self.run(ffmpeg_cli::probe::keyframe_arguments(Path::new(path)), left).await?;
            whole = !run.timed_out;
            if run.exit.success() && whole {
                let text = String::from_utf8_lossy(&run.stdout);
                video.keyframe_interval = ffmpeg_cli::probe::keyframe_interval(&text, duration);
            }
        }
        Ok((media, whole))
    }

    async fn run(&self, args: Vec<OsString>, limit: Duration) -> Result<Finished, Error> {
        let ffprobe = self.tools.found().ffprobe?;
        let spec =
            Spec { env_clear_prefixes: WITHHELD.map(String::from).to_vec(), ..Spec::new(&ffprobe.path) };
        let run = child_process::run(&self.spawner, spec.with_args(args), limit, OUTPUT).await;
        run.map_err(|error| Program::Ffprobe.unspawnable(&ffprobe.path, &error))
    }

    fn live(&self) -> MutexGuard<'_, Fetched> {
        self.live.lock()
    }
}

fn planned(media: SourceMedia, path: &str, wanted: &Wanted) -> Result<Probed, Error> {
    let plan = ffmpeg_cli::plan::plan(&media, wanted).map_err(|error| error.with("path", path))?;
    Ok(Probed { media, plan })
}

fn late(path: &str) -> Error {
    Error::new(Code::SourceTimeout).with("path", path).with("seconds", LIMIT.as_secs())
}

/// What the file system says, and the file's beginning.
fn look(path: &str) -> Result<Looked, Error> {
    let wrong = |code: Code| Error::new(code).with("path", path);
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => match Path::new(path).parent() {
            Some(folder) if !folder.is_dir() => wrong(Code::SourceFolderMissing),
            _ => wrong(Code::SourceMissing),
        },
        io::ErrorKind::PermissionDenied => wrong(Code::SourceDenied),
        _ => wrong(Code::SourceUnreadable),
    };
    if !Path::new(path).is_absolute() {
        return Err(wrong(Code::SourceRelative));
    }
    let meta = fs::metadata(path).map_err(refused)?;
    if meta.is_dir() {
        return Err(wrong(Code::SourceIsFolder));
    }
    if !meta.is_file() {
        return Err(wrong(Code::SourceNotRegular));
    }
    if meta.len() == 0 {
        return Err(wrong(Code::SourceEmpty));
    }
    let mut head = Vec::new();
    let file = File::open(path).map_err(refused)?;
    file.take(HEAD as u64).read_to_end(&mut head).map_err(refused)?;
    let stamp = Stamp::new(path, meta.modified().ok(), meta.len());
    Ok(Looked { stamp, head, took: Duration::ZERO })
}

/// Whether a source that was missing or unreadable can be read now. Cheap.
pub(crate) fn is_readable(path: &str) -> bool {
    look(path).is_ok()
}
