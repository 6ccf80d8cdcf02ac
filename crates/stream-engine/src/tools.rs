//! FFmpeg, ffprobe and MediaMTX: found, and checked before they are used.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use child_process::{Spawner, Spec};
use stream_api::{Code, Error, Fault, HostStatus, Installer, SecretsPlace, Tool, ToolState};
use tokio::sync::watch;

use crate::{
    DataDir, Options, ToolPaths,
    drives::{self, Drives},
    hub::Hub,
    media_root::MediaRoots,
    tool_fault::{self, Program as Which, Why},
};

/// A program that does not print its version within this time can't be used.
const VERSION_LIMIT: Duration = Duration::from_secs(10);
/// Missing programs are looked for this often.
const AGAIN: Duration = Duration::from_secs(5);
/// Variables that would change what our children do: MediaMTX takes `MTX_*` and the older `RTSP_*` for settings
/// (`internal/conf/env`), FFmpeg writes a report for `FFREPORT`.
pub(crate) const WITHHELD: [&str; 3] = ["MTX_", "RTSP_", "FFREPORT"];

/// The programs that we run. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    paths: ToolPaths,
    beside: Vec<PathBuf>,
    spawner: Spawner,
    hub: Hub,
    drives: Drives,
    found: watch::Sender<Found>,
}

/// What the last check found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    at: Instant,
    pub(crate) ffmpeg: Result<Program<ffmpeg_cli::Version>, Error>,
    pub(crate) ffprobe: Result<Program<ffmpeg_cli::Version>, Error>,
    pub(crate) mediamtx: Result<Program<mediamtx_client::Version>, Error>,
}

/// A program that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program<V> {
    pub(crate) path: PathBuf,
    pub(crate) version: V,
    /// When its file was last written; another build may say the same version.
    pub(crate) modified: Option<SystemTime>,
}

impl Tools {
    pub(crate) fn new(options: &Options, spawner: Spawner, hub: Hub, drives: Drives) -> Tools {
        let found = Found {
            at: Instant::now(),
            ffmpeg: Err(Error::new(Code::FfmpegMissing)),
            ffprobe: Err(Error::new(Code::FfmpegMissing)),
            mediamtx: Err(Error::new(Code::ServerMissing)),
        };
        let (paths, beside) = (options.tools.clone(), options.beside.clone());
        Tools { paths, beside, spawner, hub, drives, found: watch::channel(found).0 }
    }

    /// Looks for all of them (again) and runs each for its version.
    pub(crate) async fn check(&self) {
        let (ffmpeg, mut ffprobe, mediamtx) = tokio::join!(
            self.ffmpeg_tool(Which::Ffmpeg, self.paths.ffmpeg.as_deref(), "ffmpeg"),
            self.ffmpeg_tool(Which::Ffprobe, self.paths.ffprobe.as_deref(), "ffprobe"),
            self.mediamtx_tool(),
        );
        // Without both it is FFmpeg as a whole that is missing.
        if let Err(whole) = &ffmpeg
            && whole.code == Code::FfmpegMissing
            && ffprobe.as_ref().is_err_and(|part| part.code == Code::FfprobeMissing)
        {
            ffprobe = Err(whole.clone());
        }
        self.hub.host(|host| {
            (host.ffmpeg, host.ffprobe) = (shown(&ffmpeg), shown(&ffprobe));
            host.mediamtx = shown(&mediamtx);
        });
        self.found.send_replace(Found { at: Instant::now(), ffmpeg, ffprobe, mediamtx });
    }

    /// Looks again, unless that was done within the last few seconds: many streams may miss the same program.
    pub(crate) async fn check_again(&self) {
        if self.found.borrow().at.elapsed() >= AGAIN {
            self.check().await;
        }
    }

    pub(crate) fn found(&self) -> Found {
        self.found.borrow().clone()
    }

    async fn ffmpeg_tool(
        &self,
        which: Which,
        named: Option<&Path>,
        name: &str,
    ) -> Result<Program<ffmpeg_cli::Version>, Error> {
        let path = self.find(named, name).await.ok_or_else(|| which.fault(Path::new(name), Why::Missing))?;
        let version = self.version(which, &path, "-version", ffmpeg_cli::Version::parse).await?;
        if !version.is_supported() {
            return Err(Error::new(Code::FfmpegTooOld).with("path", path.display()).with("version", version));
        }
        Ok(Program { modified: self.modified(&path).await, path, version })
    }

    async fn mediamtx_tool(&self) -> Result<Program<mediamtx_client::Version>, Error> {
        let named = self.paths.mediamtx.as_deref();
        let path = match self.find(named, "stream-manager-mediamtx").await {
            Some(ours) => Some(ours),
            None => self.find(named, "mediamtx").await,
        };
        let path = path.ok_or_else(|| Which::Mediamtx.fault(Path::new("mediamtx"), Why::Missing))?;
        let parse = mediamtx_client::Version::parse;
        let version = self.version(Which::Mediamtx, &path, "--version", parse).await?;
        if !version.is_supported() {
            return Err(Error::new(Code::ServerTooOld).with("path", path.display()).with("version", version));
        }
        Ok(Program { modified: self.modified(&path).await, path, version })
    }

    /// Looks again if FFmpeg's file is another one than at the last look: what it could not do, the new one may.
    pub(crate) async fn check_exchanged(&self) {
        let Ok(ffmpeg) = self.found().ffmpeg else { return };
        let modified = self.modified(&ffmpeg.path).await;
        if modified.is_some() && modified != ffmpeg.modified {
            self.check_again().await;
        }
    }

    async fn modified(&self, path: &Path) -> Option<SystemTime> {
        let asked = path.to_owned();
        let look = move || fs::metadata(asked)?.modified();
        self.drives.ask(path, drives::LIMIT, look).await?.ok()
    }

    /// A named one as it is (so that its fault is told), else the first of: beside the app, on the `PATH`.
    async fn find(&self, named: Option<&Path>, name: &str) -> Option<PathBuf> {
        if let Some(named) = named {
            return Some(std::path::absolute(named).unwrap_or_else(|_| named.to_owned()));
        }
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        let path = env::var_os("PATH").unwrap_or_default();
        for dir in self.beside.iter().cloned().chain(env::split_paths(&path)) {
            let candidate = dir.join(&file);
            let asked = candidate.clone();
            // In a folder that does not answer there is nothing.
            if self.drives.ask(&dir, drives::LIMIT, move || asked.is_file()).await == Some(true) {
                return Some(candidate);
            }
        }
        None
    }

    async fn version<V>(
        &self,
        which: Which,
        path: &Path,
        flag: &str,
        parse: fn(&str) -> Option<V>,
    ) -> Result<V, Error> {
        let spec = Spec { env_clear_prefixes: WITHHELD.map(String::from).to_vec(), ..Spec::new(path) };
        let run = child_process::run(&self.spawner, spec.with_args([flag]), VERSION_LIMIT, 64 << 10).await;
        let run = run.map_err(|error| which.unspawnable(path, &error))?;
        if run.timed_out {
            return Err(which.fault(path, Why::Silent));
        }
        parse(&String::from_utf8_lossy(&run.stdout)).ok_or_else(|| {
            let missing = tool_fault::missing_library(&String::from_utf8_lossy(&run.stderr));
            // Unix hands what the kernel does not execute to the shell, which finds no sense in it.
            let why = if child_process::is_foreign(path) { Why::WrongMachine } else { Why::NoVersion };
            which.fault(path, missing.map_or(why, Why::LibraryMissing))
        })
    }
}

fn shown<V: std::fmt::Display>(found: &Result<Program<V>, Error>) -> Tool {
    match found {
        Ok(program) => Tool {
            path: Some(program.path.display().to_string()),
            version: Some(program.version.to_string()),
            state: ToolState::Ready,
            fault: None,
        },
        Err(error) => {
            let path = error.args.get("path").cloned();
            let version = error.args.get("version").cloned();
            Tool { path, version, state: ToolState::Unusable, fault: Some(Fault::new(error.clone())) }
        }
    }
}

/// The host's part of the picture before anything was looked for.
pub(crate) fn host_status(
    options: &Options,
    data: &DataDir,
    roots: &MediaRoots,
    notes: Vec<String>,
) -> HostStatus {
    let unknown = Tool { path: None, version: None, state: ToolState::Checking, fault: None };
    HostStatus {
        kind: options.kind,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        data_dir: data.path().display().to_string(),
        recordings_dir: data.recordings().display().to_string(),
        media_roots: roots.shown(),
        ffmpeg: unknown.clone(),
        ffprobe: unknown.clone(),
        mediamtx: unknown,
        encoders: Default::default(),
        installer: installer(),
        secrets: SecretsPlace::File,
        notes,
    }
}

/// The first that is on the `PATH`.
fn installer() -> Option<Installer> {
    let path = env::var_os("PATH").unwrap_or_default();
    let there = |program: &str| {
        let file = format!("{program}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&path).any(|dir| dir.join(&file).is_file())
    };
    Installer::ALL.into_iter().find(|(_, program)| there(program)).map(|(manager, _)| manager)
}
