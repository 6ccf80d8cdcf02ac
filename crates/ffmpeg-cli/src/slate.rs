//! The slate of a stream: a short clip with the stream's own tracks, which the server plays to viewers while the
//! stream itself is away. A dark picture on which three dots light up in turn, and silence.
//!
//! MediaMTX plays each track by its own sample durations, over and over, and ignores edit lists (`runFile` in
//! `internal/stream/offline_sub_stream_track.go`), so every packet must be a full one and nothing is cut to fit.
//! It reads every slate again at each change of its configuration, hence the length.

use std::{ffi::OsString, path::Path};

use stream_api::{Plan, SentAudio, SourceMedia, Tracks, Unkept};

use crate::{
    input,
    publish::encode::{FrameRate, size},
};

/// Seconds: about as long as a slate gets, and its shortest and longest. 1.6 s is exact for 25, 30, 50 and 60
/// frames a second with 48 kHz AAC and with Opus.
const LENGTH: f64 = 1.6;
const LENGTHS: std::ops::RangeInclusive<f64> = 1.2..=2.0;

/// Grows when [`arguments`] changes, so that slates of earlier versions are not taken for its own.
const VERSION: u32 = 1;

/// What a slate is made from: equal ones give the same clip.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slate {
    tracks: Tracks,
    picture: Option<Picture>,
    /// Of each sound track.
    packets: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Picture {
    width: u32,
    height: u32,
    /// Frames per second, as FFmpeg takes it.
    fps: String,
    frames: u32,
}

/// Why no slate can have these tracks; none when one can.
pub(crate) fn unkept(tracks: &Tracks) -> Option<Unkept> {
    if tracks.video.as_deref().is_some_and(|codec| codec != "h264") {
        return Some(Unkept::Picture);
    }
    let fits = sounds(tracks).all(|audio| Packets::of(audio).is_some());
    (!fits).then_some(Unkept::Sound)
}

fn sounds(tracks: &Tracks) -> impl Iterator<Item = &SentAudio> {
    tracks.audio.iter().chain(&tracks.second_audio)
}

impl Slate {
    /// The slate of a source that is sent by `plan`.
    ///
    /// # Errors
    /// Why there is none.
    pub fn of(media: &SourceMedia, plan: &Plan) -> Result<Slate, Unkept> {
        if let Some(reason) = plan.unkept {
            return Err(reason);
        }
        let packet = plan.sent.audio.as_ref().and_then(Packets::of).map(|packets| packets.seconds);
        let video = media.video.as_ref().filter(|_| plan.sent.video.is_some());
        let mut length = LENGTH;
        let picture = video.map(|video| {
            let (width, height, rate) = match &plan.picture {
                Some(made) => (made.width, made.height, FrameRate::exact(made.fps)),
                None => {
                    let (width, height) = size(video);
                    (width, height, FrameRate::of(video))
                }
            };
            let frames = best_length(1.0 / rate.value, packet);
            length = f64::from(frames) / rate.value;
            Picture { width, height, fps: rate.text, frames }
        });
        let sounds = sounds(&plan.sent).filter_map(Packets::of);
        let packets = sounds.map(|packets| (length / packets.seconds).round() as u32).collect();
        Ok(Slate { tracks: plan.sent.clone(), picture, packets })
    }

    /// The tracks that a publisher must have.
    pub fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    /// A file name that tells it from every other, for any file system.
    pub fn file_name(&self) -> String {
        let mut parts = vec![format!("v{VERSION}")];
        if let Some(Picture { width, height, fps, .. }) = &self.picture {
            parts.push(format!("h264-{width}x{height}-{}", fps.replace('/', "_")));
        }
        for SentAudio { codec, sample_rate, channels } in sounds(&self.tracks) {
            parts.push(format!("{codec}-{sample_rate}-{channels}"));
        }
        format!("{}.mp4", parts.join("-"))
    }
}

/// FFmpeg's arguments to make the slate as the new file `to`. It reads nothing.
pub fn arguments(slate: &Slate, to: &Path) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut add = |more: &[&str]| words.extend(more.iter().map(OsString::from));
    add(&["-hide_banner", "-nostats", "-loglevel", "repeat+level+warning"]);
    let of_sound = |audio| Packets::of(audio).map(|packets| (audio, packets));
    let sounds: Vec<_> = sounds(&slate.tracks).filter_map(of_sound).zip(&slate.packets).collect();
    if let Some(picture) = &slate.picture {
        add(&["-f", "lavfi", "-i", &picture.graph()]);
    }
    for ((audio, packets), _) in &sounds {
        add(&["-f", "lavfi", "-i", &packets.silence(audio)]);
    }
    if let Some(picture) = &slate.picture {
        let (frames, half) = (picture.frames.to_string(), picture.frames.div_ceil(2).to_string());
        add(&["-map", "0:v", "-frames:v", &frames]);
        add(&["-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-profile:v", "high"]);
        add(&["-crf", "28", "-bf", "0", "-g", &half, "-keyint_min", &half, "-sc_threshold", "0"]);
        add(&["-flags", "+cgop"]);
    }
    for (track, ((audio, _), count)) in sounds.iter().enumerate() {
        let input = track + usize::from(slate.picture.is_some());
        let of = if sounds.len() == 1 { "a".to_owned() } else { format!("a:{track}") };
        // The source never ends, so the last packet is as long as the others.
        add(&["-map", &format!("{input}:a"), &format!("-frames:{of}"), &count.to_string()]);
        let encoder = if audio.codec == "opus" { "libopus" } else { "aac" };
        add(&[&format!("-c:{of}"), encoder, &format!("-b:{of}"), "32k"]);
    }
    add(&["-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4"]);
    words.push(input::url(to));
    words
}

/// FFmpeg's arguments to decode a slate to its end. It is good when FFmpeg exits with 0 and says nothing.
pub fn check_arguments(file: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["-hide_banner", "-nostats", "-loglevel", "repeat+level+error", "-xerror"]
        .map(OsString::from)
        .to_vec();
    words.extend(input::safety());
    words.push("-i".into());
    words.push(input::url(file));
    words.extend(["-map", "0", "-f", "null", "-"].map(OsString::from));
    words
}

/// Whether FFmpeg's last lines say that the server took nothing of what was offered. MediaMTX answers so to tracks
/// that differ from its slate's, and tells the reason in its own log alone (measured: 5.1 and 9.0).
pub fn was_refused(lines: &[String]) -> bool {
    let words = ["Could not write header", "Invalid data found when processing input"];
    lines.iter().any(|line| words.iter().all(|word| line.contains(word)))
}

impl Picture {
    /// A filter graph without inputs. The dots say without words that something is awaited.
    fn graph(&self) -> String {
        let Picture { width, height, fps, .. } = self;
        let side = (width.min(height) / 36).max(2);
        let (middle, top) = ((width / 2) as i64 - i64::from(side / 2), height / 2 - side / 2);
        let third = LENGTH / 3.0;
        let mut graph = format!("color=c=0x15181c:s={width}x{height}:r={fps},format=yuv420p");
        for dot in 0..3u32 {
            let x = middle + (i64::from(dot) - 1) * i64::from(side) * 3;
            let place = format!("drawbox=x={x}:y={top}:w={side}:h={side}:t=fill");
            let (from, to) = (third * f64::from(dot), third * f64::from(dot + 1));
            graph += &format!(",{place}:c=0x3a4048");
            // The last one shines to the end, however long the slate is.
            let until = if dot == 2 { "9".to_owned() } else { format!("{to:.3}") };
            graph += &format!(",{place}:c=0x9aa4b0:enable='gte(t,{from:.3})*lt(t,{until})'");
        }
        graph
    }
}

/// How a sound track is cut into packets.
struct Packets {
    seconds: f64,
    /// FFmpeg's name of the channel layout.
    layout: &'static str,
}

impl Packets {
    /// A filter graph without inputs or end. True silence gives Opus packets of one size, which FFmpeg notes but once
    /// in the file and MediaMTX then calls an "invalid stsz"; a noise of -84 dB, which nobody hears, does not.
    fn silence(&self, audio: &SentAudio) -> String {
        let SentAudio { codec, sample_rate, .. } = audio;
        match codec.as_str() {
            "opus" => {
                format!("anoisesrc=r={sample_rate}:a=0.00001:s=1,aformat=channel_layouts={}", self.layout)
            }
            _ => format!("anullsrc=r={sample_rate}:cl={}", self.layout),
        }
    }

    /// None when FFmpeg's own encoder makes no sound with the same parameters. MediaMTX compares the AAC
    /// configuration: object type, rate and channels.
    fn of(audio: &SentAudio) -> Option<Packets> {
        /// ISO/IEC 14496-3, table 1.18.
        const AAC_RATES: [u32; 13] = [
            96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
            7_350,
        ];
        if audio.codec == "opus" {
            return Some(Packets { seconds: 0.02, layout: "stereo" });
        }
        let layout = match audio.channels {
            1 => "mono",
            2 => "stereo",
            3 => "3.0",
            4 => "4.0",
            5 => "5.0",
            6 => "5.1",
            _ => return None,
        };
        let is_known = audio.codec == "aac" && AAC_RATES.contains(&audio.sample_rate);
        is_known.then(|| Packets { seconds: 1024.0 / f64::from(audio.sample_rate), layout })
    }
}

/// How many frames come closest to a whole number of packets, near [`LENGTH`].
fn best_length(frame: f64, packet: Option<f64>) -> u32 {
    let off = |frames: u32| {
        let seconds = f64::from(frames) * frame;
        let seam = packet.map_or(0.0, |packet| (seconds - (seconds / packet).round() * packet).abs());
        // A tenth of a millisecond is nothing; then the length that is usual.
        ((seam * 10_000.0).round() as u64, ((seconds - LENGTH).abs() * 1e6) as u64)
    };
    let first = (LENGTHS.start() / frame).ceil() as u32;
    let last = (LENGTHS.end() / frame).floor() as u32;
    (first..=last.max(first)).min_by_key(|frames| off(*frames)).unwrap_or(1)
}

#[cfg(test)]
mod tests;
