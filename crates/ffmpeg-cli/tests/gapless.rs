//! Prepared files, made and looped by real FFmpegs of several versions: no jump in time, no click.
#![expect(clippy::disallowed_methods, reason = "tests start FFmpeg themselves and wait for its end")]

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ffmpeg_cli::prepare::{
    self, Recipe, SEAM_FILE, Seam, SeamError, WHOLE, check_arguments, measure_arguments, seam_arguments,
};
use stream_api::{AudioTrack, SourceMedia, VideoTrack};
use testkit::fixtures;

/// The largest bend of the tone, which has an eighth of the full amplitude: 4096 (2π 1000/48000)².
const TONE: i32 = 70;
/// How often a file is played.
const PASSES: u64 = 20;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

/// Runs it in `folder`; what it prints.
fn run(program: &Path, folder: &Path, arguments: impl IntoIterator<Item = OsString>) -> Vec<u8> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let ran = Command::new(program).args(&arguments).current_dir(folder).stdin(Stdio::null()).output();
    let ran = ran.unwrap_or_else(|error| panic!("{} can be run: {error}", program.display()));
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{} {arguments:?}: {stderr}", program.display());
    ran.stdout
}

/// Every version that is here.
fn versions() -> Vec<PathBuf> {
    let others = ["7.0.2", "9.0.2"].into_iter().filter_map(fixtures::ffmpeg_version);
    std::iter::once(fixtures::ffmpeg()).chain(others).collect()
}

/// Pictures and a tone, both of which go on without a break where they start again.
fn source(folder: &Path, fps: &str, seconds: &str) -> PathBuf {
    let line = format!(
        "-v error -y -f lavfi -i testsrc2=s=160x90:r={fps}:d={seconds} -f lavfi \
         -i sine=frequency=1000:sample_rate=48000:d={seconds} -c:v mpeg4 -q:v 5 -c:a pcm_s16le -ac 2 source.avi"
    );
    run(&fixtures::ffmpeg(), folder, words(&line));
    folder.join("source.avi")
}

fn recipe(fps: f64) -> Recipe {
    let media = SourceMedia {
        container: "avi".into(),
        duration: Some(1.0),
        video: Some(VideoTrack {
            codec: "mpeg4".into(),
            profile: None,
            width: 160,
            height: 90,
            fps,
            pixel_format: "yuv420p".into(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(0.4),
            variable_fps: false,
            hdr: false,
        }),
        audio: Some(AudioTrack {
            codec: "pcm_s16le".into(),
            profile: None,
            sample_rate: 48_000,
            channels: 2,
        }),
        ..SourceMedia::default()
    };
    Recipe::of(
        &media,
        &ffmpeg_cli::plan::plan(&media, &Default::default()).expect("has tracks"),
        &Default::default(),
    )
}

fn make(ffmpeg: &Path, folder: &Path, recipe: &Recipe, source: Option<&Path>, seconds: f64) {
    for step in prepare::steps(recipe, source, seconds) {
        run(ffmpeg, folder, step.arguments);
    }
}

fn check(seam: &mut Seam, lines: &str) -> Result<(), SeamError> {
    lines.lines().try_for_each(|line| seam.line(line))?;
    seam.end()
}

/// Time stamps of so many passes of a file, as FFmpeg sends them.
fn time_stamps(ffmpeg: &Path, folder: &Path, file: &str) -> String {
    let times = PASSES - 1;
    let line = format!("-nostdin -v error -stream_loop {times} -i {file} -map 0 -c copy -f framecrc -");
    String::from_utf8(run(ffmpeg, folder, words(&line))).expect("is text")
}

/// The largest bend of the sound's curve away from the seams, and at the seams.
fn bends(folder: &Path, file: &str, track: usize, pass: usize) -> (i32, i32) {
    let ffmpeg = fixtures::ffmpeg();
    let times = PASSES - 1;
    let line =
        format!("-v error -y -stream_loop {times} -i {file} -map 0:a:{track} -c copy -f nut looped.nut");
    run(&ffmpeg, folder, words(&line));
    let pcm = run(&ffmpeg, folder, words("-v error -i looped.nut -f s16le -ac 1 -ar 48000 -"));
    let sound: Vec<i32> =
        pcm.as_chunks::<2>().0.iter().map(|sample| i32::from(i16::from_le_bytes(*sample))).collect();
    assert!(sound.len() > pass * (PASSES as usize - 1), "{} samples of {pass} a pass", sound.len());
    let (mut between, mut at_seams) = (0, 0);
    for (at, three) in sound.windows(3).enumerate().skip(4800) {
        let bend = (three[0] - 2 * three[1] + three[2]).abs();
        let place = at % pass;
        let largest = if place < 2400 || place > pass - 2400 { &mut at_seams } else { &mut between };
        *largest = bend.max(*largest);
    }
    (between, at_seams)
}

#[test]
fn a_prepared_file_loops_without_jump_and_click_on_every_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let (source, recipe, seconds) = (source(at, "30", "4.8"), recipe(30.0), 4.8);
    for maker in versions() {
        make(&maker, at, &recipe, Some(&source), seconds);
        run(&maker, at, check_arguments());
        run(&maker, at, seam_arguments());
        let written = fs::read_to_string(at.join(SEAM_FILE)).expect("it was written");
        assert_eq!(check(&mut Seam::new(&recipe, seconds, 2), &written), Ok(()), "{}", maker.display());
        for player in versions() {
            let lines = time_stamps(&player, at, WHOLE);
            let checked = check(&mut Seam::new(&recipe, seconds, PASSES), &lines);
            assert_eq!(checked, Ok(()), "made by {}, played by {}", maker.display(), player.display());
        }
        for (track, codec) in ["AAC", "Opus"].into_iter().enumerate() {
            let (between, at_seams) = bends(at, WHOLE, track, 4800 * 48);
            eprintln!("{codec} by {}: {between} between, {at_seams} at seams", maker.display());
            assert!(at_seams <= between + between / 4, "{codec}: {at_seams} at seams, {between} between");
        }
    }
}

#[test]
fn an_ordinary_file_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    source(at, "30", "4.8");
    let line = "-v error -y -i source.avi -c:v libx264 -preset ultrafast -bf 0 -c:a aac ordinary.mp4";
    run(&fixtures::ffmpeg(), at, words(line));
    let line = "-v error -y -i ordinary.mp4 -i ordinary.mp4 -map 0 -map 1:a -c copy twice.mp4";
    run(&fixtures::ffmpeg(), at, words(line));
    let lines = time_stamps(&fixtures::ffmpeg(), at, "twice.mp4");
    let found = check(&mut Seam::new(&recipe(30.0), 4.8, PASSES), &lines);
    assert!(found.is_err(), "its packets before time 0 are seen");
    // Its passes are not equally long, so the seams may be anywhere.
    let (between, at_seams) = bends(at, "ordinary.mp4", 0, 4800 * 48);
    assert!(between.max(at_seams) > 2 * TONE, "it clicks: {at_seams} and {between}");
}

#[test]
fn odd_frame_rates_and_lengths_have_no_seam_either() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    for (rate, fps, length) in [("24", 24.0, "1.3"), ("30000/1001", 30_000.0 / 1001.0, "2.01")] {
        let (source, recipe) = (source(at, rate, length), recipe(fps));
        let measured = run(&fixtures::ffmpeg(), at, measure_arguments(&source));
        let mut parser = ffmpeg_cli::progress::Parser::default();
        let measured = String::from_utf8_lossy(&measured).into_owned();
        let last = measured.lines().filter_map(|line| parser.line(line)).last().expect("progress is printed");
        let seconds = last.out_time_us.expect("a time") as f64 / 1e6;
        let said: f64 = length.parse().expect("a number");
        assert!((seconds - said).abs() < 0.1, "{length} s were measured as {seconds}");
        make(&fixtures::ffmpeg(), at, &recipe, Some(&source), seconds);
        for player in versions() {
            let lines = time_stamps(&player, at, WHOLE);
            let checked = check(&mut Seam::new(&recipe, seconds, PASSES), &lines);
            assert_eq!(checked, Ok(()), "{rate} by {}", player.display());
        }
    }
}

#[test]
fn the_test_pattern_is_made_of_nothing_and_has_no_seam() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let (recipe, seconds) = (Recipe::test_pattern(), Recipe::TEST_PATTERN_SECONDS);
    make(&fixtures::ffmpeg(), at, &recipe, None, seconds);
    run(&fixtures::ffmpeg(), at, check_arguments());
    let lines = time_stamps(&fixtures::ffmpeg(), at, WHOLE);
    assert_eq!(check(&mut Seam::new(&recipe, seconds, PASSES), &lines), Ok(()));
    let (between, at_seams) = bends(at, WHOLE, 0, 9600 * 48);
    assert!(at_seams <= between + between / 4, "the tone goes on: {at_seams} at seams, {between} between");
}
