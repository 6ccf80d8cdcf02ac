//! `config.json`: what the user set. Written whole, kept in three backups, readable, and refused when it is newer.

mod prepared;
mod presets;
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
    Code, Error, Order, Origin, Preset, ServerId, ServerSettings, StreamId, StreamSpec, UnixMillis,
    check_name, propose_name, t,
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

/// What the file says under keys that nobody knows: slips of whoever edited it. A newer version's file, whose keys
/// matter, is refused by its [`SCHEMA_VERSION`].
pub(crate) type Unknown = serde_json::Map<String, Value>;

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
    /// It is stopped, and starts once its prepared file is there: who wanted that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) starts_prepared: Option<Origin>,
    /// Empty once it is read.
    #[serde(flatten, skip_serializing)]
    pub(crate) unknown: Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Config {
    schema_version: u64,
    #[serde(default)]
    server: StoredServer,
    /// All other servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    servers: Vec<StoredOther>,
    /// Bytes that prepared files may have, when a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prepared_room: Option<u64>,
    /// Settings under a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    presets: Vec<Preset>,
    #[serde(default)]
    streams: Vec<StoredStream>,
}

impl Config {
    /// Of a data folder that is new.
    fn empty() -> Config {
        Config {
            schema_version: SCHEMA_VERSION,
            server: StoredServer::default(),
            servers: Vec::new(),
            prepared_room: None,
            presets: Vec::new(),
            streams: Vec::new(),
        }
    }
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
    /// Takes what was [`find`]-ed of `file`: a broken file is put beside and the backup takes its place. The second
    /// value says what was lost or mended.
    ///
    /// # Errors
    /// Those of writing as with [`Store::put`], where a backup takes the file's place.
    pub(crate) fn open(file: &Path, found: Found, drives: Drives) -> Result<(Store, Vec<String>), Error> {
        let Found { mut config, lost, instead_of } = found;
        let mut notes = match instead_of {
            None => salvage::told(file, &lost),
            Some((reason, backup)) => restore(file, &config, &reason, salvage::named(&lost, &backup))?,
        };
        notes.extend(mended(&mut config.streams));
        // What was lost or mended is so once, and not again at each start.
        let kept = Arc::new(Mutex::new(Kept { config, unsaved: !notes.is_empty() }));
        Ok((Store { file: Arc::new(file.to_owned()), kept, drives }, notes))
    }

    /// All that the file says, and every copy of it: backups, and those that were put aside because something in them
    /// can't be read. A person may repair such a one, so what belongs to anything that is named there is still of
    /// use.
    ///
    /// `None` when their drive does not answer.
    pub(crate) async fn copies(&self) -> Option<String> {
        let file = Arc::clone(&self.file);
        self.drives.ask(&self.file, drives::LIMIT, move || copies(&file)).await
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
    /// `server_in_use` as long as it has streams; those of writing as with [`Store::put`].
    pub(crate) async fn remove_other(&self, id: ServerId) -> Result<(), Error> {
        self.try_change(|config| {
            let left = config.streams.iter().filter(|stream| stream.spec.server == id).count();
            if left > 0 {
                let named = config.servers.iter().find(|other| other.id == id);
                let name = named.map_or(String::new(), |other| other.spec.name.clone());
                return Err(Error::new(Code::ServerInUse).with("name", name).with("streams", left));
            }
            config.servers.retain(|other| other.id != id);
            Ok(())
        })
        .await
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

    /// Adds a stream, or replaces the one with its id. What makes two streams' names differ stands here alone, so
    /// that it holds whoever changes what at the same time.
    ///
    /// # Errors
    /// `name_taken` and `no_such_server` where it comes to; `disk_full`, `data_dir_silent` or `data_dir_denied` when
    /// the file can't be written. Nothing is changed then.
    pub(crate) async fn put(&self, stream: StoredStream) -> Result<(), Error> {
        self.try_change(|config| {
            check_place(config, &stream)?;
            replaced(stream)(config);
            Ok(())
        })
        .await
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
        let always = |config: &mut Config| {
            change(config);
            Ok(())
        };
        self.try_change(always).await
    }

    async fn try_change(&self, change: impl FnOnce(&mut Config) -> Result<(), Error>) -> Result<(), Error> {
        let mut kept = self.kept.lock().await;
        let mut next = kept.config.clone();
        change(&mut next)?;
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

/// Whether the stream may be where it is now: that it has been there is enough.
fn check_place(config: &Config, stream: &StoredStream) -> Result<(), Error> {
    let StreamSpec { server, name, .. } = &stream.spec;
    let before = config.streams.iter().find(|known| known.id == stream.id).map(|known| &known.spec);
    let stays = before.is_some_and(|before| before.server == *server);
    if stays && before.is_some_and(|before| before.name == *name) {
        return Ok(());
    }
    if !stays && !server.is_bundled() && config.servers.iter().all(|other| other.id != *server) {
        return Err(Error::new(Code::NoSuchServer).with("id", server));
    }
    let others = config.streams.iter().filter(|other| other.id != stream.id && other.spec.server == *server);
    match others.map(|other| &other.spec.name).any(|taken| is_same_name(taken, name)) {
        true => Err(Error::new(Code::NameTaken).with("name", name)),
        false => Ok(()),
    }
}

/// MediaMTX tells upper from lower case, and a folder of recordings on Windows and macOS does not.
pub(crate) fn is_same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
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
            there.any(|other| is_same_name(&other.spec.name, name))
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

/// What a data folder has stored, as it was found.
#[derive(Debug)]
pub(crate) struct Found {
    config: Config,
    lost: Lost,
    /// Why the file itself can't be read, and which backup this is.
    instead_of: Option<(String, PathBuf)>,
}

/// Reads `file`, or else the newest good backup of it; empty when there is none. Changes nothing.
///
/// # Errors
/// `data_dir_newer`, `data_dir_broken` and `data_dir_denied`.
pub(crate) fn find(file: &Path) -> Result<Found, Error> {
    match read(file) {
        Ok(Some((config, lost))) => Ok(Found { config, lost, instead_of: None }),
        Ok(None) => Ok(Found { config: Config::empty(), lost: Lost::default(), instead_of: None }),
        Err(Unreadable::Error(error)) => Err(error),
        Err(Unreadable::Broken(reason)) => newest_backup(file, reason),
    }
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
        Some(_) => match salvage::salvage(&value) {
            Some(read) => Ok(Some(read)),
            None => {
                serde_json::from_value(value).map(|config| Some((config, Lost::default()))).map_err(broken)
            }
        },
        None => Err(Unreadable::Broken(t!("note.no_schema_version").to_owned())),
    }
}

/// `config`, of a backup, takes the broken file's place, which is kept under a name of its own. With what is to be said
/// of it.
fn restore(file: &Path, config: &Config, reason: &str, lost: Vec<String>) -> Result<Vec<String>, Error> {
    let broken = beside(file);
    let put_back = fs::copy(file, &broken).and_then(|_| write_file(file, config));
    put_back.map_err(|error| unwritable(file, error))?;
    let mut told = vec![t!("note.config_restored", broken = broken.display(), reason = reason)];
    told.extend(lost);
    Ok(told)
}

fn newest_backup(file: &Path, reason: String) -> Result<Found, Error> {
    let mut backups = (1..=BACKUPS).map(|n| backup(file, n));
    match backups.find_map(|backup| Some((read(&backup).ok().flatten()?, backup))) {
        Some(((config, lost), backup)) => Ok(Found { config, lost, instead_of: Some((reason, backup)) }),
        None => Err(Error::new(Code::DataDirBroken).with("path", file.display()).with("reason", reason)),
    }
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

fn copies(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let folder = file.parent().unwrap_or(Path::new("."));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let copies = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&*name));
    let texts = copies.filter_map(|entry| fs::read(entry.path()).ok());
    texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
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
mod tests;
