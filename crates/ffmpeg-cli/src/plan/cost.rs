//! What a stream takes while it plays.

use stream_api::{Cost, Encoder, Picture, VideoCodec, VideoTrack};

/// Pixels a second of 1080p30, for which all was measured.
const FULL: f64 = 1920.0 * 1080.0 * 30.0;
/// Cores (measured, FFmpeg 5.1 to 9.0): copying alone; one more sound track that is encoded.
const COPY: f64 = 0.004;
const SOUND: f64 = 0.025;
/// Cores at 1080p30: decoding; encoding by libx264 `veryfast` with `zerolatency`; making the picture smaller.
const DECODE: f64 = 0.20;
const ENCODE: f64 = 0.72;
const SCALE: f64 = 0.14;
/// Of other codecs, compared with libx264 (measured with one file that has noise, 5.1 and 9.0): how many times as much it
/// takes to encode, and megabytes more. libx265 `superfast` with `zerolatency`; SVT-AV1 preset 10, of 9.0, since 5.1
/// can't send it.
const H265: (f64, u32) = (3.9, 65);
const AV1: (f64, u32) = (3.1, 390);

/// Of a file that is copied, as prepared ones are.
pub(crate) const COPYING: Cost = Cost { cores: COPY, megabytes: 9 };

/// Of a graphics card's work nothing counts: the processor reads and scales for it (measured), and hands it the pictures.
pub(super) fn cost(
    video: Option<(&VideoTrack, &Picture)>,
    codec: VideoCodec,
    sounds_encoded: u32,
) -> Option<Cost> {
    let sound = SOUND * f64::from(sounds_encoded);
    let Some((video, picture)) = video else {
        let megabytes = if sounds_encoded > 0 { 57 } else { COPYING.megabytes };
        return Some(Cost { cores: rounded(COPY + sound), megabytes });
    };
    let (times, more) = match codec {
        _ if picture.encoder != Encoder::Software => (0.0, 0),
        VideoCodec::H265 => H265,
        VideoCodec::Av1 => AV1,
        VideoCodec::Automatic | VideoCodec::AsIs | VideoCodec::H264 => (1.0, 0),
    };
    let pixels = |width: u32, height: u32, fps: f64| f64::from(width) * f64::from(height) * fps / FULL;
    let read = pixels(video.width, video.height, if video.fps > 0.0 { video.fps } else { picture.fps });
    let made = pixels(picture.width, picture.height, picture.fps);
    let size = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let smaller = size(picture.width, picture.height) < size(video.width, video.height);
    let scale = if smaller { SCALE * read } else { 0.0 };
    let full = made / (picture.fps / 30.0).max(0.1);
    let megabytes = (100.0 + 48.0 * full) as u32 + more;
    Some(Cost { cores: rounded(DECODE * read + times * ENCODE * made + scale + sound), megabytes })
}

fn rounded(cores: f64) -> f64 {
    (cores * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::video;

    #[test]
    fn it_is_what_was_measured() {
        let full = VideoTrack { width: 1920, height: 1080, ..video() };
        let made = |width: u32, height: u32| Picture {
            width,
            height,
            fps: 30.0,
            kilobits: 4000,
            quality: None,
            encoder: Encoder::Software,
            device: None,
        };
        // As measured with natural pictures, `veryfast`, zero latency.
        for (picture, cores, megabytes) in
            [(made(1920, 1080), 0.92, 148), (made(1280, 720), 0.66, 129), (made(854, 480), 0.51, 114)]
        {
            let cost = cost(Some((&full, &picture)), VideoCodec::H264, 0).expect("was measured");
            assert!((cost.cores - cores).abs() < 0.05, "{cost:?} {cores}");
            assert!(cost.megabytes.abs_diff(megabytes) < 12, "{cost:?} {megabytes}");
        }
        assert_eq!(cost(None, VideoCodec::H264, 0), Some(Cost { cores: 0.004, megabytes: 9 }));
        let card = Picture { encoder: Encoder::Nvenc, ..made(1920, 1080) };
        let of_card = cost(Some((&full, &card)), VideoCodec::H265, 0).expect("was measured");
        assert!((of_card.cores - DECODE).abs() < 1e-9, "it is read by the processor: {of_card:?}");
        for (codec, cores) in [(VideoCodec::H265, 3.0), (VideoCodec::Av1, 2.4)] {
            let cost = cost(Some((&full, &made(1920, 1080))), codec, 0).expect("was measured");
            assert!((cost.cores - cores).abs() < 0.1 && cost.megabytes > 200, "{codec:?} {cost:?}");
        }
    }
}
