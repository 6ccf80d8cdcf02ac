//! What a second start does: it hands its files to the owner of the data folder.

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use stream_api::{Error, t};
use stream_engine::owner;

use super::Client;
use crate::logging;

/// An owner that is starting has a door within this time.
const OWNER_LIMIT: Duration = Duration::from_secs(15);
const OWNER_AGAIN: Duration = Duration::from_millis(100);

/// What the owner of a data folder said to a second start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handed {
    /// What is said of it: who it is, and what it shows or where.
    pub said: String,
    /// Where a browser finds its interface; absent when it has shown a window.
    pub address: Option<String>,
    /// Why files can't be streamed. Empty from one whose window says so.
    pub refused: Vec<Error>,
}

impl Handed {
    /// Says it in a terminal, and gives what this start ends with.
    pub fn say(&self) -> ExitCode {
        // A standard output that is closed needs no answer.
        let _ = writeln!(io::stdout(), "{}", self.said);
        if self.refused.is_empty() { ExitCode::SUCCESS } else { logging::refuse(&self.refused) }
    }
}

/// Has the owner of the data folder show itself and stream the files at `paths` (absolute). `None` when nobody owns
/// it, or the owner does not answer.
pub async fn hand_over(data_dir: &Path, paths: Vec<String>) -> Option<Handed> {
    let owner = owner::read(data_dir)?;
    let shown = Client::of(&owner).ok()?.show(paths).await.ok()?;
    let address = owner.address();
    let said = match &address {
        Some(address) => t!("start.headless", pid = owner.pid, address = address),
        None => t!("start.shown", pid = owner.pid),
    };
    Some(Handed { said, address, refused: shown.refused })
}

/// As [`hand_over`], for an owner too that has just started itself and has no door yet.
pub async fn hand_over_soon(data_dir: &Path, paths: Vec<String>) -> Option<Handed> {
    let deadline = Instant::now() + OWNER_LIMIT;
    loop {
        let handed = hand_over(data_dir, paths.clone()).await;
        if handed.is_some() || Instant::now() > deadline {
            return handed;
        }
        tokio::time::sleep(OWNER_AGAIN).await;
    }
}
