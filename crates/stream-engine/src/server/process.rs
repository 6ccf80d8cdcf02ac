use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use child_process::{Child, Line, Rung, SpawnError, Spec};
use mediamtx_client::{Api, ApiAddress, PullFailure, Secret, ServerConfig, TlsFiles, User};
use stream_api::{Certificate, Code, Error, LogOrigin, ServerSettings, UnixMillis};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::{
    Access, Parts,
    board::Board,
    end,
    inner::{is_inner, is_ours},
    listening::Knocks,
    users::Keys,
};
use crate::{
    data_dir::{is_full, unwritable},
    journal::Journal,
    owner, ports, tool_fault,
    tools::Program,
    tools::WITHHELD,
};

/// MediaMTX's API answers 20 to 90 ms after the spawn; a busy machine gets more.
const START_LIMIT: Duration = Duration::from_secs(10);
/// After a crash the system may need a moment to give the ports back.
const PORTS_LIMIT: Duration = Duration::from_secs(1);
/// An orderly end takes MediaMTX 30 ms; recordings may need longer. Windows has no signal that reaches it.
const STOP_LADDER: &[(Rung, Duration)] = if cfg!(windows) {
    &[(Rung::Kill, Duration::from_secs(5))]
} else {
    &[(Rung::Interrupt, Duration::from_secs(5)), (Rung::Kill, Duration::from_secs(5))]
};
/// A configuration is small.
const CONFIG_LIMIT: Duration = Duration::from_secs(3);
/// Log lines that are searched for the reason of an end.
const TAIL: usize = 40;

/// A running MediaMTX.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    pub(super) api: Api,
    pub(super) access: Access,
    pub(super) keys: Keys,
    /// Who may do what, as it was started.
    pub(super) users: Vec<User>,
    pub(super) settings: ServerSettings,
    pub(super) certificate: Option<Certificate>,
    pub(super) tail: Vec<String>,
    /// Our own visits, which its log need not tell.
    pub(super) knocks: Knocks,
    /// As long as it runs: it looks at its file for changes.
    _config: ConfigFile,
}

/// What a line of its log says that matters to others.
#[derive(Debug)]
pub(super) enum Said {
    /// The configuration is read again.
    Reload,
    /// A path has a publisher.
    Arrival,
    /// A publisher's tracks are not those of its path's slate.
    Mismatch { reason: String },
    /// A path is not recorded.
    Unrecorded { name: String, reason: String },
    /// A path's source can't be fetched, or ended.
    Unfetched { name: String, failure: PullFailure },
}

impl Said {
    fn of(level: &str, text: &str) -> Option<Said> {
        if mediamtx_client::log::is_reload(text) {
            return Some(Said::Reload);
        }
        if mediamtx_client::log::is_arrival(text) {
            return Some(Said::Arrival);
        }
        if let Some(reason) = mediamtx_client::log::mismatch(text) {
            return Some(Said::Mismatch { reason: reason.to_owned() });
        }
        if level != "error" {
            return None;
        }
        if let Some((name, reason)) = mediamtx_client::log::source_error(text) {
            let reason = ffmpeg_cli::log::redact(reason);
            return Some(Said::Unfetched { name: name.to_owned(), failure: PullFailure::of(&reason) });
        }
        let (name, reason) = mediamtx_client::log::recorder_error(text)?;
        Some(Said::Unrecorded { name: name.to_owned(), reason: reason.to_owned() })
    }
}

impl Process {
    /// Starts it with these settings and waits until its API, the last of its listeners, answers with our password.
    pub(super) async fn start(
        parts: &Parts,
        program: &Program<mediamtx_client::Version>,
        settings: ServerSettings,
        paths: std::collections::BTreeMap<String, mediamtx_client::PathConfig>,
        board: &Board,
        log: &Journal,
    ) -> Result<Process, Error> {
        until_free(&settings).await?;
        let (tls, certificate) = parts.tls.for_run(&settings.encryption).await?.unzip();
        let ports = settings.ports;
        let keys = Keys::random();
        let (user, pass) = (keys.publisher.0.clone(), keys.publisher.1.reveal().to_owned());
        let access = Access { ports, user, pass, reader: keys.reader.clone() };
        let users = board.users(&keys.users(), parts.hub.clocks().wall());
        let config = ServerConfig {
            settings,
            tls,
            pages: parts.pages.clone(),
            users: users.clone(),
            recordings: parts.recordings.clone(),
            paths,
        };
        let text = config.render().map_err(|error| Error::new(Code::Internal).with("reason", error))?;
        let file = ConfigFile::put(parts, text).await?;
        let spec = Spec {
            dir: file.path.parent().map(Path::to_owned),
            env_clear_prefixes: WITHHELD.map(String::from).to_vec(),
            label: "mediamtx".to_owned(),
            ..Spec::new(&program.path)
        };
        let unusable = |error: SpawnError| tool_fault::Program::Mediamtx.unspawnable(&program.path, &error);
        let child = parts.spawner.spawn(spec.with_args([&file.path])).await.map_err(unusable)?;
        let internal = |error| Error::new(Code::Internal).with("reason", error);
        let address: ApiAddress = format!("http://127.0.0.1:{}", ports.api).parse().map_err(internal)?;
        let api = Api::new(address.with_credentials(&keys.control.0, keys.control.1.reveal()));
        let settings = config.settings;
        let mut process = Process {
            child,
            api,
            access,
            keys,
            users,
            settings,
            certificate,
            tail: Vec::new(),
            knocks: Knocks::default(),
            _config: file,
        };
        process.until_ready(log).await?;
        Ok(process)
    }

    async fn until_ready(&mut self, log: &Journal) -> Result<(), Error> {
        let deadline = Instant::now() + START_LIMIT;
        let mut exit = Box::pin(self.child.exit());
        loop {
            let api = self.api.clone();
            let asked = async {
                sleep(Duration::from_millis(20)).await;
                api.info().await
            };
            tokio::select! {
                answer = asked => match answer {
                    Ok(_) => return Ok(()),
                    Err(_) if Instant::now() > deadline => {
                        self.child.ask(Rung::Kill);
                        return Err(Error::new(Code::ServerSilent));
                    }
                    Err(_) => {}
                },
                Some(line) = self.child.lines.recv() => {
                    self.note(line, log);
                }
                _ = &mut exit => return Err(self.died(log).await),
            }
        }
    }

    /// Puts a line of its output into the log. What it says that matters to others.
    pub(super) fn note(&mut self, line: Line, log: &Journal) -> Option<Said> {
        let (Line::Out(line) | Line::Err(line)) = line else { return None };
        let (level, text) = mediamtx_client::log::parse(&line);
        if self.knocks.are_in(&text) {
            return None;
        }
        let said = Said::of(level, &text);
        log.push(LogOrigin::Server, level, ffmpeg_cli::log::redact(&text));
        if self.tail.len() == TAIL {
            // A panic says why first, and then where, for every goroutine.
            if self.tail.iter().any(|line| mediamtx_client::log::is_panic(line)) {
                return said;
            }
            self.tail.remove(0);
        }
        self.tail.push(line);
        said
    }

    /// Why it ended, from its last lines.
    pub(super) async fn died(&mut self, log: &Journal) -> Error {
        while let Ok(Some(line)) = timeout(Duration::from_millis(500), self.child.lines.recv()).await {
            self.note(line, log);
        }
        let exit = self.child.exit().await;
        end::explain(&self.tail, exit, &self.settings)
    }

    /// Asks it to end, and makes sure that it does.
    pub(super) async fn stop(self) {
        for (rung, limit) in STOP_LADDER {
            self.child.ask(*rung);
            if timeout(*limit, self.child.exit()).await.is_ok() {
                return;
            }
        }
        tracing::error!(pid = self.child.pid(), "MediaMTX could not be ended");
    }
}

/// The stored settings; at first start with other ports where the usual ones are taken, which are stored.
pub(super) async fn stored(parts: &Parts) -> Result<ServerSettings, Error> {
    let mut stored = parts.store.server().await;
    if stored.ports.is_none() {
        stored.ports = Some(ports::choose(stored.guest_port)?);
        parts.store.set_server(stored.clone()).await?;
    }
    Ok(stored.settings())
}

/// Once nobody is in the way.
async fn until_free(settings: &ServerSettings) -> Result<(), Error> {
    let deadline = Instant::now() + PORTS_LIMIT;
    loop {
        match ports::check(settings) {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The configuration of such a server, without passwords.
pub(super) fn exported(
    settings: ServerSettings,
    tls: Option<TlsFiles>,
    recordings: PathBuf,
    board: &Board,
    now: UnixMillis,
) -> Result<String, Error> {
    let users = board.users(&Keys::random().users(), now);
    let users = users.into_iter().filter(|user| !is_ours(user)).collect();
    let paths = board.configs().into_iter().filter(|(name, _)| !is_inner(name)).collect();
    let config = ServerConfig { settings, tls, pages: Vec::new(), users, recordings, paths };
    config.render_public().map_err(|error| Error::new(Code::Internal).with("reason", error))
}

/// The configuration of a run, on disk.
#[derive(Debug)]
struct ConfigFile {
    path: PathBuf,
    /// It is outside of the data folder, where nobody else would remove it.
    is_spare: bool,
}

impl ConfigFile {
    /// Written into `run`. Where that disk is full or does not answer it goes to where the system keeps what lasts no
    /// longer than a session: streams must come back.
    async fn put(parts: &Parts, text: String) -> Result<ConfigFile, Error> {
        let path = parts.run.join("mediamtx.yml");
        let (wanted, content) = (path.clone(), text.clone());
        let write = move || owner::write_private(&wanted, content.as_bytes());
        let written = parts.drives.ask(&path, CONFIG_LIMIT, write).await;
        let error = match written.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
            Ok(()) => return Ok(ConfigFile { path, is_spare: false }),
            Err(error) => error,
        };
        if !is_full(&error) && error.kind() != io::ErrorKind::TimedOut {
            return Err(unwritable(&path, error));
        }
        let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let spare = ConfigFile::spare(session.into_iter().chain([std::env::temp_dir()]), &text);
        tracing::warn!(%error, file = ?spare.as_ref().map(|it| &it.path), "the server's configuration is kept elsewhere");
        spare.ok_or_else(|| unwritable(&path, error))
    }

    /// In the first of these folders that takes it.
    fn spare(mut folders: impl Iterator<Item = PathBuf>, text: &str) -> Option<ConfigFile> {
        let name = format!("stream-manager-{}-mediamtx.yml", Uuid::new_v4().simple());
        folders.find_map(|folder| {
            let path = folder.join(&name);
            owner::write_private(&path, text.as_bytes()).ok()?;
            Some(ConfigFile { path, is_spare: true })
        })
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        if self.is_spare {
            // The system's own folders are emptied by the system at last.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Keys {
    /// Of a run of its own.
    fn random() -> Keys {
        let key = |name: &str| (name.to_owned(), Secret::new(secret()));
        Keys { control: key("manager"), publisher: key("publisher"), reader: key("reader") }
    }
}

/// 122 random bits as hexadecimal digits, which every part of MediaMTX takes as they are.
fn secret() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_outside_of_the_data_folder_goes_with_its_run() {
        let dir = tempfile::tempdir().unwrap();
        // Into the first nothing can be written.
        let folders = || [dir.path().join("missing"), dir.path().to_owned()].into_iter();
        let put = || ConfigFile::spare(folders(), "x").unwrap();
        let (one, other) = (put(), put());
        assert_ne!(one.path, other.path, "two engines of one process");
        assert!(one.path.exists() && other.path.exists());
        drop((one, other));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
