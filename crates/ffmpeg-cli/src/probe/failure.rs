use stream_api::{Code, Error};

use super::looks_like_playlist;
use crate::log;

/// Why ffprobe failed on `path`, from its words; `head` is the file's first kilobytes (empty when it can't be read).
/// The codes are those of `source_…`, or of FFmpeg itself when the file is not to blame.
pub fn failure(path: &str, exit_code: Option<i32>, stderr: &str, head: &[u8]) -> Error {
    let source = |code| Error::new(code).with("path", path);
    let says = |text: &str| stderr.contains(text);
    if says("No such file or directory") {
        return source(Code::SourceMissing);
    }
    if says("Permission denied") {
        return source(Code::SourceDenied);
    }
    if says("Is a directory") {
        return source(Code::SourceIsFolder);
    }
    if looks_like_playlist(head) {
        return source(Code::SourceIsPlaylist);
    }
    if says("moov atom not found") && is_mp4(head) {
        return source(Code::SourceDamaged).with("reason", stream_api::t!("probe.damaged.incomplete"));
    }
    if says("Format not on whitelist") || says("not on whitelist") {
        return source(if refused_playlist(stderr) { Code::SourceIsPlaylist } else { Code::SourceNotMedia });
    }
    if says("Input/output error") {
        return source(Code::SourceDamaged).with("reason", stream_api::t!("probe.damaged.unreadable"));
    }
    if says("Unrecognized option") || says("Option not found") || says("Unknown option") {
        let reason = last_words(stderr);
        return Error::new(Code::FfmpegLacks).with("reason", reason);
    }
    if says("Invalid data found") && is_media(head) {
        return source(Code::SourceDamaged).with("reason", stream_api::t!("probe.damaged.invalid"));
    }
    match exit_code {
        // A signal, such as a crash in a decoder.
        None => Error::new(Code::FfmpegCrashed).with("reason", stream_api::t!("probe.crashed")),
        Some(_) => source(Code::SourceNotMedia),
    }
}

/// The whitelist refused one of FFmpeg's formats that only name other files.
fn refused_playlist(stderr: &str) -> bool {
    ["[hls", "[concat", "[sdp", "[dash", "[imf", "[avisynth", "[vapoursynth", "[applehttp"]
        .iter()
        .any(|format| stderr.contains(format))
}

fn is_mp4(head: &[u8]) -> bool {
    head.get(4..8)
        .is_some_and(|kind| [b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"].contains(&kind_of(kind)))
}

fn kind_of(kind: &[u8]) -> &[u8; 4] {
    kind.first_chunk().unwrap_or(b"    ")
}

/// Signatures of the containers that are accepted.
fn is_media(head: &[u8]) -> bool {
    is_mp4(head)
        || head.starts_with(b"\x1aE\xdf\xa3")
        || head.starts_with(b"RIFF")
        || head.starts_with(b"FLV")
        || head.starts_with(b"OggS")
        || head.starts_with(b"ID3")
        || head.starts_with(b"fLaC")
        || (head.first() == Some(&0x47) && head.get(188) == Some(&0x47))
}

fn last_words(stderr: &str) -> String {
    let line = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    log::redact(log::split(line).1).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MP4: &[u8] = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41";

    /// Texts as printed by ffprobe 5.1.9.
    #[test]
    fn classified() {
        let moov = "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x561889b9c480] moov atom not found\n\
                    file:a.mp4: Invalid data found when processing input\n";
        let hls = "[hls @ 0x5645fa385480] Format not on whitelist 'mov,mp4'\nfile:a.mp4: Invalid argument\n";
        let mpd = "[mpeg @ 0x5645fa385480] Format not on whitelist 'mov,mp4'\nfile:a.mp4: Invalid argument\n";
        let invalid = "file:a.mp4: Invalid data found when processing input\n";
        for (stderr, head, code) in [
            (moov, MP4, Code::SourceDamaged),
            (moov, b"hello world this is text" as &[u8], Code::SourceNotMedia),
            (moov, b"#EXTM3U\n", Code::SourceIsPlaylist),
            (hls, b"", Code::SourceIsPlaylist),
            (mpd, b"", Code::SourceNotMedia),
            (invalid, b"\x1aE\xdf\xa3\x01", Code::SourceDamaged),
            (invalid, b"GIF89a", Code::SourceNotMedia),
            ("file:a: Is a directory\n", b"", Code::SourceIsFolder),
            ("file:a: No such file or directory\n", b"", Code::SourceMissing),
            ("file:a: Permission denied\n", b"", Code::SourceDenied),
            ("Unrecognized option 'format_whitelist'.\n", MP4, Code::FfmpegLacks),
            ("", b"", Code::SourceNotMedia),
        ] {
            let error = failure("/v/a.mp4", Some(1), stderr, head);
            assert_eq!(error.code, code, "{stderr:?}");
            assert!(!error.message.contains('{'), "all is filled in: {}", error.message);
        }
        assert_eq!(failure("/v/a.mp4", None, "", MP4).code, Code::FfmpegCrashed, "killed by a signal");
    }
}
