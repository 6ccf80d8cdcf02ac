//! What the tests share: a server of their own, media, processes, waiting.

pub mod between;
pub mod camera;
pub mod certificate;
pub mod control;
pub mod crowd;
pub mod hall;
pub mod hung;
pub mod let_go;
pub mod media;
pub mod played;
pub mod process;
pub mod proxy;
pub mod qr;
pub mod reader;
pub mod server;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

pub use server::{Dir, Server};

/// How long things may take on a busy computer with two cores before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Says that a test does nothing here, past the harness, which keeps what macros print to itself.
pub fn skipped(reason: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// Adds what is in all files below `dir`, and where it stands.
pub fn files_below(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            files_below(&entry.path(), found);
        } else if let Ok(bytes) = fs::read(entry.path()) {
            found.push((entry.path().display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

/// Polls until `check` gives something; panics with `what` when it does not within [`PATIENCE`].
pub async fn until<T>(what: &str, check: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, check).await
}

/// The same with a patience of its own.
pub async fn until_within<T>(patience: Duration, what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
