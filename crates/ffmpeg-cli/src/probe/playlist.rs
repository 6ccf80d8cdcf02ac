/// Whether a file that starts with `head` (its first kilobytes) is a playlist, manifest or script: text that would
/// make FFmpeg open other files. Judged by content alone, since a name proves nothing.
pub fn looks_like_playlist(head: &[u8]) -> bool {
    let text = decoded(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.get(..text.len().min(4096)).map_or_else(|| text.to_lowercase(), str::to_lowercase);
    let starts = [
        "#extm3u",
        "#ext-x-",
        "ffconcat version",
        "[playlist]",
        "[reference]",
        "<asx",
        "<smil",
        "<playlist",
        "<mpd",
        "rtsptext",
        "smptetext",
    ];
    if starts.iter().any(|start| lower.starts_with(start)) {
        return true;
    }
    // SDP: `v=0`, then `o=` or `s=` or `m=` lines.
    if lower.starts_with("v=0") && lower.lines().any(|line| line.starts_with("m=") || line.starts_with("o="))
    {
        return true;
    }
    if lower.starts_with("<?xml") || lower.starts_with("<!--") {
        return [
            "<mpd",
            "<playlist",
            "<smil",
            "<asx",
            "<smoothstreamingmedia",
            "<imf",
            "<compositionplaylist",
        ]
        .iter()
        .any(|element| lower.contains(element));
    }
    !text.contains('\0') && (avisynth(&lower) || bare_list(&lower))
}

/// Lossy text; UTF-16, in which Windows programs write playlists, is decoded too.
fn decoded(head: &[u8]) -> String {
    let wide = |convert: fn([u8; 2]) -> u16| {
        let units = head[2..].as_chunks::<2>().0.iter().map(|unit| convert(*unit));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match head {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(head).into_owned(),
    }
}

/// AviSynth and VapourSynth scripts open any file.
fn avisynth(lower: &str) -> bool {
    const CALLS: [&str; 8] = [
        "avisource(",
        "directshowsource(",
        "ffvideosource(",
        "ffmpegsource2(",
        "lwlibavvideosource(",
        "lsmashvideosource(",
        "import vapoursynth",
        "dgsource(",
    ];
    CALLS.iter().any(|call| lower.contains(call))
}

/// An M3U without a header or a concat list: nothing but comments and names of files.
fn bare_list(lower: &str) -> bool {
    const ENDINGS: [&str; 13] = [
        ".mp4", ".m4a", ".mov", ".mkv", ".webm", ".ts", ".avi", ".flv", ".mp3", ".wav", ".ogg", ".aac",
        ".m3u8",
    ];
    let lines: Vec<&str> =
        lower.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let names_file = |line: &&str| {
        let line = line.trim_end_matches(['\'', '"']);
        line.contains("://") || line.starts_with("file ") || ENDINGS.iter().any(|end| line.ends_with(end))
    };
    // The last line may have been cut off where the head ends.
    !lines.is_empty() && lines[..lines.len().max(2) - 1].iter().all(names_file) && names_file(&lines[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn playlists_by_content() {
        for playlist in [
            "#EXTM3U\n#EXTINF:3,\nbf0.ts\n",
            "\u{feff}#EXTM3U\n",
            "\n\n#EXTM3U",
            "ffconcat version 1.0\nfile a.mp4\n",
            "file 'a.mp4'\nfile 'b.mp4'\n",
            "/home/me/a.mp4\n/home/me/b.mp4\n/home/me/c.m",
            "http://example.org/a\n",
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 5004 RTP/AVP 96\r\n",
            "[playlist]\nFile1=a.mp4\n",
            "[Reference]\nRef1=http://h/a.asf\n",
            "<ASX version=\"3.0\"><entry/></ASX>",
            "<?xml version=\"1.0\"?>\n<!-- x -->\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">",
            "<?xml version=\"1.0\"?><playlist xmlns=\"http://xspf.org/ns/0/\">",
            "<smil><body/></smil>",
            "# a script\nclip = AviSource(\"a.avi\")\nreturn clip",
            "import vapoursynth as vs\n",
        ] {
            assert!(looks_like_playlist(playlist.as_bytes()), "{playlist:?} is a playlist");
        }
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("#EXTM3U\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert!(looks_like_playlist(&wide), "UTF-16");
    }

    #[test]
    fn others_are_not() {
        for other in [
            b"" as &[u8],
            b"hello world this is text",
            b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41",
            b"\x1aE\xdf\xa3\x93B\x82\x88matroska",
            b"RIFF\x00\x00\x00\x00AVI LIST",
            b"<?xml version=\"1.0\"?><note>hello</note>",
            b"Dear all,\nplease see a.mp4\n",
            b"\xff\xfe",
            b"\xff",
        ] {
            assert!(!looks_like_playlist(other), "{other:?} is no playlist");
        }
    }
}
