//! `config.json`: what the user set. Written whole, kept in three backups, readable, and refused when it is newer.

mod salvage;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use salvage::Lost;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stream_api::{
    Code, Error, Order, ServerId, ServerSettings, StreamId, StreamSpec, UnixMillis, check_name, propose_name,
    t,
};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    access::StoredAccess,
    data_dir::unwritable,
    drives::{self, Drives},
    owner,
    stored_other::StoredOther,
    stored_server::StoredServer,
};

/// The newest format that this version reads and the only one that it writes.
const SCHEMA_VERSION: u64 = 1;
/// How many earlier files are kept: `config.json.1` is the newest.
const BACKUPS: usize = 3;

/// A stream as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredStream {
    pub(crate) id: StreamId,
    #[serde(flatten)]
    pub(crate) spec: StreamSpec,
    pub(crate) order: Order,
    /// Who may watch and send it.
    #[serde(default, skip_serializing_if = "StoredAccess::is_usual")]
    pub(crate) access: StoredAccess,
    /// When it was last ordered to run: who is used most starts first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) used: Option<UnixMillis>,
    /// Its source was found to send what not every viewer plays.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) converts: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Config {
    schema_version: u64,
    #[serde(default)]
    server: StoredServer,
    /// All other servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    servers: Vec<StoredOther>,
    #[serde(default)]
    streams: Vec<StoredStream>,
}

/// The one owner of `config.json`. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    file: Arc<PathBuf>,
    kept: Arc<Mutex<Kept>>,
    drives: Drives,
}

#[derive(Debug)]
struct Kept {
    config: Config,
    /// It holds what the file does not.
    unsaved: bool,
}

/// So long a stop waits for a drive.
const SOON: Duration = Duration::from_secs(2);
/// How often is tried to write what could not be written.
const AGAIN: Duration = Duration::from_secs(2);

impl Store {
    /// Reads `file`, or starts empty when there is none. A broken file is put beside and the newest good backup
    /// takes its place; the second value says so.
    ///
    /// # Errors
    /// `data_dir_newer` and `data_dir_broken`, having changed nothing; `data_dir_denied`.
    pub(crate) fn open(file: &Path) -> Result<(Store, Vec<String>), Error> {
        let mut notes = Vec::new();
        let mut config = match read(file) {
            Ok(Some((config, lost))) => {
                notes.extend(salvage::told(file, &lost));
                config
            }
            Ok(None) => Config {
                schema_version: SCHEMA_VERSION,
                server: StoredServer::default(),
                servers: Vec::new(),
                streams: Vec::new(),
            },
            Err(Unreadable::Error(error)) => return Err(error),
            Err(Unreadable::Broken(reason)) => {
                let (config, broken) = restore(file, &reason)?;
                notes.push(t!("note.config_restored", broken = broken.display(), reason = reason));
                config
            }
        };
        notes.extend(mended(&mut config.streams));
        let kept = Arc::new(Mutex::new(Kept { config, unsaved: false }));
        Ok((Store { file: Arc::new(file.to_owned()), kept, drives: Drives::default() }, notes))
    }

    pub(crate) async fn streams(&self) -> Vec<StoredStream> {
        self.kept.lock().await.config.streams.clone()
    }

    pub(crate) async fn server(&self) -> StoredServer {
        self.kept.lock().await.config.server.clone()
    }

    /// All servers but the bundled one.
    pub(crate) async fn others(&self) -> Vec<StoredOther> {
        self.kept.lock().await.config.servers.clone()
    }

    /// Adds a server, or replaces the one with its id.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn put_other(&self, other: StoredOther) -> Result<(), Error> {
        self.change(|config| match config.servers.iter_mut().find(|known| known.id == other.id) {
            Some(slot) => *slot = other,
            None => config.servers.push(other),
        })
        .await
    }

    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn remove_other(&self, id: ServerId) -> Result<(), Error> {
        self.change(|config| config.servers.retain(|other| other.id != id)).await
    }

    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn set_server(&self, server: StoredServer) -> Result<(), Error> {
        self.change(|config| config.server = server).await
    }

    /// As [`Store::set_server`], and as [`Store::put_at_any_rate`].
    pub(crate) async fn set_server_at_any_rate(&self, server: StoredServer) {
        let mut kept = self.kept.lock().await;
        if kept.config.server != server {
            kept.config.server = server;
            kept.unsaved = true;
            self.save(&mut kept).await;
        }
    }

    /// Stores what a person has set of the server.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn set_settings(&self, settings: ServerSettings) -> Result<(), Error> {
        self.change(|config| config.server = config.server.clone().with(settings)).await
    }

    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn set_uplink_mbps(&self, mbps: Option<u32>) -> Result<(), Error> {
        self.change(|config| config.server.uplink_mbps = mbps).await
    }

    /// Adds a stream, or replaces the one with its id.
    ///
    /// # Errors
    /// `disk_full`, `data_dir_silent` or `data_dir_denied` when the file can't be written; nothing is changed then.
    pub(crate) async fn put(&self, stream: StoredStream) -> Result<(), Error> {
        self.change(replaced(stream)).await
    }

    /// As [`Store::put`], but what can't be written now counts at once and is written as soon as it can be: for what
    /// must not be refused.
    pub(crate) async fn put_at_any_rate(&self, stream: StoredStream) {
        let mut kept = self.kept.lock().await;
        replaced(stream)(&mut kept.config);
        kept.unsaved = true;
        self.save(&mut kept).await;
    }

    /// # Errors
    /// As [`Store::put`].
    pub(crate) async fn remove(&self, id: StreamId) -> Result<(), Error> {
        self.change(|config| config.streams.retain(|stream| stream.id != id)).await
    }

    /// Writes what could not be written before, again and again. Until dropped.
    pub(crate) async fn keep_saving(self) {
        loop {
            tokio::time::sleep(AGAIN).await;
            self.save_rest().await;
        }
    }

    /// Writes what could not be written before, if there is anything.
    pub(crate) async fn save_rest(&self) {
        let mut kept = self.kept.lock().await;
        if kept.unsaved {
            self.save(&mut kept).await;
        }
    }

    async fn save(&self, kept: &mut Kept) {
        match self.write(&kept.config, SOON).await {
            Ok(()) => kept.unsaved = false,
            Err(error) => tracing::warn!(%error, "the configuration is not saved yet"),
        }
    }

    async fn change(&self, change: impl FnOnce(&mut Config)) -> Result<(), Error> {
        let mut kept = self.kept.lock().await;
        let mut next = kept.config.clone();
        change(&mut next);
        if next == kept.config {
            return Ok(());
        }
        let written = self.write(&next, drives::LIMIT).await;
        match &written {
            Ok(()) => *kept = Kept { config: next, unsaved: false },
            // It may be written at last, and must be undone then.
            Err(error) => kept.unsaved |= error.kind() == io::ErrorKind::TimedOut,
        }
        written.map_err(|error| unwritable(&self.file, error))
    }

    async fn write(&self, config: &Config, limit: Duration) -> io::Result<()> {
        let (file, content) = (Arc::clone(&self.file), config.clone());
        let written = self.drives.ask(&self.file, limit, move || write(&file, &content)).await;
        written.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }
}

fn replaced(stream: StoredStream) -> impl FnOnce(&mut Config) {
    move |config| match config.streams.iter_mut().find(|s| s.id == stream.id) {
        Some(slot) => *slot = stream,
        None => config.streams.push(stream),
    }
}

/// Gives streams that a person's edit of the file left without a name or an identity of their own such, and says so.
fn mended(streams: &mut [StoredStream]) -> Vec<String> {
    let mut notes = Vec::new();
    for at in 0..streams.len() {
        let (before, rest) = streams.split_at_mut(at);
        let stream = &mut rest[0];
        if before.iter().any(|other| other.id == stream.id) {
            stream.id = StreamId(Uuid::now_v7());
        }
        let server = stream.spec.server;
        let is_taken = |name: &str| {
            let mut there = before.iter().filter(|other| other.spec.server == server);
            there.any(|other| other.spec.name.eq_ignore_ascii_case(name))
        };
        let name = stream.spec.name.clone();
        let wrong = check_name(&name)
            .err()
            .or_else(|| is_taken(&name).then(|| Error::new(Code::NameTaken).with("name", &name)));
        if let Some(wrong) = wrong {
            stream.spec.name = propose_name(&name, is_taken);
            notes.push(t!("note.renamed", reason = wrong.message, name = stream.spec.name));
        }
    }
    notes
}

enum Unreadable {
    Error(Error),
    Broken(String),
}

/// What is in the file, and what of it can't be read.
fn read(file: &Path) -> Result<Option<(Config, Lost)>, Unreadable> {
    let path = file.display();
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let error = Error::new(Code::DataDirDenied).with("path", path).with("reason", error);
            return Err(Unreadable::Error(error));
        }
    };
    let broken = |error: serde_json::Error| Unreadable::Broken(error.to_string());
    let value: Value = serde_json::from_slice(&text).map_err(broken)?;
    match value["schema_version"].as_u64() {
        Some(found) if found > SCHEMA_VERSION => Err(Unreadable::Error(
            Error::new(Code::DataDirNewer)
                .with("path", path)
                .with("found", found)
                .with("known", SCHEMA_VERSION),
        )),
        Some(_) => match serde_json::from_value(value.clone()) {
            Ok(config) => Ok(Some((config, Lost::default()))),
            Err(error) => salvage::salvage(&value).map(Some).ok_or_else(|| broken(error)),
        },
        None => Err(Unreadable::Broken(t!("note.no_schema_version").to_owned())),
    }
}

/// The newest backup that can be read takes the broken file's place, which is kept under a name of its own.
fn restore(file: &Path, reason: &str) -> Result<(Config, PathBuf), Error> {
    let good = (1..=BACKUPS).find_map(|n| read(&backup(file, n)).ok().flatten());
    let broken_error = || Error::new(Code::DataDirBroken).with("path", file.display()).with("reason", reason);
    let (config, _) = good.ok_or_else(broken_error)?;
    let broken = beside(file);
    let put_back = fs::copy(file, &broken).and_then(|_| write_file(file, &config));
    put_back.map_err(|error| unwritable(file, error))?;
    Ok((config, broken))
}

fn beside(file: &Path) -> PathBuf {
    file.with_file_name(format!("config.json.broken-{}", crate::clock::now().0))
}

/// Nothing is moved before the new file is on the disk whole: a full disk costs no backup.
fn write(file: &Path, config: &Config) -> io::Result<()> {
    let fresh = owner::prepare_private(file, &to_json(config)?)?;
    for n in (1..BACKUPS).rev() {
        keep(&backup(file, n), &backup(file, n + 1))?;
    }
    if file.exists() && fs::hard_link(file, backup(file, 1)).is_err() {
        // A file system without links.
        fs::copy(file, backup(file, 1))?;
    }
    fresh.commit()
}

fn write_file(file: &Path, config: &Config) -> io::Result<()> {
    owner::write_private(file, &to_json(config)?)
}

fn to_json(config: &Config) -> io::Result<Vec<u8>> {
    let mut content = serde_json::to_vec_pretty(config)?;
    content.push(b'\n');
    Ok(content)
}

fn keep(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn backup(file: &Path, n: usize) -> PathBuf {
    file.with_file_name(format!("config.json.{n}"))
}

#[cfg(test)]
mod tests {
    use stream_api::{Playback, Ports, Source};

    use super::*;

    fn stream(name: &str) -> StoredStream {
        let source = Source::File { path: "/v/a.mp4".into() };
        let spec = StreamSpec::new(name, source);
        StoredStream {
            id: StreamId(Uuid::now_v7()),
            spec,
            order: Order::Run,
            access: StoredAccess::default(),
            used: None,
            converts: false,
        }
    }

    #[tokio::test]
    async fn what_was_put_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let (store, notes) = Store::open(&file).unwrap();
        assert!(notes.is_empty() && store.streams().await.is_empty(), "starts empty");
        let (a, b) = (stream("a"), stream("b"));
        store.put(a.clone()).await.unwrap();
        store.put(b.clone()).await.unwrap();
        let server = StoredServer { ports: Some(Ports::USUAL), ..StoredServer::default() };
        store.set_server(server.clone()).await.unwrap();
        store.remove(a.id).await.unwrap();
        let (again, _) = Store::open(&file).unwrap();
        assert_eq!(again.streams().await, [b]);
        assert_eq!(again.server().await, server);
    }

    #[tokio::test]
    async fn a_broken_file_is_restored_and_kept_beside() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let (store, _) = Store::open(&file).unwrap();
        let a = stream("a");
        store.put(a.clone()).await.unwrap();
        store.put(stream("b")).await.unwrap();
        fs::write(&file, "{ half").unwrap();
        let (store, notes) = Store::open(&file).unwrap();
        assert_eq!(store.streams().await, [a], "the last backup is back");
        assert_eq!(notes.len(), 1, "and it is said");
        let kept = fs::read_dir(dir.path()).unwrap().flatten();
        let kept = kept.filter(|e| e.file_name().to_string_lossy().contains("broken")).count();
        assert_eq!(kept, 1, "the broken file is kept");
    }

    #[tokio::test]
    async fn what_can_not_be_written_changes_nothing_and_a_stop_counts_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, away) = (dir.path().join("data"), dir.path().join("away"));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("config.json");
        let (store, _) = Store::open(&file).unwrap();
        let a = stream("a");
        store.put(a.clone()).await.unwrap();
        store.put(stream("b")).await.unwrap();
        // A folder that is gone can't be written by root either.
        fs::rename(&folder, &away).unwrap();
        for _ in 0..4 {
            assert_eq!(store.put(stream("c")).await.unwrap_err().code, Code::DataDirDenied);
        }
        assert_eq!(store.streams().await.len(), 2, "nothing is half applied");
        store.put_at_any_rate(StoredStream { order: Order::Stop, ..a.clone() }).await;
        assert_eq!(store.streams().await[0].order, Order::Stop, "it counts at once");
        fs::rename(&away, &folder).unwrap();
        assert_eq!(Store::open(&file).unwrap().0.streams().await[0].order, Order::Run, "not written yet");
        store.save_rest().await;
        assert_eq!(Store::open(&file).unwrap().0.streams().await[0].order, Order::Stop);
        let kept: Vec<usize> =
            (1..=BACKUPS).filter_map(|n| Some(read(&backup(&file, n)).ok()??.0.streams.len())).collect();
        assert_eq!(kept, [2, 1], "failures cost no backup");
    }

    #[test]
    fn a_newer_or_hopeless_file_is_refused_and_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        for (text, code) in [
            (r#"{"schema_version": 2, "streams": "else"}"#, Code::DataDirNewer),
            ("not json", Code::DataDirBroken),
            (r#"{"streams": []}"#, Code::DataDirBroken),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(Store::open(&file).map(drop).unwrap_err().code, code, "{text}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text, "nothing was touched");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was added");
        }
    }

    #[tokio::test]
    async fn names_that_cannot_be_are_mended_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        let streams = [stream("ok"), stream("OK"), stream("../../evil name"), stream("fine")];
        let config = serde_json::json!({ "schema_version": 1, "streams": streams });
        fs::write(&file, config.to_string()).unwrap();
        let (store, notes) = Store::open(&file).unwrap();
        let names: Vec<String> = store.streams().await.into_iter().map(|stream| stream.spec.name).collect();
        assert_eq!(names, ["ok", "OK-2", "evil-name", "fine"]);
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(notes[0].contains("OK-2") && notes[1].contains("evil-name"), "{notes:?}");
    }

    #[test]
    fn version_1_stays_readable() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.json");
        fs::write(&file, include_str!("../fixtures/config-v1.json")).unwrap();
        let (store, _) = Store::open(&file).unwrap();
        let config = &store.kept.try_lock().unwrap().config;
        assert_eq!(config.streams.len(), 2);
        assert_eq!(config.streams[1].spec.playback, Playback::Once);
        assert!(config.streams[0].spec.keep_viewers, "on where an older version asked for nothing");
        assert_eq!(config.server.ports.map(|ports| (ports.rtsp, ports.rtsps)), Some((8654, 8322)));
        let settings = config.server.settings();
        assert_eq!(settings, ServerSettings { ports: settings.ports, ..ServerSettings::default() });
        assert_eq!(config.server.reach, None, "nobody was asked");
    }
}
