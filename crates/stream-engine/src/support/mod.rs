//! The support bundle: what whoever helps needs to see, without secrets.

mod scrub;

use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use scrub::Scrub;
use serde_json::{Value, json};
use stream_api::{ActivityFilter, Code, Error, Snapshot, commands::BundleFile};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    clock,
    data_dir::silent,
    drives::{self, Drives},
    engine::Inner,
    owner, secrets,
    stored_other::StoredOther,
    wanted::wanted_of,
};

/// How a bundle's name begins.
const PREFIX: &str = "stream-manager-support-";
/// Bundles that are kept.
const KEPT: usize = 3;
/// Bytes of a log's end that go in.
const LOG_END: usize = 512 << 10;
/// Sources that are probed, and for how long in all: a bundle is wanted most when something hangs.
const PROBED: usize = 50;
const PROBING: Duration = Duration::from_secs(10);
/// How long the logs of many streams may take.
const PACKING: Duration = Duration::from_secs(60);

/// Writes a bundle into the data folder's `support/`.
///
/// # Errors
/// `save_failed` when it can't be written, `data_dir_silent` when the drive does not answer.
pub(crate) async fn bundle(engine: &Inner) -> Result<BundleFile, Error> {
    let snapshot = engine.hub.snapshot();
    let probes = probes(engine, &snapshot).await;
    let activities = match engine.history.export(ActivityFilter::default()).await {
        Ok(csv) => csv,
        // It goes into the same folder.
        Err(error) if error.code == Code::DataDirSilent => return Err(error),
        Err(error) => error.message,
    };
    let mut pasts = serde_json::Map::new();
    for stream in &snapshot.streams {
        let past = engine.history.past(stream.id).await;
        pasts.insert(stream.id.to_string(), past.map_or_else(|error| json!(error), |past| json!(past)));
    }
    let secrets = kept_apart(engine).await;
    let found = Found { snapshot, probes, activities, pasts: pasts.into(), secrets };
    let (folder, data) = (engine.data.support(), engine.data.path().to_owned());
    let path = folder.clone();
    let write = move || {
        let failed = |error: &dyn std::fmt::Display| {
            Error::new(Code::SaveFailed).with("path", folder.display()).with("reason", error)
        };
        let bytes = pack(&data, &found).map_err(|error| failed(&error))?;
        keep(&folder, &bytes).map_err(|error| failed(&error))
    };
    engine.drives.ask(&path, PACKING, write).await.unwrap_or_else(|| Err(silent(&path)))
}

/// The bytes of the bundle `file_name`; `None` when there is none, or it is no bundle's name.
pub(crate) async fn read(folder: &Path, file_name: &str, drives: &Drives) -> Option<Vec<u8>> {
    let plain = file_name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let ours = plain && file_name.starts_with(PREFIX) && file_name.ends_with(".zip");
    if !ours {
        return None;
    }
    let path = folder.join(file_name);
    let asked = path.clone();
    drives.ask(&path, drives::LIMIT, move || fs::read(asked)).await?.ok()
}

/// What the engine knows, beside what is in files.
struct Found {
    snapshot: Snapshot,
    probes: Value,
    activities: String,
    pasts: Value,
    /// What must not be in it, as JSON.
    secrets: String,
}

/// What is kept apart, in a file or in the user's keychain. What that does not say now was never read either.
async fn kept_apart(engine: &Inner) -> String {
    let mut found = Vec::new();
    let streams = engine.store.streams().await.into_iter();
    let streams =
        streams.filter(|stream| stream.spec.source.network().is_some_and(|network| network.has_secret));
    let streams = streams.map(|stream| (stream.id.to_string(), secrets::SOURCE));
    let others = engine.store.others().await.into_iter().filter(StoredOther::has_secrets);
    let others = others.map(|other| (other.id.to_string(), secrets::SERVER));
    for (id, kind) in streams.chain(others) {
        match engine.secrets.find::<Value>(id, kind).await {
            Ok(secret) => found.extend(secret),
            Err(_) => break,
        }
    }
    Value::from(found).to_string()
}

async fn probes(engine: &Inner, snapshot: &Snapshot) -> Value {
    let deadline = tokio::time::Instant::now() + PROBING;
    let mut probes = serde_json::Map::new();
    for stream in snapshot.streams.iter().take(PROBED) {
        let Some(file) = stream.spec.source.file() else { continue };
        let spec = &stream.spec;
        let wanted = wanted_of(&engine.hub, &engine.prober, spec);
        let probe = tokio::time::timeout_at(deadline, engine.prober.probe(file, &wanted)).await;
        let probe = match probe {
            Ok(Ok(probed)) => json!({ "media": probed.media, "plan": probed.plan }),
            Ok(Err(error)) => json!({ "error": error }),
            Err(_) => json!({ "error": "not asked in time" }),
        };
        probes.insert(stream.id.to_string(), probe);
    }
    probes.into()
}

fn pack(data: &Path, found: &Found) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut scrub = Scrub::default();
    let read = |name: &str| fs::read_to_string(data.join(name)).unwrap_or_default();
    let (server, config) = (read("run/mediamtx.yml"), read("config.json"));
    for secrets in [&server, &config, &read("owner.json").replace(',', ",\n")] {
        scrub.learn(secrets);
    }
    scrub.learn_all(&read("secrets.json"));
    scrub.learn_all(&found.secrets);
    let mut pages = Pages { zip: ZipWriter::new(Cursor::new(Vec::new())), scrub };
    pages.json("about.json", about(&found.snapshot))?;
    pages.json("status.json", json!(found.snapshot))?;
    pages.json("probes.json", found.probes.clone())?;
    pages.json("history.json", found.pasts.clone())?;
    pages.text("activity.csv", &found.activities)?;
    match serde_json::from_str(&config) {
        Ok(config) => pages.json("config.json", config)?,
        Err(_) => pages.text("config.json", &config)?,
    }
    pages.text("mediamtx.yml", &server)?;
    pages.logs(&data.join("logs"), "logs")?;
    Ok(pages.zip.finish()?.into_inner())
}

fn about(snapshot: &Snapshot) -> Value {
    json!({
        "made": crate::journal::local(snapshot.now),
        "host": snapshot.host,
        "server": snapshot.server,
        "system": {
            "name": sysinfo::System::name().ok(),
            "version": sysinfo::System::long_os_version().ok(),
            "kernel": sysinfo::System::kernel_version().ok(),
            "architecture": std::env::consts::ARCH,
            "processors": std::thread::available_parallelism().ok(),
            "machine": machine(),
        },
    })
}

/// `None` where the system does not tell.
fn machine() -> Option<Value> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    system.refresh_cpu_all();
    Some(json!({
        "processor": system.cpus().first().map(|cpu| cpu.brand().to_owned()),
        "memory_bytes": system.total_memory(),
        "memory_free_bytes": system.available_memory(),
    }))
}

/// The bundle as it grows. Nothing goes in unscrubbed.
struct Pages {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    scrub: Scrub,
}

impl Pages {
    fn json(&mut self, name: &str, value: Value) -> zip::result::ZipResult<()> {
        let text = serde_json::to_string_pretty(&self.scrub.json(value)).unwrap_or_default();
        self.text(name, &text)
    }

    fn text(&mut self, name: &str, text: &str) -> zip::result::ZipResult<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options)?;
        Ok(self.zip.write_all(self.scrub.text(text).as_bytes())?)
    }

    /// Every log below `folder`, its end if it is long.
    fn logs(&mut self, folder: &Path, name: &str) -> zip::result::ZipResult<()> {
        let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = format!("{name}/{}", entry.file_name().to_string_lossy());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.logs(&entry.path(), &name)?,
                Ok(kind) if kind.is_file() => {
                    let bytes = fs::read(entry.path()).unwrap_or_default();
                    let mut end = &bytes[bytes.len().saturating_sub(LOG_END)..];
                    if end.len() < bytes.len() {
                        // Half a line could hold half a secret.
                        let line = end.iter().position(|byte| *byte == b'\n').map_or(end.len(), |at| at + 1);
                        end = &end[line..];
                    }
                    self.text(&name, &String::from_utf8_lossy(end))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Writes the bundle, readable by its user alone, and removes older ones.
fn keep(folder: &Path, bytes: &[u8]) -> std::io::Result<BundleFile> {
    fs::create_dir_all(folder)?;
    let now = Timestamp::from_millisecond(clock::now().0).unwrap_or_default().to_zoned(TimeZone::system());
    let file_name = format!("{PREFIX}{}.zip", now.strftime("%Y%m%d-%H%M%S-%3f"));
    let path = folder.join(&file_name);
    owner::write_private(&path, bytes)?;
    let mut bundles: Vec<PathBuf> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(PREFIX)))
        .collect();
    bundles.sort();
    for old in &bundles[..bundles.len().saturating_sub(KEPT)] {
        let _ = fs::remove_file(old);
    }
    Ok(BundleFile { file_name, path: path.display().to_string(), size: bytes.len() as u64 })
}
