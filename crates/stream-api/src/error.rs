use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::words;

/// What went wrong with a command, as every host and the interface see it.
///
/// Programs read `code` and `args`; people read `message` and `hint`, which come from `locales/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// The values in the message, for programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// What is wrong, naming the thing. For people.
    pub message: String,
    /// What cures it. For people; may be empty.
    pub hint: String,
}

impl Error {
    /// An error with the words of `code`; [`Error::with`] fills in their placeholders.
    pub fn new(code: Code) -> Self {
        Error { code, args: BTreeMap::new(), message: String::new(), hint: String::new() }.worded()
    }

    /// Sets the placeholder `{name}` of the words. Give no credentials: the value is shown and logged.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self.worded()
    }

    fn worded(mut self) -> Self {
        let args: Vec<(&str, &str)> = self.args.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let (message, hint) = (self.code.message(), self.code.hint());
        (self.message, self.hint) = (words::fill(message, &args), words::fill(hint, &args));
        self
    }
}

/// A classified failure of a stream or of the server: an error that stays until it is cured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What is wrong, and the cure.
    #[serde(flatten)]
    pub error: Error,
    /// What the interface offers as one click.
    pub action: Option<FaultAction>,
    /// The last lines of the program that failed, without credentials; empty when they say nothing more.
    #[serde(default)]
    pub log_tail: Vec<String>,
}

impl Fault {
    /// A fault without log lines, with the action that its code suggests.
    pub fn new(error: Error) -> Self {
        Fault { action: error.code.action(), error, log_tail: Vec::new() }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::new(error)
    }
}

/// The one click that helps with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultAction {
    /// Choose where the file is now.
    LocateFile,
    /// Try again at once.
    Retry,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $wire:literal $(, $action:ident)?;)+) => {
        /// What went wrong, for programs. The words are `error.CODE` and `error.CODE.hint` in `locales/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $wire)] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// As on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $wire),+ }
            }

            const fn message(self) -> &'static str {
                match self { $(Code::$name => words::must(concat!("error.", $wire))),+ }
            }

            const fn hint(self) -> &'static str {
                match self { $(Code::$name => words::must(concat!("error.", $wire, ".hint"))),+ }
            }

            const fn action(self) -> Option<FaultAction> {
                match self { $(Code::$name => codes!(@action $($action)?)),+ }
            }
        }
    };
    (@action) => { None };
    (@action $action:ident) => { Some(FaultAction::$action) };
}

codes! {
    /// The request can't be read.
    BadRequest = "bad_request";
    /// No such command or page.
    NoSuchRoute = "no_such_route";
    /// The route is there, under another HTTP method.
    WrongMethod = "wrong_method";
    /// The request's body is too large.
    TooLarge = "too_large";
    /// No stream with that id.
    NoSuchStream = "no_such_stream";
    /// No run with that id among the last ones of the stream.
    NoSuchRun = "no_such_run";
    /// A bug of ours.
    Internal = "internal", Retry;
    /// The engine is shutting down.
    ShuttingDown = "shutting_down";

    /// A name is needed.
    NameEmpty = "name_empty";
    /// More than 200 characters.
    NameTooLong = "name_too_long";
    /// A character that is not allowed.
    NameBadCharacter = "name_bad_character";
    /// A part that is empty or starts or ends with a dot.
    NameBadEdges = "name_bad_edges";
    /// An ending that MediaMTX gives a meaning of its own.
    NameReserved = "name_reserved";
    /// Another stream has it.
    NameTaken = "name_taken";

    /// Not an absolute path.
    SourceRelative = "source_relative";
    /// No such file.
    SourceMissing = "source_missing", LocateFile;
    /// No permission to read it.
    SourceDenied = "source_denied", Retry;
    /// A folder.
    SourceIsFolder = "source_is_folder", LocateFile;
    /// A device, socket or pipe.
    SourceNotRegular = "source_not_regular", LocateFile;
    /// 0 bytes.
    SourceEmpty = "source_empty", LocateFile;
    /// Not a video or audio file that FFmpeg knows.
    SourceNotMedia = "source_not_media", LocateFile;
    /// A playlist, or a script that would make FFmpeg open other files.
    SourceIsPlaylist = "source_is_playlist", LocateFile;
    /// Damaged.
    SourceDamaged = "source_damaged", LocateFile;
    /// ffprobe took too long.
    SourceTimeout = "source_timeout", Retry;
    /// Outside the folders that the headless host may use.
    SourceOutsideMedia = "source_outside_media";

    /// FFmpeg was not found.
    FfmpegMissing = "ffmpeg_missing", Retry;
    /// FFmpeg or ffprobe is older than 5.1.
    FfmpegTooOld = "ffmpeg_too_old", Retry;
    /// FFmpeg or ffprobe was found and can't be run.
    FfmpegUnusable = "ffmpeg_unusable", Retry;
    /// FFmpeg lacks a codec, encoder or protocol that this needs.
    FfmpegLacks = "ffmpeg_lacks";
    /// FFmpeg ended without a reason that we know.
    FfmpegCrashed = "ffmpeg_crashed", Retry;
    /// FFmpeg made no progress within 15 s of its start.
    NoProgress = "no_progress", Retry;
    /// FFmpeg ran and then made no progress any more.
    Stalled = "stalled", Retry;
    /// The server refused the publisher.
    PublishRefused = "publish_refused", Retry;
    /// The server can't be reached by FFmpeg.
    PublishUnreachable = "publish_unreachable", Retry;

    /// MediaMTX was not found.
    ServerMissing = "server_missing", Retry;
    /// MediaMTX is older than 1.19, which the bundled server needs.
    ServerTooOld = "server_too_old", Retry;
    /// MediaMTX was found and can't be run.
    ServerUnusable = "server_unusable", Retry;
    /// MediaMTX ended by itself.
    ServerCrashed = "server_crashed", Retry;
    /// MediaMTX runs and does not answer.
    ServerSilent = "server_silent", Retry;
    /// MediaMTX is not running, so the command can't be carried out.
    ServerDown = "server_down", Retry;
    /// MediaMTX refused a change.
    ServerRefused = "server_refused", Retry;
    /// A port of ours is taken by another program.
    PortTaken = "port_taken", Retry;
    /// No port is free.
    NoFreePort = "no_free_port", Retry;
    /// The disk is full.
    DiskFull = "disk_full", Retry;

    /// Another instance uses the data folder.
    DataDirInUse = "data_dir_in_use";
    /// The data folder can't be written.
    DataDirDenied = "data_dir_denied";
    /// The data folder is from a newer version.
    DataDirNewer = "data_dir_newer";
    /// The configuration is broken, and so are its backups.
    DataDirBroken = "data_dir_broken";

    /// The request came under a foreign host name.
    ForeignHost = "foreign_host";
    /// The request came from a foreign web page.
    ForeignOrigin = "foreign_origin";
    /// The request came through a proxy, so its sender may be anywhere.
    Forwarded = "forwarded";
    /// The request's body is not JSON.
    NotJson = "not_json";
    /// The token is missing or wrong.
    Unauthorized = "unauthorized";
    /// Only loopback addresses may be listened on for now.
    NotLoopback = "not_loopback";
    /// The address can't be listened on.
    CannotListen = "cannot_listen";

    /// Neither a desktop portal nor zenity is there to show a file dialog.
    NoDialog = "no_dialog";
    /// A file could not be saved.
    SaveFailed = "save_failed";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_kept_as_args() {
        let error = Error::new(Code::NameTaken).with("name", "lobby");
        assert!(error.message.contains("lobby"), "the message names the thing: {}", error.message);
        let json = serde_json::to_value(&error).expect("serialises");
        assert_eq!(json["code"], "name_taken");
        assert_eq!(json["args"]["name"], "lobby");
        assert_eq!(serde_json::from_value::<Error>(json).expect("reads back"), error);
    }

    #[test]
    fn every_code_is_the_same_on_the_wire_and_in_the_words() {
        for code in Code::ALL {
            assert_eq!(serde_json::to_value(code).expect("serialises"), code.as_str());
        }
    }
}
