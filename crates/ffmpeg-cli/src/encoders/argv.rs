//! The arguments of each encoder. Names of options were checked with `-h encoder=` on 5.1 and 9.0 where those have the
//! encoder; of the graphics cards' none was run.
//!
//! All make what viewers need: no B-frames, which end WebRTC readers, and key frames at equal distances.

use std::ffi::OsString;

use stream_api::{Encoder, Picture, VideoCodec};

use super::Works;

/// FFmpeg's name; none where there is no such encoder.
pub(super) fn name(encoder: Encoder, codec: VideoCodec) -> Option<String> {
    let of = codec.codec();
    let card = match encoder {
        Encoder::Automatic => return None,
        Encoder::Software => {
            return Some(match of {
                "hevc" => "libx265".to_owned(),
                "av1" => "libsvtav1".to_owned(),
                _ => "libx264".to_owned(),
            });
        }
        Encoder::Nvenc => "nvenc",
        Encoder::QuickSync => "qsv",
        Encoder::Vaapi => "vaapi",
        Encoder::VideoToolbox if of == "av1" => return None,
        Encoder::VideoToolbox => "videotoolbox",
        Encoder::Amf => "amf",
    };
    Some(format!("{of}_{card}"))
}

/// Arguments that name the device, anywhere before the output.
pub(crate) fn before_input(encoder: Encoder, device: Option<&str>) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let device = device.unwrap_or("/dev/dri/renderD128");
    let vaapi = format!("vaapi=va:{device}");
    match encoder {
        Encoder::Vaapi => words(&["-init_hw_device", &vaapi, "-filter_hw_device", "va"]),
        Encoder::QuickSync => {
            let (device, derived) = match cfg!(windows) {
                true => ("d3d11va=dx", "qsv=hw@dx"),
                false => (vaapi.as_str(), "qsv=hw@va"),
            };
            words(&["-init_hw_device", device, "-init_hw_device", derived, "-filter_hw_device", "hw"])
        }
        _ => Vec::new(),
    }
}

/// The end of the filters: 8-bit 4:2:0 as the encoder takes it.
pub(crate) fn last_filter(encoder: Encoder) -> &'static str {
    match encoder {
        Encoder::Vaapi => "format=nv12,hwupload",
        Encoder::QuickSync => "format=nv12,hwupload=extra_hw_frames=16",
        Encoder::VideoToolbox | Encoder::Amf => "format=nv12",
        Encoder::Automatic | Encoder::Software | Encoder::Nvenc => "format=yuv420p",
    }
}

/// Output options with which FFmpeg sends AV1 and VP9 by RTP: what became of these since, it still takes for drafts (up to
/// 9.0).
pub(crate) const DRAFTS: [&str; 2] = ["-strict", "experimental"];

/// The encoder with its options; `distance` is in frames.
pub(crate) fn encoder(picture: &Picture, codec: VideoCodec, distance: u32) -> Vec<String> {
    let mut words = Words(Vec::new());
    let Some(name) = name(picture.encoder, codec) else { return words.0 };
    words.add("-c:v", name);
    let (avc, av1) = (codec.codec() == "h264", codec.codec() == "av1");
    let every = distance.to_string();
    match picture.encoder {
        Encoder::Software if codec.codec() == "hevc" => {
            words.all("-preset superfast -tune zerolatency");
            rate(&mut words, picture, Some(("-crf", 5)));
            let closed = "scenecut=0:open-gop=0:bframes=0:log-level=warning";
            words.add("-x265-params", format!("keyint={every}:min-keyint={every}:{closed}"));
        }
        Encoder::Software if av1 => {
            words.all("-preset 10");
            match picture.quality {
                Some(quality) => words.add("-crf", (quality + 12).to_string()),
                None => words.add("-b:v", format!("{}k", picture.kilobits)),
            }
            words.add("-g", every);
        }
        Encoder::Software | Encoder::Automatic => {
            words.all("-preset veryfast -tune zerolatency -profile:v high");
            rate(&mut words, picture, Some(("-crf", 0)));
            words.all("-bf 0");
            words.add("-g", every.clone());
            words.add("-keyint_min", every);
            words.all("-sc_threshold 0 -flags +cgop");
        }
        Encoder::Nvenc => {
            if let Some(device) = &picture.device {
                words.add("-gpu", device.clone());
            }
            words.all("-preset p4 -tune ll");
            words.all(if picture.quality.is_some() { "-rc vbr" } else { "-rc cbr" });
            rate(&mut words, picture, Some(("-cq", 0)));
            words.all("-bf 0");
            words.add("-g", every);
            words.all("-forced-idr 1");
            words.all(if avc { "-profile:v high" } else { "" });
        }
        Encoder::QuickSync => {
            words.all("-preset veryfast -async_depth 1");
            words.all(if avc { "-look_ahead 0" } else { "" });
            match picture.quality {
                // With a largest bitrate beside it, it would want an average one too (`qsvenc.c`, `select_rc_mode`).
                Some(quality) => words.add("-global_quality", quality.to_string()),
                None => rate(&mut words, picture, None),
            }
            words.all("-bf 0");
            words.add("-g", every);
            words.all(if av1 { "" } else { "-forced_idr 1" });
        }
        Encoder::Vaapi => {
            words.all(if picture.quality.is_some() { "-rc_mode CQP" } else { "-rc_mode CBR" });
            match picture.quality {
                Some(quality) if av1 => words.add("-global_quality", (quality * AV1_STEPS).to_string()),
                Some(quality) => words.add("-qp", quality.to_string()),
                None => rate(&mut words, picture, None),
            }
            words.all("-bf 0");
            words.add("-g", every);
            words.all(if avc { "-profile:v high" } else { "" });
        }
        Encoder::VideoToolbox => {
            words.all("-allow_sw 0 -realtime 1");
            // It knows a quality on Apple's own processors alone.
            rate(&mut words, picture, None);
            words.all("-bf 0");
            words.add("-g", every);
            words.all(if avc { "-profile:v high" } else { "" });
        }
        Encoder::Amf => {
            words.all("-usage lowlatency -quality speed");
            match picture.quality {
                Some(quality) => {
                    let quality = if av1 { quality * AV1_STEPS } else { quality };
                    words.all("-rc cqp");
                    words.add("-qp_i", quality.to_string());
                    words.add("-qp_p", quality.to_string());
                }
                None => {
                    words.all("-rc cbr");
                    rate(&mut words, picture, None);
                }
            }
            words.add("-g", every.clone());
            if avc {
                words.all("-bf 0");
                words.add("-header_spacing", every);
            }
        }
    }
    words.0
}

/// A steady bitrate, or a quality (by the encoder's own option, which counts differently by so much) that stays below
/// one.
fn rate(words: &mut Words, picture: &Picture, quality: Option<(&str, u32)>) {
    let (most, buffer) = (format!("{}k", picture.kilobits), format!("{}k", 2 * picture.kilobits));
    match (picture.quality, quality) {
        (Some(number), Some((option, more))) => words.add(option, (number + more).to_string()),
        _ => words.add("-b:v", most.clone()),
    }
    words.add("-maxrate", most);
    words.add("-bufsize", buffer);
}

/// Five frames to nowhere. AV1 goes through the packets of RTP too: 5.1 can't make them of it, 9.0 does (measured).
pub(super) fn trial(works: &Works) -> Vec<OsString> {
    let picture = Picture {
        width: 640,
        height: 360,
        fps: 30.0,
        kilobits: 1000,
        quality: None,
        encoder: works.encoder,
        device: works.device.clone(),
    };
    let mut words = Words(Vec::new());
    words.all("-hide_banner -nostats -loglevel repeat+level+error -progress pipe:1");
    words.0.extend(before_input(works.encoder, works.device.as_deref()));
    words.all("-f lavfi -i color=black:s=640x360:r=30 -frames:v 5");
    words.add("-vf", last_filter(works.encoder).to_owned());
    words.0.extend(encoder(&picture, works.codec, 30));
    let rtp = format!("{} -f rtp rtp://127.0.0.1:9", DRAFTS.join(" "));
    words.all(if works.codec == VideoCodec::Av1 { &rtp } else { "-f null -" });
    words.0.into_iter().map(OsString::from).collect()
}

/// AV1's quantiser goes to 255, where that of the others goes to 51.
const AV1_STEPS: u32 = 5;

struct Words(Vec<String>);

impl Words {
    fn add(&mut self, option: &str, value: String) {
        self.0.extend([option.to_owned(), value]);
    }

    /// Words without spaces of their own.
    fn all(&mut self, words: &str) {
        self.0.extend(words.split_whitespace().map(str::to_owned));
    }
}
