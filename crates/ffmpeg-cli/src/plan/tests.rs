use super::*;

fn video() -> VideoTrack {
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
        let plan = live(&media("rtsp", Some(video), Some(audio("aac", None)))).expect("has tracks");
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
        let plan = live(&media("rtsp", Some(video), None)).expect("has a track");
        assert!(plan.encodes_video && plan.reasons[0].message.contains(word), "{word}: {:?}", plan.reasons);
    }
    let phone = live(&media("rtsp", Some(video()), Some(audio("pcm_alaw", None)))).expect("has tracks");
    assert_eq!(
        (phone.audio.as_deref(), phone.encodes_video, phone.encodes_audio),
        (Some("opus"), false, true)
    );
    assert!(phone.reasons[0].message.contains("G.711"), "{:?}", phone.reasons);
    let sent = phone.sent.audio.expect("sound");
    assert_eq!((sent.codec.as_str(), sent.sample_rate, phone.unkept), ("opus", 48_000, None));
}
