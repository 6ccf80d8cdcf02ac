//! What happened: every edge of a stream, of the server and of the app, typed. Words are made from it at the end.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{AccessPart, Code, Error, Order, Protocol, StreamId, UnixMillis, query};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Grows with every activity; never used twice in one history.
    pub id: u64,
    /// When, by the engine's clock.
    pub at: UnixMillis,
    /// The stream that it is about; absent for servers and the app.
    pub stream: Option<StreamId>,
    /// The name at that time of the stream, or of the added server; empty for the bundled server and the app.
    pub name: String,
    /// What happened.
    #[serde(flatten)]
    pub kind: ActivityKind,
}

/// Why something went wrong: an [`Error`] without its words, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What.
    pub code: Code,
    /// The values in its words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
}

impl Cause {
    /// With its words.
    pub fn error(&self) -> Error {
        self.args.iter().fold(Error::new(self.code), |error, (name, value)| error.with(name, value))
    }
}

impl From<&Error> for Cause {
    fn from(error: &Error) -> Self {
        Cause { code: error.code, args: error.args.clone() }
    }
}

/// Where a command came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A person, in the app's window.
    Window,
    /// A person, in a browser.
    Browser,
    /// A program, over the REST API.
    Api,
    /// A person, in the tray's menu.
    Tray,
    /// A file that was opened: on the command line, by a second start, from a file manager.
    Opened,
    /// The app, which goes on where it ended.
    Start,
}

/// What of MediaMTX somebody changed beside this program.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mended {
    /// Who may do what.
    Users,
    /// A path of ours: changed or taken away.
    Path(String),
    /// Paths beside ours, which kept it from taking our changes.
    Strangers,
    /// What paths have in common.
    Defaults,
    /// The configuration file.
    File,
}

/// How much an activity matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody wanted it.
    Info,
    /// It is well, or well again.
    Good,
    /// It broke, and is being mended.
    Warning,
    /// It broke and needs a person.
    Error,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 4] = [Level::Info, Level::Good, Level::Warning, Level::Error];

    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Good => "good",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Level::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| format!("no level {text:?}"))
    }
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $name:ident $({ $($(#[doc = $about:literal])+ $field:ident: $type:ty,)+ })?
        = $wire:literal, $level:ident;)+) => {
        /// What happened.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "kind")]
        pub enum ActivityKind {
            $($(#[doc = $doc])+ #[serde(rename = $wire)]
              $name $({ $($(#[doc = $about])+ $field: $type,)+ })?,)+
        }

        read_tagged! {
            ActivityKind by kind {
                order: Order,
                by: Origin,
                after_ms: u64,
                cause: Cause,
                attempt: u32,
                from: String,
                label: String,
                version: String,
                protocol: Protocol,
                address: String,
                seen: UnixMillis,
                mended: Mended,
                keys: Vec<String>,
                parts: Vec<AccessPart>,
            }
            in Activity { kind } beside { id: u64, at: UnixMillis, stream: StreamId, name: String }
            $($wire => $name $({ $($field),+ })?),+
        }

        impl ActivityKind {
            /// Every kind, as on the wire.
            pub const NAMES: &[&str] = &[$($wire),+];

            /// As on the wire.
            pub const fn as_str(&self) -> &'static str {
                match self { $(ActivityKind::$name { .. } => $wire),+ }
            }

            /// How much it matters.
            pub const fn level(&self) -> Level {
                match self { $(ActivityKind::$name { .. } => Level::$level),+ }
            }
        }
    };
}

kinds! {
    /// A stream was ordered to run or to stop.
    Ordered {
        /// Which.
        order: Order,
        /// By whom.
        by: Origin,
    } = "ordered", Info;
    /// A stream that ran was ordered to start anew.
    Restarted {
        /// By whom.
        by: Origin,
    } = "restarted", Info;
    /// A stream went on air as ordered.
    Live {
        /// Milliseconds from the order, or from the edit that restarted it.
        after_ms: u64,
    } = "live", Good;
    /// A stream went off air by itself, or could not go on air; it is being tried again.
    Faulted {
        /// Why.
        cause: Cause,
        /// Tries since it last ran well; 1 for the first.
        attempt: u32,
    } = "faulted", Warning;
    /// A stream is on air again.
    Recovered {
        /// Milliseconds from the fault.
        after_ms: u64,
        /// What the fault was, when FFmpeg or the server said.
        cause: Option<Cause>,
    } = "recovered", Good;
    /// A stream needs a person, or the thing that is missing.
    Failed {
        /// Why.
        cause: Cause,
    } = "failed", Error;
    /// Something is wrong with a stream that is on air.
    Warned {
        /// What.
        cause: Cause,
    } = "warned", Warning;
    /// It is no longer wrong, and the stream is still on air.
    Eased {
        /// What it was.
        cause: Cause,
    } = "eased", Good;
    /// A stream played its source to the end and stopped.
    Completed = "completed", Info;
    /// A stream was made.
    Created {
        /// By whom.
        by: Origin,
    } = "created", Info;
    /// A stream's settings were changed.
    Edited {
        /// By whom.
        by: Origin,
    } = "edited", Info;
    /// A stream got another name, and its viewers other addresses.
    Renamed {
        /// The name before.
        from: String,
        /// By whom.
        by: Origin,
    } = "renamed", Info;
    /// A guest link was made.
    GuestLinkMade {
        /// What it is called; may be empty.
        label: String,
        /// By whom.
        by: Origin,
    } = "guest_link_made", Info;
    /// A guest link was revoked.
    GuestLinkRevoked {
        /// What it was called; may be empty.
        label: String,
        /// By whom.
        by: Origin,
    } = "guest_link_revoked", Info;
    /// A guest link was made anew: the one from before lets nobody in.
    GuestLinkRenewed {
        /// What it is called; may be empty.
        label: String,
        /// By whom.
        by: Origin,
    } = "guest_link_renewed", Info;
    /// A guest link came to its end.
    GuestLinkEnded {
        /// What it was called; may be empty.
        label: String,
    } = "guest_link_ended", Info;
    /// Who may watch a stream was changed.
    AccessChanged {
        /// What of it.
        parts: Vec<AccessPart>,
        /// By whom.
        by: Origin,
    } = "access_changed", Info;
    /// A publish key was made; one from before is void.
    PublishKeyMade {
        /// By whom.
        by: Origin,
    } = "publish_key_made", Info;
    /// The publish key was revoked.
    PublishKeyRevoked {
        /// By whom.
        by: Origin,
    } = "publish_key_revoked", Info;
    /// A viewer's connection was ended.
    Kicked {
        /// By which protocol they watched; absent for one that has no name here.
        protocol: Option<Protocol>,
        /// From where, as [`Viewer::address`](crate::Viewer::address).
        address: String,
        /// By whom.
        by: Origin,
    } = "kicked", Info;
    /// A stream was removed.
    Deleted {
        /// By whom.
        by: Origin,
    } = "deleted", Info;
    /// Somebody else changed a stream's path on its server; it stays so until a person decides.
    Drifted {
        /// What was changed, in MediaMTX's words.
        keys: Vec<String>,
    } = "drifted", Warning;
    /// The path was made as it is wanted again.
    DriftApplied {
        /// By whom.
        by: Origin,
    } = "drift_applied", Info;
    /// The stream was set as somebody else changed its path.
    DriftAdopted {
        /// What was taken over, in MediaMTX's words.
        keys: Vec<String>,
        /// By whom.
        by: Origin,
    } = "drift_adopted", Info;
    /// Somebody else changed who may use an added server; it stays so until a person decides.
    UsersDrifted = "users_drifted", Warning;
    /// Who may use an added server was made as it is set here again.
    UsersApplied {
        /// By whom.
        by: Origin,
    } = "users_applied", Info;
    /// A path that is as ours would be was taken as ours.
    PathTaken {
        /// By whom.
        by: Origin,
    } = "path_taken", Info;
    /// A server was added.
    ServerAdded {
        /// By whom.
        by: Origin,
    } = "server_added", Info;
    /// A server was removed.
    ServerRemoved {
        /// By whom.
        by: Origin,
    } = "server_removed", Info;
    /// MediaMTX answers.
    ServerStarted {
        /// Milliseconds from its start, or since an added one is asked.
        after_ms: u64,
    } = "server_started", Good;
    /// MediaMTX ended by itself or stopped answering; it is being started again, or an added one asked again.
    ServerCrashed {
        /// Why.
        cause: Cause,
    } = "server_crashed", Warning;
    /// MediaMTX answers again.
    ServerRecovered {
        /// Milliseconds from the fault.
        after_ms: u64,
        /// What the fault was.
        cause: Option<Cause>,
    } = "server_recovered", Good;
    /// MediaMTX can't be started, or an added one not be used before a person does something.
    ServerFailed {
        /// Why.
        cause: Cause,
    } = "server_failed", Error;
    /// MediaMTX was ordered to start again, or an added one to be asked again.
    ServerRestarted {
        /// By whom.
        by: Origin,
    } = "server_restarted", Info;
    /// A server's settings were changed.
    ServerChanged {
        /// By whom.
        by: Origin,
    } = "server_changed", Info;
    /// Somebody changed MediaMTX beside this program; it was put back.
    ServerMended {
        /// What was changed.
        mended: Mended,
    } = "server_mended", Warning;
    /// The app started.
    AppStarted {
        /// Its version.
        version: String,
    } = "app_started", Info;
    /// The app ended as asked.
    AppStopped = "app_stopped", Info;
    /// The app's last run ended without being asked: a crash, a power cut. Told at the next start.
    AppLost {
        /// When it was last known to run; at most 30 s before its end.
        seen: UnixMillis,
    } = "app_lost", Warning;
}

/// Which activities; everything that is empty or absent lets all pass. Over REST lists are separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ActivityFilter {
    /// About one of these streams.
    #[serde(default, with = "query::list", skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamId>,
    /// Of one of these kinds, see [`ActivityKind::NAMES`].
    #[serde(default, with = "query::list", skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Of one of these levels.
    #[serde(default, with = "query::list", skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
    /// Then or later.
    #[serde(default, with = "query::number", skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    /// Before then.
    #[serde(default, with = "query::number", skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
    /// Part of the stream's name or of the sentence, ignoring case.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_is_flat_on_the_wire() {
        let cause = Cause { code: Code::Stalled, args: [("seconds".to_owned(), "9".to_owned())].into() };
        let activity = Activity {
            id: 7,
            at: UnixMillis(1),
            stream: None,
            name: "lobby".to_owned(),
            kind: ActivityKind::Recovered { after_ms: 1200, cause: Some(cause) },
        };
        let json = serde_json::to_value(&activity).expect("serialises");
        assert_eq!(json["kind"], "recovered");
        assert_eq!(json["after_ms"], 1200);
        assert_eq!(json["cause"]["code"], "stalled");
        assert_eq!(serde_json::from_value::<Activity>(json).expect("reads back"), activity);
    }

    #[test]
    fn filters_come_as_text_or_typed() {
        let id: StreamId = "018f0000-0000-7000-8000-000000000001".parse().expect("an id");
        let filter = ActivityFilter {
            streams: vec![id],
            kinds: vec!["live".to_owned(), "failed".to_owned()],
            levels: vec![Level::Warning, Level::Error],
            from: Some(5),
            ..ActivityFilter::default()
        };
        let json = serde_json::to_value(&filter).expect("serialises");
        assert_eq!(json["kinds"], "live,failed", "lists go into a query as they are");
        assert_eq!(serde_json::from_value::<ActivityFilter>(json).expect("reads back"), filter);
        let text = serde_json::json!({ "from": "5", "to": "", "levels": "warning,error",
            "kinds": ["live", "failed"], "streams": id.to_string() });
        assert_eq!(serde_json::from_value::<ActivityFilter>(text).expect("reads a query"), filter);
        let bad = serde_json::json!({ "levels": "bad" });
        assert!(serde_json::from_value::<ActivityFilter>(bad).is_err());
    }
}
