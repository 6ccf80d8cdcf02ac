//! What people call codecs and containers.

use stream_api::{AudioTrack, t};

pub(super) fn codec_name(codec: &str) -> String {
    match codec {
        "hevc" => "H.265 (HEVC)".to_owned(),
        "mpeg1video" => "MPEG-1".to_owned(),
        "mpeg2video" => "MPEG-2".to_owned(),
        "mpeg4" => "MPEG-4 Part 2".to_owned(),
        "mjpeg" => "Motion JPEG".to_owned(),
        "prores" => "ProRes".to_owned(),
        "vorbis" => "Vorbis".to_owned(),
        "pcm_mulaw" | "pcm_alaw" => "G.711".to_owned(),
        "adpcm_g722" => "G.722".to_owned(),
        "adpcm_g726" => "G.726".to_owned(),
        pcm if pcm.starts_with("pcm_") => "PCM".to_owned(),
        other => other.to_uppercase(),
    }
}

pub(super) fn audio_name(audio: &AudioTrack) -> String {
    match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some(profile)) => profile.to_owned(),
        ("aac", None) => t!("plan.unknown_aac").to_owned(),
        (codec, _) => codec_name(codec),
    }
}

pub(super) fn container_name(container: &str) -> String {
    match container.split(',').next().unwrap_or_default() {
        "mpegts" => "MPEG-TS".to_owned(),
        "matroska" => "Matroska".to_owned(),
        "" => t!("plan.unknown_container").to_owned(),
        name => name.to_uppercase(),
    }
}
