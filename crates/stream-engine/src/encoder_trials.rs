//! What encodes on this computer: each encoder is tried with real frames, once for each FFmpeg and driver.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use atomic_write_file::AtomicWriteFile;
use child_process::{Spawner, Spec};
use ffmpeg_cli::{
    encoders::{Encoders, Trial, Works, trials},
    log, progress,
};
use serde::{Deserialize, Serialize};
use stream_api::{EncoderTried, Error};
use tokio::sync::{Mutex, watch};

use crate::{
    drives::{self, Drives},
    tools::{Program, Tools, WITHHELD},
};

/// One that has no device fails in a tenth of a second (measured); a driver that hangs is not waited for.
const LIMIT: Duration = Duration::from_secs(10);
/// Bytes of what FFmpeg says.
const OUTPUT: usize = 64 << 10;

/// What came of it, and what it holds for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    /// Changes with FFmpeg, with the driver and with the devices that there are.
    by: String,
    tried: Vec<EncoderTried>,
}

/// What the outcome of a trial depends on.
#[derive(Debug)]
struct Here {
    /// FFmpeg and drivers.
    by: String,
    /// Paths of graphics cards.
    devices: Vec<String>,
}

/// All trials of a computer. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct EncoderTrials {
    tools: Tools,
    spawner: Spawner,
    drives: Drives,
    /// Where it is kept over restarts.
    file: PathBuf,
    known: watch::Sender<Option<Known>>,
    /// Held while they are tried.
    turn: Arc<Mutex<()>>,
}

impl EncoderTrials {
    pub(crate) fn new(tools: Tools, spawner: Spawner, drives: Drives, file: PathBuf) -> EncoderTrials {
        EncoderTrials { tools, spawner, drives, file, known: watch::channel(None).0, turn: Arc::default() }
    }

    /// At the start: takes what is known from the last time, and tries where there may be a graphics card. Elsewhere the
    /// processor encodes anyway, and nothing is tried before somebody asks.
    pub(crate) async fn begin(&self) {
        let Ok(ffmpeg) = self.tools.found().ffmpeg else { return };
        let here = self.here(&ffmpeg).await;
        match self.stored().await.filter(|stored| stored.by == here.by) {
            Some(known) => drop(self.known.send_replace(Some(known))),
            None if may_have_cards(&here.devices) => {
                if let Err(error) = self.all(false).await {
                    tracing::debug!(%error, "no encoder was tried");
                }
            }
            None => {}
        }
    }

    /// Those that work, as far as is known: until it is, what every FFmpeg has.
    pub(crate) fn working(&self) -> Encoders {
        match &*self.known.borrow() {
            Some(known) if known.tried.iter().any(|one| one.failure.is_none()) => {
                let works = |one: &EncoderTried| Works {
                    encoder: one.encoder,
                    codec: one.codec,
                    device: one.device.clone(),
                };
                let fine = known.tried.iter().filter(|one| one.failure.is_none());
                Encoders::new(fine.map(works).collect())
            }
            _ => Encoders::default(),
        }
    }

    /// What came of it; tried now if that is not known of this FFmpeg and these drivers.
    ///
    /// # Errors
    /// `ffmpeg_…` when there is no FFmpeg.
    pub(crate) async fn all(&self, again: bool) -> Result<Vec<EncoderTried>, Error> {
        let _turn = self.turn.lock().await;
        let ffmpeg = self.tools.found().ffmpeg?;
        let Here { by, devices } = self.here(&ffmpeg).await;
        let known = self.known.borrow().clone();
        let known = match known {
            None => self.stored().await,
            known => known,
        };
        let known = known.filter(|known| known.by == by && !again);
        if let Some(known) = known {
            let tried = known.tried.clone();
            self.known.send_replace(Some(known));
            return Ok(tried);
        }
        let mut tried = Vec::new();
        for trial in trials(&devices) {
            tried.push(self.one(&ffmpeg.path, trial).await);
        }
        let working = tried.iter().filter(|one| one.failure.is_none()).count();
        tracing::info!(tried = tried.len(), working, "encoders were tried");
        let known = Known { by, tried: tried.clone() };
        self.known.send_replace(Some(known.clone()));
        let file = self.file.clone();
        match self.drives.ask(&self.file, drives::LIMIT, move || keep(&file, &known)).await {
            Some(Ok(())) => {}
            // Losing it costs some seconds of the next start.
            failure => tracing::warn!(?failure, "what encodes here could not be kept"),
        }
        Ok(tried)
    }

    /// What is kept; none where its drive does not answer.
    async fn stored(&self) -> Option<Known> {
        let file = self.file.clone();
        self.drives.ask(&self.file, drives::LIMIT, move || stored(&file)).await.flatten()
    }

    async fn here(&self, ffmpeg: &Program<ffmpeg_cli::Version>) -> Here {
        let path = ffmpeg.path.clone();
        let changed = move || fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let changed = self.drives.ask(&ffmpeg.path, drives::LIMIT, changed).await.flatten();
        let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        // Neither is on a drive.
        let driver = fs::read_to_string("/sys/module/nvidia/version").unwrap_or_default();
        let devices = devices();
        let (path, version, driver) = (ffmpeg.path.display(), &ffmpeg.version, driver.trim());
        let by = format!("{path} {version} {} {driver} {}", changed.as_secs(), devices.join(" "));
        Here { by, devices }
    }

    async fn one(&self, ffmpeg: &Path, trial: Trial) -> EncoderTried {
        let Trial { works: Works { encoder, codec, device }, arguments } = trial;
        let spec = Spec { env_clear_prefixes: WITHHELD.map(String::from).to_vec(), ..Spec::new(ffmpeg) };
        let run = child_process::run(&self.spawner, spec.with_args(arguments), LIMIT, OUTPUT).await;
        let failure = match run {
            Err(error) => Some(error.to_string()),
            Ok(run) if run.timed_out => Some(format!("no answer within {} s", LIMIT.as_secs())),
            Ok(run) => {
                let mut parser = progress::Parser::default();
                let out = String::from_utf8_lossy(&run.stdout);
                let frames = out.lines().filter_map(|line| parser.line(line)).filter_map(|p| p.frame).last();
                let works = run.exit.success() && frames.unwrap_or_default() > 0;
                (!works).then(|| said(&String::from_utf8_lossy(&run.stderr), run.exit.code))
            }
        };
        EncoderTried { encoder, codec, device, failure }
    }
}

/// The first lines, which name the reason; what follows is what comes of it.
fn said(stderr: &str, code: Option<i32>) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect();
    match lines.is_empty() {
        true => format!("FFmpeg ended with {}", code.unwrap_or_default()),
        false => log::redact(&lines.join(" · ")).into_owned(),
    }
}

fn may_have_cards(devices: &[String]) -> bool {
    cfg!(not(target_os = "linux")) || Path::new("/sys/module/nvidia").exists() || !devices.is_empty()
}

fn devices() -> Vec<String> {
    let Ok(entries) = fs::read_dir("/dev/dri") else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.path().into_os_string().into_string().ok());
    let mut all: Vec<String> = names.filter(|path| path.contains("renderD")).collect();
    all.sort();
    all
}

fn stored(file: &Path) -> Option<Known> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn keep(file: &Path, known: &Known) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut fresh = AtomicWriteFile::open(file)?;
    serde_json::to_writer(&mut fresh, known)?;
    fresh.commit()
}
