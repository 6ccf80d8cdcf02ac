//! What is known of a stream's past.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{Cause, LogLine, UnixMillis};

/// A stream's past, in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamHistory {
    /// The last 24 hours.
    pub day: Uptime,
    /// The last 7 days.
    pub week: Uptime,
    /// The newest fault; absent when none is remembered.
    pub last_fault: Option<PastFault>,
    /// The newest runs, newest first; 5 at most. Their logs are there by
    /// [`StreamRunLog`](crate::commands::StreamRunLog).
    pub runs: Vec<Run>,
}

/// How long a stream was on air within a time, and how long it should have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptime {
    /// Milliseconds that it was ordered to run. The time after a crash of the app or a power cut counts, that after
    /// the app was quit does not.
    pub wanted_ms: u64,
    /// Milliseconds of those that it was on air; never more.
    pub on_air_ms: u64,
    /// Times that FFmpeg was started again without an order.
    pub restarts: u32,
}

impl Uptime {
    /// 0..=1 of the time that it should have been on air; `None` when it never should.
    pub fn share(&self) -> Option<f64> {
        (self.wanted_ms > 0).then(|| (self.on_air_ms as f64 / self.wanted_ms as f64).min(1.0))
    }
}

/// A fault that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastFault {
    /// When.
    pub at: UnixMillis,
    /// What.
    pub cause: Cause,
}

/// One try of a stream: from the moment that FFmpeg was to be started until it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// When it began.
    pub began: UnixMillis,
    /// Milliseconds until it was on air; absent when it never was (yet).
    pub live_after_ms: Option<u64>,
    /// When it ended; absent while it goes on.
    pub ended: Option<UnixMillis>,
    /// How it ended; absent while it goes on.
    pub end: Option<RunEnd>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunEnd {
    /// As ordered.
    Ordered,
    /// For another one with new settings.
    Edited,
    /// At the end of its source.
    Completed,
    /// By a fault.
    Fault {
        /// Which.
        cause: Cause,
    },
    /// With the app, which crashed or lost its power.
    Lost,
}

read_tagged! {
    RunEnd by r#type { cause: Cause }
    "ordered" => Ordered,
    "edited" => Edited,
    "completed" => Completed,
    "fault" => Fault { cause },
    "lost" => Lost,
}

/// The identity of a run among those of its stream; grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RunId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(RunId)
    }
}

impl<'de> Deserialize<'de> for RunId {
    /// A number, or its digits: in an address everything is text.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let id = crate::query::number::deserialize::<i64, D>(from)?;
        id.map(RunId).ok_or_else(|| D::Error::custom("a run's id is needed"))
    }
}

/// The log of one run: how it began and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLog {
    /// The first lines, 40 at most.
    pub head: Vec<LogLine>,
    /// Lines between that are not given.
    pub omitted: u64,
    /// The last lines, 200 at most.
    pub tail: Vec<LogLine>,
    /// The whole log on disk.
    pub file: String,
}
