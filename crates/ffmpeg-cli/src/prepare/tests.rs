use std::path::Path;

use stream_api::{AudioTrack, Encoding, Mode, Part, SentAudio, Sound, SourceMedia, Tracks, VideoTrack};

use super::{recipe::Length, *};
use crate::plan::Wanted;

fn plan(media: &SourceMedia) -> Result<stream_api::Plan, stream_api::Error> {
    crate::plan::plan(media, &Wanted::default())
}

fn media(fps: f64, sound: bool) -> SourceMedia {
    SourceMedia {
        container: "avi".into(),
        duration: Some(5.0),
        video: Some(VideoTrack {
            codec: "mpeg4".into(),
            profile: None,
            width: 640,
            height: 360,
            fps,
            pixel_format: "yuv420p".into(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(1.0),
            variable_fps: false,
            hdr: false,
        }),
        audio: sound.then(|| AudioTrack {
            codec: "mp3".into(),
            profile: None,
            sample_rate: 44_100,
            channels: 2,
        }),
        ..SourceMedia::default()
    }
}

fn recipe(fps: f64, sound: bool) -> Recipe {
    let media = media(fps, sound);
    Recipe::of(&media, &plan(&media).expect("has tracks"), &Encoding::default())
}

#[test]
fn every_track_lasts_the_same_at_every_frame_rate() {
    for fps in [5.0, 12.5, 23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0] {
        for seconds in [0.1, 0.32, 5.0, 5.12, 12.6, 61.003, 7200.04] {
            let recipe = recipe(fps, true);
            let length = Length::of(&recipe, seconds);
            let fps = recipe.picture.as_ref().expect("has a picture").fps;
            assert_eq!(length.samples, length.aac() * 1024, "{fps} {seconds}");
            assert_eq!(length.samples, length.opus() * 960, "{fps} {seconds}");
            let over = length.seconds() - seconds;
            assert!((-0.001..0.32).contains(&over), "{fps} {seconds}: {over} s more");
            // Each frame is shown for nearly as long as it should be.
            let off = length.frames as f64 / fps - length.seconds();
            assert!(off.abs() <= 0.5 / fps + 1e-3, "{fps} {seconds}: {off} s of picture too many");
        }
    }
    assert_eq!(
        Length::of(&recipe(25.0, true), 5.12),
        Length { samples: 245_760, frames: 128 },
        "exact as it is"
    );
}

#[test]
fn the_steps_of_a_file_with_picture_and_sound() {
    let all = steps(&recipe(30.0, true), Some(Path::new("/v/it's 1.avi")), 5.0);
    let lines: Vec<String> = all
        .iter()
        .map(|step| {
            let words = step.arguments.iter().map(|word| word.to_string_lossy());
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    let start = "-hide_banner -nostats -loglevel repeat+level+warning -y -progress pipe:1 -stats_period 0.5";
    assert_eq!(
        lines,
        [
            format!(
                "{start} -protocol_whitelist file -format_whitelist \
                 mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,mpeg,avi,flv,asf,mp3,wav,ogg,flac,aac \
                 -i file:/v/it's 1.avi -map 0:V:0 -vf fps=30:start_time=0,scale=640:360,setsar=1,format=yuv420p,\
                 tpad=stop_mode=clone:stop=-1 -frames:v 154 -c:v libx264 -preset veryfast -profile:v high -b:v 611k \
                 -maxrate 611k -bufsize 1222k -bf 0 -g 30 -keyint_min 30 -sc_threshold 0 -flags +cgop \
                 -video_track_timescale 90000 -f mp4 picture.mp4 -map 0:a:0 -af aresample=48000:async=1:first_pts=0,\
                 aformat=sample_fmts=s16:channel_layouts=stereo,apad=whole_len=245760,atrim=end_sample=245760 \
                 -c:a pcm_s16le -f s16le sound.pcm"
            ),
            format!(
                "{start} -f s16le -ar 48000 -ac 2 -stream_loop 2 -i sound.pcm -filter_complex [0:a]asplit=2[x][y];\
                 [x]atrim=start_sample=241664:end_sample=493568,asetpts=N/SR/TB[a];\
                 [y]atrim=start_sample=236472:end_sample=493440,asetpts=N/SR/TB[o] \
                 -map [a] -c:a aac -b:a 128k -f adts long.aac -map [o] -c:a libopus -b:a 96k -f ogg long.ogg"
            ),
            format!(
                "{start} -i long.aac -i long.ogg -map 0:a -ss 0.096000 -frames:a 240 -c copy -f adts loop.aac \
                 -map 1:a -ss 0.190000 -frames:a 256 -c copy -f ogg loop.ogg"
            ),
            format!(
                "{start} -i picture.mp4 -i loop.aac -i loop.ogg -map 0:v -bsf:v setts=pts=round(N*460800/154):\
                 dts=round(N*460800/154):duration=round((N+1)*460800/154)-round(N*460800/154) -map 1:a -map 2:a \
                 -bsf:a:0 aac_adtstoasc -bsf:a:1 setts=pts=N*960:dts=N*960:duration=960 -c copy -map_metadata -1 \
                 -use_editlist 0 -video_track_timescale 90000 -f mp4 whole.mp4"
            ),
        ]
    );
    assert!(all.iter().map(|step| step.share).sum::<u32>() < 1000, "the check is work as well");
}

#[test]
fn what_it_is_made_by_tells_files_apart() {
    assert_eq!(recipe(30.0, true).name(), "v1-640x360p30-611-aac-opus");
    assert_eq!(recipe(29.97, false).name(), "v1-640x360p30000/1001-611");
    let part = Recipe { part: Some(Part { start: 1500, end: None }), ..recipe(30.0, true) };
    assert_eq!(part.name(), "v1-640x360p30-611-aac-opus-from1500-to");
    assert!((part.taken(5.0) - 3.5).abs() < 1e-9 && part.taken(1.0) < 0.0);
    let decoded = &steps(&part, Some(Path::new("/v/a.avi")), 3.5)[0].arguments;
    let at = decoded.iter().position(|word| word == "-i").expect("has an input");
    assert_eq!(decoded[at - 2..at], ["-ss", "1.500"], "{decoded:?}");
    let sound = SourceMedia { video: None, ..media(0.0, true) };
    let sound = Recipe::of(&sound, &plan(&sound).expect("has tracks"), &Encoding::default());
    assert_eq!(sound.name(), "v1-aac-opus");
}

#[test]
fn what_was_chosen_is_made_once_instead_of_all_the_time() {
    let chosen = |encoding: Encoding| {
        let media = media(30.0, true);
        let plan = crate::plan::plan(&media, &Wanted::by(encoding.clone())).expect("has tracks");
        assert!(encoding.may_prepare(), "{encoding:?}");
        let recipe = Recipe::of(&media, &plan, &encoding);
        let words = |step: &Step| {
            let words = step.arguments.iter().map(|word| word.to_string_lossy().into_owned());
            words.collect::<Vec<_>>().join(" ")
        };
        let lines: Vec<String> = steps(&recipe, Some(Path::new("/a")), 5.0).iter().map(words).collect();
        (recipe, lines.join("\n"))
    };
    let turned = Encoding {
        rotate: Some(90),
        deinterlace: Some(true),
        quality: Some(30),
        volume: Some(50),
        audio_kilobits: Some(192),
        ..Encoding::default()
    };
    let (recipe, lines) = chosen(turned);
    assert_eq!(recipe.name(), "v1-360x640i30-1222-q30-turn90-aac-opus-192k-volume50");
    assert!(lines.contains("-vf bwdif=mode=send_frame,fps=30:start_time=0,transpose=clock,scale=360:640,"));
    assert!(lines.contains("-crf 30 -maxrate 1222k") && !lines.contains("-b:v"), "{lines}");
    assert!(lines.contains("first_pts=0,volume=0.5,aformat") && lines.contains("aac -b:a 192k"), "{lines}");
    let (silent, lines) = chosen(Encoding { audio: Sound::None, ..Encoding::default() });
    assert!(silent.name() == "v1-640x360p30-611" && !lines.contains("0:a:0"), "{lines}");
    let (aac, _) = chosen(Encoding { audio: Sound::Aac, ..Encoding::default() });
    let plan = aac.plan();
    assert!(plan.sent.second_audio.is_none() && aac.name() == recipe_name(), "the same file: {plan:?}");
    assert!(narrowed(&plan, &Tracks { audio: None, ..plan.sent.clone() }).is_none(), "not without its sound");
    let (opus, _) = chosen(Encoding { audio: Sound::Opus, ..Encoding::default() });
    assert_eq!(opus.plan().audio.as_deref(), Some("opus"));
}

fn recipe_name() -> String {
    recipe(30.0, true).name()
}

#[test]
fn a_picture_that_could_be_copied_keeps_its_bits() {
    let copied = |bitrate_bps| {
        let mut media = SourceMedia { bitrate_bps: Some(bitrate_bps), ..media(30.0, false) };
        media.container = "mov,mp4".into();
        if let Some(video) = &mut media.video {
            (video.codec, video.profile) = ("h264".into(), Some("High".into()));
        }
        let plan = plan(&media).expect("has tracks");
        assert_eq!(plan.mode, Mode::Copy, "{plan:?}");
        Recipe::of(&media, &plan, &Encoding::default())
    };
    assert_eq!(copied(12_012_345).name(), "v1-640x360p30-12100");
    let hour = (copied(12_012_345), recipe(30.0, true));
    assert_eq!(hour.0.space(3600.0), 2 * hour.0.size(3600.0));
    assert!(hour.1.space(3600.0) > 2 * hour.1.size(3600.0) + 690_000_000, "as samples it is large");
    assert_eq!(copied(100_000).name(), "v1-640x360p30-611", "the usual ones");
    assert_eq!(copied(90_000_000).name(), "v1-640x360p30-20000", "a disk has an end");
    let plan = copied(12_012_345).plan();
    assert!(plan.reasons[0].message.contains("12.1") && plan.cost.is_some(), "{plan:?}");
}

#[test]
fn it_is_sent_with_the_tracks_that_viewers_have_already() {
    let plan = recipe(30.0, true).plan();
    assert!(plan.mode == Mode::Prepared && plan.warnings.is_empty() && plan.unkept.is_none(), "{plan:?}");
    let sound = |codec: &str, sample_rate| Some(SentAudio { codec: codec.into(), sample_rate, channels: 2 });
    let tracks = |audio, second_audio| Tracks { video: Some("h264".into()), audio, second_audio };
    for (now, fits) in [
        (tracks(sound("aac", 48_000), sound("opus", 48_000)), true),
        (tracks(sound("aac", 48_000), None), true),
        (tracks(sound("opus", 48_000), None), true),
        (tracks(sound("aac", 44_100), None), false),
        (tracks(None, None), false),
    ] {
        let narrowed = narrowed(&plan, &now);
        assert_eq!(narrowed.as_ref().map(|plan| &plan.sent), fits.then_some(&now));
    }
}

/// As written by FFmpeg 9.0 for two passes of one frame and 0.32 s.
fn seam(change: impl Fn(usize, i64) -> i64) -> Result<(), SeamError> {
    let recipe = recipe(25.0, true);
    let mut seam = Seam::new(&recipe, 0.32, 2);
    for line in ["#software: Lavf62", "#tb 0: 1/90000", "#tb 1: 1/48000", "#tb 2: 1/48000"] {
        seam.line(line)?;
    }
    for (track, packets, step) in [(0, 16, 3600), (1, 30, 1024), (2, 32, 960)] {
        for packet in 0..packets {
            let at = change(track, packet * step);
            seam.line(&format!("{track}, {at:10}, {at:10}, {step:8},     6137, 0x19d0a3bd"))?;
        }
    }
    seam.end()
}

#[test]
fn a_seam_is_found() {
    assert_eq!(seam(|_, at| at), Ok(()));
    assert_eq!(seam(|_, at| at + 1), Ok(()), "rounding is no seam");
    let late = seam(|track, at| if track == 2 && at >= 16 * 960 { at + 312 } else { at });
    assert!(matches!(late, Err(SeamError::Jump { track: 2, packet: 16, .. })), "{late:?}");
    let before = seam(|track, at| if track == 1 { at - 1024 } else { at });
    assert!(matches!(before, Err(SeamError::Jump { track: 1, packet: 0, .. })), "{before:?}");
    let mut short = Seam::new(&recipe(25.0, true), 0.32, 2);
    assert!(matches!(short.end(), Err(SeamError::Packets { track: 0, found: 0, wanted: 16 })));
    assert_eq!(short.line("3, 0, 0, 1, 1, 0x0"), Err(SeamError::Surplus(3)));
    assert!(matches!(short.line("what?"), Err(SeamError::Unreadable(_))));
}
