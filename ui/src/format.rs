//! Numbers as people read them. Pure: time comes in as an argument.

use stream_api::{VideoTrack, t};

/// A bit rate as (number, unit): `("6.1", "Mb/s")`.
pub(crate) fn rate_parts(bps: u64) -> (String, &'static str) {
    let bps = bps as f64;
    if bps < 999_500.0 {
        (format!("{:.0}", bps / 1e3), t!("unit.kbps"))
    } else if bps < 99_950_000.0 {
        (format!("{:.1}", bps / 1e6), t!("unit.mbps"))
    } else if bps < 999_500_000.0 {
        (format!("{:.0}", bps / 1e6), t!("unit.mbps"))
    } else {
        (format!("{:.2}", bps / 1e9), t!("unit.gbps"))
    }
}

/// A bit rate: `6.1 Mb/s`.
pub(crate) fn rate(bps: u64) -> String {
    let (number, unit) = rate_parts(bps);
    format!("{number} {unit}")
}

/// A bit rate in megabits, for a place that always shows that unit: `0`, `0.3`, `11.2`, `240`.
pub(crate) fn megabits(bps: u64) -> String {
    match bps as f64 / 1e6 {
        0.0 => "0".to_owned(),
        mb if mb < 99.95 => format!("{mb:.1}"),
        mb => format!("{mb:.0}"),
    }
}

/// A rough number with no more digits than it is worth: 0.34, 7.3, 39, 570.
pub(crate) fn about(number: f64) -> f64 {
    let steps = match number {
        ..1.0 => 100.0,
        ..10.0 => 10.0,
        ..100.0 => 1.0,
        _ => 0.1,
    };
    (number * steps).round() / steps
}

/// A certificate's fingerprint as other programs show it: `AB:CD:…`.
pub(crate) fn fingerprint(hex: &str) -> String {
    let hex = hex.to_ascii_uppercase().replace(':', "");
    let mut shown = String::with_capacity(hex.len() / 2 * 3);
    for (at, sign) in hex.chars().enumerate() {
        if at > 0 && at % 2 == 0 {
            shown.push(':');
        }
        shown.push(sign);
    }
    shown
}

/// Bytes in decimal units: `412 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = [
        t!("unit.bytes"),
        t!("unit.kilobytes"),
        t!("unit.megabytes"),
        t!("unit.gigabytes"),
        t!("unit.terabytes"),
    ];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A running time that ticks: `00:31:55`, from a day on `3 d 04:12`.
pub(crate) fn uptime(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    if days > 0 {
        return format!("{days} {} {hours:02}:{minutes:02}", t!("unit.days"));
    }
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// A running time in its two largest units: `3 d 4 h`, `12 min`, `8 s`.
pub(crate) fn span(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (d, h, m, s) = (t!("unit.days"), t!("unit.hours"), t!("unit.minutes"), t!("unit.seconds"));
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} {s}"),
        (0, 0, minutes) => format!("{minutes} {m}"),
        (0, hours, minutes) => format!("{hours} {h} {minutes} {m}"),
        (days, hours, _) => format!("{days} {d} {hours} {h}"),
    }
}

/// A count in a small place: from 100 on only that.
pub(crate) fn badge(n: u32) -> String {
    if n > 99 { "99+".to_owned() } else { n.to_string() }
}

/// A share of 1 in percent; never rounded up, so that 100 % means all of it: `99.98 %`.
pub(crate) fn share(share: f64) -> String {
    let hundredths = (share.clamp(0.0, 1.0) * 10_000.0 + 1e-9).floor();
    let text = format!("{:.2}", hundredths / 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A file's length: `10:23`, `1:00:00`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Seconds until a moment, rounded up: `4` for anything from 3.001 to 4 s.
pub(crate) fn seconds_until(at: i64, now: i64) -> i64 {
    ((at - now).max(0) + 999) / 1000
}

/// Frames per second: `30`, `29.97`.
pub(crate) fn fps(fps: f64) -> String {
    let text = format!("{fps:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Picture size and frame rate in the short form: `1080p30`. A portrait picture counts by its short side.
pub(crate) fn picture(video: &VideoTrack) -> String {
    let marker = if video.interlaced { 'i' } else { 'p' };
    let lines = video.width.min(video.height);
    match video.fps > 0.0 {
        true => format!("{lines}{marker}{:.0}", video.fps),
        // Of what others send it is not known.
        false => format!("{lines}{marker}"),
    }
}

/// A folder, from a file's path.
pub(crate) fn folder(path: &str) -> &str {
    match path.rfind(['/', '\\']) {
        Some(0) => &path[..1],
        Some(at) => &path[..at],
        None => "",
    }
}

/// Points of a sparkline for an SVG `polyline` in a box of `width` × `height`: the newest sample at the right edge,
/// the scale from nothing to a little over the highest sample.
pub(crate) fn sparkline(samples: &[u64], slots: usize, width: f64, height: f64) -> String {
    let top = samples.iter().copied().max().unwrap_or(0).max(1) as f64 * 1.15;
    let step = width / (slots.max(2) - 1) as f64;
    let start = width - step * samples.len().saturating_sub(1) as f64;
    let mut points = String::with_capacity(samples.len() * 12);
    for (i, sample) in samples.iter().enumerate() {
        if i > 0 {
            points.push(' ');
        }
        let x = start + step * i as f64;
        let y = height - 1.0 - (*sample as f64 / top) * (height - 2.0);
        points.push_str(&format!("{x:.1},{y:.1}"));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rough_numbers_have_few_digits() {
        for (number, text) in
            [(0.0, "0"), (0.3449, "0.34"), (7.26, "7.3"), (39.1, "39"), (114.0, "110"), (572.0, "570")]
        {
            assert_eq!(about(number).to_string(), text);
        }
    }

    #[test]
    fn rates_keep_three_digits() {
        for (bps, text) in [
            (0, "0 kb/s"),
            (820_400, "820 kb/s"),
            (999_499, "999 kb/s"),
            (999_500, "1.0 Mb/s"),
            (6_100_000, "6.1 Mb/s"),
            (99_960_000, "100 Mb/s"),
            (1_240_000_000, "1.24 Gb/s"),
        ] {
            assert_eq!(rate(bps), text, "{bps} bits per second");
        }
        assert_eq!(
            ["0", "0.3", "11.2", "240"].map(str::to_owned),
            [0, 320_000, 11_240_000, 240_100_000].map(megabits)
        );
    }

    #[test]
    fn bytes_are_decimal() {
        for (n, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_500, "1.5 kB"),
            (412_300_000, "412 MB"),
            (211_000_000_000, "211 GB"),
        ] {
            assert_eq!(bytes(n), text);
        }
        assert_eq!(bytes(999_600), "1.0 MB", "rounding moves on to the next unit");
    }

    #[test]
    fn times_tick_and_never_run_backwards() {
        assert_eq!(uptime(-5), "00:00:00", "a clock that is ahead shows nothing negative");
        assert_eq!(uptime(1_915_999), "00:31:55");
        assert_eq!(uptime(42_127_000), "11:42:07");
        assert_eq!(uptime((3 * 86_400 + 4 * 3600 + 12 * 60 + 59) * 1000), "3 d 04:12");
        assert_eq!(span(8_000), "8 s");
        assert_eq!(span(720_000), "12 min");
        assert_eq!(span((4 * 3600 + 60) * 1000), "4 h 1 min");
        assert_eq!(span((3 * 86_400 + 4 * 3600) * 1000), "3 d 4 h");
        assert_eq!(duration(623.4), "10:23");
        assert_eq!(duration(3600.0), "1:00:00");
        assert_eq!((seconds_until(4_000, 1), seconds_until(4_000, 0), seconds_until(1, 2)), (4, 4, 0));
    }

    #[test]
    fn fingerprints_are_as_other_programs_show_them() {
        assert_eq!(fingerprint("00ab4f"), "00:AB:4F");
        assert_eq!(fingerprint("00:AB:4f"), "00:AB:4F");
    }

    #[test]
    fn shares_are_never_rounded_up() {
        for (of, text) in [
            (1.0, "100 %"),
            (0.999_99, "99.99 %"),
            (0.9998, "99.98 %"),
            (0.5, "50 %"),
            (0.071, "7.1 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(share(of), text);
        }
        assert_eq!([0, 7, 99, 100].map(badge), ["0", "7", "99", "99+"]);
    }

    #[test]
    fn media_in_short() {
        let video = VideoTrack {
            codec: "h264".into(),
            profile: None,
            width: 1080,
            height: 1920,
            fps: 29.97,
            pixel_format: "yuv420p".into(),
            rotation: 90,
            b_frames: false,
            interlaced: false,
            keyframe_interval: None,
            variable_fps: false,
            hdr: false,
        };
        assert_eq!(picture(&video), "1080p30", "a portrait picture counts by its short side");
        assert_eq!((fps(25.0), fps(29.97)), ("25".to_owned(), "29.97".to_owned()));
        assert_eq!((folder("/a/b.mp4"), folder("/b.mp4"), folder(r"C:\v\b.mp4")), ("/a", "/", r"C:\v"));
    }

    #[test]
    fn a_sparkline_ends_at_the_right_edge() {
        assert_eq!(sparkline(&[], 120, 140.0, 22.0), "");
        let points = sparkline(&[0, 100], 120, 119.0, 22.0);
        let xy: Vec<&str> = points.split(' ').collect();
        assert_eq!(xy.len(), 2);
        assert!(xy[0].starts_with("118.0,21.0"), "nothing lies at the bottom: {points}");
        assert!(xy[1].starts_with("119.0,"), "the newest is at the right: {points}");
    }
}
