//! Media files, and readers of what is on air.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::Value;
use testkit::media::Fixtures;

use super::{PATIENCE, until};

/// H.264 and AAC in MP4, 4 s: sent as it is.
pub fn plain(to: &Path) -> PathBuf {
    copy("clip_bf0.mp4", to)
}

/// A copy of the fixture under a name of the test's own; who waits for it never sees half of it.
pub fn copy(fixture: &str, to: &Path) -> PathBuf {
    let folder = to.parent().expect("in a folder");
    let part =
        tempfile::NamedTempFile::new_in(folder).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    fs::copy(Fixtures::cached().file(fixture), part.path())
        .and_then(|_| part.persist(to).map_err(|error| error.error))
        .unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    to.to_owned()
}

/// Another file made from `from` by FFmpeg's output options `codecs`, which hold no spaces of their own.
#[expect(clippy::disallowed_methods, reason = "makes a file and waits for its end")]
pub fn made(from: &Path, codecs: &str, to: &Path) -> PathBuf {
    let made = std::process::Command::new(testkit::fixtures::ffmpeg())
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(from)
        .args(codecs.split_whitespace())
        .arg(to)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}: {}", to.display(), String::from_utf8_lossy(&made.stderr));
    to.to_owned()
}

/// The codecs that a viewer gets from `url`, such as `["h264", "aac"]`, as soon as one gets any.
pub async fn watched(url: &str) -> Vec<String> {
    until(&format!("{url} can be watched"), async || {
        Some(watch(url).await).filter(|codecs| !codecs.is_empty())
    })
    .await
}

/// The codecs that a viewer gets from `url` at the first try; empty when it can't be watched.
pub async fn watch(url: &str) -> Vec<String> {
    let mut command = tokio::process::Command::new(testkit::fixtures::ffprobe());
    command.args(["-v", "error", "-of", "json", "-show_entries", "stream=codec_name"]);
    command.args(testkit::readers::options(url)).arg(url).stdin(Stdio::null()).kill_on_drop(true);
    #[expect(clippy::disallowed_methods, reason = "a viewer, killed when it takes too long")]
    let output = tokio::time::timeout(PATIENCE / 4, command.output()).await;
    let Ok(Ok(output)) = output else { return Vec::new() };
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let streams = report["streams"].as_array().into_iter().flatten();
    streams.filter_map(|stream| stream["codec_name"].as_str().map(str::to_owned)).collect()
}

/// A file that holds `from` so many times.
#[expect(clippy::disallowed_methods, reason = "makes a file and waits for its end")]
pub fn looped(from: &Path, times: u32, to: &Path) -> PathBuf {
    let made = std::process::Command::new(testkit::fixtures::ffmpeg())
        .args(["-nostdin", "-v", "error", "-stream_loop", &(times - 1).to_string(), "-i"])
        .arg(from)
        .args(["-c", "copy"])
        .arg(to)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}: {}", to.display(), String::from_utf8_lossy(&made.stderr));
    to.to_owned()
}
