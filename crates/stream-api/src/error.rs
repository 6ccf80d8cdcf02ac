use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{Code, words};

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        let known = Code::ALL.iter().copied().find(|code| code.as_str() == name);
        known.ok_or_else(|| D::Error::custom(format_args!("no code {name}")))
    }
}

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What is wrong, and the cure.
    #[serde(flatten)]
    pub error: Error,
    /// What the interface offers as one click.
    pub action: Option<FaultAction>,
    /// The last lines of the program that failed, without credentials; empty when they say nothing more.
    pub log_tail: Vec<String>,
}

read_flat! {
    Fault { error: Error }
    {
        code: Code,
        #[serde(default)]
        args: BTreeMap<String, String>,
        message: String,
        hint: String,
    }
    {
        action: Option<FaultAction>,
        #[serde(default)]
        log_tail: Vec<String>,
    }
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
    /// Start a stream that runs anew (`stream_restart`).
    Restart,
    /// Choose free ports instead of those that can't be used (`server_ports_renew`).
    UseAnotherPort,
    /// Show how FFmpeg is installed on this system.
    InstallFfmpeg,
    /// Open the settings of the stream.
    OpenSettings,
    /// Open the page of the server, with its state and log.
    OpenServer,
    /// Make a prepared file of the source, which is sent without encoding (`prepare_start`).
    Prepare,
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
}
