use stream_api::{Encoder, Encoding, Playback, Protocols, PublishBy, Sound};

use super::*;
use crate::encoders::{Encoders, Works};

fn plan(media: &SourceMedia) -> Result<Plan, Error> {
    super::plan(media, &Wanted::default())
}

fn fetched(media: &SourceMedia) -> Result<Plan, Error> {
    live(media, &Wanted::default())
}

pub(super) fn video() -> VideoTrack {
    VideoTrack {
        codec: "h264".into(),
        profile: Some("High".into()),
        width: 1280,
        height: 720,
        fps: 30.0,
        pixel_format: "yuv420p".into(),
        rotation: 0,
        b_frames: false,
        interlaced: false,
        keyframe_interval: Some(2.0),
        variable_fps: false,
        hdr: false,
    }
}

fn audio(codec: &str, profile: Option<&str>) -> AudioTrack {
    AudioTrack { codec: codec.into(), profile: profile.map(str::to_owned), sample_rate: 48_000, channels: 2 }
}

fn media(container: &str, video: Option<VideoTrack>, audio: Option<AudioTrack>) -> SourceMedia {
    SourceMedia { container: container.into(), video, audio, ..SourceMedia::default() }
}

const MP4: &str = "mov,mp4,m4a,3gp,3g2,mj2";

#[test]
fn an_ordinary_file_is_copied() {
    for container in [MP4, "matroska,webm", "flv"] {
        let plan =
            plan(&media(container, Some(video()), Some(audio("aac", Some("LC"))))).expect("has tracks");
        assert_eq!(plan.mode, Mode::Copy, "{container}: {:?}", plan.reasons);
        assert_eq!((plan.video.as_deref(), plan.audio.as_deref()), (Some("h264"), Some("aac")));
        assert!(plan.reasons.is_empty() && plan.warnings == [Remark::new(RemarkCode::WebrtcSilent)]);
    }
}

#[test]
fn each_reason_to_encode_video() {
    type Change = fn(&mut VideoTrack);
    let changes: [(Change, &str); 9] = [
        (|v| v.codec = "hevc".into(), "H.265"),
        (|v| v.pixel_format = "yuv420p10le".into(), "yuv420p10le"),
        (|v| v.profile = Some("High 4:4:4 Predictive".into()), "High 4:4:4"),
        (|v| v.b_frames = true, "B-frames"),
        (|v| v.interlaced = true, "interlaced"),
        (|v| v.rotation = 270, "270"),
        (|v| v.keyframe_interval = None, "unknown"),
        (|v| v.keyframe_interval = Some(10.2), "10 s"),
        (|v| v.codec = "vp9".into(), "VP9"),
    ];
    for (change, word) in changes {
        let mut video = video();
        change(&mut video);
        let plan = plan(&media(MP4, Some(video), Some(audio("aac", Some("LC"))))).expect("has tracks");
        assert!(plan.encodes_video && !plan.encodes_audio && plan.mode == Mode::Transcode, "{word}");
        assert!(
            plan.reasons.len() == 1 && plan.reasons[0].message.contains(word),
            "{word}: {:?}",
            plan.reasons
        );
    }
    let from_ts = plan(&media("mpegts", Some(video()), None)).expect("has a track");
    assert!(from_ts.encodes_video && from_ts.reasons[0].message.contains("MPEG-TS"), "{:?}", from_ts.reasons);
}

#[test]
fn each_kind_of_sound() {
    for (container, track, sent, encoded) in [
        (MP4, audio("aac", Some("LC")), "aac", false),
        (MP4, audio("aac", Some("HE-AAC")), "aac", true),
        ("mpegts", audio("aac", Some("LC")), "aac", true),
        ("aac", audio("aac", Some("LC")), "aac", true),
        ("matroska,webm", audio("opus", None), "opus", false),
        ("matroska,webm", AudioTrack { channels: 6, ..audio("opus", None) }, "aac", true),
        ("avi", audio("mp3", None), "aac", true),
        ("wav", audio("pcm_s16le", None), "aac", true),
    ] {
        let plan = plan(&media(container, None, Some(track))).expect("has a track");
        assert_eq!(
            (plan.audio.as_deref(), plan.encodes_audio),
            (Some(sent), encoded),
            "{container} {:?}",
            plan.reasons
        );
        assert!(!plan.warnings.is_empty(), "no picture is worth a warning");
    }
}

#[test]
fn what_can_not_be_sent() {
    let none = plan(&media(MP4, None, None)).expect_err("no tracks");
    assert_eq!(none.code, Code::SourceNoTracks);
    let unknown = plan(&media(MP4, Some(video()), Some(audio("unknown", None)))).expect("has a picture");
    assert_eq!((unknown.audio, unknown.mode), (None, Mode::Copy));
    assert_eq!(unknown.warnings, [Remark::new(RemarkCode::AudioUnknown)]);
}

#[test]
fn of_what_a_server_fetches_only_what_would_not_play_is_encoded() {
    type Change = fn(&mut VideoTrack);
    let plays: [Change; 4] = [
        |v| v.pixel_format.clear(), // as MediaMTX tells it
        |v| v.profile = Some("66".into()),
        |v| v.keyframe_interval = None,
        |v| (v.width, v.height) = (0, 0),
    ];
    for change in plays {
        let mut video = video();
        change(&mut video);
        let plan = fetched(&media("rtsp", Some(video), Some(audio("aac", None)))).expect("has tracks");
        assert_eq!((plan.mode, plan.reasons.as_slice()), (Mode::Copy, [].as_slice()));
    }
    let encoded: [(Change, &str); 5] = [
        (|v| v.codec = "hevc".into(), "H.265"),
        (|v| v.codec = "mjpeg".into(), "Motion JPEG"),
        (|v| v.profile = Some("High 4:2:2".into()), "High 4:2:2"),
        (|v| v.pixel_format = "yuv422p".into(), "yuv422p"),
        (|v| v.b_frames = true, "B-frames"),
    ];
    for (change, word) in encoded {
        let mut video = video();
        change(&mut video);
        let plan = fetched(&media("rtsp", Some(video), None)).expect("has a track");
        assert!(plan.encodes_video && plan.reasons[0].message.contains(word), "{word}: {:?}", plan.reasons);
    }
    let phone = fetched(&media("rtsp", Some(video()), Some(audio("pcm_alaw", None)))).expect("has tracks");
    assert_eq!(
        (phone.audio.as_deref(), phone.encodes_video, phone.encodes_audio),
        (Some("opus"), false, true)
    );
    assert!(phone.reasons[0].message.contains("G.711"), "{:?}", phone.reasons);
    let sent = phone.sent.audio.expect("sound");
    assert_eq!((sent.codec.as_str(), sent.sample_rate, phone.unkept), ("opus", 48_000, None));
}

#[test]
fn what_is_chosen_counts_of_what_a_server_fetches() {
    let camera = media("rtsp", Some(video()), Some(audio("pcm_alaw", None)));
    let mpeg = media("rtsp", Some(VideoTrack { codec: "mpeg4".into(), ..video() }), None);
    let cases: [(&SourceMedia, Choice, bool, &[&str]); 7] = [
        (&camera, |e| e.height = Some(360), true, &["opus"]),
        (&camera, |e| e.kilobits = Some(500), true, &["opus"]),
        (&camera, |e| e.audio = Sound::None, false, &[]),
        (&camera, |e| e.audio = Sound::Both, false, &["aac", "opus"]),
        (&camera, |e| e.audio = Sound::AsIs, false, &["pcm_alaw"]),
        (&mpeg, |e| e.video = VideoCodec::AsIs, false, &[]),
        (&mpeg, |e| e.video = VideoCodec::H265, true, &[]),
    ];
    for (media, choice, encodes, sounds) in cases {
        let mut encoding = Encoding::default();
        choice(&mut encoding);
        let plan = live(media, &Wanted::by(encoding.clone())).expect("has tracks");
        assert_eq!(plan.encodes_video, encodes, "{encoding:?} {:?}", plan.reasons);
        let sent = [&plan.sent.audio, &plan.sent.second_audio].into_iter().flatten();
        assert_eq!(sent.map(|sound| sound.codec.as_str()).collect::<Vec<_>>(), sounds, "{encoding:?}");
    }
}

/// A file that is copied unless something else is wanted.
fn good() -> SourceMedia {
    let track = VideoTrack { width: 1920, height: 1080, ..video() };
    media(MP4, Some(track), Some(audio("aac", Some("LC"))))
}

type Choice = fn(&mut Encoding);

fn chosen_as(choice: Choice) -> Encoding {
    let mut encoding = Encoding::default();
    choice(&mut encoding);
    encoding
}

fn chosen(media: &SourceMedia, choice: Choice) -> Plan {
    super::plan(media, &Wanted::by(chosen_as(choice))).expect("has tracks")
}

#[test]
fn each_choice_that_takes_an_encoder_is_its_own_reason() {
    let cases: [(Choice, &str, bool, bool); 16] = [
        (|e| e.kilobits = Some(2000), "Bitrate", true, true),
        (|e| e.quality = Some(23), "Quality", true, true),
        (|e| e.height = Some(720), "Resolution", true, true),
        (|e| e.fps = Some(15), "Frame rate", true, true),
        (|e| e.keyframes = Some(1), "Key frames", true, true),
        (|e| e.deinterlace = Some(true), "Deinterlace", true, true),
        (|e| e.rotate = Some(90), "Turn", true, true),
        (|e| e.video = VideoCodec::H265, "Picture", true, true),
        (|e| e.volume = Some(50), "Volume", false, true),
        (|e| e.audio_kilobits = Some(64), "Sound bitrate", false, true),
        (|e| e.audio = Sound::Both, "Sound", false, true),
        (|e| e.audio = Sound::Opus, "Opus", false, true),
        // What it is already takes none.
        (|e| e.height = Some(1080), "", false, false),
        (|e| e.fps = Some(60), "", false, false),
        (|e| e.keyframes = Some(2), "", false, false),
        (|e| (e.video, e.volume) = (VideoCodec::H264, Some(100)), "", false, false),
    ];
    for (choice, word, picture, sound) in cases {
        let plan = chosen(&good(), choice);
        let sounds = plan.encodes_audio || plan.encodes_second_audio;
        assert_eq!((plan.encodes_video, sounds), (picture, sound), "{word} {:?}", plan.reasons);
        assert_eq!(plan.mode, if picture || sound { Mode::Transcode } else { Mode::Copy }, "{word}");
        assert_eq!(plan.reasons.is_empty(), word.is_empty(), "{word} {:?}", plan.reasons);
        assert!(word.is_empty() || plan.reasons[0].message.contains(word), "{word} {:?}", plan.reasons);
        assert_eq!(plan.picture.is_some(), picture, "{word}");
    }
}

#[test]
fn fields_that_stay_fields_are_copied() {
    let fields = media(MP4, Some(VideoTrack { interlaced: true, ..video() }), None);
    assert!(chosen(&fields, |_| ()).encodes_video);
    assert!(!chosen(&fields, |e| e.deinterlace = Some(false)).encodes_video);
}

#[test]
fn a_picture_keeps_its_shape_and_never_grows() {
    let sized = |choice: Choice| {
        let made = chosen(&good(), choice).picture.expect("is encoded");
        (made.width, made.height, made.fps, made.kilobits)
    };
    assert_eq!(sized(|e| e.height = Some(720)), (1280, 720, 30.0, 2000));
    assert_eq!(sized(|e| e.height = Some(481)), (854, 480, 30.0, 1000));
    assert_eq!(sized(|e| (e.height, e.kilobits) = (Some(4320), Some(700))), (1920, 1080, 30.0, 700));
    assert_eq!(sized(|e| (e.rotate, e.height) = (Some(90), Some(960))), (540, 960, 30.0, 1223));
    assert_eq!(sized(|e| e.fps = Some(12)), (1920, 1080, 12.0, 1827));
    let beyond = sized(|e| (e.fps, e.height, e.quality) = (Some(120), Some(2880), Some(20)));
    assert_eq!(beyond, (1920, 1080, 30.0, 8000), "more than a form allows");
    assert_eq!(sized(|e| e.fps = Some(0)).2, 1.0, "and less");
    assert_eq!(sized(|e| e.quality = Some(20)).3, 8000, "a quality may take twice what is usual");
}

#[test]
fn what_is_encoded_has_a_sound_for_every_viewer() {
    let sounds = |plan: &Plan| {
        let codec =
            |sent: &Option<SentAudio>| sent.as_ref().map(|sent| sent.codec.clone()).unwrap_or_default();
        let encodes = (plan.encodes_audio, plan.encodes_second_audio);
        (codec(&plan.sent.audio), codec(&plan.sent.second_audio), encodes)
    };
    let both = |plan: &Plan, encodes: (bool, bool)| {
        assert_eq!(sounds(plan), ("aac".into(), "opus".into(), encodes), "{plan:?}");
        assert!(plan.warnings.is_empty() && plan.unkept.is_none(), "{plan:?}");
    };
    both(&chosen(&good(), |e| e.height = Some(720)), (false, true));
    both(&chosen(&good(), |e| e.audio = Sound::Both), (false, true));
    let opus = SourceMedia { audio: Some(audio("opus", None)), ..good() };
    both(&chosen(&opus, |e| e.audio = Sound::Both), (true, false));
    let pcm = SourceMedia { audio: Some(audio("pcm_s16le", None)), ..good() };
    both(&chosen(&pcm, |_| ()), (true, true));
    let rtmp = chosen(&pcm, |e| e.publish = PublishBy::Rtmp);
    assert_eq!(sounds(&rtmp), ("aac".into(), String::new(), (true, false)), "RTMP carries one");
    let by_rtmp = chosen(&opus, |e| e.publish = PublishBy::Rtmp);
    assert!(by_rtmp.encodes_audio && by_rtmp.reasons[0].code == RemarkCode::Unpublished, "{by_rtmp:?}");
    let silent = chosen(&good(), |e| e.audio = Sound::None);
    assert_eq!((silent.mode, silent.audio, silent.warnings.len()), (Mode::Copy, None, 0));
    let wanted = Wanted { viewers: Protocols { webrtc: false, ..Protocols::default() }, ..Wanted::default() };
    let plan = super::plan(&pcm, &wanted).expect("has tracks");
    assert_eq!(sounds(&plan).1, "", "nobody watches by WebRTC");
}

#[test]
fn as_it_is_means_as_it_is_wherever_that_can_be_sent() {
    let as_is: Choice = |e| {
        (e.video, e.audio, e.kilobits) = (VideoCodec::AsIs, Sound::AsIs, Some(900));
        // Set before; the form shows none of it now.
        (e.volume, e.audio_kilobits) = (Some(50), Some(64));
    };
    let hevc = VideoTrack { codec: "hevc".into(), ..video() };
    let plan = chosen(&media(MP4, Some(hevc.clone()), Some(audio("mp3", None))), as_is);
    assert_eq!(
        (plan.mode, plan.video.as_deref(), plan.audio.as_deref()),
        (Mode::Copy, Some("hevc"), Some("mp3"))
    );
    assert_eq!(plan.warnings.len(), 3, "picture, sound and browsers: {:?}", plan.warnings);
    assert_eq!(plan.unkept, Some(Unkept::Picture));
    for (container, codec, sound) in [
        ("avi", "h264", "mp3"),
        (MP4, "prores", "aac"),
        ("mpegts", "h264", "aac"),
        (MP4, "av1", "vorbis"),
        ("avi", "mjpeg", "mp3"),
    ] {
        let track = VideoTrack { codec: codec.into(), ..video() };
        let plan = chosen(&media(container, Some(track), Some(audio(sound, Some("LC")))), as_is);
        assert!(plan.encodes_video && !plan.reasons.is_empty(), "{container} {codec}: {plan:?}");
        assert_eq!(plan.video.as_deref(), Some("h264"), "{container} {codec}");
    }
    let vp9 =
        media("matroska", Some(VideoTrack { codec: "vp9".into(), ..video() }), Some(audio("ac3", None)));
    let plan = chosen(&vp9, as_is);
    assert_eq!((plan.video.as_deref(), plan.encodes_video), (Some("vp9"), false));
    assert!(plan.encodes_audio, "MediaMTX takes no AC-3 of FFmpeg");
    let av1 = media(MP4, Some(VideoTrack { codec: "av1".into(), ..video() }), None);
    let works = Works { encoder: Encoder::Software, codec: VideoCodec::Av1, device: None };
    let sends = Wanted { encoders: Encoders::default().and(vec![works]), ..Wanted::by(chosen_as(as_is)) };
    assert!(!super::plan(&av1, &sends).expect("has a track").encodes_video, "this FFmpeg sends it");
    let by_rtmp: Choice = |e| (e.video, e.publish) = (VideoCodec::AsIs, PublishBy::Rtmp);
    assert!(chosen(&media(MP4, Some(hevc), None), by_rtmp).encodes_video, "FFmpeg 5.1 sends none by RTMP");
}

#[test]
fn what_viewers_do_not_use_is_no_reason() {
    let wanted = |webrtc, hls| {
        let viewers = Protocols { webrtc, hls, ..Protocols::default() };
        Wanted { viewers, ..Wanted::default() }
    };
    let odd = |change: fn(&mut VideoTrack)| {
        let mut video = video();
        change(&mut video);
        media(MP4, Some(video), None)
    };
    let b_frames = odd(|v| v.b_frames = true);
    let ten = odd(|v| v.pixel_format = "yuv420p10le".into());
    for (media, webrtc, hls, encodes) in [
        (&b_frames, true, true, true),
        (&b_frames, false, true, false),
        (&ten, false, true, true),
        (&ten, false, false, false),
    ] {
        let plan = super::plan(media, &wanted(webrtc, hls)).expect("has a track");
        assert_eq!(plan.encodes_video, encodes, "{:?}", plan.reasons);
    }
}

#[test]
fn an_encoder_that_is_missing_is_told() {
    let av1 = Wanted::by(Encoding { video: VideoCodec::Av1, ..Encoding::default() });
    let error = super::plan(&good(), &av1).expect_err("nothing encodes it");
    assert_eq!(error.code, Code::FfmpegNoEncoder);
    assert!(error.message.contains("AV1"), "{error}");
    let plan = chosen(&good(), |e| (e.encoder, e.height) = (Encoder::Nvenc, Some(720)));
    assert_eq!(plan.picture.map(|made| made.encoder), Some(Encoder::Software));
    let told = &plan.warnings[0];
    assert!(told.code == RemarkCode::EncoderInstead && told.message.contains("NVENC"), "{told:?}");
}

#[test]
fn a_part_that_repeats_is_encoded_and_one_that_begins_too_late_is_refused() {
    let long = SourceMedia { duration: Some(60.0), ..good() };
    let part = Encoding { start: Some(2000), end: Some(9000), ..Encoding::default() };
    let planned = |playback, encoding: &Encoding| {
        super::plan(&long, &Wanted { playback, ..Wanted::by(encoding.clone()) })
    };
    let once = planned(Playback::Once, &part).expect("has tracks");
    assert_eq!(once.mode, Mode::Copy, "{:?}", once.reasons);
    for playback in [Playback::Loop, Playback::Times(2)] {
        let plan = planned(playback, &part).expect("has tracks");
        assert!(plan.encodes_video && plan.encodes_audio && !plan.gains.is_empty(), "{plan:?}");
        assert!(plan.reasons.iter().all(|why| why.code == RemarkCode::Asked), "{:?}", plan.reasons);
    }
    let as_is = Encoding { video: VideoCodec::AsIs, audio: Sound::AsIs, ..part.clone() };
    let plan = planned(Playback::Loop, &as_is).expect("has tracks");
    assert!(plan.encodes_video && plan.encodes_audio, "its passes would overlap: {plan:?}");
    let late = Encoding { start: Some(60_000), end: None, ..part };
    assert_eq!(planned(Playback::Once, &late).expect_err("it ends before").code, Code::SettingUnfit);
}

#[test]
fn a_prepared_file_is_offered_only_for_what_it_can_be() {
    let long = SourceMedia { duration: Some(60.0), ..good() };
    assert!(!chosen(&long, |e| e.height = Some(720)).gains.is_empty());
    assert!(!chosen(&long, |e| (e.rotate, e.volume) = (Some(90), Some(50))).gains.is_empty());
    let unfit: [Choice; 4] = [
        |e| (e.height, e.keyframes) = (Some(720), Some(4)),
        |e| (e.height, e.audio) = (Some(720), Sound::AsIs),
        |e| e.video = VideoCodec::H265,
        |e| e.extra = "-metadata title=x".into(),
    ];
    for choice in unfit {
        let plan = chosen(&long, choice);
        assert!(plan.gains.is_empty(), "{plan:?}");
    }
}

#[test]
fn viewers_get_the_sound_that_a_prepared_file_will_have() {
    let rate = |sample_rate| AudioTrack { sample_rate, ..audio("aac", Some("LC")) };
    let of = |sample_rate, height, prepare| {
        let media = SourceMedia { audio: Some(rate(sample_rate)), ..good() };
        let encoding = Encoding { height, ..Encoding::default() };
        super::plan(&media, &Wanted { prepare, ..Wanted::by(encoding) }).expect("has tracks")
    };
    let rate_of = |plan: &Plan| plan.sent.audio.as_ref().map(|audio| audio.sample_rate);
    let small = Some(720);
    for (sample_rate, height, prepare, encodes, sent) in [
        (44_100, small, false, false, 44_100),
        (44_100, small, true, true, 48_000),
        (48_000, small, true, false, 48_000),
        (44_100, None, true, false, 44_100),
    ] {
        let plan = of(sample_rate, height, prepare);
        let seen = (plan.encodes_audio, rate_of(&plan));
        assert_eq!(seen, (encodes, Some(sent)), "{sample_rate} {height:?} {prepare}");
    }
}

#[test]
fn high_dynamic_range_that_is_encoded_is_told() {
    let hdr = SourceMedia { video: Some(VideoTrack { hdr: true, ..video() }), ..good() };
    let told = |plan: &Plan| plan.warnings.iter().any(|warning| warning.code == RemarkCode::Hdr);
    assert!(told(&chosen(&hdr, |e| e.kilobits = Some(900))) && !told(&chosen(&hdr, |_| ())));
}
