//! The plan of real files: one of each container, codec and oddity, made by the FFmpeg that is installed.
#![expect(clippy::disallowed_methods, reason = "tests start FFmpeg themselves and wait for its end")]

use std::{
    ffi::OsString,
    path::Path,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use ffmpeg_cli::{
    plan::{self, Wanted},
    probe,
};
use stream_api::{Encoding, Mode, Sound, VideoCodec};
use testkit::fixtures;

/// A file: its name, its picture and its sound (`lavfi` sources, perhaps none), and how it is encoded.
type File = (&'static str, &'static str, &'static str, &'static str);

const PICTURE: &str = "testsrc2=s=160x120:r=25:d=1";
const SOUND: &str = "sine=r=48000:d=1";
const H264: &str = "-c:v libx264 -preset ultrafast -bf 0 -g 25 -pix_fmt yuv420p";

/// Each with its mode, its reasons, and what viewers will miss (after `|`).
fn files() -> Vec<(File, &'static str)> {
    let of = |name, codecs| (name, PICTURE, SOUND, codecs);
    let mute = |name, picture, codecs| (name, picture, "", codecs);
    let heard = |name, codecs| (name, "", SOUND, codecs);
    vec![
        // Containers.
        (of("plain.mp4", "H264 -c:a aac -ac 2"), "copy | webrtc_silent"),
        (of("plain.mov", "H264 -c:a aac -ac 2"), "copy | webrtc_silent"),
        (of("plain.m4v", "H264 -c:a aac -ac 2"), "copy | webrtc_silent"),
        (of("plain.mkv", "H264 -c:a aac -ac 2"), "copy | webrtc_silent"),
        (of("plain.flv", "H264 -c:a aac -ac 2 -ar 44100"), "copy | webrtc_silent"),
        (of("plain.ts", "H264 -c:a aac -ac 2"), "transcode video_container audio_container |"),
        (of("plain.m2ts", "H264 -c:a aac -ac 2"), "transcode video_container audio_container |"),
        (of("plain.avi", "H264 -c:a libmp3lame"), "transcode video_container audio_codec |"),
        (
            of("fragments.mp4", "H264 -c:a aac -ac 2 -movflags frag_keyframe+empty_moov"),
            "copy | webrtc_silent",
        ),
        (of("faststart.mp4", "H264 -c:a aac -ac 2 -movflags +faststart"), "copy | webrtc_silent"),
        (of("another's ending.mp4", "H264 -c:a aac -ac 2 -f matroska"), "copy | webrtc_silent"),
        // Pictures.
        (
            of("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a aac"),
            "transcode video_codec |",
        ),
        (of("vp8.webm", "-c:v libvpx -deadline realtime -c:a libopus"), "transcode video_codec |"),
        (
            of("vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus"),
            "transcode video_codec |",
        ),
        (of("mpeg4.avi", "-c:v mpeg4 -c:a libmp3lame"), "transcode video_codec audio_codec |"),
        (of("mpeg2.mpg", "-c:v mpeg2video -c:a mp2"), "transcode video_codec audio_codec |"),
        (of("mpeg2.ts", "-c:v mpeg2video -c:a ac3"), "transcode video_codec audio_codec |"),
        (of("mpeg1.mkv", "-c:v mpeg1video -c:a mp2"), "transcode video_codec audio_codec |"),
        (of("windows.wmv", "-c:v wmv2 -c:a wmav2"), "transcode video_codec audio_codec |"),
        (of("theora.ogv", "-c:v libtheora -c:a libvorbis -ac 2"), "transcode video_codec audio_codec |"),
        (of("flash.flv", "-c:v flv -c:a libmp3lame -ar 44100"), "transcode video_codec audio_codec |"),
        (mute("phone.3gp", "testsrc2=s=176x144:r=25:d=1", "-c:v h263"), "transcode video_codec | no_audio"),
        (mute("prores.mov", PICTURE, "-c:v prores_ks"), "transcode video_codec | no_audio"),
        (mute("jpegs.avi", PICTURE, "-c:v mjpeg -pix_fmt yuvj420p"), "transcode video_codec | no_audio"),
        (mute("lossless.mkv", PICTURE, "-c:v ffv1"), "transcode video_codec | no_audio"),
        // What browsers refuse of H.264, and what makes viewers wait.
        (
            mute("b-frames.mp4", PICTURE, "-c:v libx264 -preset veryfast -bf 2 -g 25 -pix_fmt yuv420p"),
            "transcode b_frames | no_audio",
        ),
        (
            mute("422.mp4", PICTURE, "-c:v libx264 -preset ultrafast -bf 0 -g 25 -pix_fmt yuv422p"),
            "transcode pixel_format | no_audio",
        ),
        (
            mute("444.mp4", PICTURE, "-c:v libx264 -preset ultrafast -bf 0 -g 25 -pix_fmt yuv444p"),
            "transcode pixel_format | no_audio",
        ),
        (
            mute("ten.mp4", PICTURE, "-c:v libx264 -preset ultrafast -bf 0 -g 25 -pix_fmt yuv420p10le"),
            "transcode pixel_format | no_audio",
        ),
        (
            mute("fields.mp4", PICTURE, "H264 -flags +ilme+ildct -x264opts tff=1"),
            "transcode interlaced | no_audio",
        ),
        (
            mute("rare.mp4", "testsrc2=s=160x120:r=25:d=6", "H264 -g 999"),
            "transcode keyframes_rare | no_audio",
        ),
        (mute("baseline.mp4", PICTURE, "H264 -profile:v baseline"), "copy | no_audio"),
        // Sizes and rates.
        (mute("portrait.mp4", "testsrc2=s=120x160:r=25:d=1", "H264"), "copy | no_audio"),
        (mute("tiny.mp4", "testsrc2=s=16x16:r=25:d=1", "H264"), "copy | no_audio"),
        (mute("large.mp4", "testsrc2=s=3840x2160:r=5:d=0.4", "H264"), "copy | no_audio"),
        (mute("8k.mp4", "testsrc2=s=7680x4320:r=25:d=0.04", "H264"), "copy | no_audio"),
        (mute("slow.mp4", "testsrc2=s=160x120:r=1:d=4", "H264 -g 1"), "copy | no_audio"),
        (mute("fast.mp4", "testsrc2=s=160x120:r=240:d=0.5", "H264"), "copy | no_audio"),
        (mute("uneven.mkv", PICTURE, "-vf select=mod(n\\,3) -fps_mode vfr H264"), "copy | no_audio"),
        (
            mute("odd.mkv", "testsrc2=s=161x121:r=25:d=1", "-c:v ffv1 -pix_fmt yuv444p"),
            "transcode video_codec | no_audio",
        ),
        // Sounds beside a picture.
        (of("opus.mkv", "H264 -c:a libopus"), "copy | rtmp_silent"),
        (of("opus.mp4", "H264 -c:a libopus"), "copy | rtmp_silent"),
        (
            of(
                "wide opus.mkv",
                "H264 -af pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0 -c:a libopus -mapping_family 1",
            ),
            "transcode audio_channels |",
        ),
        (
            of("wide aac.mp4", "H264 -af pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0 -c:a aac"),
            "copy | webrtc_silent",
        ),
        (
            of("wider aac.mkv", "H264 -af pan=7.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0|SL=c0|SR=c0 -c:a aac"),
            "copy | webrtc_silent",
        ),
        (of("deep aac.mp4", "H264 -c:a aac -ac 1 -ar 8000"), "copy | webrtc_silent"),
        (of("mp3.mp4", "H264 -c:a libmp3lame"), "transcode audio_codec |"),
        (of("ac3.mkv", "H264 -c:a ac3"), "transcode audio_codec |"),
        (of("eac3.mkv", "H264 -c:a eac3"), "transcode audio_codec |"),
        (of("flac.mkv", "H264 -c:a flac"), "transcode audio_codec |"),
        (of("pcm.mov", "H264 -c:a pcm_s16le"), "transcode audio_codec |"),
        (of("telephone.mkv", "H264 -c:a pcm_mulaw -ar 8000 -ac 1"), "transcode audio_codec |"),
        (of("vorbis.mkv", "H264 -c:a libvorbis -ac 2"), "transcode audio_codec |"),
        // A track with nothing in it is none: FFmpeg would wait for it.
        (of("no sound in it.mkv", "H264 -af atrim=end=0 -c:a aac -ac 2"), "copy | no_audio"),
        (of("no picture in it.mkv", "H264 -vf trim=end=0 -c:a aac -ac 2"), "copy | audio_only_webrtc"),
        (
            of("no sound in it.ts", "H264 -af atrim=end=0 -c:a aac -ac 2"),
            "transcode video_container | audio_unknown",
        ),
        (of("many sounds.mkv", "H264 -c:a aac MAPS"), "copy | webrtc_silent"),
        // Sounds alone.
        (heard("sound.m4a", "-c:a aac -ac 2"), "copy | audio_only_webrtc"),
        (heard("sound.mka", "-c:a aac -ac 2"), "copy | audio_only_webrtc"),
        (heard("sound.aac", "-c:a aac -ac 2"), "transcode audio_container | audio_only"),
        (heard("sound.mp3", "-c:a libmp3lame"), "transcode audio_codec | audio_only"),
        (heard("sound.wav", "-c:a pcm_s16le"), "transcode audio_codec | audio_only"),
        (heard("sound.flac", "-c:a flac"), "transcode audio_codec | audio_only"),
        (heard("sound.ogg", "-c:a libvorbis -ac 2"), "transcode audio_codec | audio_only"),
        (heard("sound.opus", "-c:a libopus"), "copy | audio_only rtmp_silent"),
        (heard("lossless.m4a", "-c:a alac"), "transcode audio_codec | audio_only"),
    ]
}

fn run(program: &Path, arguments: Vec<OsString>) -> Output {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{} can be run: {error}", program.display()))
}

fn make(folder: &Path, (name, picture, sound, codecs): File) -> std::path::PathBuf {
    let mut line = "-hide_banner -v error -y".to_owned();
    for source in [picture, sound].into_iter().filter(|source| !source.is_empty()) {
        line += &format!(" -f lavfi -i {source}");
    }
    let codecs = codecs.replace("H264", H264).replace("MAPS", &format!("-map 0{}", " -map 1".repeat(30)));
    line += &format!(" {codecs} {}", if name.ends_with(".m2ts") { "-f mpegts" } else { "" });
    let path = folder.join(name);
    let mut arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    arguments.push(path.clone().into());
    let made = run(&fixtures::ffmpeg(), arguments);
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    path
}

fn media(path: &Path) -> stream_api::SourceMedia {
    examined(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn examined(path: &Path) -> Result<stream_api::SourceMedia, stream_api::Error> {
    let ffprobe = fixtures::ffprobe();
    let report = run(&ffprobe, probe::arguments(path));
    if !report.status.success() {
        let stderr = String::from_utf8_lossy(&report.stderr);
        return Err(probe::failure(&path.to_string_lossy(), report.status.code(), &stderr, b""));
    }
    let mut media = probe::parse(&String::from_utf8_lossy(&report.stdout)).expect("ffprobe prints JSON");
    if let Some(video) = &mut media.video {
        let times = run(&ffprobe, probe::keyframe_arguments(path));
        let times = String::from_utf8_lossy(&times.stdout);
        video.keyframe_interval = probe::keyframe_interval(&times, media.duration);
    }
    Ok(media)
}

fn codes(remarks: &[stream_api::Remark]) -> String {
    let codes = remarks.iter().map(|remark| serde_json::to_value(remark.code).expect("a word"));
    codes.map(|code| format!(" {}", code.as_str().unwrap_or_default())).collect()
}

/// As the table says it.
fn told(plan: &stream_api::Plan) -> String {
    let mode = serde_json::to_value(plan.mode).expect("a word");
    format!("{}{} |{}", mode.as_str().unwrap_or_default(), codes(&plan.reasons), codes(&plan.warnings))
}

#[test]
fn every_kind_of_file_has_its_plan() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files();
    assert!(files.len() >= 40, "{}", files.len());
    let next = AtomicUsize::new(0);
    let wrong = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((file, expected)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let media = media(&make(folder.path(), *file));
                    let plan = plan::plan(&media, &Wanted::default());
                    let found = plan.as_ref().map_or_else(ToString::to_string, told);
                    if found != *expected {
                        let line = format!("{}: {found:?} instead of {expected:?}: {media:?}", file.0);
                        wrong.lock().expect("nobody panics").push(line);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("nobody panics");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_chosen_counts_for_real_files_too() {
    type Choice = fn(&mut Encoding);
    let folder = tempfile::tempdir().expect("a folder");
    let plain = media(&make(folder.path(), ("a.mp4", PICTURE, SOUND, "H264 -c:a aac -ac 2")));
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=none -c:a aac";
    let hevc = media(&make(folder.path(), ("b.mp4", PICTURE, SOUND, hevc)));
    let cases: [(&stream_api::SourceMedia, Choice, &str); 8] = [
        (&hevc, |e| e.video = VideoCodec::AsIs, "copy | not_everywhere webrtc_silent codec_browsers"),
        (&hevc, |e| e.video = VideoCodec::H265, "copy | webrtc_silent codec_browsers"),
        (&plain, |e| e.height = Some(120), "copy | webrtc_silent"),
        (&plain, |e| e.height = Some(60), "transcode asked |"),
        (&plain, |e| e.audio = Sound::None, "copy |"),
        (&plain, |e| e.audio = Sound::Both, "transcode asked |"),
        (&plain, |e| e.start = Some(500), "transcode asked |"),
        (&plain, |e| e.volume = Some(200), "transcode asked |"),
    ];
    for (media, choice, expected) in cases {
        let mut encoding = Encoding::default();
        choice(&mut encoding);
        let plan = plan::plan(media, &Wanted::by(encoding.clone())).expect("has tracks");
        assert_eq!(told(&plan), expected, "{encoding:?}");
        assert_eq!(plan.mode == Mode::Transcode, plan.cost.is_none_or(|cost| cost.cores > 0.01), "{plan:?}");
    }
}

/// Each with what preparing it gains, after a second `|`.
#[test]
fn tracks_that_begin_or_end_apart_and_frames_in_another_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let two = "testsrc2=s=160x120:r=25:d=2";
    let late = "H264 -fps_mode passthrough -vf setpts=PTS+2/TB -c:a aac -ac 2";
    let late_sound = "H264 -fps_mode passthrough -af asetpts=PTS+2/TB -c:a aac -ac 2";
    let usual = "H264 -fps_mode passthrough -c:a aac -ac 2";
    let b_frames = "-c:v libx264 -preset veryfast -bf 2 -g 25 -pix_fmt yuv420p -c:a aac -ac 2";
    let open = "-c:v libx264 -preset veryfast -bf 2 -x264opts open-gop=1:keyint=25:scenecut=0 -pix_fmt yuv420p \
                -c:a aac -ac 2";
    let offset = "H264 -fps_mode passthrough -c:a aac -ac 2 -output_ts_offset 10";
    let sound = |length| match length {
        "shorter" => "sine=r=48000:d=1.2",
        "longer" => "sine=r=48000:d=2.8",
        _ => "sine=r=48000:d=2",
    };
    let same = sound("same");
    let files: [(File, &str); 10] = [
        (("shorter.mp4", two, sound("shorter"), usual), "copy | webrtc_silent | gains_silent"),
        (("longer.mkv", two, sound("longer"), usual), "copy | webrtc_silent | gains_frozen"),
        (("late.mkv", two, same, late), "copy | webrtc_silent picture_late | gains_silent"),
        (("late.mp4", two, same, late), "copy | webrtc_silent picture_late | gains_silent"),
        (("late sound.mp4", two, same, late_sound), "copy | webrtc_silent sound_late | gains_frozen"),
        (("offset.mp4", two, same, offset), "copy | webrtc_silent | gains_seam"),
        (("offset.mkv", two, same, offset), "copy | webrtc_silent | gains_seam"),
        (("open.mp4", two, same, open), "transcode b_frames | | gains_processor"),
        (("b.mkv", two, same, b_frames), "transcode b_frames | | gains_processor"),
        (
            ("b.ts", two, same, b_frames),
            "transcode video_container b_frames audio_container | | gains_processor gains_silent",
        ),
    ];
    let check = |path: &Path, expected: &str| {
        let media = media(path);
        let plan = plan::plan(&media, &Wanted::default()).expect("has tracks");
        let found = format!("{} |{}", told(&plan), codes(&plan.gains));
        (found != expected)
            .then(|| format!("{}: {found:?} instead of {expected:?}: {media:?}", path.display()))
    };
    let mut wrong: Vec<String> =
        files.iter().filter_map(|(file, expected)| check(&make(at, *file), expected)).collect();

    // Cut between two key frames, where MP4 hides what it does not show by an edit list.
    let whole =
        make(at, ("whole.mp4", "testsrc2=s=160x120:r=25:d=3", "sine=r=48000:d=3", "H264 -c:a aac -ac 2"));
    let cut = at.join("cut.mp4");
    let mut line: Vec<OsString> = "-v error -ss 1.3 -i".split(' ').map(OsString::from).collect();
    line.extend([whole.into(), "-c".into(), "copy".into(), cut.clone().into()]);
    assert!(run(&fixtures::ffmpeg(), line).status.success());
    wrong.extend(check(&cut, "copy | webrtc_silent | gains_seam"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is damaged or very long is told as soon as anything else, whatever comes of it.
#[test]
fn nothing_takes_long_to_look_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let usual = "H264 -c:a aac -ac 2";
    let fragments = "H264 -c:a aac -ac 2 -movflags frag_keyframe+empty_moov";
    let damaged = |name: &'static str, codecs, harm: fn(&mut Vec<u8>)| {
        let path = make(at, (name, "testsrc2=s=160x120:r=25:d=3", "sine=r=48000:d=3", codecs));
        let mut bytes = std::fs::read(&path).expect("was made");
        harm(&mut bytes);
        std::fs::write(&path, bytes).expect("can be written");
        path
    };
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2);
    let spoil = |bytes: &mut Vec<u8>| {
        let (from, to) = (bytes.len() * 2 / 5, bytes.len() * 3 / 5);
        bytes[from..to].fill(0x5a);
    };
    let hours = ("hours.mkv", "color=s=160x120:r=1/60:d=36000", "", "H264 -g 1");
    let cases = [
        (damaged("cut.mkv", usual, cut), "copy"),
        (damaged("cut.ts", usual, cut), "transcode"),
        (damaged("cut fragments.mp4", fragments, cut), "copy"),
        (damaged("spoilt.mkv", usual, spoil), "copy"),
        (damaged("spoilt.mp4", usual, spoil), "copy"),
        (damaged("spoilt.ts", usual, spoil), "transcode"),
        (make(at, hours), "transcode"),
    ];
    for (path, expected) in cases {
        let start = std::time::Instant::now();
        let plan = examined(&path).and_then(|media| plan::plan(&media, &Wanted::default()));
        let took = start.elapsed();
        let found = match &plan {
            Ok(plan) => serde_json::to_value(plan.mode),
            Err(error) => serde_json::to_value(error.code),
        };
        assert_eq!(found.expect("a word"), expected, "{}: {plan:?}", path.display());
        // What the engine gives it; a look takes 0.2 s.
        assert!(took.as_secs() < 10, "{}: {took:?}", path.display());
    }
    let media = media(&at.join("hours.mkv"));
    assert!(media.duration.is_some_and(|seconds| seconds >= 35_000.0), "{media:?}");
}
