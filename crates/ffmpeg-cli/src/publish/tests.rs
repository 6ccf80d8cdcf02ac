use stream_api::{AudioTrack, VideoTrack};

use super::*;
use crate::{
    Version,
    plan::{Wanted, plan},
};

fn media(codec: &str) -> SourceMedia {
    SourceMedia {
        container: "mov,mp4,m4a,3gp,3g2,mj2".into(),
        video: Some(VideoTrack {
            codec: codec.into(),
            profile: None,
            width: 1920,
            height: 1080,
            fps: 29.97,
            pixel_format: "yuv420p".into(),
            rotation: 0,
            b_frames: false,
            interlaced: codec == "mpeg2video",
            keyframe_interval: Some(1.0),
            variable_fps: false,
            hdr: false,
        }),
        audio: Some(AudioTrack {
            codec: "aac".into(),
            profile: Some("LC".into()),
            sample_rate: 44_100,
            channels: 2,
        }),
        ..SourceMedia::default()
    }
}

fn with<T>(media: &SourceMedia, playback: Playback, use_it: impl FnOnce(&Publish<'_>) -> T) -> T {
    let source = "/v/it's 100%.mp4";
    let target = Target {
        host: "127.0.0.1".into(),
        by: By::Rtsp,
        port: 8554,
        name: "lobby".into(),
        user: "publisher".into(),
        pass: "s3cret".into(),
    };
    let wanted = Wanted::default();
    let plan = plan(media, &wanted).expect("has tracks");
    let version = Version::MINIMUM;
    let input = Input::File { path: source, playback };
    use_it(&Publish { input, media, plan: &plan, encoding: &wanted.encoding, target: &target, version })
}

fn line(publish: &Publish<'_>) -> String {
    let words: Vec<String> =
        arguments(publish).iter().map(|word| word.to_string_lossy().into_owned()).collect();
    words.join(" ")
}

const START: &str = "-hide_banner -nostats -loglevel repeat+level+warning -progress pipe:1 -stats_period 0.5 \
    -protocol_whitelist file \
    -format_whitelist mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf,mp3,wav,ogg,flac,aac -re";
const END: &str = "-f rtsp -rtsp_transport tcp -timeout 5000000 -muxdelay 0 -pkt_size 1440 \
    rtsp://publisher:s3cret@127.0.0.1:8554/lobby";

#[test]
fn a_looped_copy() {
    let found = with(&media("h264"), Playback::Loop, line);
    let tracks = "-stream_loop -1 -i file:/v/it's 100%.mp4 -map 0:V:0 -c:v copy -map 0:a:0 -c:a copy";
    assert_eq!(found, format!("{START} {tracks} {END}"));
}

#[test]
fn encoded_once() {
    let found = with(&media("mpeg2video"), Playback::Once, line);
    let tracks = "-i file:/v/it's 100%.mp4 -map 0:V:0 \
        -vf bwdif=mode=send_frame,fps=30000/1001,scale=1920:1080,setsar=1,format=yuv420p \
        -c:v libx264 -preset veryfast -tune zerolatency -profile:v high -b:v 3997k -maxrate 3997k -bufsize 7994k \
        -bf 0 -g 30 -keyint_min 30 -sc_threshold 0 -flags +cgop -map 0:a:0 -c:a:0 copy \
        -map 0:a:0 -filter:a:1 aresample=48000:async=1:first_pts=0 -c:a:1 libopus -b:a:1 96k \
        -application:a:1 lowdelay -ac:a:1 2 -ar:a:1 48000";
    assert_eq!(found, format!("{START} {tracks} {END}"));
}

#[test]
fn everything_that_can_be_chosen() {
    let encoding = Encoding {
        kilobits: Some(1500),
        height: Some(540),
        fps: Some(25),
        keyframes: Some(2),
        deinterlace: Some(true),
        rotate: Some(90),
        audio: stream_api::Sound::Aac,
        audio_kilobits: Some(64),
        volume: Some(150),
        start: Some(1500),
        end: Some(62_000),
        extra: "-metadata 'title=a b'".into(),
        ..Encoding::default()
    };
    let media = media("h264");
    let target = Target {
        host: "127.0.0.1".into(),
        by: By::Rtsp,
        port: 8554,
        name: "lobby".into(),
        user: "publisher".into(),
        pass: "s3cret".into(),
    };
    let wanted = Wanted::by(encoding);
    let plan = plan(&media, &wanted).expect("has tracks");
    let input = Input::File { path: "/v/a.mp4", playback: Playback::Once };
    let version = Version::MINIMUM;
    let found = line(&Publish {
        input,
        media: &media,
        plan: &plan,
        encoding: &wanted.encoding,
        target: &target,
        version,
    });
    let tracks = "-ss 1.500 -to 62.000 -i file:/v/a.mp4 -map 0:V:0 \
        -vf bwdif=mode=send_frame,fps=25,transpose=clock,scale=304:540,setsar=1,format=yuv420p \
        -c:v libx264 -preset veryfast -tune zerolatency -profile:v high -b:v 1500k -maxrate 1500k -bufsize 3000k \
        -bf 0 -g 50 -keyint_min 50 -sc_threshold 0 -flags +cgop \
        -map 0:a:0 -filter:a aresample=48000:async=1:first_pts=0,volume=1.5 -c:a aac -b:a 64k -ac:a 2 -ar:a 48000 \
        -metadata title=a b";
    assert_eq!(found, format!("{START} {tracks} {END}"));
}

#[test]
fn a_part_that_repeats_is_read_from_a_list() {
    let found = with(&media("mpeg2video"), Playback::Loop, |publish| {
        line(&Publish { input: Input::Passes(Path::new("/run/part.ffconcat")), ..*publish })
    });
    let start = START.replace("-format_whitelist mov", "-format_whitelist concat,mov");
    let input = "-seek_timestamp 1 -ss 0 -f concat -safe 0 -i file:/run/part.ffconcat -map 0:V:0 -vf bwdif";
    assert!(found.starts_with(&format!("{start} {input}")), "{found}");
}

#[test]
fn shown_is_quoted_and_holds_no_credentials() {
    let line = with(&media("h264"), Playback::Loop, |publish| shown("/opt/my ffmpeg/ffmpeg", publish));
    assert!(line.ends_with(" rtsp://127.0.0.1:8554/lobby"), "{line}");
    assert!(!line.contains("s3cret") && !line.contains("publisher"), "{line}");
    let words = shell_words::split(&line).expect("can be pasted into a shell");
    assert_eq!(words[0], "/opt/my ffmpeg/ffmpeg");
    assert!(words.contains(&"file:/v/it's 100%.mp4".to_owned()), "{words:?}");
}

#[test]
fn what_a_server_has_is_read_at_its_own_pace_and_its_password_stays_hidden() {
    let target = |name: &str, user: &str| Target {
        host: "127.0.0.1".into(),
        by: By::Rtsp,
        port: 8554,
        name: name.into(),
        user: user.into(),
        pass: "s3cret".into(),
    };
    let (from, to) = (target(".source/1?x=probe", "reader"), target("cam", "publisher"));
    let mut media = media("hevc");
    media.audio = media.audio.map(|audio| AudioTrack { codec: "pcm_mulaw".into(), profile: None, ..audio });
    let plan = crate::plan::live(&media, &Wanted::default()).expect("has tracks");
    let publish = Publish {
        input: Input::Live(&from),
        media: &media,
        plan: &plan,
        encoding: &Encoding::default(),
        target: &to,
        version: Version::MINIMUM,
    };
    let found = line(&publish);
    let input = "-protocol_whitelist rtsp,rtp,udp,tcp -rtsp_transport tcp -timeout 10000000 \
        -i rtsp://reader:s3cret@127.0.0.1:8554/.source/1?x=probe -map 0:V:0";
    assert!(found.contains(input) && !found.contains("-re ") && !found.contains("stream_loop"), "{found}");
    assert!(found.contains("-c:v libx264") && found.contains("-c:a libopus"), "{found}");
    let shown = shown("ffmpeg", &publish);
    assert!(!shown.contains("s3cret") && !shown.contains("reader"), "{shown}");
}
