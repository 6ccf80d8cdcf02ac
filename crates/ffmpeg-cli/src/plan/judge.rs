//! What speaks against sending a track as it is.

use stream_api::{
    AudioTrack, Encoding, Protocols, PublishBy, RARE_KEYFRAMES, Remark, RemarkCode, Setting, VideoTrack,
    codec_name,
};

use super::names::{audio_name, container_name};

/// ffprobe names no codec, or `none`, when this FFmpeg can't decode the track.
pub(super) fn known(codec: &str) -> bool {
    !matches!(codec, "" | "unknown" | "none")
}

/// Why not every viewer would see a file's picture as it is. What only browsers can't play is no reason where viewers
/// have no protocol of browsers.
pub(super) fn against_copying_video(video: &VideoTrack, container: &str, viewers: &Protocols) -> Vec<Remark> {
    if video.codec != "h264" {
        return vec![Remark::new(RemarkCode::VideoCodec).with("codec", codec_name(&video.codec))];
    }
    let browsers = viewers.webrtc || viewers.hls;
    let mut reasons = Vec::new();
    if !copies_from(container, VIDEO_CONTAINERS) {
        reasons.push(Remark::new(RemarkCode::VideoContainer).with("container", container_name(container)));
    }
    if !matches!(video.pixel_format.as_str(), "yuv420p" | "yuvj420p") {
        if browsers {
            reasons.push(Remark::new(RemarkCode::PixelFormat).with("format", &video.pixel_format));
        }
    } else if let Some(profile) =
        video.profile.as_deref().filter(|profile| browsers && !plays_in_browsers(profile))
    {
        reasons.push(Remark::new(RemarkCode::Profile).with("profile", profile));
    }
    if video.b_frames && viewers.webrtc {
        reasons.push(Remark::new(RemarkCode::BFrames));
    }
    if video.interlaced && browsers {
        reasons.push(Remark::new(RemarkCode::Interlaced));
    }
    if video.rotation != 0 {
        // The copy would lose the rotation, which stands in the container.
        reasons.push(Remark::new(RemarkCode::Rotation).with("degrees", video.rotation));
    }
    match video.keyframe_interval {
        None => reasons.push(Remark::new(RemarkCode::KeyframesUnknown)),
        Some(seconds) if seconds > RARE_KEYFRAMES => {
            reasons.push(Remark::new(RemarkCode::KeyframesRare).with("seconds", format!("{seconds:.0}")));
        }
        Some(_) => {}
    }
    reasons
}

/// Why the picture can't be sent as it is, whoever could play it: RTP and MediaMTX have no format for it, or FFmpeg
/// finds no header for it in such a container. `sends_av1`: this FFmpeg makes packets of it.
pub(super) fn against_sending_video(
    video: &VideoTrack,
    container: &str,
    by: PublishBy,
    sends_av1: bool,
) -> Option<Remark> {
    let carried: &[&str] = match by {
        // Those that FFmpeg 5.1 to 9.0 send and MediaMTX 1.20 takes (measured). Of Motion JPEG, RTP has room for the
        // usual tables alone, and whether a file has these nobody knows before.
        PublishBy::Rtsp if sends_av1 && video.codec == "av1" => &["av1"],
        PublishBy::Rtsp => &["h264", "hevc", "vp8", "vp9", "mpeg4", "mpeg1video", "mpeg2video"],
        PublishBy::Rtmp => &["h264"],
        PublishBy::Srt => &["h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video"],
    };
    if !carried.contains(&video.codec.as_str()) {
        return Some(unpublished(by, codec_name(&video.codec)));
    }
    let needs_header = matches!(video.codec.as_str(), "h264" | "hevc" | "mpeg4");
    (needs_header && !copies_from(container, VIDEO_CONTAINERS))
        .then(|| Remark::new(RemarkCode::VideoContainer).with("container", container_name(container)))
}

/// What the user chose that takes an encoder, of a picture that would otherwise be sent as it is.
pub(super) fn asked_of_video(encoding: &Encoding, video: &VideoTrack) -> Vec<Remark> {
    let rarer = |seconds: u32| video.keyframe_interval.is_none_or(|now| now > f64::from(seconds) + 0.1);
    let settings = [
        (Setting::Bitrate, encoding.kilobits.is_some()),
        (Setting::Quality, encoding.quality.is_some()),
        (Setting::Height, encoding.height.is_some_and(|height| height < video.height)),
        (Setting::Fps, encoding.fps.is_some_and(|fps| f64::from(fps) < video.fps - 0.1)),
        (Setting::Keyframes, encoding.keyframes.is_some_and(rarer)),
        (Setting::Deinterlace, encoding.deinterlace == Some(true)),
        (Setting::Rotate, encoding.rotate.is_some()),
    ];
    settings.into_iter().filter(|(_, chosen)| *chosen).map(|(setting, _)| asked(setting)).collect()
}

pub(super) fn asked(setting: Setting) -> Remark {
    Remark::new(RemarkCode::Asked).with("setting", setting.label())
}

/// Of what a server fetches. Neither FFmpeg's names nor MediaMTX's are all names of profiles: what is not known to be
/// odd will do.
pub(super) fn against_passing_video(video: &VideoTrack) -> Vec<Remark> {
    if video.codec != "h264" {
        return vec![Remark::new(RemarkCode::VideoCodec).with("codec", codec_name(&video.codec))];
    }
    let mut reasons = Vec::new();
    let pixels = video.pixel_format.as_str();
    let odd = |profile: &&str| ["High 10", "High 4", "Extended"].iter().any(|odd| profile.starts_with(odd));
    if !matches!(pixels, "" | "unknown" | "yuv420p" | "yuvj420p") {
        reasons.push(Remark::new(RemarkCode::PixelFormat).with("format", pixels));
    } else if let Some(profile) = video.profile.as_deref().filter(odd) {
        reasons.push(Remark::new(RemarkCode::Profile).with("profile", profile));
    }
    if video.b_frames {
        reasons.push(Remark::new(RemarkCode::BFrames));
    }
    if video.interlaced {
        reasons.push(Remark::new(RemarkCode::Interlaced));
    }
    reasons
}

/// Of what a server fetches.
pub(super) fn against_passing_audio(audio: &AudioTrack) -> Option<Remark> {
    match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some("LC") | None) => None,
        ("opus", _) if audio.channels > 2 => Some(too_many(audio)),
        ("opus", _) => None,
        _ => Some(recoded(audio, "Opus")),
    }
}

fn plays_in_browsers(profile: &str) -> bool {
    matches!(
        profile,
        "Constrained Baseline" | "Baseline" | "Main" | "High" | "Progressive High" | "Constrained High"
    )
}

/// Facts about RTSP output (5.1 to 9.0): AAC from MPEG-TS or raw ADTS has no global header and is refused, Opus with
/// more than two channels too.
pub(super) fn against_copying_audio(audio: &AudioTrack, container: &str, by: PublishBy) -> Option<Remark> {
    let containers: &[&str] = match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some("LC")) => AAC_CONTAINERS,
        ("opus", _) if by == PublishBy::Rtmp => return Some(unpublished(by, "Opus".to_owned())),
        ("opus", _) => &["mov", "matroska", "ogg"],
        _ => return Some(recoded(audio, "AAC")),
    };
    if !copies_from(container, containers) {
        return Some(Remark::new(RemarkCode::AudioContainer).with("container", container_name(container)));
    }
    (audio.channels > 2 && audio.codec == "opus").then(|| too_many(audio))
}

/// Why the sound can't be sent as it is, whoever could play it. MediaMTX refuses what FFmpeg says of AC-3 by RTSP, and FLV
/// has few rates for MP3 (measured).
pub(super) fn against_sending_audio(audio: &AudioTrack, container: &str, by: PublishBy) -> Option<Remark> {
    let carried: &[&str] = match by {
        PublishBy::Rtsp => &["aac", "opus", "mp3", "mp2", "pcm_mulaw", "pcm_alaw"],
        PublishBy::Rtmp if matches!(audio.sample_rate, 11_025 | 22_050 | 44_100 | 48_000) => &["aac", "mp3"],
        PublishBy::Rtmp => &["aac"],
        PublishBy::Srt => &["aac", "opus", "mp3", "mp2", "ac3"],
    };
    match audio.codec.as_str() {
        codec if !carried.contains(&codec) => Some(recoded(audio, "AAC")),
        "aac" if !copies_from(container, AAC_CONTAINERS) => {
            Some(Remark::new(RemarkCode::AudioContainer).with("container", container_name(container)))
        }
        "opus" => against_copying_audio(audio, container, by),
        _ => None,
    }
}

const VIDEO_CONTAINERS: &[&str] = &["mov", "matroska", "flv"];
const AAC_CONTAINERS: &[&str] = &["mov", "matroska", "flv"];

fn too_many(audio: &AudioTrack) -> Remark {
    Remark::new(RemarkCode::AudioChannels).with("channels", audio.channels)
}

pub(super) fn recoded(audio: &AudioTrack, to: &str) -> Remark {
    Remark::new(RemarkCode::AudioCodec).with("codec", audio_name(audio)).with("to", to)
}

fn unpublished(by: PublishBy, codec: String) -> Remark {
    Remark::new(RemarkCode::Unpublished).with("protocol", by.label()).with("codec", codec)
}

fn copies_from(container: &str, allowed: &[&str]) -> bool {
    container.split(',').any(|name| allowed.contains(&name))
}
