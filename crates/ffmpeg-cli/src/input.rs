//! How a user's file is named to FFmpeg and ffprobe so that nothing else is opened.

use std::{ffi::OsString, path::Path};

/// Formats that hold media themselves. On 5.1 a playlist renamed `.mp4` is opened by its content, and with it any
/// file that it names; with this list it is refused (measured). FFmpeg compares each of a demuxer's names.
const FORMATS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf,mp3,wav,ogg,flac,aac";

/// Input options for RTSP from a server on this computer: over TCP alone, and nothing else is opened. `-timeout` counts
/// microseconds in which nothing comes.
pub(crate) const LIVE: [&str; 6] =
    ["-protocol_whitelist", "rtsp,rtp,udp,tcp", "-rtsp_transport", "tcp", "-timeout", "10000000"];

/// Input options that keep FFmpeg from opening anything but the file itself, and then nothing but media.
pub(crate) const SAFETY: [[&str; 2]; 2] = [["-protocol_whitelist", "file"], ["-format_whitelist", FORMATS]];

/// The same as arguments.
pub(crate) fn safety() -> impl Iterator<Item = OsString> {
    SAFETY.into_iter().flatten().map(OsString::from)
}

/// The same for a list of ours. What it names is opened with the options that stand in it (measured: a playlist called
/// `.mp4` in it is refused).
pub(crate) fn safety_of_list() -> [OsString; 4] {
    ["-protocol_whitelist", "file", "-format_whitelist", &format!("concat,{FORMATS}")].map(OsString::from)
}

/// The argument after `-i`. With `file:` a name may start with `-` or hold `:` and `%`: the file protocol neither
/// decodes nor splits it (`http:evil.mp4` without it makes FFmpeg look up a host).
pub(crate) fn url(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}
