//! Finds out what a file holds, with ffprobe.

mod failure;
mod keyframes;
mod playlist;
mod report;

use std::{ffi::OsString, path::Path};

pub use failure::failure;
pub use keyframes::keyframe_interval;
pub use playlist::looks_like_playlist;
pub use report::{ProbeError, parse};

use crate::{input, publish::Target};

/// ffprobe's arguments for [`parse`]. Takes 0.1 s on a local disk; give it a time limit.
pub fn arguments(path: &Path) -> Vec<OsString> {
    let mut arguments = words(&["-v", "error"]);
    arguments.extend(input::safety());
    arguments.extend(words(&["-show_format", "-show_streams", "-of", "json", "-i"]));
    arguments.push(input::url(path));
    arguments
}

/// The same for what a MediaMTX server has at a path. Takes until its first key frame and a moment more; give it a time
/// limit. They hold the target's password.
pub fn live_arguments(from: &Target) -> Vec<OsString> {
    let mut arguments = words(&["-v", "error"]);
    arguments.extend(words(&input::LIVE));
    arguments.extend(words(&["-show_format", "-show_streams", "-of", "json", "-i"]));
    arguments.push(from.url().into());
    arguments
}

/// ffprobe's arguments for [`keyframe_interval`]: the times of the key frames in the first 30 s. Decodes those
/// frames alone, yet reads all packets between them; give it a time limit. AVI has no other times than those of
/// decoding.
pub fn keyframe_arguments(path: &Path) -> Vec<OsString> {
    let mut arguments = words(&["-v", "error"]);
    arguments.extend(input::safety());
    arguments.extend(words(&[
        "-select_streams",
        "V:0",
        "-skip_frame",
        "nokey",
        "-show_entries",
        "frame=best_effort_timestamp_time",
        "-of",
        "csv=p=0",
        "-read_intervals",
        "%+30",
        "-i",
    ]));
    arguments.push(input::url(path));
    arguments
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}
