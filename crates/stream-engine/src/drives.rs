//! Looking at files on drives that may not answer: a network share whose server is gone, a disk that dies.
//!
//! Whoever asks such a drive is held by the system until it answers, for ever if need be, and nothing can end that. So
//! it is asked by threads that nobody waits for longer than a limit, and never by many of them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// A look at a drive that answers takes milliseconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// Threads that one drive may hold; the runtime has 512 of them for everything.
const PER_DRIVE: usize = 24;
/// And one path: what asks for it again and again must not take its drive's, since a link may lead to another drive.
const PER_PATH: usize = 1;
/// Many streams look for their files at a time: what is mounted is listed once for all of them.
const FRESH: Duration = Duration::from_secs(2);

/// Asks drives. A cheap handle.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drives {
    seats: Arc<Mutex<HashMap<Place, Arc<Semaphore>>>>,
    mounted: Arc<Mutex<Mounted>>,
}

/// Where drives were mounted.
#[derive(Debug, Default)]
struct Mounted {
    points: Arc<[PathBuf]>,
    at: Option<Instant>,
}

/// What may hold so many threads and no more.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Place {
    Path(PathBuf),
    Drive(PathBuf),
}

impl Drives {
    /// Does `work`, which looks at `path`, by a thread that may be held. `None` when it does not answer within `limit`.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        path: &Path,
        limit: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let answer = async {
            let own = self.seats(Place::Path(path.to_owned()), PER_PATH).acquire_owned().await.ok()?;
            let drives = self.seats(Place::Drive(self.drive(path)), PER_DRIVE).acquire_owned().await.ok()?;
            let asked = spawn_blocking(move || {
                let answer = work();
                drop((own, drives));
                answer
            });
            asked.await.inspect_err(|error| tracing::error!(%error, "a look at a file failed")).ok()
        };
        timeout(limit, answer).await.ok().flatten()
    }

    fn seats(&self, place: Place, count: usize) -> Arc<Semaphore> {
        let mut seats = self.seats.lock();
        if !seats.contains_key(&place) {
            // Those that nobody uses.
            seats.retain(|_, seats| Arc::strong_count(seats) > 1);
        }
        Arc::clone(seats.entry(place).or_insert_with(|| Arc::new(Semaphore::new(count))))
    }

    /// The drive that `path` names, without asking it.
    fn drive(&self, path: &Path) -> PathBuf {
        let points = self.mount_points();
        mount_point(path, &points).map_or_else(|| path.components().take(3).collect(), Path::to_owned)
    }

    fn mount_points(&self) -> Arc<[PathBuf]> {
        let mut mounted = self.mounted.lock();
        if mounted.at.is_none_or(|at| at.elapsed() >= FRESH) {
            // Linux alone lists what is mounted without asking what it lists.
            let listed = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
            *mounted = Mounted { points: mount_points(&listed), at: Some(Instant::now()) };
        }
        Arc::clone(&mounted.points)
    }
}

/// All mount points in `listed` (proc_mounts(5)).
fn mount_points(listed: &str) -> Arc<[PathBuf]> {
    listed.lines().filter_map(|line| Some(plain(line.split(' ').nth(1)?))).collect()
}

/// The longest of `points` that `path` is in.
fn mount_point<'a>(path: &Path, points: &'a [PathBuf]) -> Option<&'a Path> {
    let around = points.iter().filter(|point| path.starts_with(point));
    around.max_by_key(|point| point.as_os_str().len()).map(PathBuf::as_path)
}

/// Blanks and backslashes are written as their number (getmntent(3)).
fn plain(point: &str) -> PathBuf {
    let replaced = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    replaced.iter().fold(point.to_owned(), |point, (number, sign)| point.replace(number, sign)).into()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    };

    use super::*;

    const SOON: Duration = Duration::from_millis(50);
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_drive_that_hangs_holds_few_threads_and_no_other_drive() {
        let drives = Drives::default();
        let (release, held) = mpsc::channel::<()>();
        let (held, inside) = (Arc::new(Mutex::new(held)), Arc::new(AtomicUsize::new(0)));
        let hang = || {
            let (held, inside) = (Arc::clone(&held), Arc::clone(&inside));
            move || {
                inside.fetch_add(1, Ordering::SeqCst);
                // Until the sender is gone.
                let _ = held.lock().recv();
            }
        };
        // One path, again and again; then more paths of its drive than that may hold.
        let first = Path::new("/proc/sys/0");
        for _ in 0..3 {
            assert_eq!(drives.ask(first, SOON, hang()).await, None);
        }
        while inside.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(SOON).await;
        }
        assert_eq!(inside.load(Ordering::SeqCst), 1, "one at a time");
        let paths: Vec<PathBuf> = (1..60).map(|n| format!("/proc/sys/{n}").into()).collect();
        let asked = paths.iter().map(|path| drives.ask(path, PATIENCE, hang()));
        let mut asked = Box::pin(futures_util::future::join_all(asked));
        while inside.load(Ordering::SeqCst) < PER_DRIVE {
            assert!(timeout(SOON, &mut asked).await.is_err(), "none of them answers");
        }
        assert!(timeout(SOON, asked).await.is_err());
        assert_eq!(inside.load(Ordering::SeqCst), PER_DRIVE);
        assert_eq!(drives.ask(Path::new("/x/y"), PATIENCE, || 1).await, Some(1), "another drive answers");
        drop(release);
        assert_eq!(drives.ask(first, PATIENCE, || 2).await, Some(2), "it answers again");
        let mut again = 0;
        while drives.seats.lock().len() > 4 {
            again += 1;
            assert!(again < 1_000, "who is not asked is forgotten");
            let path = format!("/x/{again}");
            assert_eq!(drives.ask(path.as_ref(), PATIENCE, move || again).await, Some(again));
            tokio::time::sleep(SOON / 10).await;
        }
    }

    #[test]
    fn the_drive_is_the_innermost_that_is_mounted() {
        let mounted =
            "/dev/sda / ext4 rw 0 0\nsrv:/x /mnt/films\\040new nfs4 rw 0 0\n//nas/a /mnt/a cifs rw 0 0\n";
        let points = mount_points(mounted);
        let of = |path: &str| mount_point(Path::new(path), &points).unwrap();
        assert_eq!(of("/mnt/films new/b/c.mp4"), Path::new("/mnt/films new"));
        assert_eq!(of("/mnt/ab/c.mp4"), Path::new("/"), "a longer name is another folder");
        assert_eq!(of("/mnt/a/c.mp4"), Path::new("/mnt/a"));
        assert_eq!(mount_point(Path::new("/x"), &[]), None);
    }
}
