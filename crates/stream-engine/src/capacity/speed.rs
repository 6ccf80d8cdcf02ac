//! How fast this machine encodes: measured once with the FFmpeg that is used, and remembered.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use atomic_write_file::AtomicWriteFile;
use child_process::{Spawner, Spec};
use ffmpeg_cli::benchmark::{self, Measured};
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, time::sleep};
use uuid::Uuid;

use crate::{
    drives::{self, Drives},
    tools::{Tools, WITHHELD},
};

/// A second or two where the machine has nothing else to do. It may be kept waiting long: it gives way to everything.
const LIMIT: Duration = Duration::from_secs(60);
/// What could not be measured is not tried again for so long.
const AGAIN: Duration = Duration::from_secs(120);
/// Bytes of FFmpeg's output that are kept.
const OUTPUT: usize = 64 << 10;

/// A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Speed {
    /// The folder that keeps it.
    dir: Arc<PathBuf>,
    tools: Tools,
    spawner: Spawner,
    drives: Drives,
    /// Of which machine and FFmpeg.
    found: Arc<Mutex<Option<(String, Measured)>>>,
    wanted: Arc<Notify>,
}

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    of: String,
    seconds_a_megapixel: f64,
    memory: u64,
}

impl Speed {
    pub(crate) fn new(dir: PathBuf, tools: Tools, spawner: Spawner, drives: Drives) -> Speed {
        let (found, wanted) = (Arc::default(), Arc::default());
        Speed { dir: Arc::new(dir), tools, spawner, drives, found, wanted }
    }

    /// What was found out last.
    pub(crate) fn last(&self) -> Option<Measured> {
        self.lock().as_ref().map(|(_, measured)| *measured)
    }

    /// What is known. Where that is nothing it is found out by [`Speed::work`], for the next time.
    pub(crate) fn known(&self) -> Option<Measured> {
        let of = self.of()?;
        let known = self.recall(&of);
        if known.is_none() {
            self.wanted.notify_one();
        }
        known
    }

    /// Finds out what somebody wants to know. Until dropped, which ends what runs.
    pub(crate) async fn work(self) {
        loop {
            self.wanted.notified().await;
            let Some(of) = self.of() else { continue };
            // What was found out since is wanted no more.
            if self.recall(&of).is_some() {
                continue;
            }
            match self.find_out(&of).await {
                Some(measured) => *self.lock() = Some((of, measured)),
                None => sleep(AGAIN).await,
            }
        }
    }

    fn recall(&self, of: &str) -> Option<Measured> {
        self.lock().as_ref().filter(|(then, _)| then == of).map(|(_, measured)| *measured)
    }

    async fn find_out(&self, of: &str) -> Option<Measured> {
        let (file, wanted) = (self.dir.join("speed.json"), of.to_owned());
        let read = self.drives.ask(&self.dir, drives::LIMIT, move || read(&file, &wanted)).await;
        match read.flatten() {
            Some(measured) => Some(measured),
            None => self.measure(of).await,
        }
    }

    async fn measure(&self, of: &str) -> Option<Measured> {
        let began = Instant::now();
        let dir = self.dir.join(format!("measuring-{}", Uuid::new_v4().simple()));
        let made = dir.clone();
        match self.drives.ask(&self.dir, drives::LIMIT, move || fs::create_dir_all(&made)).await {
            Some(Ok(())) => {}
            other => {
                tracing::debug!(?other, "there is no place to measure in");
                return None;
            }
        }
        let measured = match self.ffmpeg(&dir, benchmark::sample_arguments()).await {
            Some(_) => self.ffmpeg(&dir, benchmark::arguments()).await,
            None => None,
        };
        let _ = self.drives.ask(&self.dir, drives::LIMIT, move || fs::remove_dir_all(dir)).await;
        let measured = measured.as_deref().and_then(benchmark::measured)?;
        tracing::info!(
            seconds_a_megapixel = measured.seconds,
            memory = measured.memory,
            millis = began.elapsed().as_millis(),
            "measured how fast this machine encodes"
        );
        let file = self.dir.join("speed.json");
        let written =
            Written { of: of.to_owned(), seconds_a_megapixel: measured.seconds, memory: measured.memory };
        // Else it is measured again at the next start.
        let _ = self.drives.ask(&self.dir, drives::LIMIT, move || write(&file, &written)).await;
        Some(measured)
    }

    /// What FFmpeg says on standard error, if it succeeds.
    async fn ffmpeg(&self, dir: &Path, args: Vec<std::ffi::OsString>) -> Option<String> {
        let ffmpeg = self.tools.found().ffmpeg.ok()?;
        let spec = Spec {
            env_clear_prefixes: WITHHELD.map(String::from).to_vec(),
            dir: Some(dir.to_owned()),
            low_priority: true,
            label: "ffmpeg measure".to_owned(),
            ..Spec::new(&ffmpeg.path)
        };
        let run = child_process::run(&self.spawner, spec.with_args(args), LIMIT, OUTPUT).await.ok()?;
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        if run.timed_out || !run.exit.success() {
            tracing::debug!(said, timed_out = run.timed_out, "the machine could not be measured");
            return None;
        }
        Some(said)
    }

    /// The machine and the FFmpeg: with another of either it is measured again.
    fn of(&self) -> Option<String> {
        let ffmpeg = self.tools.found().ffmpeg.ok()?;
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Some(format!("{}, {threads} threads, FFmpeg {}", processor(), ffmpeg.version))
    }

    fn lock(&self) -> MutexGuard<'_, Option<(String, Measured)>> {
        self.found.lock()
    }
}

fn processor() -> String {
    let Ok(mut system) = sysinfo::System::new() else { return String::new() };
    system.refresh_cpu_list(sysinfo::CpuRefreshKind::nothing());
    system.cpus().first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default()
}

fn read(file: &Path, of: &str) -> Option<Measured> {
    let written: Written = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let sound = written.seconds_a_megapixel > 0.0 && written.of == of;
    sound.then_some(Measured { seconds: written.seconds_a_megapixel, memory: written.memory })
}

fn write(file: &Path, written: &Written) -> io::Result<()> {
    let mut fresh = AtomicWriteFile::open(file)?;
    serde_json::to_writer(&mut fresh, written)?;
    fresh.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_or_ffmpeg_is_measured_anew() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("speed.json");
        let written = Written { of: "a, FFmpeg 5.1".to_owned(), seconds_a_megapixel: 0.1 + 0.2, memory: 7 };
        write(&file, &written).unwrap();
        assert_eq!(read(&file, "a, FFmpeg 5.1"), Some(Measured { seconds: 0.1 + 0.2, memory: 7 }));
        assert_eq!(read(&file, "a, FFmpeg 9.0"), None);
        write(&file, &Written { seconds_a_megapixel: 0.0, ..written }).unwrap();
        assert_eq!(read(&file, "a, FFmpeg 5.1"), None);
        fs::write(&file, "{}").unwrap();
        assert_eq!(read(&file, "a, FFmpeg 5.1"), None);
    }
}
