use serde::{Deserialize, Serialize};

use crate::{EncodersTried, Fault};

/// The process that serves the interface, and what it found on its computer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostStatus {
    /// Which host.
    pub kind: HostKind,
    /// Our own version.
    pub version: String,
    /// Where everything is stored.
    pub data_dir: String,
    /// Where recordings go.
    pub recordings_dir: String,
    /// Folders that may be browsed and streamed; empty = no restriction (desktop).
    pub media_roots: Vec<String>,
    /// FFmpeg as found.
    pub ffmpeg: Tool,
    /// ffprobe as found.
    pub ffprobe: Tool,
    /// MediaMTX as found.
    pub mediamtx: Tool,
    /// The FFmpeg that a person located, instead of the one that is found.
    #[serde(default)]
    pub located: Option<String>,
    /// What encodes.
    #[serde(default)]
    pub encoders: EncodersTried,
    /// What installs programs on this computer, where it is one that we know.
    #[serde(default)]
    pub installer: Option<Installer>,
    /// Where passwords are kept.
    #[serde(default)]
    pub secrets: SecretsPlace,
    /// Something that the user should know from this start, such as a configuration restored from a backup.
    pub notes: Vec<String>,
}

/// Where passwords are kept that are needed again, such as cameras'.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretsPlace {
    /// In a file in the data folder that its user alone can read.
    #[default]
    File,
    /// In the user's keychain.
    Keychain,
    /// In the file until the keychain answers, which is locked or not there; what is in the keychain can't be had.
    KeychainLocked,
}

impl SecretsPlace {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            SecretsPlace::File => t!("secrets.file"),
            SecretsPlace::Keychain => t!("secrets.keychain"),
            SecretsPlace::KeychainLocked => t!("secrets.locked"),
        }
    }
}

/// What installs programs on a computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Installer {
    /// Debian, Ubuntu, Mint.
    Apt,
    /// Fedora, RHEL.
    Dnf,
    /// Arch, Manjaro.
    Pacman,
    /// openSUSE.
    Zypper,
    /// Alpine.
    Apk,
    /// macOS.
    Brew,
    /// Windows.
    Winget,
}

impl Installer {
    /// Every one, and the program by which it is recognised.
    pub const ALL: [(Installer, &str); 7] = [
        (Installer::Apt, "apt-get"),
        (Installer::Dnf, "dnf"),
        (Installer::Pacman, "pacman"),
        (Installer::Zypper, "zypper"),
        (Installer::Apk, "apk"),
        (Installer::Brew, "brew"),
        (Installer::Winget, "winget"),
    ];

    /// The line that installs FFmpeg with ffprobe. Fedora's own package is `ffmpeg-free`, which lacks libx264; the
    /// complete one is RPM Fusion's.
    pub const fn ffmpeg_line(self) -> &'static str {
        match self {
            Installer::Apt => "sudo apt install ffmpeg",
            Installer::Dnf => {
                "sudo dnf install https://download1.rpmfusion.org/free/fedora/rpmfusion-free-release-$(rpm -E %fedora).noarch.rpm && sudo dnf install ffmpeg --allowerasing"
            }
            Installer::Pacman => "sudo pacman -S ffmpeg",
            Installer::Zypper => "sudo zypper install ffmpeg",
            Installer::Apk => "sudo apk add ffmpeg",
            Installer::Brew => "brew install ffmpeg",
            Installer::Winget => "winget install --id Gyan.FFmpeg",
        }
    }
}

/// Which kind of host runs the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostKind {
    /// The desktop app: native dialogs, tray, notifications.
    Desktop,
    /// `stream-manager-server`: a browser shows the interface.
    Headless,
}

/// A program that we run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Absolute path, when found.
    pub path: Option<String>,
    /// Such as `5.1.9`, when it said so.
    pub version: Option<String>,
    /// Whether it can be used.
    pub state: ToolState,
    /// Why not.
    pub fault: Option<Fault>,
}

/// Whether a program can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolState {
    /// Still being looked at.
    Checking,
    /// Yes.
    Ready,
    /// No; `fault` says why.
    Unusable,
}

/// Endings of the files that file dialogs and folder lists propose, in lower case. A proposal only: whether a file
/// can be streamed is judged by its content.
pub const MEDIA_ENDINGS: &[&str] = &[
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "flv", "ts", "m2ts", "mts", "mpg", "mpeg", "3gp", "ogv",
    "wmv", "mp3", "m4a", "aac", "ogg", "opus", "wav", "flac",
];

/// An entry of a folder that the headless host lets people browse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaEntry {
    /// Last part of the path (a root shows its whole path).
    pub name: String,
    /// Absolute path.
    pub path: String,
    /// A folder.
    pub is_dir: bool,
    /// Bytes; absent for a folder.
    pub size: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of types are those of freedesktop.org's shared-mime-info, by which a desktop on Linux chooses.
    #[test]
    fn each_file_that_opens_with_the_app_has_its_own_type() {
        let given: serde_json::Value =
            serde_json::from_str(include_str!("../../../src-tauri/tauri.bundle.conf.json")).expect("is JSON");
        let all = given["bundle"]["fileAssociations"].as_array().expect("is a list").clone();
        let mut types = Vec::new();
        for association in &all {
            for ending in association["ext"].as_array().expect("is a list") {
                let ending = ending.as_str().expect("is a text");
                assert!(MEDIA_ENDINGS.contains(&ending), "{ending} is proposed by no dialog");
                types.push((ending, association["mimeType"].as_str().expect("is a text")));
            }
        }
        let wanted = [
            ("mp4", "video/mp4"),
            ("m4v", "video/mp4"),
            ("mov", "video/quicktime"),
            ("mkv", "video/x-matroska"),
            ("webm", "video/webm"),
            ("avi", "video/x-msvideo"),
            ("flv", "video/x-flv"),
            ("ts", "video/mp2t"),
        ];
        assert_eq!(types, wanted);
    }
}
