//! What encodes on this computer: each encoder is tried with real frames, once for each FFmpeg and driver.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use atomic_write_file::AtomicWriteFile;
use child_process::{Spawner, Spec};
use ffmpeg_cli::{
    encoders::{Encoders, Trial, Works, trials},
    log, progress,
};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use stream_api::{Encoder, EncoderTried, EncodersTried, Encoding, Error, VideoCodec};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};

use crate::{
    drives::{self, Drives},
    hub::Hub,
    tools::{Program, Tools, WITHHELD},
};

/// One that has no device fails in a tenth of a second (measured); a driver that hangs is not waited for.
const LIMIT: Duration = Duration::from_secs(10);
/// So long a person waits who must know: a driver that hangs is given up by then.
const PATIENCE: Duration = Duration::from_secs(15);
/// So long a start waits for the first trials there are on this computer. Without them it would be encoded by the
/// processor, and begin anew as soon as a card is known to work.
const START: Duration = Duration::from_secs(3);
/// Bytes of what FFmpeg says.
const OUTPUT: usize = 64 << 10;

/// What came of it, and what it holds for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Known {
    /// Changes with FFmpeg, with the driver and with the devices that there are.
    by: String,
    tried: Vec<EncoderTried>,
}

/// What is known by now.
#[derive(Debug, Clone, Default)]
struct State {
    /// What all of it holds for; none until all were tried.
    by: Option<String>,
    tried: Vec<EncoderTried>,
    /// More of it is being found out.
    trying: bool,
}

/// What the outcome of a trial depends on.
#[derive(Debug)]
struct Here {
    /// FFmpeg and drivers.
    by: String,
    /// Paths of graphics cards.
    devices: Vec<String>,
}

/// What came of one trial.
enum Outcome {
    Works,
    Fails(String),
    Hangs(String),
}

/// What somebody wants to know.
#[derive(Debug, Default)]
struct Wish {
    told: Notify,
    /// Whatever is known.
    again: AtomicBool,
}

/// All trials of a computer. A cheap handle; nobody waits for them but who must know.
#[derive(Debug, Clone)]
pub(crate) struct EncoderTrials {
    tools: Tools,
    spawner: Spawner,
    drives: Drives,
    hub: Hub,
    /// Where it is kept over restarts.
    file: PathBuf,
    state: watch::Sender<State>,
    wish: Arc<Wish>,
}

impl EncoderTrials {
    pub(crate) fn new(
        tools: Tools,
        spawner: Spawner,
        drives: Drives,
        hub: Hub,
        file: PathBuf,
    ) -> EncoderTrials {
        let state = watch::Sender::new(State::default());
        EncoderTrials { tools, spawner, drives, hub, file, state, wish: Arc::default() }
    }

    /// Takes what is known from the last time, and tries where there may be a graphics card: all that was never tried,
    /// and again what failed, since a card may have come late, or its driver be another one. Elsewhere the processor
    /// encodes anyway, and nothing is tried before somebody asks. Then finds out what somebody wants to know. Until
    /// dropped, which ends what runs.
    pub(crate) async fn work(self) {
        let mut failed = false;
        if let Ok(ffmpeg) = self.tools.found().ffmpeg {
            let here = self.here(&ffmpeg).await;
            let cards = may_have_cards(&here.devices);
            match self.stored().await.filter(|stored| stored.by == here.by) {
                Some(Known { by, tried }) => {
                    failed = cards && tried.iter().any(|one| one.failure.is_some());
                    self.change(|state| (state.by, state.tried) = (Some(by), tried));
                }
                None => self.change(|state| state.trying |= cards),
            }
            if failed || self.state.borrow().trying {
                self.wish.told.notify_one();
            }
        }
        loop {
            self.wish.told.notified().await;
            let again = self.wish.again.swap(false, Ordering::Relaxed);
            if let Ok(ffmpeg) = self.tools.found().ffmpeg {
                let here = self.here(&ffmpeg).await;
                let known = self.state.borrow().by.as_ref() == Some(&here.by);
                let failed = std::mem::take(&mut failed);
                if again || failed || !known {
                    self.try_all(&ffmpeg.path, here, known && !again).await;
                }
            }
            self.change(|state| state.trying = false);
        }
    }

    /// Those that work, as far as is known: until all were tried, what every FFmpeg has besides.
    pub(crate) fn working(&self) -> Encoders {
        let state = self.state.borrow();
        let fine = state.tried.iter().filter(|one| one.failure.is_none());
        let works: Vec<Works> = fine
            .map(|one| Works { encoder: one.encoder, codec: one.codec, device: one.device.clone() })
            .collect();
        match state.by.is_some() && !works.is_empty() {
            true => Encoders::new(works),
            false => Encoders::default().and(works),
        }
    }

    /// What is known. What is not, or is wanted `again`, is found out meanwhile: the host's picture tells how far
    /// that is.
    ///
    /// # Errors
    /// `ffmpeg_…` when there is no FFmpeg.
    pub(crate) fn ask(&self, again: bool) -> Result<EncodersTried, Error> {
        self.tools.found().ffmpeg?;
        self.wish.again.fetch_or(again, Ordering::Relaxed);
        let unknown = self.state.borrow().by.is_none();
        self.change(|state| state.trying |= again || unknown);
        self.wish.told.notify_one();
        Ok(shown(&self.state.borrow()))
    }

    /// Waits until it is known whether anything makes `codec` here, no longer than a person would.
    ///
    /// # Errors
    /// As [`EncoderTrials::ask`].
    pub(crate) async fn until_known(&self, codec: VideoCodec) -> Result<(), Error> {
        let mut state = self.state.subscribe();
        self.ask(false)?;
        let makes = |one: &EncoderTried| one.codec == codec && one.failure.is_none();
        let known = |state: &State| !state.trying || state.tried.iter().any(makes);
        // Whoever waited so long gets what is known by then.
        let _ = timeout(PATIENCE, state.wait_for(known)).await;
        Ok(())
    }

    /// Waits for a moment where all is being tried for the first time.
    pub(crate) async fn until_first_known(&self) {
        let mut state = self.state.subscribe();
        // Whoever waited so long starts with what is known by then.
        let _ = timeout(START, state.wait_for(|state| state.by.is_some() || !state.trying)).await;
    }

    /// The encoder that would be used instead of this one, now that all were tried. None where it is the same.
    pub(crate) fn better(&self, used: Encoder, encoding: &Encoding) -> Option<Encoder> {
        if self.state.borrow().trying {
            return None;
        }
        self.working().picked(encoding).filter(|picked| *picked != used)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
        let encoders = shown(&self.state.borrow());
        self.hub.host(|host| host.encoders = encoders);
    }

    /// All, or those alone that failed before. Each kind beside the others, so that a driver which hangs holds up nobody
    /// else; what was known counts until it is known anew.
    async fn try_all(&self, ffmpeg: &Path, Here { by, devices }: Here, only_failed: bool) {
        let trials = trials(&devices);
        let before = self.state.borrow().tried.clone();
        let old = |trial: &Trial| before.iter().find(|one| is_of(one, &trial.works)).cloned();
        let mut tried: Vec<Option<EncoderTried>> = trials.iter().map(old).collect();
        let works = |one: &Option<EncoderTried>| one.as_ref().is_some_and(|one| one.failure.is_none());
        let left_out: Vec<bool> = tried.iter().map(|one| only_failed && works(one)).collect();
        let (told, mut news) = mpsc::unbounded_channel();
        let kinds = Encoder::ALL.map(|kind| self.try_kind(ffmpeg, kind, (&trials, &left_out), told.clone()));
        drop(told);
        let listen = async {
            while let Some((at, one)) = news.recv().await {
                tried[at] = Some(one);
                let known = tried.iter().flatten().cloned().collect();
                self.change(|state| (state.tried, state.trying) = (known, true));
            }
        };
        tokio::join!(join_all(kinds), listen);
        let tried: Vec<EncoderTried> = tried.into_iter().flatten().collect();
        let working = tried.iter().filter(|one| one.failure.is_none()).count();
        tracing::info!(tried = tried.len(), working, "encoders were tried");
        let known = Known { by: by.clone(), tried };
        self.change(|state| state.by = Some(by));
        let file = self.file.clone();
        match self.drives.ask(&self.file, drives::LIMIT, move || keep(&file, &known)).await {
            Some(Ok(())) => {}
            // Losing it costs some seconds of the next start.
            failure => tracing::warn!(?failure, "what encodes here could not be kept"),
        }
    }

    /// One after the other, since a card may have few sessions. What would go by a driver that hangs is not tried.
    async fn try_kind(
        &self,
        ffmpeg: &Path,
        kind: Encoder,
        (trials, left_out): (&[Trial], &[bool]),
        told: mpsc::UnboundedSender<(usize, EncoderTried)>,
    ) {
        let mut hangs = None;
        let wanted = |(at, trial): &(usize, &Trial)| trial.works.encoder == kind && !left_out[*at];
        for (at, trial) in trials.iter().enumerate().filter(wanted) {
            if hangs.is_none() {
                match self.one(ffmpeg, trial).await {
                    Outcome::Works => drop(told.send((at, came_of(trial, None)))),
                    Outcome::Fails(why) => drop(told.send((at, came_of(trial, Some(why))))),
                    Outcome::Hangs(why) => hangs = Some(why),
                }
            }
            if let Some(why) = &hangs {
                // Nobody listens any more at the end of the program.
                let _ = told.send((at, came_of(trial, Some(why.clone()))));
            }
        }
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
        let (devices, drivers) = (devices(), drivers());
        let (path, version) = (ffmpeg.path.display(), &ffmpeg.version);
        let by = format!("{path} {version} {} {drivers} {}", changed.as_secs(), devices.join(" "));
        Here { by, devices }
    }

    async fn one(&self, ffmpeg: &Path, trial: &Trial) -> Outcome {
        let spec = Spec { env_clear_prefixes: WITHHELD.map(String::from).to_vec(), ..Spec::new(ffmpeg) };
        let spec = spec.with_args(trial.arguments.clone());
        let run = match child_process::run(&self.spawner, spec, LIMIT, OUTPUT).await {
            Err(error) => return Outcome::Fails(error.to_string()),
            Ok(run) if run.timed_out => {
                return Outcome::Hangs(format!("no answer within {} s", LIMIT.as_secs()));
            }
            Ok(run) => run,
        };
        let mut parser = progress::Parser::default();
        let out = String::from_utf8_lossy(&run.stdout);
        let frames = out.lines().filter_map(|line| parser.line(line)).filter_map(|p| p.frame).last();
        match run.exit.success() && frames.unwrap_or_default() > 0 {
            true => Outcome::Works,
            false => Outcome::Fails(said(&String::from_utf8_lossy(&run.stderr), run.exit.code)),
        }
    }
}

fn shown(state: &State) -> EncodersTried {
    EncodersTried { tried: state.tried.clone(), trying: state.trying }
}

fn came_of(trial: &Trial, failure: Option<String>) -> EncoderTried {
    let Works { encoder, codec, device } = trial.works.clone();
    EncoderTried { encoder, codec, device, failure }
}

fn is_of(one: &EncoderTried, works: &Works) -> bool {
    (one.encoder, one.codec, &one.device) == (works.encoder, works.codec, &works.device)
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

/// Paths of graphics cards, and the numbers of NVIDIA's where there are several; none of them on a drive.
fn devices() -> Vec<String> {
    let entries = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.path().into_os_string().into_string().ok());
    let mut all: Vec<String> = names.filter(|path| path.contains("renderD")).collect();
    all.sort();
    let cards = fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().flatten().count();
    all.extend((0..cards).filter(|_| cards > 1).map(|number| number.to_string()));
    all
}

/// Changes with what drives graphics cards: with NVIDIA's driver, with the kernel or system, and, on the system's own
/// drive, with the drivers of VA-API that are installed.
fn drivers() -> String {
    let nvidia = fs::read_to_string("/sys/module/nvidia/version").unwrap_or_default();
    let system = sysinfo::System::kernel_version().unwrap_or_default();
    let installed =
        ["/usr/lib/x86_64-linux-gnu/dri", "/usr/lib/aarch64-linux-gnu/dri", "/usr/lib64/dri", "/usr/lib/dri"];
    let changed = |folder: &str| fs::metadata(folder).and_then(|meta| meta.modified()).ok();
    let changed = installed.into_iter().filter_map(changed).max();
    let changed = changed.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {system} {}", nvidia.trim(), changed.as_secs())
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
