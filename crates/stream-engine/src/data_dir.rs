use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use stream_api::{Code, Error, HostKind};

use crate::owner::{self, Owner};

/// So long an end waits for the drive.
const LEAVING: Duration = Duration::from_secs(1);

/// The platform's data folder of this program; `None` where the platform names none.
pub fn default_path() -> Option<PathBuf> {
    dirs::data_dir().map(|dir| dir.join("org.streammanager.StreamManager"))
}

/// Why `path` can't be written: `disk_full`, `data_dir_silent` or `data_dir_denied`.
pub(crate) fn unwritable(path: &Path, error: io::Error) -> Error {
    let code = match error.kind() {
        _ if is_full(&error) => Code::DiskFull,
        io::ErrorKind::TimedOut => return silent(path),
        _ => Code::DataDirDenied,
    };
    Error::new(code).with("path", path.display()).with("reason", error)
}

/// The drive of `path`, which is below the data folder, does not answer.
pub(crate) fn silent(path: &Path) -> Error {
    Error::new(Code::DataDirSilent).with("path", path.display())
}

pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Folders and files of ours that earlier versions left readable: whoever shares the data folder shares that alone.
pub(crate) fn keep_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let Ok(meta) = fs::metadata(path) else { return };
        let (mode, wanted) = (meta.permissions().mode() & 0o777, if meta.is_dir() { 0o700 } else { 0o600 });
        if mode & !wanted != 0
            && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode & wanted))
        {
            tracing::warn!(%error, path = %path.display(), "others may read this");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// What is made is for its owner alone: logs, recordings and what is configured are nobody else's business. A folder
/// that is there keeps its permissions.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// A data folder that this process owns: whoever holds its lock owns MediaMTX and every child.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Held for as long as this lives.
    _lock: File,
}

impl DataDir {
    /// Takes the folder's lock and lets `read` have its `config.json`; only then makes what is missing, for this user
    /// alone. A folder that is refused stays as it is. With what was read.
    ///
    /// # Errors
    /// `data_dir_denied` when it can't be written, `data_dir_in_use` naming the process that owns it, and those of
    /// `read`.
    pub(crate) fn open<R>(
        path: &Path,
        read: impl Fn(&Path) -> Result<R, Error>,
    ) -> Result<(DataDir, R), Error> {
        let denied = |error: io::Error| unwritable(path, error);
        let folder = std::path::absolute(path).map_err(denied)?;
        let config = folder.join("config.json");
        let (lock, found) = match lock(&folder, File::options().write(true)) {
            Ok(lock) => (lock, read(&config)?),
            // One that never had an owner has no lock, and gets none before it is known that it is not refused. What
            // counts is read under the lock.
            Err(Unlocked::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                read(&config)?;
                make(&folder).map_err(denied)?;
                let lock = lock(&folder, File::options().create(true).truncate(false).write(true));
                (lock.map_err(|why| why.error(path, &folder))?, read(&config)?)
            }
            Err(why) => return Err(why.error(path, &folder)),
        };
        for dir in ["logs", "logs/streams", "recordings", "run"].map(|dir| folder.join(dir)) {
            match make(&dir) {
                // Streams must come back all the same.
                Err(error) if is_full(&error) => tracing::warn!(%error, dir = %dir.display(), "not made"),
                made => made.map_err(denied)?,
            }
        }
        // Recordings may be shared.
        ["logs", "logs/streams", "run"].iter().for_each(|dir| keep_private(&folder.join(dir)));
        Ok((DataDir { path: folder, _lock: lock }, found))
    }

    /// `data_dir_in_use`, naming the process that owns the folder, if one does. Changes nothing.
    pub fn in_use(path: &Path) -> Option<Error> {
        let folder = std::path::absolute(path).ok()?;
        match lock(&folder, File::options().write(true)) {
            Err(Unlocked::Owned) => Some(owned(&folder)),
            Err(Unlocked::Io(_)) | Ok(_) => None,
        }
    }

    /// The folder, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says who owns the folder and how to reach it. Where that can't be written, as on a full disk, a second start
    /// finds no door, and all else goes on.
    pub fn announce(&self, kind: HostKind, port: Option<u16>, token: Option<String>) {
        let owner = Owner { pid: std::process::id(), kind, port, token };
        if let Err(error) = owner::write(&self.path, &owner) {
            // One from before would lead to another door.
            owner::remove(&self.path);
            tracing::warn!(%error, "owner.json could not be written; a second start won't find this one");
        }
    }

    /// `config.json`.
    pub(crate) fn config(&self) -> PathBuf {
        self.path.join("config.json")
    }

    /// Where recordings go: a folder a stream.
    pub fn recordings(&self) -> PathBuf {
        self.path.join("recordings")
    }

    /// Logs, capped.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// Support bundles, of which the newest few are kept.
    pub fn support(&self) -> PathBuf {
        self.path.join("support")
    }

    /// Passwords of cameras and the like.
    pub(crate) fn secrets(&self) -> PathBuf {
        self.path.join("secrets.json")
    }

    /// Clips that keep viewers connected; a cache.
    pub(crate) fn slates(&self) -> PathBuf {
        self.path.join("slates")
    }

    /// What can be made anew.
    pub(crate) fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// The server's own certificate and its key.
    pub(crate) fn tls(&self) -> PathBuf {
        self.path.join("tls")
    }

    /// What only matters while running: the server's configuration, the ledger of children.
    pub(crate) fn run(&self) -> PathBuf {
        self.path.join("run")
    }
}

/// Why there is no lock.
enum Unlocked {
    /// Another process has it.
    Owned,
    Io(io::Error),
}

impl Unlocked {
    fn error(self, path: &Path, folder: &Path) -> Error {
        match self {
            Unlocked::Owned => owned(folder),
            Unlocked::Io(error) => unwritable(path, error),
        }
    }
}

fn lock(folder: &Path, how: &OpenOptions) -> Result<File, Unlocked> {
    let lock = how.open(folder.join("lock")).map_err(Unlocked::Io)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Unlocked::Owned),
        Err(TryLockError::Error(error)) => Err(Unlocked::Io(error)),
    }
}

fn owned(folder: &Path) -> Error {
    let owner = owner::read(folder);
    let pid = owner.as_ref().map_or_else(|| "?".to_owned(), |owner| owner.pid.to_string());
    let at = owner.and_then(|owner| owner.address()).map_or_else(String::new, |at| format!(" ({at})"));
    Error::new(Code::DataDirInUse).with("path", folder.display()).with("pid", pid).with("at", at)
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let (path, (done, ended)) = (std::mem::take(&mut self.path), mpsc::channel::<()>());
        // By a thread that is left behind where the drive does not answer: the program must end all the same.
        let removing = thread::Builder::new().name("leaving".into()).spawn(move || {
            owner::remove(&path);
            drop(done);
        });
        if removing.is_ok() {
            // Nothing is ever sent: it ends when that is done, or too late.
            let _ = ended.recv_timeout(LEAVING);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<DataDir, Error> {
        DataDir::open(path, |_| Ok(())).map(|(folder, ())| folder)
    }

    #[test]
    fn the_second_owner_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path()).unwrap();
        first.announce(HostKind::Headless, Some(5000), None);
        let error = open(dir.path()).unwrap_err();
        assert_eq!(error.code, Code::DataDirInUse);
        assert_eq!(error.args["pid"], std::process::id().to_string(), "the owner is named");
        assert_eq!(DataDir::in_use(dir.path()), Some(error));
        drop(first);
        assert!(owner::read(dir.path()).is_none(), "an owner that leaves is no owner");
        assert_eq!(DataDir::in_use(dir.path()), None);
        open(dir.path()).expect("free again");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_folder_is_its_owners_alone_and_an_old_one_stays_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let fresh = dir.path().join("share/data");
        drop(open(&fresh).unwrap());
        assert_eq!((mode(&fresh), mode(&dir.path().join("share"))), (0o700, 0o700));
        for inner in ["logs", "logs/streams", "recordings", "run"] {
            assert_eq!(mode(&fresh.join(inner)), 0o700, "{inner}");
        }
        let old = dir.path().join("old");
        fs::create_dir(&old).unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
        drop(open(&old).unwrap());
        assert_eq!(mode(&old), 0o755, "its owner may share it");
        let logs = old.join("logs");
        fs::set_permissions(&logs, fs::Permissions::from_mode(0o755)).unwrap();
        drop(open(&old).unwrap());
        assert_eq!(mode(&logs), 0o700, "but not what is said");
    }

    #[test]
    fn a_file_in_the_way_is_a_clear_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::write(&path, "x").unwrap();
        assert_eq!(open(&path).unwrap_err().code, Code::DataDirDenied);
    }

    #[test]
    fn a_folder_that_is_refused_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let refuse = |config: &Path| -> Result<(), Error> {
            Err(Error::new(Code::DataDirNewer).with("path", config.display()))
        };
        let there = || {
            let mut there: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
            there.sort();
            there
        };
        let error = DataDir::open(&path, refuse).unwrap_err();
        assert_eq!(error.args["path"], path.join("config.json").display().to_string());
        assert!(!path.exists(), "not even made");
        drop(open(&path).unwrap());
        // What an owner left that did not end in order.
        fs::write(path.join("owner.json"), "{}").unwrap();
        fs::remove_dir(path.join("run")).unwrap();
        let before = there();
        assert_eq!(DataDir::open(&path, refuse).unwrap_err().code, Code::DataDirNewer);
        assert_eq!(there(), before);
        let held = open(&path).unwrap();
        let unasked = |_: &Path| -> Result<(), Error> { panic!("whoever owns it writes there now") };
        assert_eq!(DataDir::open(&path, unasked).unwrap_err().code, Code::DataDirInUse);
        drop(held);
    }
}
