/// A codec as people write it, by FFmpeg's name. Proper names, the same in every language.
pub fn codec_name(codec: &str) -> String {
    const NAMES: [(&str, &str); 22] = [
        ("h264", "H.264"),
        ("hevc", "H.265"),
        ("av1", "AV1"),
        ("vp8", "VP8"),
        ("vp9", "VP9"),
        ("mpeg4", "MPEG-4"),
        ("mpeg2video", "MPEG-2"),
        ("mpeg1video", "MPEG-1"),
        ("prores", "ProRes"),
        ("mjpeg", "Motion JPEG"),
        ("aac", "AAC"),
        ("opus", "Opus"),
        ("mp3", "MP3"),
        ("mp2", "MP2"),
        ("vorbis", "Vorbis"),
        ("flac", "FLAC"),
        ("ac3", "AC-3"),
        ("eac3", "E-AC-3"),
        ("pcm_mulaw", "G.711"),
        ("pcm_alaw", "G.711"),
        ("adpcm_g722", "G.722"),
        ("adpcm_g726", "G.726"),
    ];
    match NAMES.iter().find(|(known, _)| *known == codec) {
        Some((_, written)) => (*written).to_owned(),
        None if codec.starts_with("pcm_") => "PCM".to_owned(),
        None => codec.to_uppercase(),
    }
}

/// A container as people write it, by FFmpeg's names, separated by commas; none where it has none.
pub fn container_name(names: &str) -> Option<String> {
    const NAMES: [(&str, &str); 4] =
        [("mov", "MP4"), ("matroska", "Matroska"), ("mpegts", "MPEG-TS"), ("mpeg", "MPEG-PS")];
    let first = names.split(',').next().filter(|name| !name.is_empty())?;
    let known = NAMES.iter().find(|(known, _)| *known == first);
    Some(known.map_or_else(|| first.to_uppercase(), |(_, written)| (*written).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_called_what_people_call_them() {
        for (codec, name) in [
            ("hevc", "H.265"),
            ("pcm_alaw", "G.711"),
            ("pcm_s16le", "PCM"),
            ("adpcm_g722", "G.722"),
            ("dnxhd", "DNXHD"),
        ] {
            assert_eq!(codec_name(codec), name);
        }
    }

    #[test]
    fn so_are_containers() {
        for (names, name) in [("mov,mp4,m4a", Some("MP4")), ("mpegts", Some("MPEG-TS")), ("avi", Some("AVI"))]
        {
            assert_eq!(container_name(names).as_deref(), name);
        }
        assert_eq!(container_name(""), None);
    }
}
