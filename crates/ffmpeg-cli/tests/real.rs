//! Real files, made, probed and sent by the FFmpeg that is installed.
#![expect(clippy::disallowed_methods, reason = "tests start FFmpeg themselves and wait for its end")]

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use ffmpeg_cli::{
    Version, plan, probe, progress,
    publish::{self, Publish, Target},
};
use stream_api::{Code, Encoding, Error, Mode, Plan, Playback, SourceMedia};

fn run(program: &str, arguments: impl IntoIterator<Item = OsString>) -> Output {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} can be run: {error}"))
}

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

/// Makes `name` in `folder` from a test picture and tone; `codecs` are output options.
fn make(folder: &Path, name: &str, picture: &str, sound: bool, codecs: &str) -> PathBuf {
    let mut arguments = words("-hide_banner -v error -y");
    if !picture.is_empty() {
        arguments.extend(words(&format!("-f lavfi -i testsrc2={picture}")));
    }
    if sound {
        arguments.extend(words("-f lavfi -i sine=r=48000:d=2"));
    }
    arguments.extend(words(codecs));
    let path = folder.join(name);
    let mut file = OsString::from("file:");
    file.push(&path);
    arguments.push(file);
    let made = run("ffmpeg", arguments);
    assert!(made.status.success(), "{name}: {}", String::from_utf8_lossy(&made.stderr));
    path
}

const USUAL: &str = "s=320x240:r=30:d=2";
const H264: &str = "-c:v libx264 -preset ultrafast -bf 0 -g 30 -pix_fmt yuv420p -c:a aac -ac 2 -shortest";

fn examine(path: &Path) -> Result<(SourceMedia, Plan), Error> {
    let report = run("ffprobe", probe::arguments(path));
    let shown = path.to_string_lossy();
    if !report.status.success() {
        let head: Vec<u8> = fs::read(path).unwrap_or_default().into_iter().take(8192).collect();
        let stderr = String::from_utf8_lossy(&report.stderr);
        return Err(probe::failure(&shown, report.status.code(), &stderr, &head));
    }
    let mut media = probe::parse(&String::from_utf8_lossy(&report.stdout)).expect("ffprobe prints JSON");
    if let Some(video) = &mut media.video {
        let times = run("ffprobe", probe::keyframe_arguments(path));
        video.keyframe_interval =
            probe::keyframe_interval(&String::from_utf8_lossy(&times.stdout), media.duration);
    }
    let plan = plan::plan(&media, &plan::Wanted::default())?;
    Ok((media, plan))
}

/// Runs the very command with another output than a server: what FFmpeg told last of its progress.
fn instead_of_a_server(
    input: publish::Input<'_>,
    media: &SourceMedia,
    plan: &Plan,
    encoding: &Encoding,
    output: Vec<OsString>,
) -> progress::Progress {
    let target = Target {
        host: "127.0.0.1".into(),
        by: publish::By::Rtsp,
        port: 9,
        name: "x".into(),
        user: String::new(),
        pass: String::new(),
    };
    let version = Version::MINIMUM;
    let publish = Publish { input, media, plan, encoding, target: &target, version };
    let mut arguments = publish::arguments(&publish);
    let server = arguments.iter().position(|word| word == "rtsp").expect("an RTSP output") - 1;
    arguments.truncate(server);
    arguments.extend(output);
    let ran = run("ffmpeg", arguments.clone());
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    let mut parser = progress::Parser::default();
    let stdout = String::from_utf8_lossy(&ran.stdout);
    stdout.lines().filter_map(|line| parser.line(line)).last().expect("progress is printed")
}

/// Sends a second into a file; returns what arrived.
fn send(path: &Path, media: &SourceMedia, plan: &Plan) -> SourceMedia {
    let source = path.to_string_lossy();
    let input = publish::Input::File { path: &source, playback: Playback::Loop };
    let folder = tempfile::tempdir().expect("a folder");
    let sent = folder.path().join("sent.mkv");
    let mut output = words("-t 1 -f matroska");
    output.push(sent.clone().into());
    let last = instead_of_a_server(input, media, plan, &Encoding::default(), output);
    assert!(last.end && last.out_time_us.is_some_and(|time| time > 500_000), "{}: {last:?}", path.display());
    examine(&sent).expect("what was sent can be read").0
}

/// Seconds that two passes of the second of these seconds last, sent as a list of passes would be.
fn send_part(folder: &Path, name: &str, codecs: &str) -> f64 {
    let path = make(folder, name, "s=160x120:r=25:d=3", true, codecs);
    let (media, _) = examine(&path).expect("can be sent");
    let playback = Playback::Times(2);
    let encoding = Encoding { start: Some(1000), end: Some(2000), ..Encoding::default() };
    let wanted = plan::Wanted { playback, ..plan::Wanted::by(encoding.clone()) };
    let plan = plan::plan(&media, &wanted).expect("has tracks");
    let list = folder.join("part.ffconcat");
    let passes = publish::passes(&path.to_string_lossy(), &media, playback, &encoding);
    fs::write(&list, passes.expect("has one line").expect("it repeats")).expect("can be written");
    let input = publish::Input::Passes(&list);
    let last = instead_of_a_server(input, &media, &plan, &encoding, words("-f null -"));
    last.out_time_us.unwrap_or_default() as f64 / 1e6
}

#[test]
fn a_part_that_repeats_begins_and_ends_where_it_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    // One key frame: each pass is read from the beginning of the file.
    let rare = "-c:v libx264 -preset ultrafast -bf 2 -g 250 -pix_fmt yuv420p -c:a aac -ac 2";
    // In MPEG-TS it is read from anywhere.
    let later = rare.replace("-g 250", "-g 5") + " -output_ts_offset 100 -f mpegts";
    for (name, codecs) in [("it's [a] \"part\" ü 日 %03d #1.mp4", rare), ("later.ts", &later)] {
        let seconds = send_part(folder.path(), name, codecs);
        assert!((1.9..2.4).contains(&seconds), "{name}: {seconds}");
    }
}

/// Name, picture, sound, codecs; is the video encoded, is the sound?
type File<'a> = (&'a str, &'a str, bool, &'a str, bool, bool);

#[test]
fn files_are_sent_so_that_browsers_play_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let long = "n".repeat(196) + ".mp4";
    let files: &[File<'_>] = &[
        ("bf0.mp4", USUAL, true, H264, false, false),
        ("bf0.mov", USUAL, true, H264, false, false),
        ("bf0.mkv", USUAL, true, H264, false, false),
        ("bf0.flv", USUAL, true, H264, false, false),
        ("bf0.ts", USUAL, true, H264, true, true),
        ("half second.mp4", "s=320x240:r=30:d=0.5", true, H264, false, false),
        ("no sound.mp4", USUAL, false, H264, false, false),
        ("sound.m4a", "", true, "-c:a aac -ac 2", false, false),
        ("sound.mp3", "", true, "-c:a libmp3lame", false, true),
        (
            "opus.mkv",
            USUAL,
            true,
            "-c:v libx264 -preset ultrafast -bf 0 -g 30 -pix_fmt yuv420p -c:a libopus",
            false,
            false,
        ),
        (
            "bf2.mp4",
            USUAL,
            true,
            "-c:v libx264 -preset veryfast -bf 2 -g 30 -pix_fmt yuv420p -c:a aac -ac 2",
            true,
            false,
        ),
        (
            "rare keys.mp4",
            "s=320x240:r=30:d=6",
            false,
            "-c:v libx264 -preset ultrafast -bf 0 -g 999 -pix_fmt yuv420p",
            true,
            false,
        ),
        ("old.avi", USUAL, true, "-c:v mpeg4 -c:a libmp3lame", true, true),
        ("old.mpg", USUAL, true, "-c:v mpeg2video -c:a mp2", true, true),
        ("vp8.webm", USUAL, true, "-c:v libvpx -deadline realtime -c:a libopus", true, true),
        (
            "vp9.webm",
            USUAL,
            true,
            "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libvorbis -ac 2",
            true,
            true,
        ),
        (
            "ten.mp4",
            USUAL,
            true,
            "-c:v libx264 -preset ultrafast -bf 0 -pix_fmt yuv420p10le -c:a aac -ac 2",
            true,
            false,
        ),
        (
            "fields.mp4",
            USUAL,
            false,
            "-c:v libx264 -preset ultrafast -bf 0 -flags +ilme+ildct -x264opts tff=1 -pix_fmt yuv420p",
            true,
            false,
        ),
        ("odd size.mkv", "s=321x241:r=25:d=2", false, "-c:v ffv1 -pix_fmt yuv444p", true, false),
        (
            "uneven.mkv",
            USUAL,
            false,
            "-vf select=mod(n\\,3) -fps_mode vfr -c:v libx264 -preset ultrafast -bf 0 -g 20 -pix_fmt yuv420p",
            false,
            false,
        ),
        ("-leading dash.mp4", USUAL, true, H264, false, false),
        ("100% %03d.mp4", USUAL, true, H264, false, false),
        ("http:x.mp4", USUAL, true, H264, false, false),
        ("it's \"quoted\" 🎬.mp4", USUAL, true, H264, false, false),
        (&long, USUAL, true, H264, false, false),
    ];
    // Each is sent in real time, so several at once.
    std::thread::scope(|scope| {
        for share in files.chunks(files.len().div_ceil(6)) {
            scope.spawn(move || share.iter().for_each(|file| check(at, file)));
        }
    });
}

fn check(at: &Path, (name, picture, sound, codecs, video, audio): &File<'_>) {
    let path = make(at, name, picture, *sound, codecs);
    let (media, plan) = examine(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((plan.encodes_video, plan.encodes_audio), (*video, *audio), "{name}: {:?}", plan.reasons);
    assert_eq!(plan.mode == Mode::Copy, !video && !audio, "{name}");
    assert_eq!(media.size, fs::metadata(&path).expect("is there").len(), "{name}");
    assert!(media.duration.is_some_and(|seconds| seconds > 0.3), "{name}: {:?}", media.duration);
    let sent = send(&path, &media, &plan);
    assert_eq!(sent.audio.map(|audio| audio.codec), plan.audio, "{name}");
    let Some(before) = media.video else {
        assert!(sent.video.is_none(), "{name} has no picture");
        return;
    };
    let after = sent.video.unwrap_or_else(|| panic!("{name} lost its picture"));
    assert_eq!((after.codec.as_str(), after.pixel_format.as_str()), ("h264", "yuv420p"), "{name}");
    assert!(!after.b_frames && !after.interlaced, "{name}");
    assert_eq!((after.width, after.height), (before.width & !1, before.height & !1), "{name}");
    assert!(after.keyframe_interval.is_some_and(|seconds| seconds < 1.2), "{name}: {after:?}");
}

#[test]
fn a_portrait_video_is_turned_and_a_cover_is_no_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let flat = make(folder.path(), "flat.mp4", USUAL, true, H264);
    let turned = folder.path().join("turned.mp4");
    let mut arguments = words("-v error -i");
    arguments.push(flat.clone().into());
    arguments.extend(words("-c copy -metadata:s:v rotate=90"));
    arguments.push(turned.clone().into());
    assert!(run("ffmpeg", arguments).status.success());
    let (media, plan) = examine(&turned).expect("can be read");
    let video = media.video.as_ref().expect("has a picture");
    assert_eq!((video.width, video.height, video.rotation % 180), (240, 320, 90), "as displayed");
    let sent = send(&turned, &media, &plan).video.expect("has a picture");
    assert_eq!((sent.width, sent.height, sent.rotation), (240, 320, 0), "upright for every viewer");

    let cover = folder.path().join("cover.m4a");
    let mut arguments = words("-v error -i");
    arguments.push(flat.into());
    arguments.extend(words("-f lavfi -i color=red:s=100x100:d=0.04 -map 0:a -map 1 -c:a copy -c:v mjpeg"));
    arguments.extend(words("-frames:v 1 -disposition:v attached_pic"));
    arguments.push(cover.clone().into());
    assert!(run("ffmpeg", arguments).status.success());
    let (media, plan) = examine(&cover).expect("can be read");
    assert!(media.video.is_none() && plan.mode == Mode::Copy && !plan.warnings.is_empty(), "{plan:?}");
    assert!(send(&cover, &media, &plan).video.is_none(), "the cover is not sent");
}

#[test]
fn what_is_no_video_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let whole = make(at, "whole.mp4", USUAL, true, H264);
    make(at, "other.ts", USUAL, true, H264);
    let bytes = fs::read(&whole).expect("was made");
    fs::create_dir(at.join("folder.mp4")).expect("a folder");
    let written: &[(&str, &[u8])] = &[
        ("m3u.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.ts\n#EXT-X-ENDLIST\n"),
        ("concat.mp4", b"ffconcat version 1.0\nfile whole.mp4\n"),
        ("sdp.mp4", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"),
        ("text.mp4", b"hello world, this is text"),
        ("empty.mp4", b""),
        ("cut.mp4", &bytes[..bytes.len() / 2]),
    ];
    for (name, content) in written {
        fs::write(at.join(name), content).expect("can be written");
    }
    for (name, code) in [
        ("m3u.mp4", Code::SourceIsPlaylist),
        ("concat.mp4", Code::SourceIsPlaylist),
        ("sdp.mp4", Code::SourceIsPlaylist),
        ("text.mp4", Code::SourceNotMedia),
        ("empty.mp4", Code::SourceNotMedia),
        ("cut.mp4", Code::SourceIncomplete),
        ("folder.mp4", Code::SourceIsFolder),
        ("missing.mp4", Code::SourceMissing),
    ] {
        let error = examine(&at.join(name)).expect_err(name);
        assert_eq!(error.code, code, "{name}: {error}");
        assert!(error.message.contains(name), "the message names the file: {error}");
    }
}

#[test]
fn the_installed_version_is_read() {
    for program in ["ffmpeg", "ffprobe"] {
        let banner = run(program, words("-version"));
        let version = Version::parse(&String::from_utf8_lossy(&banner.stdout)).expect("has a version");
        assert!(version.is_supported(), "{program} is {version}");
    }
}
