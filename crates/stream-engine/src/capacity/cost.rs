//! What a stream takes of a machine.

use ffmpeg_cli::benchmark::Measured;
use stream_api::{Load, Mode, Plan, SourceMedia};

/// Of one stream that is sent as it is, with the server's share, measured at 0.7 to 4 Mb/s: cores without any bits, and
/// for each megabit a second.
const COPYING: (f64, f64) = (0.003, 0.002);
/// Bytes that an FFmpeg which copies has of its own, with what the server needs of it.
const COPYING_MEMORY: u64 = 12 << 20;
/// Bits a second where nothing is known of them.
const USUAL_BPS: f64 = 4e6;

/// What it takes to send `media` by `plan` on a machine that encodes as fast as `measured`. None where nobody knows:
/// where an encoder has a part of which no cost was measured.
pub(crate) fn of(media: &SourceMedia, plan: &Plan, measured: &Measured) -> Option<Load> {
    let reference = Measured::REFERENCE;
    // A machine that encodes slowly copies slowly.
    let speed = measured.seconds / reference.seconds;
    let bps = media.bitrate_bps.map_or(USUAL_BPS, |bps| bps as f64);
    let copying = COPYING.0 + COPYING.1 * bps.min(1e8) / 1e6;
    if plan.mode != Mode::Transcode {
        return Some(Load { cores: copying * speed, memory: COPYING_MEMORY });
    }
    let cost = plan.cost?;
    let encoding = f64::from(cost.megabytes) * measured.memory as f64 / reference.memory as f64;
    Some(Load { cores: (copying + cost.cores) * speed, memory: COPYING_MEMORY + ((encoding as u64) << 20) })
}

#[cfg(test)]
mod tests {
    use ffmpeg_cli::{
        encoders::{Encoders, Works},
        plan::{Wanted, plan},
    };
    use stream_api::{AudioTrack, Encoder, Encoding, VideoCodec, VideoTrack};

    use super::*;

    fn media(width: u32, height: u32, codec: &str) -> SourceMedia {
        let video = VideoTrack {
            codec: codec.into(),
            profile: Some("High".into()),
            width,
            height,
            fps: 30.0,
            pixel_format: "yuv420p".into(),
            rotation: 0,
            b_frames: false,
            interlaced: false,
            keyframe_interval: Some(1.0),
            variable_fps: false,
            hdr: false,
        };
        let audio =
            AudioTrack { codec: "aac".into(), profile: Some("LC".into()), sample_rate: 48_000, channels: 2 };
        SourceMedia {
            container: "mov,mp4".into(),
            duration: Some(60.0),
            bitrate_bps: Some(4_000_000),
            video: Some(video),
            audio: Some(audio),
            ..SourceMedia::default()
        }
    }

    #[test]
    fn encoding_costs_about_a_core_and_copying_nearly_nothing() {
        let cost = |media: &SourceMedia, measured: &Measured| {
            of(media, &plan(media, &Wanted::default()).unwrap(), measured).unwrap()
        };
        let reference = Measured::REFERENCE;
        let encoded = cost(&media(1920, 1080, "hevc"), &reference);
        assert!((0.9..1.0).contains(&encoded.cores), "{encoded:?}");
        assert!((140 << 20..180 << 20).contains(&encoded.memory), "{encoded:?}");
        let copied = cost(&media(1920, 1080, "h264"), &reference);
        assert!((copied.cores - 0.011).abs() < 1e-9 && copied.memory < 20 << 20, "{copied:?}");
        let slow = Measured { seconds: 2.0 * reference.seconds, ..reference };
        assert!((cost(&media(1920, 1080, "hevc"), &slow).cores - 2.0 * encoded.cores).abs() < 0.02);
        let small = cost(&media(320, 180, "hevc"), &reference);
        assert!(small.cores < 0.1 && small.memory > 40 << 20, "{small:?}");
        let more = Measured { memory: 2 * reference.memory, ..reference };
        assert!(cost(&media(1920, 1080, "hevc"), &more).memory > encoded.memory + (120 << 20));
    }

    #[test]
    fn a_card_leaves_the_processor_reading_and_scaling() {
        let card = Works { encoder: Encoder::Nvenc, codec: VideoCodec::H265, device: None };
        let wanted = Wanted {
            encoders: Encoders::default().and(vec![card]),
            ..Wanted::by(Encoding { video: VideoCodec::H265, ..Encoding::default() })
        };
        let media = media(1920, 1080, "h264");
        let of = |wanted: &Wanted| of(&media, &plan(&media, wanted).unwrap(), &Measured::REFERENCE).unwrap();
        let software = Wanted { encoders: Encoders::default(), ..wanted.clone() };
        let (card, software) = (of(&wanted).cores, of(&software).cores);
        assert!((0.2..0.3).contains(&card) && software > 5.0 * card, "{card} {software}");
    }
}
