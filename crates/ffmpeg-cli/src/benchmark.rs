//! The commands that measure how fast a machine encodes.

use std::ffi::OsString;

/// What [`sample_arguments`] makes.
pub const SAMPLE: &str = "sample.mp4";

/// Pixels, and frames a second: of a usual kind, and quick to make.
const PICTURE: (u32, u32, u32) = (1280, 720, 30);
/// How often the sample is played, which lasts a second.
const PASSES: u32 = 3;
/// FFmpeg's arguments to make [`SAMPLE`] in its working directory. Noise makes it as hard to encode as a film: without,
/// it takes a fifth less time (measured).
pub fn sample_arguments() -> Vec<OsString> {
    let (width, height, rate) = PICTURE;
    let picture = format!("testsrc2=size={width}x{height}:rate={rate}:duration=1,noise=alls=24:allf=t");
    let before = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", &picture];
    let after = "-pix_fmt yuv420p -c:v libx264 -preset ultrafast -b:v 4M -bf 0 -f mp4".split(' ');
    before.into_iter().chain(after).chain([SAMPLE]).map(OsString::from).collect()
}

/// FFmpeg's arguments to encode [`SAMPLE`] as streams usually are, as fast as it can, to nowhere. What it took is
/// told by [`measured`].
pub fn arguments() -> Vec<OsString> {
    let (width, height, rate) = PICTURE;
    let line = format!(
        "-nostdin -hide_banner -nostats -loglevel info -benchmark -stream_loop {} -i {SAMPLE} \
         -vf fps={rate},scale={width}:{height},setsar=1,format=yuv420p \
         -c:v libx264 -preset veryfast -tune zerolatency -profile:v high -b:v 2M -maxrate 2M -bufsize 4M \
         -bf 0 -g {rate} -keyint_min {rate} -sc_threshold 0 -f null -",
        PASSES - 1
    );
    line.split_whitespace().map(OsString::from).collect()
}

/// What a machine takes to encode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Seconds of one core for a megapixel that is decoded and encoded.
    pub seconds: f64,
    /// Bytes of memory of the FFmpeg that encoded.
    pub memory: u64,
}

impl Measured {
    /// Of the machine that a plan's [`Cost`](stream_api::Cost) is of: one 1080p30 stream takes 0.92 cores there.
    pub const REFERENCE: Measured = Measured { seconds: 0.0148, memory: 97 << 20 };
}

/// Reads what [`arguments`] print on standard error (`-benchmark`, the same from 5.1 to 9.0):
/// `bench: utime=0.706s stime=0.060s rtime=0.926s` and `bench: maxrss=97380kB` (`KiB` since 7.1). None for anything
/// else.
pub fn measured(stderr: &str) -> Option<Measured> {
    let field = |name: &str| {
        let lines = stderr.lines().filter(|line| line.contains("bench: "));
        let value = lines.flat_map(str::split_whitespace).find_map(|word| word.strip_prefix(name))?;
        let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
        value[..digits].parse::<f64>().ok()
    };
    let (width, height, rate) = PICTURE;
    let megapixels = f64::from(width * height) * f64::from(rate * PASSES) / 1e6;
    let seconds = (field("utime=")? + field("stime=")?) / megapixels;
    let memory = (field("maxrss=").unwrap_or_default() * 1024.0) as u64;
    let memory = if memory == 0 { Measured::REFERENCE.memory } else { memory };
    (seconds > 0.0).then_some(Measured { seconds, memory })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ffmpeg_says_it_took() {
        let said = "Stream mapping:\nframe=   90 fps=0.0 q=28.0\nbench: utime=1.056s stime=0.090s rtime=0.9s\n\
                    bench: maxrss=97380kB\n";
        let of = measured(said).unwrap();
        assert!((of.seconds - 1.146 / (27.648 * 3.0)).abs() < 1e-9, "{of:?}");
        assert_eq!(of.memory, 97_380 << 10);
        let newer = said.replace("kB", "KiB");
        assert_eq!(measured(&newer), Some(of));
        let elsewhere = said.replace("bench: maxrss=97380kB", "");
        assert_eq!(measured(&elsewhere).unwrap().memory, Measured::REFERENCE.memory, "not on every system");
        for nothing in
            ["", "bench: utime=0.000s stime=0.000s", "bench: utime=x stime=0.1s", "utime=1s stime=1s"]
        {
            assert_eq!(measured(nothing), None, "{nothing}");
        }
    }
}
