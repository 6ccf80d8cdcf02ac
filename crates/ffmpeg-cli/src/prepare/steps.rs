//! The commands that make a prepared file, one after the other, in a folder of their own: all file names but the
//! source's are relative to it.

use std::{ffi::OsString, path::Path};

use stream_api::Part;

use super::{
    AAC, OPUS, RATE, Recipe,
    recipe::{Length, Picture, Tone},
    test_pattern,
};
use crate::{
    input,
    publish::{encode, part},
};

/// The finished file.
pub const WHOLE: &str = "whole.mp4";
/// What [`seam_arguments`] writes.
pub const SEAM_FILE: &str = "seam.txt";

const PICTURE: &str = "picture.mp4";
const SOUND: &str = "sound.pcm";
const LONG_AAC: &str = "long.aac";
const LONG_OPUS: &str = "long.ogg";
const LOOP_AAC: &str = "loop.aac";
const LOOP_OPUS: &str = "loop.ogg";

/// AAC packets before the start that are encoded and cut off, without the encoder's own first one.
const AAC_LEAD: u64 = 4;
/// Opus packets before the start that are encoded and cut off.
const OPUS_LEAD: u64 = 10;
/// Samples by which libopus lags behind at 48 kHz: its pre-skip.
const OPUS_LAG: u64 = 312;
/// Ticks a second of the picture's time stamps: those of RTP.
const TICKS: u64 = 90_000;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// FFmpeg's arguments, to be run in the folder.
    pub arguments: Vec<OsString>,
    /// Thousandths of all the work.
    pub share: u32,
    /// Microseconds that `out_time_us` of its [`progress`](crate::progress) counts to.
    pub until: i64,
}

/// FFmpeg's arguments to find out how long a file really is, without decoding it: the last `out_time_us` of its
/// [`progress`](crate::progress). What a container says is no more than an estimate in MPEG-TS or raw AAC.
pub fn measure_arguments(source: &Path) -> Vec<OsString> {
    let mut words = start();
    from_source(&mut words, source, None);
    add(&mut words, &["-map", "0:V:0?", "-map", "0:a:0?", "-c", "copy", "-f", "null", "-"]);
    words
}

/// The commands that make [`WHOLE`] of `source` (the test pattern without one), of which so many seconds are taken
/// ([`Recipe::taken`]).
pub fn steps(recipe: &Recipe, source: Option<&Path>, seconds: f64) -> Vec<Step> {
    let length = Length::of(recipe, seconds);
    let until = (length.seconds() * 1e6) as i64;
    let step = |arguments, share, until| Step { arguments, share, until };
    let mut all =
        vec![step(decoded(recipe, source, length), if recipe.picture.is_some() { 900 } else { 300 }, until)];
    if let Some(sound) = recipe.sound {
        let share = if recipe.picture.is_some() { 60 } else { 600 };
        all.push(step(encoded_sound(sound, length), share, until));
        all.push(step(cut_sound(length), 10, until));
    }
    all.push(step(joined(recipe, length), 10, until));
    all
}

/// The picture as it will be, and the sound in full, both exactly as long as they shall be.
fn decoded(recipe: &Recipe, source: Option<&Path>, length: Length) -> Vec<OsString> {
    let mut words = start();
    match source {
        Some(source) => from_source(&mut words, source, recipe.part),
        None => test_pattern::inputs(&mut words, recipe),
    }
    let sound = if source.is_some() { "0:a:0" } else { test_pattern::SOUND };
    if let Some(picture) = &recipe.picture {
        match source {
            Some(_) => add(&mut words, &["-map", "0:V:0", "-vf", &filter(picture)]),
            None => add(&mut words, &["-map", test_pattern::PICTURE]),
        }
        add(&mut words, &["-frames:v", &length.frames.to_string()]);
        encoder(&mut words, picture);
        add(&mut words, &["-video_track_timescale", &TICKS.to_string(), "-f", "mp4", PICTURE]);
    }
    if let Some(tone) = recipe.sound {
        let (samples, volume) = (length.samples, encode::volume(tone.volume));
        let filter = format!(
            "aresample={RATE}:async=1:first_pts=0{volume},aformat=sample_fmts=s16:channel_layouts=stereo,\
             apad=whole_len={samples},atrim=end_sample={samples}"
        );
        add(&mut words, &["-map", sound, "-af", &filter, "-c:a", "pcm_s16le", "-f", "s16le", SOUND]);
    }
    words
}

/// From the first moment of the source on; what is missing at the end is the last picture, held.
fn filter(picture: &Picture) -> String {
    let Picture { width, height, rate, interlaced, turn, .. } = picture;
    let frames = if *interlaced { "bwdif=mode=send_frame," } else { "" };
    let turn = encode::turn(*turn).map(|turn| format!("{turn},")).unwrap_or_default();
    format!(
        "{frames}fps={rate}:start_time=0,{turn}scale={width}:{height},setsar=1,format=yuv420p,\
         tpad=stop_mode=clone:stop=-1"
    )
}

/// As for what is encoded while it plays, but with time to look ahead: the same bits give a better picture.
fn encoder(words: &mut Vec<OsString>, picture: &Picture) {
    let (rate, buffer) = (format!("{}k", picture.kilobits), format!("{}k", 2 * picture.kilobits));
    let second = picture.fps.round().max(1.0).to_string();
    add(words, &["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high"]);
    match picture.quality {
        Some(quality) => add(words, &["-crf", &quality.to_string()]),
        None => add(words, &["-b:v", &rate]),
    }
    add(words, &["-maxrate", &rate, "-bufsize", &buffer]);
    add(words, &["-bf", "0", "-g", &second, "-keyint_min", &second, "-sc_threshold", "0", "-flags", "+cgop"]);
}

/// Both codecs, from some packets before the start of a second pass to some after its end: an encoder's state at both
/// ends is then that of an endless loop.
fn encoded_sound(tone: Tone, length: Length) -> Vec<OsString> {
    let samples = length.samples;
    let cut = |lead: u64, after: u64| {
        format!("atrim=start_sample={}:end_sample={},asetpts=N/SR/TB", samples - lead, 2 * samples + after)
    };
    let aac = cut(AAC_LEAD * AAC, 2 * AAC);
    let opus = cut(OPUS_LEAD * OPUS - OPUS_LAG, 2 * OPUS);
    let graph = format!("[0:a]asplit=2[x][y];[x]{aac}[a];[y]{opus}[o]");
    let mut words = start();
    add(&mut words, &["-f", "s16le", "-ar", "48000", "-ac", "2", "-stream_loop", "2", "-i", SOUND]);
    add(&mut words, &["-filter_complex", &graph]);
    let [aac, opus] = tone.kilobits().map(|kilobits| format!("{kilobits}k"));
    add(&mut words, &["-map", "[a]", "-c:a", "aac", "-b:a", &aac, "-f", "adts", LONG_AAC]);
    add(&mut words, &["-map", "[o]", "-c:a", "libopus", "-b:a", &opus, "-f", "ogg", LONG_OPUS]);
    words
}

/// The packets of one pass. Each cut is set half a packet before the first that stays.
fn cut_sound(length: Length) -> Vec<OsString> {
    let seconds = |packets: f64, samples: u64| format!("{:.6}", packets * samples as f64 / RATE as f64);
    let aac = seconds(AAC_LEAD as f64 + 0.5, AAC);
    let opus = seconds(OPUS_LEAD as f64 - 0.5, OPUS);
    let mut words = start();
    add(&mut words, &["-i", LONG_AAC, "-i", LONG_OPUS]);
    let packets = length.aac().to_string();
    add(
        &mut words,
        &["-map", "0:a", "-ss", &aac, "-frames:a", &packets, "-c", "copy", "-f", "adts", LOOP_AAC],
    );
    let packets = length.opus().to_string();
    add(
        &mut words,
        &["-map", "1:a", "-ss", &opus, "-frames:a", &packets, "-c", "copy", "-f", "ogg", LOOP_OPUS],
    );
    words
}

/// All tracks in one file, each with time stamps that fill its length evenly.
fn joined(recipe: &Recipe, length: Length) -> Vec<OsString> {
    let mut words = start();
    let picture = recipe.picture.is_some();
    if picture {
        add(&mut words, &["-i", PICTURE]);
    }
    if recipe.sound.is_some() {
        add(&mut words, &["-i", LOOP_AAC, "-i", LOOP_OPUS]);
    }
    if picture {
        let (ticks, frames) = (length.samples * TICKS / RATE, length.frames);
        let at = |n: &str| format!("round({n}*{ticks}/{frames})");
        let (now, next) = (at("N"), at("(N+1)"));
        let times = format!("setts=pts={now}:dts={now}:duration={next}-{now}");
        add(&mut words, &["-map", "0:v", "-bsf:v", &times]);
    }
    if recipe.sound.is_some() {
        let first = usize::from(picture);
        add(&mut words, &["-map", &format!("{first}:a"), "-map", &format!("{}:a", first + 1)]);
        let times = |samples: u64| format!("setts=pts=N*{samples}:dts=N*{samples}:duration={samples}");
        add(&mut words, &["-bsf:a:0", "aac_adtstoasc", "-bsf:a:1", &times(OPUS)]);
    }
    add(&mut words, &["-c", "copy", "-map_metadata", "-1", "-use_editlist", "0"]);
    add(&mut words, &["-video_track_timescale", &TICKS.to_string(), "-f", "mp4", WHOLE]);
    words
}

/// FFmpeg's arguments to decode the first and the last seconds of [`WHOLE`]. It is good when FFmpeg exits with 0.
pub fn check_arguments() -> Vec<OsString> {
    let mut words = start();
    add(&mut words, &["-xerror", "-t", "2", "-i", WHOLE, "-sseof", "-2", "-i", WHOLE]);
    add(&mut words, &["-map", "0", "-map", "1", "-f", "null", "-"]);
    words
}

/// FFmpeg's arguments to write the time stamps of two passes of [`WHOLE`] into [`SEAM_FILE`], for
/// [`Seam`](super::Seam).
pub fn seam_arguments() -> Vec<OsString> {
    let mut words = start();
    add(
        &mut words,
        &["-stream_loop", "1", "-i", WHOLE, "-map", "0", "-c", "copy", "-f", "framecrc", SEAM_FILE],
    );
    words
}

fn from_source(words: &mut Vec<OsString>, source: &Path, part: Option<Part>) {
    words.extend(input::safety());
    words.extend(part::arguments(part).flatten().map(OsString::from));
    add(words, &["-i"]);
    words.push(input::url(source));
}

/// `-y`: the folder is its own, and a question would wait for ever.
fn start() -> Vec<OsString> {
    let mut words = Vec::new();
    add(&mut words, &["-hide_banner", "-nostats", "-loglevel", "repeat+level+warning", "-y"]);
    add(&mut words, &["-progress", "pipe:1", "-stats_period", "0.5"]);
    words
}

pub(super) fn add(words: &mut Vec<OsString>, more: &[&str]) {
    words.extend(more.iter().map(OsString::from));
}
