//! The fakes: programs of this crate that behave like FFmpeg or MediaMTX and misbehave on request.
//!
//! A fake learns its [`Mode`] from, in this order: its first arguments `--mode MODE`, the variable `FAKE_MODE`,
//! or a file `fake-mode` beside it. The last one is for an engine that starts it with arguments of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

/// How a fake behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Like the real one in good health.
    #[default]
    Ok,
    /// Takes no notice of `q`.
    IgnoreQ,
    /// Takes no notice of SIGINT and SIGTERM, nor of `q`: only a kill ends it.
    IgnoreSigint,
    /// Ends with code 1 after this time.
    CrashAfter(Duration),
    /// Lives on without progress after this time. Like a blocked FFmpeg it then ignores `q` and the first
    /// signal, and obeys the second.
    StallAfter(Duration),
    /// Prints a few warnings with each progress.
    Chatty,
    /// Prints to standard error as fast as it can.
    Flood,
    /// Reports a version that is too old to be used.
    OldVersion,
    /// Answers something else than a version.
    NotAVersion,
    /// Never answers when asked for its version.
    HangVersion,
    /// `fake-mediamtx` alone: answers 500 to every request on port `FAKE_PORT`.
    Answer500,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, time) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
        let time = Duration::from_millis(time.parse().map_err(|_| format!("{time} isn't milliseconds"))?);
        Ok(match name {
            "ok" => Self::Ok,
            "ignore-q" => Self::IgnoreQ,
            "ignore-sigint" => Self::IgnoreSigint,
            "crash-after" => Self::CrashAfter(time),
            "stall-after" => Self::StallAfter(time),
            "chatty" => Self::Chatty,
            "flood" => Self::Flood,
            "old-version" => Self::OldVersion,
            "not-a-version" => Self::NotAVersion,
            "hang-version" => Self::HangVersion,
            "answer-500" => Self::Answer500,
            _ => return Err(format!("unknown mode {text}")),
        })
    }
}

impl Mode {
    /// The mode of the fake that calls this, and its other arguments.
    ///
    /// # Panics
    /// If the mode is unknown.
    #[must_use]
    pub fn of_this_program() -> (Self, Vec<String>) {
        let mut args: Vec<_> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
        let text = if args.first().is_some_and(|arg| arg == "--mode") && args.len() > 1 {
            args.drain(..2).next_back()
        } else {
            env::var("FAKE_MODE")
                .ok()
                .or_else(|| fs::read_to_string(env::current_exe().ok()?.with_file_name("fake-mode")).ok())
        };
        let mode = text.map_or(Self::Ok, |text| text.parse().unwrap_or_else(|error| panic!("{error}")));
        (mode, args)
    }
}

/// Path of a fake (`fake-ffmpeg`, `fake-mediamtx`, `fake-parent`), built if it is missing or out of date: Cargo
/// doesn't build the programs of a crate that tests depend on.
///
/// # Panics
/// If it can't be built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(built).join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Puts a fake into this folder under another name (such as `ffmpeg`), with a mode such as `crash-after:200`.
/// One folder has one mode.
///
/// # Panics
/// If the folder can't be written.
#[must_use]
pub fn install(name: &str, dir: &Path, file_name: &str, mode: &str) -> PathBuf {
    let (from, to) = (program(name), dir.join(format!("{file_name}{}", env::consts::EXE_SUFFIX)));
    // A copy is open for writing while it is made, and another test's fork could hold that open for a moment.
    if fs::hard_link(&from, &to).is_err() {
        fs::copy(&from, &to).expect("the fake is copied");
    }
    set_mode(dir, mode);
    to
}

/// Changes the mode of the fakes in this folder; those that run keep theirs.
///
/// # Panics
/// If the folder can't be written or the mode is unknown.
pub fn set_mode(dir: &Path, mode: &str) {
    mode.parse::<Mode>().expect("a known mode");
    fs::write(dir.join("fake-mode"), mode).expect("the mode is written");
}

/// The folder of the fakes: where Cargo puts programs, one above the test program's own.
fn built() -> PathBuf {
    let exe = env::current_exe().expect("a test is a program");
    let mut folder = exe.parent().expect("in a folder");
    if folder.ends_with("deps") {
        folder = folder.parent().expect("deps is in a profile's folder");
    }
    let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = [ours.join("src"), ours.join("../child-process/src")];
    let changed = sources.iter().filter_map(|dir| newest(dir)).max().expect("sources");
    let fresh = ["fake-ffmpeg", "fake-mediamtx", "fake-parent"].iter().all(|name| {
        let program = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
        program.metadata().and_then(|meta| meta.modified()).is_ok_and(|built| built >= changed)
    });
    if !fresh {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        };
        let built = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--offline", "--bins", "--package", "testkit", "--profile", profile])
            .arg("--target-dir")
            .arg(folder.parent().expect("a profile's folder is in the target folder"))
            .current_dir(ours)
            .status();
        assert!(built.is_ok_and(|status| status.success()), "the fakes could not be built");
        // Cargo leaves a program that didn't change as it is; don't ask it again for each test.
        for name in ["fake-ffmpeg", "fake-mediamtx", "fake-parent"] {
            let program = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
            let touched = fs::File::open(program).and_then(|file| file.set_modified(SystemTime::now()));
            touched.expect("the fake was built");
        }
    }
    folder.to_path_buf()
}

/// When a file below this folder was last changed.
fn newest(dir: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(dir).ok()?.flatten();
    entries
        .filter_map(|entry| match entry.file_type().ok()?.is_dir() {
            true => newest(&entry.path()),
            false => entry.metadata().ok()?.modified().ok(),
        })
        .max()
}
