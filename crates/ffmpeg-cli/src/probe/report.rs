use std::collections::BTreeMap;

use serde::Deserialize;
use stream_api::{AudioTrack, SourceMedia, VideoTrack};

/// ffprobe's output can't be read.
#[derive(Debug, thiserror::Error)]
#[error("ffprobe printed no report: {0}")]
pub struct ProbeError(#[from] serde_json::Error);

/// Reads what ffprobe printed for `arguments`. The first video track that is no cover picture and the first audio
/// track are taken, as FFmpeg's `0:V:0` and `0:a:0` do, unless nothing is in it: FFmpeg would wait for that for 10 s and
/// send nothing meanwhile. `keyframe_interval` stays empty: it takes a second run.
///
/// # Errors
/// When it is not ffprobe's JSON. A file without any track is no error here; the plan says so.
pub fn parse(json: &str) -> Result<SourceMedia, ProbeError> {
    let report: Report = serde_json::from_str(json)?;
    let kind =
        |kind: &'static str| report.streams.iter().filter(move |s| s.codec_type.as_deref() == Some(kind));
    let holds = |track: &&Track| !track.is_empty(&report);
    let video = kind("video").find(|track| !track.is_cover()).filter(holds);
    let sound = kind("audio").next().filter(holds);
    let between = |of: fn(&Track) -> Option<f64>| Some(sound.and_then(of)? - video.and_then(of)?);
    let begins =
        number(report.format.start_time.as_deref()).filter(|at: &f64| at.is_finite()).unwrap_or_default();
    Ok(SourceMedia {
        duration: report.format.lasts(begins),
        size: number(report.format.size.as_deref()).unwrap_or(0),
        bitrate_bps: number(report.format.bit_rate.as_deref()),
        sound_later_by: between(Track::begin),
        sound_longer_by: between(Track::end),
        video: video.map(Track::video),
        audio: sound.map(Track::audio),
        audio_tracks: u32::try_from(kind("audio").count()).unwrap_or(u32::MAX),
        begins,
        container: report.format.format_name.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    streams: Vec<Track>,
    #[serde(default)]
    format: Format,
}

/// Numbers come as strings.
#[derive(Default, Deserialize)]
struct Format {
    format_name: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    size: Option<String>,
    bit_rate: Option<String>,
}

impl Format {
    /// Seconds that it plays. Of MP4 and Matroska ffprobe says where it ends (measured with 5.1: 12 s of 2 s that begin
    /// at 10 s), of others how long it is.
    fn lasts(&self, begins: f64) -> Option<f64> {
        let told: f64 = number(self.duration.as_deref()).filter(|seconds| *seconds > 0.0)?;
        let name = self.format_name.as_deref().unwrap_or_default();
        let is_end = name.starts_with("mov,") || name.starts_with("matroska,");
        Some(if is_end && begins > 0.0 && begins < told { told - begins } else { told })
    }
}

#[derive(Deserialize)]
struct Track {
    codec_type: Option<String>,
    codec_name: Option<String>,
    profile: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    sample_aspect_ratio: Option<String>,
    pix_fmt: Option<String>,
    has_b_frames: Option<u32>,
    field_order: Option<String>,
    color_transfer: Option<String>,
    start_time: Option<String>,
    duration: Option<String>,
    nb_frames: Option<String>,
    r_frame_rate: Option<String>,
    avg_frame_rate: Option<String>,
    sample_rate: Option<String>,
    channels: Option<u32>,
    #[serde(default)]
    disposition: BTreeMap<String, i64>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    side_data_list: Vec<SideRecord>,
}

#[derive(Deserialize)]
struct SideRecord {
    rotation: Option<f64>,
}

impl Track {
    fn codec(&self) -> String {
        self.codec_name.clone().unwrap_or_else(|| "unknown".to_owned())
    }

    fn known_profile(&self) -> Option<String> {
        self.profile.clone().filter(|profile| profile != "unknown")
    }

    fn video(&self) -> VideoTrack {
        let rotation = self.rotation();
        let (wide, high) = (self.square_width(), self.height.unwrap_or(0));
        let (width, height) = if rotation % 180 == 90 { (high, wide) } else { (wide, high) };
        let (fps, variable_fps) = self.frame_rate();
        VideoTrack {
            codec: self.codec(),
            profile: self.known_profile(),
            width,
            height,
            fps,
            pixel_format: self.pix_fmt.clone().unwrap_or_else(|| "unknown".to_owned()),
            rotation,
            b_frames: self.has_b_frames.unwrap_or(0) > 0,
            interlaced: matches!(self.field_order.as_deref(), Some("tt" | "bb" | "tb" | "bt")),
            keyframe_interval: None,
            variable_fps,
            hdr: matches!(self.color_transfer.as_deref(), Some("smpte2084" | "arib-std-b67")),
        }
    }

    fn is_cover(&self) -> bool {
        self.disposition.get("attached_pic") == Some(&1)
    }

    /// Whether its container has nothing in it: Matroska says so by a length of 0, MP4 by counting the frames of
    /// other tracks alone (in a fragmented one, none are counted). A time code has one (measured with 5.1) whatever
    /// there is to play, and so may a cover: these say nothing of other tracks.
    fn is_empty(&self, report: &Report) -> bool {
        let plays = |track: &Track| matches!(track.codec_type.as_deref(), Some("video" | "audio"));
        let frames = |track: &Track| number(track.nb_frames.as_deref()).unwrap_or(0_u64);
        let counts = |track: &Track| plays(track) && !track.is_cover() && frames(track) > 0;
        let mp4 = report.format.format_name.as_deref().is_some_and(|name| name.starts_with("mov,"));
        self.tagged_end() == Some(0.0) || (mp4 && !counts(self) && report.streams.iter().any(counts))
    }

    /// Seconds by its container's clock.
    fn begin(&self) -> Option<f64> {
        number(self.start_time.as_deref()).filter(|seconds: &f64| seconds.is_finite())
    }

    /// The same. Matroska says it by a tag, and ffprobe there sometimes gives one track the length of all.
    fn end(&self) -> Option<f64> {
        let lasts = || number(self.duration.as_deref()).filter(|seconds: &f64| *seconds > 0.0);
        let end = self.tagged_end().or_else(|| Some(lasts()? + self.begin().unwrap_or(0.0)));
        end.filter(|seconds| seconds.is_finite())
    }

    /// Where Matroska's tag says that it ends, `00:00:05.023000000`.
    fn tagged_end(&self) -> Option<f64> {
        let mut seconds = 0.0;
        for part in self.tags.get("DURATION")?.split(':') {
            seconds = seconds * 60.0 + part.parse::<f64>().ok()?;
        }
        Some(seconds)
    }

    fn audio(&self) -> AudioTrack {
        AudioTrack {
            codec: self.codec(),
            profile: self.known_profile(),
            sample_rate: number(self.sample_rate.as_deref()).unwrap_or(0),
            channels: self.channels.unwrap_or(0),
        }
    }

    /// Clockwise degrees. The display matrix's `rotation` counts the other way (`av_display_rotation_get`); the
    /// `rotate` tag of FFmpeg 4 and of some containers counts clockwise.
    fn rotation(&self) -> u16 {
        let matrix = self.side_data_list.iter().find_map(|side| side.rotation).map(|degrees| -degrees);
        let degrees = matrix.or_else(|| number(self.tags.get("rotate").map(String::as_str))).unwrap_or(0.0);
        // To the next quarter: no player turns a picture by less.
        ((degrees / 90.0).round().rem_euclid(4.0) as u16 % 4) * 90
    }

    /// Width in square pixels: a viewer sees DV's 720×576 as 768×576.
    fn square_width(&self) -> u32 {
        let width = self.width.unwrap_or(0);
        match self.sample_aspect_ratio.as_deref().and_then(|ratio| ratio_of(ratio, ':')) {
            Some(ratio) if ratio > 0.05 && ratio < 20.0 => (f64::from(width) * ratio).round() as u32,
            _ => width,
        }
    }

    /// Frames per second and whether they are uneven. `r_frame_rate` is the lowest rate that has all time stamps,
    /// so an average above it is wrong (H.264 in AVI: 60 for 30) and one below it means frames are missing.
    fn frame_rate(&self) -> (f64, bool) {
        let sane = |text: &Option<String>| {
            text.as_deref().and_then(|ratio| ratio_of(ratio, '/')).filter(|fps| *fps > 0.0 && *fps <= 1000.0)
        };
        match (sane(&self.avg_frame_rate), sane(&self.r_frame_rate)) {
            (Some(average), Some(exact)) if average > exact * 1.01 => (exact, false),
            (Some(average), Some(exact)) => (average, average < exact * 0.99),
            (Some(average), None) => (average, true),
            (None, Some(exact)) => (exact, false),
            (None, None) => (0.0, false),
        }
    }
}

fn ratio_of(text: &str, separator: char) -> Option<f64> {
    let (over, under) = text.split_once(separator)?;
    let ratio = over.parse::<f64>().ok()? / under.parse::<f64>().ok()?;
    ratio.is_finite().then_some(ratio)
}

fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests;
