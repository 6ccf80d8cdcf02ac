use super::*;

/// A portrait video of a telephone as 5.1.9 reports it, shortened.
const PORTRAIT: &str = r#"{
    "streams": [
        { "index": 0, "codec_name": "aac", "profile": "LC", "codec_type": "audio", "sample_rate": "48000",
          "channels": 2, "r_frame_rate": "0/0", "avg_frame_rate": "0/0", "disposition": { "attached_pic": 0 } },
        { "index": 1, "codec_name": "mjpeg", "codec_type": "video", "width": 100, "height": 100,
          "r_frame_rate": "90000/1", "avg_frame_rate": "0/0", "disposition": { "attached_pic": 1 } },
        { "index": 2, "codec_name": "h264", "profile": "High", "codec_type": "video", "width": 1920, "height": 1080,
          "has_b_frames": 2, "sample_aspect_ratio": "1:1", "pix_fmt": "yuv420p", "field_order": "progressive",
          "r_frame_rate": "30/1", "avg_frame_rate": "28/1", "disposition": { "attached_pic": 0 },
          "side_data_list": [ { "side_data_type": "Display Matrix", "rotation": -90 } ] }
    ],
    "format": { "format_name": "mov,mp4,m4a,3gp,3g2,mj2", "start_time": "1.000000",
        "duration": "4.000000", "size": "359348", "bit_rate": "958261" }
}"#;

#[test]
fn a_portrait_video_with_a_cover() {
    let media = parse(PORTRAIT).expect("is a report");
    let video = media.video.expect("has a picture");
    assert_eq!((video.codec.as_str(), video.width, video.height, video.rotation), ("h264", 1080, 1920, 90));
    assert!(video.b_frames && video.variable_fps && !video.interlaced);
    assert_eq!(
        (video.fps, media.duration, media.size, media.bitrate_bps),
        (28.0, Some(3.0), 359_348, Some(958_261))
    );
    assert_eq!(media.begins, 1.0, "and MP4's length counts from 0");
    assert_eq!(media.audio.expect("has sound").sample_rate, 48_000);
}

fn video(fields: &str) -> VideoTrack {
    let json = format!(r#"{{"streams":[{{"codec_type":"video",{fields}}}],"format":{{}}}}"#);
    parse(&json).expect("is a report").video.expect("has a picture")
}

#[test]
fn odd_reports() {
    let pal = video(r#""width":720,"height":576,"sample_aspect_ratio":"16:15","field_order":"tt""#);
    assert_eq!((pal.width, pal.height, pal.interlaced), (768, 576, true), "square pixels");
    let unset = video(r#""width":720,"height":576,"sample_aspect_ratio":"0:1","r_frame_rate":"0/0""#);
    assert_eq!((unset.width, unset.fps, unset.codec.as_str()), (720, 0.0, "unknown"));
    let avi = video(r#""r_frame_rate":"30/1","avg_frame_rate":"60/1""#);
    assert_eq!((avi.fps, avi.variable_fps), (30.0, false), "an average above the exact rate is wrong");
    assert_eq!(video(r#""tags":{"rotate":"90"}"#).rotation, 90, "the tag counts clockwise");
    assert_eq!(video(r#""side_data_list":[{"rotation":-180}]"#).rotation, 180);
    assert_eq!(video(r#""side_data_list":[{"rotation":90}]"#).rotation, 270);
    assert!(video(r#""color_transfer":"smpte2084""#).hdr && video(r#""color_transfer":"arib-std-b67""#).hdr);
    assert!(!video(r#""color_transfer":"bt709""#).hdr);
    let bare = parse("{}").expect("an empty report is one");
    assert_eq!((bare.video, bare.audio, bare.duration), (None, None, None));
    assert!(parse("").is_err() && parse("[error] x").is_err());
}

#[test]
fn tracks_of_unequal_length() {
    let lengths = |video: &str, audio: &str| {
        let json = format!(
            r#"{{"streams":[{{"codec_type":"video",{video}}},{{"codec_type":"audio",{audio}}},
                {{"codec_type":"audio"}}]}}"#
        );
        let media = parse(&json).expect("is a report");
        assert_eq!(media.audio_tracks, 2);
        media.sound_longer_by
    };
    assert_eq!(lengths(r#""duration":"5.000000""#, r#""duration":"4.250000""#), Some(-0.75));
    let matroska =
        lengths(r#""tags":{"DURATION":"01:00:05.000000000"}"#, r#""tags":{"DURATION":"01:00:05.500000000"}"#);
    assert_eq!(matroska, Some(0.5));
    assert_eq!(lengths(r#""duration":"5.000000""#, r#""duration":"N/A""#), None);
    assert_eq!(lengths(r#""tags":{"DURATION":"soon"}"#, r#""duration":"5.0""#), None);
}

#[test]
fn a_track_with_nothing_in_it_is_none() {
    let media = |container: &str, video: &str, audio: &str| {
        let json = format!(
            r#"{{"streams":[{{"codec_type":"video",{video}}},{{"codec_type":"audio",{audio}}}],
                "format":{{"format_name":"{container}"}}}}"#
        );
        let media = parse(&json).expect("is a report");
        (media.video.is_some(), media.audio.is_some())
    };
    let (mp4, counted, length) =
        ("mov,mp4,m4a,3gp,3g2,mj2", r#""nb_frames":"75""#, r#""duration":"3.000000""#);
    assert_eq!(media(mp4, counted, counted), (true, true));
    assert_eq!(media(mp4, counted, length), (true, false));
    assert_eq!(media(mp4, length, length), (true, true), "fragments are not counted");
    assert_eq!(media("avi", counted, length), (true, true), "only MP4 counts every track");
    for other in [
        r#"{"codec_type":"data","nb_frames":"1"}"#,
        r#"{"codec_type":"subtitle","nb_frames":"1"}"#,
        r#"{"codec_type":"video","nb_frames":"1","disposition":{"attached_pic":1}}"#,
    ] {
        let also = format!(r#"{length}}},{other},{{"codec_type":"data""#);
        assert_eq!(media(mp4, length, &also), (true, true), "of fragments: {other}");
    }
    let tag = |time: &str| format!(r#""duration":"1.0","tags":{{"DURATION":"{time}"}}"#);
    let (some, none) = (tag("00:00:01.021000000"), tag("00:00:00.000000000"));
    assert_eq!(media("matroska,webm", &some, &none), (true, false));
    assert_eq!(media("matroska,webm", &none, &some), (false, true));
    assert_eq!(media("matroska,webm", &none, &none), (false, false));
}

#[test]
fn tracks_that_do_not_begin_together() {
    let media = |video: &str, audio: &str| {
        let json =
            format!(r#"{{"streams":[{{"codec_type":"video",{video}}},{{"codec_type":"audio",{audio}}}]}}"#);
        let media = parse(&json).expect("is a report");
        (media.sound_later_by, media.sound_longer_by)
    };
    let (late, soon) = (r#""start_time":"2.0","duration":"3.0""#, r#""start_time":"0.0","duration":"3.0""#);
    assert_eq!(media(late, soon), (Some(-2.0), Some(-2.0)));
    assert_eq!(media(soon, late), (Some(2.0), Some(2.0)));
    assert_eq!(media(late, late), (Some(0.0), Some(0.0)));
    assert_eq!(media(r#""start_time":"N/A""#, soon), (None, None));
    let tagged = r#""start_time":"2.0","tags":{"DURATION":"00:00:05.0"}"#;
    assert_eq!(
        media(tagged, r#""start_time":"0.0","tags":{"DURATION":"00:00:05.0"}"#),
        (Some(-2.0), Some(0.0))
    );
}
