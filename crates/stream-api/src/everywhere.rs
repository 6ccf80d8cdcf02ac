//! "Plays everywhere?": what viewers of each protocol get of a stream, why that is so, and what cures it.
//!
//! The codecs that each protocol carries are those of MediaMTX 1.20 (its `README`, "Compatibility matrix"); that
//! browsers refuse B-frames by WebRTC, 10-bit pictures and most H.265, and hear no AAC by WebRTC, was measured.

use crate::{Encoding, Mode, Plan, Protocol, PublishBy, Sound, SourceMedia, VideoCodec, codec_name};

/// Seconds between key frames. A viewer who joins waits for the next one: MediaMTX keeps none for RTSP and WebRTC.
pub const RARE_KEYFRAMES: f64 = 4.0;

/// What a protocol makes of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plays {
    /// Every viewer gets it.
    Everywhere,
    /// Some do.
    Partly,
    /// None does.
    Nowhere,
    /// There is no such track.
    Absent,
}

/// A track by one protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Who gets it.
    pub plays: Plays,
    /// Why not everybody does; empty where everybody does.
    pub why: String,
    /// What cures it.
    pub cure: Option<Cure>,
}

/// One click that makes a track play everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Encode the picture to H.264.
    Picture,
    /// Send the sound as AAC and as Opus.
    Sounds,
}

impl Cure {
    /// The choice that it makes.
    pub fn apply(self, encoding: &mut Encoding) {
        match self {
            Cure::Picture => {
                encoding.video = VideoCodec::H264;
                // Fields that were to stay fields are among what it cures.
                encoding.deinterlace = encoding.deinterlace.filter(|always| *always);
            }
            // RTMP carries one track.
            Cure::Sounds if encoding.publish == PublishBy::Rtmp => {
                (encoding.audio, encoding.publish) = (Sound::Both, PublishBy::Rtsp);
            }
            Cure::Sounds => encoding.audio = Sound::Both,
        }
    }

    /// As it is offered.
    pub const fn label(self) -> &'static str {
        match self {
            Cure::Picture => t!("everywhere.cure.picture"),
            Cure::Sounds => t!("everywhere.cure.sounds"),
        }
    }
}

/// Where a stream goes: to viewers by a protocol, or to a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlet {
    /// To viewers.
    Viewers(Protocol),
    /// Onto the disk, as fragmented MP4.
    Recording,
}

impl Outlet {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Outlet; 6] = [
        Outlet::Viewers(Protocol::Rtsp),
        Outlet::Viewers(Protocol::Rtmp),
        Outlet::Viewers(Protocol::Hls),
        Outlet::Viewers(Protocol::Webrtc),
        Outlet::Viewers(Protocol::Srt),
        Outlet::Recording,
    ];

    /// As people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Outlet::Viewers(protocol) => protocol.label(),
            Outlet::Recording => t!("everywhere.recording"),
        }
    }
}

/// What becomes of picture and sound at each [`Outlet`], in the order of [`Outlet::ALL`].
pub fn plays_everywhere(media: &SourceMedia, plan: &Plan) -> [(Outlet, Verdict, Verdict); 6] {
    Outlet::ALL.map(|outlet| (outlet, picture(outlet, media, plan), sound(outlet, plan)))
}

fn picture(outlet: Outlet, media: &SourceMedia, plan: &Plan) -> Verdict {
    let Some(codec) = plan.sent.video.as_deref() else { return absent() };
    let name = codec_name(codec);
    let cured = |plays: Plays, why: String| Verdict { plays, why, cure: Some(Cure::Picture) };
    let protocol = match outlet {
        Outlet::Viewers(protocol) => protocol,
        Outlet::Recording if codec == "vp8" => {
            return cured(
                Plays::Nowhere,
                t!("everywhere.not_carried", protocol = outlet.label(), codec = name),
            );
        }
        Outlet::Recording => return everywhere(),
    };
    let carried: &[&str] = match protocol {
        Protocol::Rtsp => return by_its_player(media, plan, codec, &name),
        Protocol::Rtmp => &["h264", "hevc", "av1", "vp9"],
        Protocol::Hls => &["h264", "hevc", "av1", "vp9"],
        Protocol::Webrtc => &["h264", "hevc", "av1", "vp9", "vp8"],
        Protocol::Srt => &["h264", "hevc", "mpeg4", "mpeg1video", "mpeg2video"],
    };
    if !carried.contains(&codec) {
        return cured(
            Plays::Nowhere,
            t!("everywhere.not_carried", protocol = protocol.label(), codec = name),
        );
    }
    let browsers = matches!(protocol, Protocol::Hls | Protocol::Webrtc);
    // What is encoded, or was prepared, is as browsers want it.
    let as_it_is = plan.picture.is_none() && plan.mode != Mode::Prepared;
    if let Some(video) = media.video.as_ref().filter(|_| as_it_is && browsers) {
        if video.b_frames && protocol == Protocol::Webrtc {
            return cured(Plays::Nowhere, t!("plan.reason.b_frames").to_owned());
        }
        let usual = matches!(video.pixel_format.as_str(), "" | "unknown" | "yuv420p" | "yuvj420p");
        if !usual && codec == "h264" {
            return cured(Plays::Nowhere, t!("everywhere.pixels", format = video.pixel_format));
        }
        if video.interlaced {
            return cured(Plays::Partly, t!("plan.reason.interlaced").to_owned());
        }
    }
    by_its_player(media, plan, codec, &name)
}

/// Of a codec that a protocol carries: whether players of it play it at once.
fn by_its_player(media: &SourceMedia, plan: &Plan, codec: &str, name: &str) -> Verdict {
    let partly = |why: String| Verdict { plays: Plays::Partly, why, cure: Some(Cure::Picture) };
    if codec != "h264" {
        return partly(t!("everywhere.some_players", codec = name));
    }
    let keyframes =
        media.video.as_ref().filter(|_| plan.mode == Mode::Copy).and_then(|v| v.keyframe_interval);
    match keyframes.filter(|seconds| *seconds > RARE_KEYFRAMES) {
        Some(seconds) => partly(t!("plan.reason.keyframes_rare", seconds = format!("{seconds:.0}"))),
        None => everywhere(),
    }
}

fn sound(outlet: Outlet, plan: &Plan) -> Verdict {
    let sent = &plan.sent;
    let all: Vec<&str> =
        [&sent.audio, &sent.second_audio].into_iter().flatten().map(|audio| audio.codec.as_str()).collect();
    let Some(first) = all.first() else { return absent() };
    let cured = |plays: Plays, why: String| Verdict { plays, why, cure: Some(Cure::Sounds) };
    let (fine, some): (&[&str], &[&str]) = match outlet {
        Outlet::Viewers(Protocol::Rtsp) => {
            (&["aac", "opus", "mp3"], &["mp2", "ac3", "pcm_mulaw", "pcm_alaw"])
        }
        Outlet::Viewers(Protocol::Rtmp) => (&["aac", "mp3"], &["opus", "ac3", "pcm_mulaw", "pcm_alaw"]),
        Outlet::Viewers(Protocol::Hls) => (&["aac", "opus"], &[]),
        Outlet::Viewers(Protocol::Webrtc) => (&["opus", "pcm_mulaw", "pcm_alaw", "adpcm_g722"], &[]),
        Outlet::Viewers(Protocol::Srt) => (&["aac", "opus", "mp3"], &["mp2", "ac3"]),
        Outlet::Recording => (&["aac", "opus", "mp3", "mp2", "ac3", "pcm_mulaw", "pcm_alaw"], &[]),
    };
    let any = |codecs: &[&str]| all.iter().any(|codec| codecs.contains(codec));
    let name = codec_name(first);
    match (any(fine), any(some)) {
        (true, _) => everywhere(),
        (false, true) => cured(Plays::Partly, t!("everywhere.some_players", codec = name)),
        (false, false) => {
            cured(Plays::Nowhere, t!("everywhere.silent", protocol = outlet.label(), codec = name))
        }
    }
}

fn everywhere() -> Verdict {
    Verdict { plays: Plays::Everywhere, why: String::new(), cure: None }
}

fn absent() -> Verdict {
    Verdict { plays: Plays::Absent, why: String::new(), cure: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Playback, SentAudio, Tracks, VideoTrack};

    fn sent(video: Option<&str>, sounds: &[&str]) -> (SourceMedia, Plan) {
        let audio = |at: usize| {
            let codec = sounds.get(at)?;
            Some(SentAudio { codec: (*codec).to_owned(), sample_rate: 48_000, channels: 2 })
        };
        let sent = Tracks { video: video.map(str::to_owned), audio: audio(0), second_audio: audio(1) };
        let media = SourceMedia {
            video: video.map(|codec| VideoTrack {
                codec: codec.to_owned(),
                profile: None,
                width: 640,
                height: 360,
                fps: 30.0,
                pixel_format: "yuv420p".to_owned(),
                rotation: 0,
                b_frames: false,
                interlaced: false,
                keyframe_interval: Some(1.0),
                variable_fps: false,
                hdr: false,
            }),
            ..SourceMedia::default()
        };
        let plan = Plan {
            mode: Mode::Copy,
            video: sent.video.clone(),
            audio: sent.audio.as_ref().map(|audio| audio.codec.clone()),
            encodes_video: false,
            encodes_audio: false,
            encodes_second_audio: false,
            picture: None,
            cost: None,
            reasons: Vec::new(),
            warnings: Vec::new(),
            gains: Vec::new(),
            unkept: None,
            sent,
        };
        (media, plan)
    }

    /// One letter for each outlet: **e**verywhere, **p**artly, **n**owhere, **-** absent.
    fn letters(media: &SourceMedia, plan: &Plan) -> (String, String) {
        let letter = |verdict: &Verdict| {
            let cured = matches!(verdict.plays, Plays::Partly | Plays::Nowhere);
            assert_eq!((verdict.cure.is_some(), !verdict.why.is_empty()), (cured, cured), "{verdict:?}");
            match verdict.plays {
                Plays::Everywhere => 'e',
                Plays::Partly => 'p',
                Plays::Nowhere => 'n',
                Plays::Absent => '-',
            }
        };
        let all = plays_everywhere(media, plan);
        (all.iter().map(|row| letter(&row.1)).collect(), all.iter().map(|row| letter(&row.2)).collect())
    }

    #[test]
    fn each_codec_by_each_protocol() {
        // RTSP, RTMP, HLS, WebRTC, SRT, recording.
        for (video, sounds, picture, sound) in [
            (Some("h264"), &["aac", "opus"][..], "eeeeee", "eeeeee"),
            (Some("h264"), &["aac"], "eeeeee", "eeenee"),
            (Some("h264"), &["opus"], "eeeeee", "epeeee"),
            (Some("hevc"), &["mp3"], "pppppe", "eennee"),
            (Some("vp8"), &["ac3"], "pnnpnn", "ppnnpe"),
            (Some("mpeg4"), &["pcm_alaw"], "pnnnpe", "ppnene"),
            (None, &["aac"], "------", "eeenee"),
            (Some("h264"), &[], "eeeeee", "------"),
        ] {
            let (media, plan) = sent(video, sounds);
            assert_eq!(letters(&media, &plan), (picture.into(), sound.into()), "{video:?} {sounds:?}");
        }
    }

    #[test]
    fn what_browsers_refuse_is_red_for_them_alone_and_cured_by_encoding() {
        type Change = fn(&mut VideoTrack);
        let cases: [(Change, &str); 4] = [
            (|v| v.b_frames = true, "eeenee"),
            (|v| v.pixel_format = "yuv420p10le".into(), "eennee"),
            (|v| v.interlaced = true, "eeppee"),
            (|v| v.keyframe_interval = Some(12.0), "pppppe"),
        ];
        for (change, picture) in cases {
            let (mut media, mut plan) = sent(Some("h264"), &["aac"]);
            change(media.video.as_mut().expect("a picture"));
            assert_eq!(letters(&media, &plan).0, picture);
            plan.mode = Mode::Prepared;
            assert_eq!(letters(&media, &plan).0, "eeeeee", "a prepared file is as browsers want it");
        }
        let mut encoding = Encoding { video: VideoCodec::AsIs, audio: Sound::AsIs, ..Encoding::default() };
        Cure::Picture.apply(&mut encoding);
        Cure::Sounds.apply(&mut encoding);
        assert_eq!((encoding.video, encoding.audio), (VideoCodec::H264, Sound::Both));
        let mut fields = Encoding { deinterlace: Some(false), ..Encoding::default() };
        Cure::Picture.apply(&mut fields);
        assert_eq!(fields.deinterlace, None);
        for publish in [PublishBy::Rtmp, PublishBy::Srt] {
            let mut encoding = Encoding { publish, ..Encoding::default() };
            Cure::Sounds.apply(&mut encoding);
            assert_eq!(encoding.check(Playback::Loop), Ok(()), "{publish:?}");
        }
    }
}
