//! FFmpeg, ffprobe and MediaMTX: found, and checked before they are used.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use child_process::{Spawner, Spec};
use parking_lot::Mutex;
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
    /// Those that this start names.
    at_start: Arc<ToolPaths>,
    named: Arc<Mutex<Named>>,
    /// Held while they are looked for: what is found last is of those that were named last.
    checking: Arc<tokio::sync::Mutex<()>>,
    /// Where the others are looked for, in this order.
    places: Arc<[PathBuf]>,
    spawner: Spawner,
    hub: Hub,
    drives: Drives,
    found: watch::Sender<Found>,
}

/// Those that a person named.
#[derive(Debug, Clone)]
struct Named {
    paths: ToolPaths,
    /// FFmpeg is the one that is stored, not one that this start names.
    located: bool,
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

/// What is asked of a kind of program.
struct Wanted<V> {
    which: Which,
    /// Its names, where it is looked for.
    names: &'static [&'static str],
    /// Lets it print its version.
    flag: &'static str,
    parse: fn(&str) -> Option<V>,
    is_supported: fn(V) -> bool,
    too_old: Code,
}

const FFMPEG: Wanted<ffmpeg_cli::Version> = Wanted {
    which: Which::Ffmpeg,
    names: &["ffmpeg"],
    flag: "-version",
    parse: ffmpeg_cli::Version::parse,
    is_supported: ffmpeg_cli::Version::is_supported,
    too_old: Code::FfmpegTooOld,
};

const FFPROBE: Wanted<ffmpeg_cli::Version> = Wanted { which: Which::Ffprobe, names: &["ffprobe"], ..FFMPEG };

/// One that comes with us carries our prefix, since packages put it into `/usr/bin`.
const MEDIAMTX: Wanted<mediamtx_client::Version> = Wanted {
    which: Which::Mediamtx,
    names: &["stream-manager-mediamtx", "mediamtx"],
    flag: "--version",
    parse: mediamtx_client::Version::parse,
    is_supported: mediamtx_client::Version::is_supported,
    too_old: Code::ServerTooOld,
};

impl Tools {
    /// `located`: the FFmpeg that is stored, which counts unless this start names another one.
    pub(crate) fn new(
        options: &Options,
        located: Option<PathBuf>,
        spawner: Spawner,
        hub: Hub,
        drives: Drives,
    ) -> Tools {
        let found = Found {
            at: Instant::now(),
            ffmpeg: Err(Error::new(Code::FfmpegMissing)),
            ffprobe: Err(Error::new(Code::FfmpegMissing)),
            mediamtx: Err(Error::new(Code::ServerMissing)),
        };
        let (at_start, located) = (options.tools.clone(), located.filter(|_| options.tools.ffmpeg.is_none()));
        let named = Named {
            located: located.is_some(),
            paths: ToolPaths { ffmpeg: at_start.ffmpeg.clone().or(located), ..at_start.clone() },
        };
        Tools {
            at_start: Arc::new(at_start),
            named: Arc::new(Mutex::new(named)),
            checking: Arc::default(),
            places: places(options).into(),
            spawner,
            hub,
            drives,
            found: watch::channel(found).0,
        }
    }

    /// Looks for all of them (again) and runs each for its version.
    pub(crate) async fn check(&self) {
        let _turn = self.checking.lock().await;
        self.find().await;
    }

    /// The same, by whoever has the turn.
    async fn find(&self) {
        let Named { paths: ToolPaths { ffmpeg, ffprobe, mediamtx }, located } = self.named.lock().clone();
        let beside = ffmpeg.as_deref().map(|ffmpeg| ffmpeg.with_file_name(exe("ffprobe")));
        let located = ffmpeg.as_ref().filter(|_| located).map(|ffmpeg| ffmpeg.display().to_string());
        let (ffmpeg, mut ffprobe, mediamtx) = tokio::join!(
            self.tool(&FFMPEG, ffmpeg),
            async {
                let ffprobe = match (ffprobe, beside) {
                    (None, Some(beside)) => self.there(vec![beside]).await.pop(),
                    (named, _) => named,
                };
                self.tool(&FFPROBE, ffprobe).await
            },
            self.tool(&MEDIAMTX, mediamtx),
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
            (host.mediamtx, host.located) = (shown(&mediamtx), located);
        });
        self.found.send_replace(Found { at: Instant::now(), ffmpeg, ffprobe, mediamtx });
    }

    /// Whether this FFmpeg can be used.
    ///
    /// # Errors
    /// `ffmpeg_…`.
    pub(crate) async fn try_ffmpeg(&self, path: &Path) -> Result<(), Error> {
        self.look(&FFMPEG, path.to_owned()).await.map(drop)
    }

    /// Takes this FFmpeg from now on, and the ffprobe beside it; none for those that this start names, or that are found.
    pub(crate) async fn locate(&self, ffmpeg: Option<PathBuf>) {
        let at_start = ToolPaths::clone(&self.at_start);
        let located = ffmpeg.is_some();
        let paths = if located { ToolPaths { ffmpeg, ffprobe: None, ..at_start } } else { at_start };
        *self.named.lock() = Named { paths, located };
        self.check().await;
    }

    /// Looks again, unless that was done within the last few seconds: many streams may miss the same program.
    pub(crate) async fn check_again(&self) {
        let _turn = self.checking.lock().await;
        // It may have been done by another one just before.
        if self.found.borrow().at.elapsed() >= AGAIN {
            self.find().await;
        }
    }

    /// Looks again if FFmpeg's file is another one than at the last look: what it could not do, the new one may.
    pub(crate) async fn check_exchanged(&self) {
        let Ok(ffmpeg) = self.found().ffmpeg else { return };
        let modified = self.modified(&ffmpeg.path).await;
        if modified.is_some() && modified != ffmpeg.modified {
            self.check_again().await;
        }
    }

    pub(crate) fn found(&self) -> Found {
        self.found.borrow().clone()
    }

    /// The named one as it is (so that its fault is told), else the first that can be used; the fault of the first that
    /// is there where none can.
    async fn tool<V: Copy + std::fmt::Display>(
        &self,
        wanted: &Wanted<V>,
        named: Option<PathBuf>,
    ) -> Result<Program<V>, Error> {
        if let Some(named) = named {
            return self.look(wanted, std::path::absolute(&named).unwrap_or(named)).await;
        }
        let mut refused = None;
        for place in self.places.iter() {
            let names = wanted.names.iter().map(|name| place.join(exe(name)));
            for candidate in self.there(names.collect()).await {
                match self.look(wanted, candidate).await {
                    Ok(program) => return Ok(program),
                    Err(error) => refused = refused.or(Some(error)),
                }
            }
        }
        let missing = || wanted.which.fault(Path::new(wanted.names[wanted.names.len() - 1]), Why::Missing);
        Err(refused.unwrap_or_else(missing))
    }

    /// Those that are files, all in one folder. In a folder that does not answer there is nothing.
    async fn there(&self, mut candidates: Vec<PathBuf>) -> Vec<PathBuf> {
        let Some(asked) = candidates.first().cloned() else { return candidates };
        let look = move || {
            candidates.retain(|candidate| candidate.is_file());
            candidates
        };
        self.drives.ask(&asked, drives::LIMIT, look).await.unwrap_or_default()
    }

    async fn look<V: Copy + std::fmt::Display>(
        &self,
        wanted: &Wanted<V>,
        path: PathBuf,
    ) -> Result<Program<V>, Error> {
        let version = self.version(wanted.which, &path, wanted.flag, wanted.parse).await?;
        if !(wanted.is_supported)(version) {
            return Err(Error::new(wanted.too_old).with("path", path.display()).with("version", version));
        }
        Ok(Program { modified: self.modified(&path).await, path, version })
    }

    async fn modified(&self, path: &Path) -> Option<SystemTime> {
        let asked = path.to_owned();
        let look = move || fs::metadata(asked)?.modified();
        self.drives.ask(path, drives::LIMIT, look).await?.ok()
    }

    async fn version<V>(
        &self,
        which: Which,
        path: &Path,
        flag: &str,
        parse: fn(&str) -> Option<V>,
    ) -> Result<V, Error> {
        let spec = Spec {
            label: format!("{} version", which.label()),
            env_clear_prefixes: WITHHELD.map(String::from).to_vec(),
            ..Spec::new(path)
        };
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

/// Where programs are looked for, in this order.
fn places(options: &Options) -> Vec<PathBuf> {
    options.beside.iter().cloned().chain(on_path()).chain(options.kept.clone()).collect()
}

/// The folders on the `PATH`, and those that a program started from a menu does not have there.
fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = env::split_paths(&path).collect();
    path.into_iter().chain(usual(env::consts::OS, |name| env::var_os(name).map(PathBuf::from)))
}

/// Where package managers put programs: on macOS what Finder starts has no `PATH` of a shell's (Homebrew on Apple's and
/// on Intel's processors, MacPorts); on Windows a program that runs does not see that winget added to it.
fn usual(os: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    match os {
        "macos" => ["/opt/homebrew/bin", "/usr/local/bin", "/opt/local/bin"].map(PathBuf::from).to_vec(),
        "windows" => {
            let user = variable("LOCALAPPDATA").map(|data| data.join("Microsoft"));
            let all = [user, variable("ProgramFiles")].into_iter().flatten();
            all.map(|folder| folder.join("WinGet").join("Links")).collect()
        }
        _ => Vec::new(),
    }
}

/// A program's file name.
fn exe(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
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
        located: None,
        installer: installer(),
        secrets: SecretsPlace::File,
        notes,
    }
}

/// The first that is there.
fn installer() -> Option<Installer> {
    let places: Vec<PathBuf> = on_path().collect();
    let there = |program: &str| places.iter().any(|place| place.join(exe(program)).is_file());
    Installer::ALL.into_iter().find(|(_, program)| there(program)).map(|(manager, _)| manager)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_from_a_menu_finds_what_package_managers_put() {
        let none = |_: &str| None;
        assert_eq!(usual("macos", none)[0], Path::new("/opt/homebrew/bin"));
        assert_eq!(usual("linux", none), Vec::<PathBuf>::new(), "it is all on the PATH there");
        let data = |name: &str| (name == "LOCALAPPDATA").then(|| PathBuf::from("local"));
        assert_eq!(
            usual("windows", data),
            [Path::new("local").join("Microsoft").join("WinGet").join("Links")]
        );
    }
}
