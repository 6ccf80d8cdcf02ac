use stream_api::{AudioTrack, VideoTrack};

use super::*;
use crate::plan::Wanted;

fn plan(media: &SourceMedia) -> Result<Plan, stream_api::Error> {
    crate::plan::plan(media, &Wanted::default())
}

fn media(size: (u32, u32), fps: f64, audio: Option<(&str, u32, u32)>) -> SourceMedia {
    SourceMedia {
        container: "mov,mp4,m4a,3gp,3g2,mj2".into(),
        video: Some(VideoTrack {
            codec: "h264".into(),
            profile: Some("High".into()),
            width: size.0,
            height: size.1,
            fps,
            pixel_format: "yuv420p".into(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(1.0),
            variable_fps: false,
            hdr: false,
        }),
        audio: audio.map(|(codec, sample_rate, channels)| AudioTrack {
            codec: codec.into(),
            profile: (codec == "aac").then(|| "LC".into()),
            sample_rate,
            channels,
        }),
        ..SourceMedia::default()
    }
}

fn slate(media: &SourceMedia) -> Slate {
    Slate::of(media, &plan(media).expect("has tracks")).expect("can be kept")
}

fn line(slate: &Slate) -> String {
    let words = arguments(slate, Path::new("/s/new.mp4"));
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[test]
fn with_picture_and_sound() {
    let made = line(&slate(&media((1280, 720), 30.0, Some(("aac", 48_000, 2)))));
    let dot = |x: u32| format!("drawbox=x={x}:y=350:w=20:h=20:t=fill");
    let graph = format!(
        "color=c=0x15181c:s=1280x720:r=30,format=yuv420p,\
         {a}:c=0x3a4048,{a}:c=0x9aa4b0:enable='gte(t,0.000)*lt(t,0.533)',\
         {b}:c=0x3a4048,{b}:c=0x9aa4b0:enable='gte(t,0.533)*lt(t,1.067)',\
         {c}:c=0x3a4048,{c}:c=0x9aa4b0:enable='gte(t,1.067)*lt(t,9)'",
        a = dot(570),
        b = dot(630),
        c = dot(690),
    );
    assert_eq!(
        made,
        format!(
            "-hide_banner -nostats -loglevel repeat+level+warning -f lavfi -i {graph} \
             -f lavfi -i anullsrc=r=48000:cl=stereo -map 0:v -frames:v 48 -c:v libx264 -preset superfast \
             -tune zerolatency -profile:v high -crf 28 -bf 0 -g 24 -keyint_min 24 -sc_threshold 0 -flags +cgop \
             -map 1:a -frames:a 75 -c:a aac -b:a 32k -map_metadata -1 -movflags +faststart -f mp4 \
             file:/s/new.mp4"
        )
    );
}

#[test]
fn sound_alone() {
    let made = line(&slate(&SourceMedia { video: None, ..media((0, 0), 0.0, Some(("opus", 24_000, 1))) }));
    assert!(made.contains("s=1,aformat=channel_layouts=stereo -map 0:a -frames:a 80 -c:a libopus"), "{made}");
    assert!(!made.contains("libx264"), "{made}");
}

#[test]
fn picture_and_sound_are_equally_long() {
    for (fps, rate, frames, packets) in [
        (25.0, 48_000, 40, 75),
        (30.0, 48_000, 48, 75),
        (60.0, 48_000, 96, 75),
        (24.0, 48_000, 36, 0),
        (25.0, 44_100, 0, 0),
        (30_000.0 / 1001.0, 44_100, 0, 0),
        (12.5, 22_050, 0, 0),
        (5.0, 8_000, 0, 0),
    ] {
        let slate = slate(&media((640, 360), fps, Some(("aac", rate, 1))));
        let picture = slate.picture.as_ref().expect("has a picture");
        let (seen, heard) =
            (f64::from(picture.frames) / fps, f64::from(slate.packets[0]) * 1024.0 / f64::from(rate));
        assert!((1.2..=2.0).contains(&seen), "{fps} {rate}: {seen}");
        let least = if packets == 75 { 0.000_01 } else { 0.5 * 1024.0 / f64::from(rate) };
        assert!((seen - heard).abs() <= least, "{fps} {rate}: {seen} and {heard}");
        if packets == 75 {
            assert_eq!((picture.frames, slate.packets[0]), (frames, packets), "{fps}");
        }
    }
}

#[test]
fn names_tell_slates_apart_and_tracks_tell_who_may_follow() {
    let small = slate(&media((640, 360), 30_000.0 / 1001.0, Some(("aac", 44_100, 1))));
    let large = slate(&media((1920, 1080), 25.0, Some(("aac", 44_100, 1))));
    let silent = slate(&media((1920, 1080), 25.0, None));
    assert_eq!(small.file_name(), "v1-h264-640x360-30000_1001-aac-44100-1.mp4");
    assert_eq!(large.file_name(), "v1-h264-1920x1080-25-aac-44100-1.mp4");
    assert_eq!(silent.file_name(), "v1-h264-1920x1080-25.mp4");
    assert_eq!(small.tracks(), large.tracks(), "another size is no other track");
    assert_ne!(large.tracks(), silent.tracks());
}

#[test]
fn sound_that_no_silence_fits_is_told() {
    for (audio, reason) in [
        (("aac", 48_000, 8), Some(Unkept::Sound)),
        (("aac", 47_999, 2), Some(Unkept::Sound)),
        (("aac", 7_350, 6), None),
        // Encoded to 48 kHz in stereo.
        (("mp3", 47_999, 8), None),
    ] {
        let media = media((640, 360), 30.0, Some(audio));
        let plan = plan(&media).expect("has tracks");
        assert_eq!(plan.unkept, reason, "{audio:?}");
        assert_eq!(Slate::of(&media, &plan).err(), reason, "{audio:?}");
    }
}

#[test]
fn a_prepared_file_has_two_sounds() {
    let media = media((640, 360), 30.0, Some(("mp3", 44_100, 2)));
    let recipe = crate::prepare::Recipe::of(&media, &plan(&media).expect("has tracks"), &Default::default());
    let slate = Slate::of(&media, &recipe.plan()).expect("can be kept");
    assert_eq!(slate.file_name(), "v1-h264-640x360-30-aac-48000-2-opus-48000-2.mp4");
    let line = line(&slate);
    assert!(
        line.contains(
            "-map 1:a -frames:a:0 75 -c:a:0 aac -b:a:0 32k -map 2:a -frames:a:1 80 -c:a:1 libopus -b:a:1 32k"
        ),
        "{line}"
    );
}
