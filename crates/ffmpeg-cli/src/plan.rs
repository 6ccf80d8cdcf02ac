//! Decides how a source is sent: as it is wherever that plays everywhere, re-encoded where not, or where the user wants
//! something else.
//!
//! Copying costs 0.004 of a core, encoding 1080p about one (measured), so each reason to encode is one that a
//! viewer would otherwise notice.

mod cost;
mod judge;
mod names;
mod sound;
mod wanted;

pub(crate) use cost::COPYING;
use stream_api::{
    AudioTrack, Code, Encoding, Error, Mode, Picture, Plan, Remark, RemarkCode, SentAudio, Setting,
    SourceMedia, Tracks, Unkept, VideoCodec, VideoTrack, codec_name,
};

use crate::{publish::encode, slate};
use judge::known;
use sound::{Made, Sounds};
pub use wanted::Wanted;

/// Seconds. Tracks that differ by more make a gap at the end of each pass that anybody notices.
const UNEQUAL: f64 = 0.05;

/// How to send `media`, a file.
///
/// # Errors
/// `source_no_tracks` without a track, `source_codec_unknown` without one that can be sent, `ffmpeg_no_encoder`,
/// `setting_unfit` for a part that begins after the end. The words name no path, since `media` has none: set it by
/// `Error::with("path", …)`.
pub fn plan(media: &SourceMedia, wanted: &Wanted) -> Result<Plan, Error> {
    let part = wanted.encoding.part().zip(media.duration);
    if part.is_some_and(|(part, duration)| part.seconds(duration) <= 0.0) {
        return Err(Setting::late());
    }
    let video = media.video.as_ref().filter(|video| known(&video.codec) && video.width > 0);
    let audio = media.audio.as_ref().filter(|audio| known(&audio.codec));
    let container = &media.container;
    let judged = video.map(|video| judged(video, container, wanted)).unwrap_or_default();
    let encodes_video = !judged.reasons.is_empty();
    let mut sounds = audio.map(|a| sound::sounds(a, container, wanted, encodes_video)).unwrap_or_default();
    let warning = sounds.warning.take();
    let mut plan = decide(media, (video, judged), (audio, sounds), wanted)?;
    plan.warnings.extend(warning);
    if !wanted.encoding.may_prepare() {
        plan.gains.clear();
    }
    Ok(plan)
}

/// How to send what a server fetches from a camera or another server: what is known of it may be little, since MediaMTX
/// tells codecs, sizes and profiles alone.
///
/// What is encoded of the sound becomes Opus unless somebody wants it otherwise: browsers play it by WebRTC and HLS
/// alike, and a camera's viewers don't want to wait. Rare key frames are the camera's own business, and no container
/// stands between.
///
/// # Errors
/// As [`plan`].
pub fn live(media: &SourceMedia, wanted: &Wanted) -> Result<Plan, Error> {
    let video = media.video.as_ref().filter(|video| known(&video.codec));
    let audio = media.audio.as_ref().filter(|audio| known(&audio.codec));
    let judged = video.map(|video| judged_live(video, &wanted.encoding)).unwrap_or_default();
    let sounds = audio.map(|audio| sound::live(audio, &wanted.encoding)).unwrap_or_default();
    decide(media, (video, judged), (audio, sounds), wanted)
}

/// What is to become of a picture.
#[derive(Debug, Default)]
struct Judged {
    /// Why it is encoded; empty where it is sent as it is.
    reasons: Vec<Remark>,
    warnings: Vec<Remark>,
    /// What it is encoded to.
    codec: VideoCodec,
}

fn judged(video: &VideoTrack, container: &str, wanted: &Wanted) -> Judged {
    let encoding = &wanted.encoding;
    let sends_av1 = wanted.encoders.sends_av1();
    let impossible = judge::against_sending_video(video, container, encoding.publish, sends_av1);
    let usual = || left(judge::against_copying_video(video, container, &wanted.viewers), encoding);
    let codec = encoding.video;
    let (mut reasons, warnings) = match codec {
        VideoCodec::AsIs => {
            let missed = if impossible.is_none() { usual() } else { Vec::new() };
            (impossible.into_iter().collect(), missed.into_iter().map(not_everywhere).collect())
        }
        VideoCodec::Automatic | VideoCodec::H264 => (usual(), Vec::new()),
        VideoCodec::H265 | VideoCodec::Av1 if video.codec != codec.codec() => {
            (vec![judge::asked(Setting::Video)], Vec::new())
        }
        VideoCodec::H265 | VideoCodec::Av1 => (impossible.into_iter().collect(), Vec::new()),
    };
    if codec != VideoCodec::AsIs {
        reasons.extend(judge::asked_of_video(encoding, video));
    }
    reasons.extend(wanted.repeated_part().map(judge::asked));
    Judged { reasons, warnings, codec }
}

/// Fields that are to stay fields are no reason to encode.
fn left(mut reasons: Vec<Remark>, encoding: &Encoding) -> Vec<Remark> {
    reasons.retain(|why| why.code != RemarkCode::Interlaced || encoding.deinterlace != Some(false));
    reasons
}

fn judged_live(video: &VideoTrack, encoding: &Encoding) -> Judged {
    let codec = encoding.video;
    let mut reasons = match codec {
        VideoCodec::Automatic | VideoCodec::H264 => left(judge::against_passing_video(video), encoding),
        VideoCodec::H265 | VideoCodec::Av1 if video.codec != codec.codec() => {
            vec![judge::asked(Setting::Video)]
        }
        VideoCodec::AsIs | VideoCodec::H265 | VideoCodec::Av1 => Vec::new(),
    };
    if codec != VideoCodec::AsIs {
        reasons.extend(judge::asked_of_video(encoding, video));
    }
    Judged { reasons, warnings: Vec::new(), codec }
}

fn decide(
    media: &SourceMedia,
    (video, judged): (Option<&VideoTrack>, Judged),
    (audio, sounds): (Option<&AudioTrack>, Sounds),
    wanted: &Wanted,
) -> Result<Plan, Error> {
    if video.is_none() && audio.is_none() {
        let any = media.video.is_some() || media.audio.is_some();
        return Err(Error::new(if any { Code::SourceCodecUnknown } else { Code::SourceNoTracks }));
    }
    let Judged { reasons, mut warnings, codec } = judged;
    let mut picture = None;
    if let Some(video) = video.filter(|_| !reasons.is_empty()) {
        let (made, instead) = made(video, codec, wanted)?;
        picture = Some(made);
        warnings.extend(instead);
        warnings.extend(video.hdr.then(|| Remark::new(RemarkCode::Hdr)));
    }
    let encodes_video = picture.is_some();
    let encodes = |made: &Option<Made>| made.as_ref().is_some_and(|made| made.encoded);
    let (encodes_audio, encodes_second_audio) = (encodes(&sounds.first), encodes(&sounds.second));
    let copies_audio = sounds.first.is_some() && !encodes_audio && !encodes_second_audio;
    let sent = Tracks {
        video: video.map(|video| if encodes_video { codec.codec().to_owned() } else { video.codec.clone() }),
        audio: sounds.first.map(|made| made.sent),
        second_audio: sounds.second.map(|made| made.sent),
    };
    // What was left out because the user wanted it so is no news.
    let left_out = media.audio.is_some() && audio.is_none();
    let chosen = audio.is_some() && sent.audio.is_none();
    warnings.extend(
        self::warnings(&sent, left_out).into_iter().filter(|w| !chosen || w.code != RemarkCode::NoAudio),
    );
    let transcodes = encodes_video || encodes_audio || encodes_second_audio;
    let encoded_sounds = u32::from(encodes_audio) + u32::from(encodes_second_audio);
    Ok(Plan {
        mode: if transcodes { Mode::Transcode } else { Mode::Copy },
        video: sent.video.clone(),
        audio: sent.audio.as_ref().map(|audio| audio.codec.clone()),
        encodes_video,
        encodes_audio,
        encodes_second_audio,
        cost: cost::cost(video.zip(picture.as_ref()), codec, encoded_sounds),
        picture,
        reasons: together(reasons, sounds.reasons),
        warnings,
        gains: gains(media, encodes_video, copies_audio),
        unkept: slate::unkept(&sent),
        sent,
    })
}

/// What is so of picture and sound alike is said once.
fn together(mut reasons: Vec<Remark>, of_sound: Vec<Remark>) -> Vec<Remark> {
    for reason in of_sound {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}

/// What an encoder makes of it, and a remark where it is not the one that was chosen.
fn made(video: &VideoTrack, codec: VideoCodec, wanted: &Wanted) -> Result<(Picture, Option<Remark>), Error> {
    let encoding = &wanted.encoding;
    let missing = || Error::new(Code::FfmpegNoEncoder).with("reason", codec_name(codec.codec()));
    let picked = wanted.encoders.pick(codec, encoding.encoder, encoding.device.as_deref());
    let picked = picked.ok_or_else(missing)?;
    let instead = (encoding.encoder != Default::default() && picked.encoder != encoding.encoder).then(|| {
        Remark::new(RemarkCode::EncoderInstead)
            .with("wanted", encoding.encoder.label())
            .with("used", picked.encoder.label())
    });
    Ok((encode::picture(video, encoding, picked), instead))
}

/// What becomes of `media` where nothing is encoded, whatever it is: a camera or publisher whose tracks the server
/// passes on.
pub fn as_received(media: &SourceMedia) -> Plan {
    let sent = Tracks {
        video: media.video.as_ref().map(|video| video.codec.clone()),
        audio: media.audio.as_ref().map(as_it_is),
        second_audio: None,
    };
    Plan {
        mode: Mode::Copy,
        video: sent.video.clone(),
        audio: sent.audio.as_ref().map(|audio| audio.codec.clone()),
        encodes_video: false,
        encodes_audio: false,
        encodes_second_audio: false,
        picture: None,
        cost: None,
        reasons: Vec::new(),
        warnings: warnings(&sent, false),
        gains: Vec::new(),
        unkept: Some(Unkept::Unknown),
        sent,
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

fn not_everywhere(why: Remark) -> Remark {
    Remark::new(RemarkCode::NotEverywhere).with("why", why.message)
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

/// What viewers of `sent` will miss; `left_out`: there is a sound that can't be sent.
pub(crate) fn warnings(sent: &Tracks, left_out: bool) -> Vec<Remark> {
    let codec = |audio: &Option<SentAudio>| audio.as_ref().map(|audio| audio.codec.clone());
    let sounds: Vec<String> = codec(&sent.audio).into_iter().chain(codec(&sent.second_audio)).collect();
    let has = |codec: &str| sounds.iter().any(|sound| sound == codec);
    let mut warnings = Vec::new();
    match (sent.video.is_some(), has("aac"), has("opus")) {
        (true, true, false) => warnings.push(RemarkCode::WebrtcSilent),
        (false, true, false) => warnings.push(RemarkCode::AudioOnlyWebrtc),
        (false, ..) => warnings.push(RemarkCode::AudioOnly),
        (true, ..) if sounds.is_empty() && left_out => warnings.push(RemarkCode::AudioUnknown),
        (true, ..) if sounds.is_empty() => warnings.push(RemarkCode::NoAudio),
        (true, ..) => {}
    }
    if has("opus") && !has("aac") {
        warnings.push(RemarkCode::RtmpSilent);
    }
    let mut warnings: Vec<Remark> = warnings.into_iter().map(Remark::new).collect();
    if let Some(codec) = sent.video.as_deref().filter(|codec| *codec != "h264") {
        warnings.push(Remark::new(RemarkCode::CodecBrowsers).with("codec", codec_name(codec)));
    }
    warnings
}

#[cfg(test)]
mod tests;
