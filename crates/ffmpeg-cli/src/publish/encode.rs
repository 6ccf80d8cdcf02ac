//! Which tracks are sent, and how each is encoded.

use stream_api::{Encoder, Encoding, Mode, Picture, Plan, SourceMedia, VideoCodec, VideoTrack};

use super::{Publish, Words};
use crate::encoders::{self, Works};

/// Pixels of the longer side.
const LARGEST: u32 = 3840;
/// Frames per second.
const FASTEST: f64 = 60.0;

/// `-map`s, filters and codecs. `V` is video that is no cover picture.
pub(super) fn tracks(words: &mut Words, publish: &Publish<'_>) {
    let Publish { media, plan, encoding, .. } = publish;
    if plan.mode == Mode::Prepared {
        return prepared(words, plan);
    }
    if let (Some(video), Some(codec)) = (&media.video, &plan.video) {
        words.add(&["-map", "0:V:0"]);
        match &plan.picture {
            Some(picture) => encode_video(words, video, picture, codec, encoding),
            None => words.add(&["-c:v", "copy"]),
        }
    }
    sounds(words, media, plan, encoding);
}

/// A prepared file has its AAC track first, then Opus.
fn prepared(words: &mut Words, plan: &Plan) {
    if plan.sent.video.is_some() {
        words.add(&["-map", "0:V:0"]);
    }
    for audio in [&plan.sent.audio, &plan.sent.second_audio].into_iter().flatten() {
        words.add(&["-map", if audio.codec == "opus" { "0:a:1" } else { "0:a:0" }]);
    }
    words.add(&["-c", "copy"]);
}

/// Key frames at equal distances and none elsewhere, for quick joining and HLS segments; no B-frames, which end WebRTC
/// readers; 8-bit 4:2:0 with square pixels, which all browsers show. Zero latency needs half the memory (148 instead
/// of 259 MB at 1080p) and starts in half the time.
fn encode_video(words: &mut Words, video: &VideoTrack, picture: &Picture, codec: &str, encoding: &Encoding) {
    let Picture { width, height, fps, encoder, .. } = picture;
    let fps = FrameRate::exact(*fps);
    let mut filters = Vec::new();
    if encoding.deinterlace.unwrap_or(video.interlaced) {
        filters.push("bwdif=mode=send_frame".to_owned());
    }
    // `fps` also fills the gap at each start of a loop (measured: without it 67 ms of time stamps are missing).
    filters.push(format!("fps={}", fps.text));
    filters.extend(turn(encoding.rotate).map(str::to_owned));
    filters.push(format!("scale={width}:{height},setsar=1,{}", encoders::last_filter(*encoder)));
    words.add(&["-vf", &filters.join(",")]);
    let codec = match codec {
        "hevc" => VideoCodec::H265,
        "av1" => VideoCodec::Av1,
        _ => VideoCodec::H264,
    };
    let distance = (fps.value * f64::from(encoding.keyframes.unwrap_or(1))).round().max(1.0) as u32;
    for word in encoders::encoder(picture, codec, distance) {
        words.add(&[&word]);
    }
}

/// Besides what the file says of itself, which FFmpeg does by itself.
pub(crate) fn turn(degrees: Option<u32>) -> Option<&'static str> {
    match degrees? {
        90 => Some("transpose=clock"),
        180 => Some("hflip,vflip"),
        270 => Some("transpose=cclock"),
        _ => None,
    }
}

fn sounds(words: &mut Words, media: &SourceMedia, plan: &Plan, encoding: &Encoding) {
    let tracks =
        [(&plan.sent.audio, plan.encodes_audio), (&plan.sent.second_audio, plan.encodes_second_audio)];
    let two = plan.sent.second_audio.is_some();
    for (number, (sent, encodes)) in tracks.into_iter().enumerate() {
        let (Some(sent), Some(_)) = (sent, &media.audio) else { continue };
        words.add(&["-map", "0:a:0"]);
        let of = if two { format!("a:{number}") } else { "a".to_owned() };
        if encodes {
            encode_audio(words, &of, &sent.codec, encoding);
        } else {
            words.add(&[&format!("-c:{of}"), "copy"]);
        }
    }
}

/// `aresample` fills the gaps at each start of a loop and moves sound that starts late.
fn encode_audio(words: &mut Words, of: &str, codec: &str, encoding: &Encoding) {
    let option = |name: &str| format!("-{name}:{of}");
    let mut filter = "aresample=48000:async=1:first_pts=0".to_owned();
    filter += &volume(encoding.volume);
    words.add(&[&option("filter"), &filter]);
    let rate = |usual: u32| format!("{}k", encoding.audio_kilobits.unwrap_or(usual));
    match codec {
        "opus" => {
            words.add(&[&option("c"), "libopus", &option("b"), &rate(96)]);
            words.add(&[&option("application"), "lowdelay"]);
        }
        _ => words.add(&[&option("c"), "aac", &option("b"), &rate(128)]),
    }
    words.add(&[&option("ac"), "2", &option("ar"), "48000"]);
}

/// A filter with a comma before it; none where the sound stays as loud as it is. Per cent.
pub(crate) fn volume(percent: Option<u32>) -> String {
    let percent = percent.filter(|percent| *percent != 100);
    percent.map(|percent| format!(",volume={}", f64::from(percent) / 100.0)).unwrap_or_default()
}

/// What `picked` makes of `video` as the user wants it: no larger and no faster than it is.
pub(crate) fn picture(video: &VideoTrack, encoding: &Encoding, picked: &Works) -> Picture {
    let (mut width, mut height) = size(video);
    if matches!(encoding.rotate, Some(90 | 270)) {
        (width, height) = (height, width);
    }
    if let Some(most) = encoding.height.map(|most| (most & !1).max(16)).filter(|most| *most < height) {
        let scaled = f64::from(width) * f64::from(most) / f64::from(height);
        // The nearest even number of pixels keeps the shape best.
        (width, height) = (((scaled / 2.0).round() as u32 * 2).max(16), most);
    }
    let mut rate = FrameRate::of(video);
    if let Some(most) = encoding.fps.map(|most| f64::from(most.max(1))).filter(|most| *most < rate.value) {
        rate = FrameRate::exact(most);
    }
    let usual = kilobits(width, height, rate.value);
    // Cards can't be counted everywhere: there a number that was chosen is taken at its word.
    let number = || encoding.device.clone().filter(|device| encoders::is_number(device));
    let device = picked.device.clone();
    let device = if picked.encoder == Encoder::Nvenc { device.or_else(number) } else { device };
    // A quality is kept as long as that takes no more than twice what is usual.
    let most = if encoding.quality.is_some() { 2 * usual } else { usual };
    Picture {
        width,
        height,
        fps: rate.value,
        kilobits: encoding.kilobits.unwrap_or(most),
        quality: encoding.quality,
        encoder: picked.encoder,
        device,
    }
}

/// As displayed, at most [`LARGEST`], both sides even as 4:2:0 needs it.
pub(crate) fn size(video: &VideoTrack) -> (u32, u32) {
    let longest = video.width.max(video.height).max(1);
    let scale = f64::from(longest.min(LARGEST)) / f64::from(longest);
    let side = |pixels: u32| (((f64::from(pixels) * scale).round() as u32) & !1).max(16);
    (side(video.width), side(video.height))
}

/// Frames per second.
pub(crate) struct FrameRate {
    pub(crate) value: f64,
    /// Exact: the rates of NTSC are fractions.
    pub(crate) text: String,
}

impl FrameRate {
    /// The source's own; uneven ones go to the next usual rate, and what is unknown to 30.
    pub(crate) fn of(video: &VideoTrack) -> FrameRate {
        const USUAL: [f64; 8] =
            [24_000.0 / 1001.0, 24.0, 25.0, 30_000.0 / 1001.0, 30.0, 50.0, 60_000.0 / 1001.0, 60.0];
        let fps = if video.fps > 0.0 { video.fps.clamp(5.0, FASTEST) } else { 30.0 };
        let near =
            USUAL.into_iter().min_by(|a, b| (a - fps).abs().total_cmp(&(b - fps).abs())).unwrap_or(30.0);
        let value = match video.variable_fps && fps > 20.0 {
            true => [24.0, 25.0, 30.0, 50.0, 60.0]
                .into_iter()
                .find(|usual| fps <= usual * 1.01)
                .unwrap_or(FASTEST),
            false if (near - fps).abs() < 0.005 => near,
            false => fps,
        };
        FrameRate::exact(value)
    }

    /// As it is given.
    pub(crate) fn exact(value: f64) -> FrameRate {
        let thousandths = value * 1001.0 / 1000.0;
        let text = if (thousandths - thousandths.round()).abs() < 1e-6 && value.fract() != 0.0 {
            format!("{}/1001", (thousandths.round() * 1000.0) as u32)
        } else {
            // Three decimals at most, and none for a whole number.
            ((value * 1000.0).round() / 1000.0).to_string()
        };
        FrameRate { value, text }
    }
}

/// 4 Mb/s for 1080p30 and 2 Mb/s for 720p30, in proportion: a smaller picture has more in each of its pixels. 0.5 to
/// 20 Mb/s.
pub(crate) fn kilobits(width: u32, height: u32, fps: f64) -> u32 {
    let pixels = f64::from(width) * f64::from(height) * fps / (1920.0 * 1080.0 * 30.0);
    (pixels.powf(0.855) * 4000.0).clamp(500.0, 20_000.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(width: u32, height: u32, fps: f64, variable_fps: bool) -> VideoTrack {
        VideoTrack {
            codec: "vp9".into(),
            profile: None,
            width,
            height,
            fps,
            pixel_format: "yuv420p".into(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: None,
            variable_fps,
            hdr: false,
        }
    }

    #[test]
    fn sizes_are_even_and_limited() {
        for (given, sent) in [
            ((1920, 1080), (1920, 1080)),
            ((321, 241), (320, 240)),
            ((7680, 4320), (3840, 2160)),
            ((2160, 5000), (1658, 3840)),
            ((1, 1), (16, 16)),
        ] {
            assert_eq!(size(&video(given.0, given.1, 30.0, false)), sent, "{given:?}");
        }
    }

    #[test]
    fn frame_rates() {
        for (fps, variable, text) in [
            (25.0, false, "25"),
            (30.0, false, "30"),
            (29.97002997, false, "30000/1001"),
            (23.976, false, "24000/1001"),
            (59.94, false, "60000/1001"),
            (12.5, false, "12.5"),
            (120.0, false, "60"),
            (1.0, false, "5"),
            (0.0, false, "30"),
            (29.3, true, "30"),
            (24.1, true, "24"),
            (57.0, true, "60"),
            (10.0, true, "10"),
            (14.98502, false, "14.985"),
        ] {
            assert_eq!(FrameRate::of(&video(640, 360, fps, variable)).text, text, "{fps} {variable}");
        }
    }

    #[test]
    fn bitrates() {
        assert_eq!(kilobits(1920, 1080, 30.0), 4000);
        assert_eq!(kilobits(1280, 720, 30.0), 2000);
        assert_eq!(kilobits(320, 240, 30.0), 500);
        assert_eq!(kilobits(3840, 2160, 60.0), 20_000);
    }
}
