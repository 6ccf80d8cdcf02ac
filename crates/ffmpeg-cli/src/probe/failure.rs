use stream_api::{Code, Error};

use super::looks_like_playlist;
use crate::{faults, log};

/// Why ffprobe failed on `path`, from its words; `head` is the file's first kilobytes (empty when it can't be read).
/// The codes are those of `source_…`, or of FFmpeg itself when the file is not to blame.
pub fn failure(path: &str, exit_code: Option<i32>, stderr: &str, head: &[u8]) -> Error {
    let source = |code| Error::new(code).with("path", path);
    let says = |text: &str| stderr.contains(text);
    let program = stderr.lines().find_map(|line| faults::scarce(line).or_else(|| lacks(line)));
    if let Some(error) = program {
        return error;
    }
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
    if is_picture(head) {
        return source(Code::SourceIsPicture);
    }
    if says("moov atom not found") && is_mp4(head) {
        return source(Code::SourceIncomplete);
    }
    if says("Format not on whitelist") || says("not on whitelist") {
        return source(if refused_playlist(stderr) { Code::SourceIsPlaylist } else { Code::SourceNotMedia });
    }
    if says("Input/output error") {
        return source(Code::SourceUnreadable);
    }
    if says("Invalid data found") && is_media(head) {
        return source(Code::SourceDamaged);
    }
    match exit_code {
        // A signal, such as a crash in a decoder.
        None => source(Code::SourceDamaged),
        Some(_) => source(Code::SourceNotMedia),
    }
}

fn lacks(line: &str) -> Option<Error> {
    // A damaged file makes libraries say such things too; what ffprobe lacks it says of our own options alone.
    let code = faults::lacking(line).filter(|code| {
        matches!(code, Code::FfmpegNoOption | Code::FfmpegLibraryMissing | Code::FfmpegNoProtocol)
    })?;
    Some(Error::new(code).with("path", "ffprobe").with("reason", log::redact(log::split(line).1)))
}

/// Signatures of pictures.
fn is_picture(head: &[u8]) -> bool {
    let starts: [&[u8]; 5] = [b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"];
    starts.iter().any(|start| head.starts_with(start))
        || (head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"))
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
            (moov, MP4, Code::SourceIncomplete),
            (moov, b"hello world this is text" as &[u8], Code::SourceNotMedia),
            (moov, b"#EXTM3U\n", Code::SourceIsPlaylist),
            (hls, b"", Code::SourceIsPlaylist),
            (mpd, b"", Code::SourceNotMedia),
            (invalid, b"\x1aE\xdf\xa3\x01", Code::SourceDamaged),
            (invalid, b"GIF89a", Code::SourceIsPicture),
            ("file:a: Is a directory\n", b"", Code::SourceIsFolder),
            ("file:a: No such file or directory\n", b"", Code::SourceMissing),
            ("file:a: Permission denied\n", b"", Code::SourceDenied),
            ("Unrecognized option 'format_whitelist'.\n", MP4, Code::FfmpegNoOption),
            ("", b"", Code::SourceNotMedia),
        ] {
            let error = failure("/v/a.mp4", Some(1), stderr, head);
            assert_eq!(error.code, code, "{stderr:?}");
            assert!(!error.message.contains('{'), "all is filled in: {}", error.message);
        }
        assert_eq!(failure("/v/a.mp4", None, "", MP4).code, Code::SourceDamaged, "a decoder crashed");
    }
}
