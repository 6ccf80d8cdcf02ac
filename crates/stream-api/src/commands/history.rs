//! What happened, and a stream's past.

use serde::{Deserialize, Serialize};

use crate::{Activity, ActivityFilter, RunId, StreamId, query};

/// What happened, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ActivityList {
    /// Which.
    #[serde(flatten)]
    pub filter: ActivityFilter,
    /// Only those older than this one: [`Activities::next`] of the page before.
    #[serde(default, with = "query::number", skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    /// How many at most; 100 when absent, never more than 500.
    #[serde(default, with = "query::number", skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of what happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Activities {
    /// Newest first.
    pub activities: Vec<Activity>,
    /// Where the next page begins; absent on the last one.
    pub next: Option<u64>,
}

/// What happened as a table for other programs, oldest first. The desktop saves it where the user chooses by its
/// own command `save_activity { filter }`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ActivityExport {
    /// Which.
    #[serde(flatten)]
    pub filter: ActivityFilter,
}

/// A table of what happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActivityFile {
    /// Proposed name.
    pub file_name: String,
    /// CSV (RFC 4180, UTF-8) with a line of headings.
    pub content: String,
}

/// Somebody looked at the activities: none is unseen any more.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ActivitySeen {}

/// A stream's past: uptime, restarts, the last fault, the last runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamPast {
    /// Which.
    pub id: StreamId,
}

/// The log of one of a stream's last 5 runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamRunLog {
    /// Which stream.
    pub id: StreamId,
    /// Which run, from [`StreamHistory::runs`].
    pub run: RunId,
}
