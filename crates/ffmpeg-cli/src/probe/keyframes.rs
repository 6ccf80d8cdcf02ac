/// How many seconds of a file `keyframe_arguments` reads.
const READ: f64 = 30.0;

/// The longest distance between two key frames, in seconds, from what ffprobe printed for `keyframe_arguments`: one
/// time a line, some with a trailing comma, some empty. From the last key frame to the end counts too, where the end
/// is that of the file (`duration`, seconds) or of the 30 s that were read. `None` without any key frame.
pub fn keyframe_interval(csv: &str, duration: Option<f64>) -> Option<f64> {
    let mut times: Vec<f64> = csv
        .lines()
        .filter_map(|line| line.split(',').next()?.trim().parse().ok())
        .filter(|time: &f64| time.is_finite())
        .collect();
    times.sort_by(f64::total_cmp);
    let (first, last) = (*times.first()?, *times.last()?);
    let end = first + duration.filter(|seconds| *seconds > 0.0).unwrap_or(0.0).min(READ);
    let between = times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    Some(between.max(end - last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_distance() {
        let close = |csv: &str, duration, expected: Option<f64>| {
            let found = keyframe_interval(csv, duration);
            let same = match (found, expected) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-6,
                (a, b) => a == b,
            };
            assert!(same, "{csv:?} with {duration:?}: {found:?}, expected {expected:?}");
        };
        // As printed by 5.1.9 for MP4 and MPEG-TS.
        close("0.000000,\n\n1.000000\n2.000000\n", Some(3.0), Some(1.0));
        close("1.421333,\n\n2.421333\n3.421333\n", Some(3.02), Some(1.02));
        close("0.000000,\n", Some(600.0), Some(30.0));
        close("0.000000,\n", None, Some(0.0));
        close("0.0\n10.0\n20.0\n28.0\n", Some(600.0), Some(10.0));
        close("N/A\n", Some(3.0), None);
        close("", Some(3.0), None);
    }
}
