//! Decides how a source is sent: as it is wherever that plays everywhere, re-encoded where not.
//!
//! Copying costs 0.004 of a core, encoding 1080p about one (measured), so each reason to encode is one that a
//! viewer would otherwise notice.

use stream_api::{
    AudioTrack, Code, Error, Mode, Plan, Remark, RemarkCode, SentAudio, SourceMedia, Tracks, Unkept,
    VideoTrack, t,
};

use crate::slate;

/// Seconds. A viewer who joins waits for the next key frame: MediaMTX keeps none for RTSP and WebRTC.
const RARE_KEYFRAMES: f64 = 4.0;
/// Seconds. Tracks that differ by more make a gap at the end of each pass that anybody notices.
const UNEQUAL: f64 = 0.05;

/// How to send `media`.
///
/// # Errors
/// `source_no_tracks` without a track, `source_codec_unknown` without one that can be sent. The words name no path, since `media` has none: set it by
/// `Error::with("path", …)`.
pub fn plan(media: &SourceMedia) -> Result<Plan, Error> {
    let video = media.video.as_ref().filter(|video| known(&video.codec) && video.width > 0);
    let audio = media.audio.as_ref().filter(|audio| known(&audio.codec));
    let video_reasons = video.map(|video| against_copying_video(video, &media.container)).unwrap_or_default();
    let audio_reason = audio.and_then(|audio| against_copying_audio(audio, &media.container));
    decide(media, (video, video_reasons), (audio, audio_reason), "aac")
}

/// How to send what a server fetches from a camera or another server: what is known of it may be little, since MediaMTX
/// tells codecs, sizes and profiles alone.
///
/// What is encoded of the sound becomes Opus, which browsers play by WebRTC and HLS alike: a camera's viewers don't want
/// to wait. Rare key frames are the camera's own business, and no container stands between.
///
/// # Errors
/// As [`plan`].
pub fn live(media: &SourceMedia) -> Result<Plan, Error> {
    let video = media.video.as_ref().filter(|video| known(&video.codec));
    let audio = media.audio.as_ref().filter(|audio| known(&audio.codec));
    let video_reasons = video.map(against_passing_video).unwrap_or_default();
    let audio_reason = audio.and_then(against_passing_audio);
    decide(media, (video, video_reasons), (audio, audio_reason), "opus")
}

/// A track with the reasons against sending it as it is.
type Judged<'a, Track, Reasons> = (Option<&'a Track>, Reasons);

fn decide(
    media: &SourceMedia,
    (video, video_reasons): Judged<'_, VideoTrack, Vec<Remark>>,
    (audio, audio_reason): Judged<'_, AudioTrack, Option<Remark>>,
    sound: &str,
) -> Result<Plan, Error> {
    if video.is_none() && audio.is_none() {
        let any = media.video.is_some() || media.audio.is_some();
        return Err(Error::new(if any { Code::SourceCodecUnknown } else { Code::SourceNoTracks }));
    }
    let (encodes_video, encodes_audio) = (!video_reasons.is_empty(), audio_reason.is_some());
    let sent_audio = audio.map(|audio| if encodes_audio { sound } else { audio.codec.as_str() });
    let sent = Tracks {
        video: video.map(|_| "h264".to_owned()),
        audio: audio.map(|audio| if encodes_audio { encoded_audio(sound) } else { as_it_is(audio) }),
        second_audio: None,
    };
    Ok(Plan {
        mode: if encodes_video || encodes_audio { Mode::Transcode } else { Mode::Copy },
        video: video.map(|_| "h264".to_owned()),
        audio: sent_audio.map(str::to_owned),
        encodes_video,
        encodes_audio,
        reasons: video_reasons.into_iter().chain(audio_reason).collect(),
        warnings: missed(video.is_some(), sent_audio, media.audio.is_some() && audio.is_none()),
        gains: gains(media, encodes_video, audio.is_some() && !encodes_audio),
        unkept: slate::unkept(&sent),
        sent,
    })
}

/// What becomes of `media` where nothing is encoded, whatever it is: a camera or publisher whose tracks the server
/// passes on.
pub fn as_received(media: &SourceMedia) -> Plan {
    let codec = |codec: &str| codec.to_owned();
    let video = media.video.as_ref().map(|video| codec(&video.codec));
    let audio = media.audio.as_ref().map(|audio| codec(&audio.codec));
    let mut warnings = missed(video.is_some(), audio.as_deref(), false);
    if let Some(codec) = video.as_deref().filter(|codec| *codec != "h264") {
        warnings.push(Remark::new(RemarkCode::CodecBrowsers).with("codec", codec_name(codec)));
    }
    Plan {
        mode: Mode::Copy,
        sent: Tracks { video: video.clone(), audio: media.audio.as_ref().map(as_it_is), second_audio: None },
        video,
        audio,
        encodes_video: false,
        encodes_audio: false,
        reasons: Vec::new(),
        warnings,
        gains: Vec::new(),
        unkept: Some(Unkept::Unknown),
    }
}

/// What `publish` makes of sound that it encodes.
fn encoded_audio(codec: &str) -> SentAudio {
    SentAudio { codec: codec.to_owned(), sample_rate: 48_000, channels: 2 }
}

fn as_it_is(audio: &AudioTrack) -> SentAudio {
    let (sample_rate, channels) =
        if audio.codec == "opus" { (48_000, 2) } else { (audio.sample_rate, audio.channels) };
    SentAudio { codec: audio.codec.clone(), sample_rate, channels }
}

/// ffprobe names no codec, or `none`, when this FFmpeg can't decode the track.
fn known(codec: &str) -> bool {
    !matches!(codec, "" | "unknown" | "none")
}

fn against_copying_video(video: &VideoTrack, container: &str) -> Vec<Remark> {
    if video.codec != "h264" {
        return vec![Remark::new(RemarkCode::VideoCodec).with("codec", codec_name(&video.codec))];
    }
    let mut reasons = Vec::new();
    if !copies_from(container, &["mov", "matroska", "flv"]) {
        reasons.push(Remark::new(RemarkCode::VideoContainer).with("container", container_name(container)));
    }
    if !matches!(video.pixel_format.as_str(), "yuv420p" | "yuvj420p") {
        reasons.push(Remark::new(RemarkCode::PixelFormat).with("format", &video.pixel_format));
    } else if let Some(profile) = video.profile.as_deref().filter(|profile| !plays_in_browsers(profile)) {
        reasons.push(Remark::new(RemarkCode::Profile).with("profile", profile));
    }
    if video.b_frames {
        reasons.push(Remark::new(RemarkCode::BFrames));
    }
    if video.interlaced {
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

fn against_passing_video(video: &VideoTrack) -> Vec<Remark> {
    if video.codec != "h264" {
        return vec![Remark::new(RemarkCode::VideoCodec).with("codec", codec_name(&video.codec))];
    }
    let mut reasons = Vec::new();
    let pixels = video.pixel_format.as_str();
    // Neither FFmpeg's names nor MediaMTX's are all names of profiles: what is not known to be odd will do.
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

fn against_passing_audio(audio: &AudioTrack) -> Option<Remark> {
    match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some("LC") | None) => None,
        ("opus", _) if audio.channels > 2 => {
            Some(Remark::new(RemarkCode::AudioChannels).with("channels", audio.channels))
        }
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
fn against_copying_audio(audio: &AudioTrack, container: &str) -> Option<Remark> {
    let containers: &[&str] = match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some("LC")) => &["mov", "matroska", "flv"],
        ("opus", _) => &["mov", "matroska", "ogg"],
        _ => return Some(recoded(audio, "AAC")),
    };
    if !copies_from(container, containers) {
        return Some(Remark::new(RemarkCode::AudioContainer).with("container", container_name(container)));
    }
    if audio.channels > 2 && audio.codec == "opus" {
        return Some(Remark::new(RemarkCode::AudioChannels).with("channels", audio.channels));
    }
    None
}

fn recoded(audio: &AudioTrack, to: &str) -> Remark {
    Remark::new(RemarkCode::AudioCodec).with("codec", audio_name(audio)).with("to", to)
}

fn copies_from(container: &str, allowed: &[&str]) -> bool {
    container.split(',').any(|name| allowed.contains(&name))
}

/// What viewers of `sent` will miss.
pub(crate) fn warnings(sent: &Tracks) -> Vec<Remark> {
    let codec = sent.audio.as_ref().map(|audio| audio.codec.as_str());
    match (&sent.video, &sent.second_audio) {
        // Each of them has a protocol that the other one lacks.
        (Some(_), Some(_)) => Vec::new(),
        (None, Some(_)) => vec![Remark::new(RemarkCode::AudioOnly)],
        (video, None) => missed(video.is_some(), codec, false),
    }
}

/// What a prepared file would do better. Nothing for what has no end.
fn gains(media: &SourceMedia, encodes_video: bool, copies_audio: bool) -> Vec<Remark> {
    let mut gains = Vec::new();
    if media.duration.is_none() {
        return gains;
    }
    if encodes_video {
        gains.push(Remark::new(RemarkCode::GainsProcessor));
    }
    match media.sound_longer_by.filter(|seconds| seconds.abs() >= UNEQUAL) {
        Some(longer) if longer > 0.0 => {
            gains.push(Remark::new(RemarkCode::GainsFrozen).with("seconds", format!("{longer:.1}")));
        }
        Some(shorter) => {
            gains.push(Remark::new(RemarkCode::GainsSilent).with("seconds", format!("{:.1}", -shorter)));
        }
        None if copies_audio => gains.push(Remark::new(RemarkCode::GainsSeam)),
        None => {}
    }
    gains
}

fn missed(has_video: bool, audio: Option<&str>, audio_left_out: bool) -> Vec<Remark> {
    let mut warnings = Vec::new();
    match (has_video, audio) {
        (true, Some("aac")) => warnings.push(RemarkCode::WebrtcSilent),
        (false, Some("aac")) => warnings.push(RemarkCode::AudioOnlyWebrtc),
        (false, _) => warnings.push(RemarkCode::AudioOnly),
        (true, None) if audio_left_out => warnings.push(RemarkCode::AudioUnknown),
        (true, None) => warnings.push(RemarkCode::NoAudio),
        (true, Some(_)) => {}
    }
    if audio == Some("opus") {
        warnings.push(RemarkCode::RtmpSilent);
    }
    warnings.into_iter().map(Remark::new).collect()
}

fn codec_name(codec: &str) -> String {
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

fn audio_name(audio: &AudioTrack) -> String {
    match (audio.codec.as_str(), audio.profile.as_deref()) {
        ("aac", Some(profile)) => profile.to_owned(),
        ("aac", None) => t!("plan.unknown_aac").to_owned(),
        (codec, _) => codec_name(codec),
    }
}

fn container_name(container: &str) -> String {
    match container.split(',').next().unwrap_or_default() {
        "mpegts" => "MPEG-TS".to_owned(),
        "matroska" => "Matroska".to_owned(),
        "" => t!("plan.unknown_container").to_owned(),
        name => name.to_uppercase(),
    }
}

#[cfg(test)]
mod tests;
