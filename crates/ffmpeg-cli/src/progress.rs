//! Reads `-progress pipe:1`.

/// One block of FFmpeg's `-progress` output. What a version or muxer leaves out, or prints as `N/A`, is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// How much was sent, in microseconds of the stream's own time. A stall is when this stops growing: FFmpeg 7.0
    /// and newer keep printing blocks while blocked, 6.x and older stop printing.
    pub out_time_us: Option<i64>,
    /// Video frames sent; absent in copy mode of 7.0.
    pub frame: Option<u64>,
    /// Frames per second.
    pub fps: Option<f64>,
    /// 1 = as fast as it plays. Not meaningful in the first 20 s: 7.0 and newer start with a burst.
    pub speed: Option<f64>,
    /// Frames dropped by the encoder side.
    pub dropped: Option<u64>,
    /// Frames duplicated to keep the frame rate.
    pub duplicated: Option<u64>,
    /// FFmpeg's last block.
    pub end: bool,
}

/// Collects lines into blocks.
#[derive(Debug, Clone, Default)]
pub struct Parser {
    block: Progress,
}

impl Parser {
    /// Takes one line, without its line end; returns the block that it completes. Other lines are ignored.
    pub fn line(&mut self, line: &str) -> Option<Progress> {
        let (key, value) = line.split_once('=')?;
        let value = value.trim();
        match key.trim() {
            "out_time_us" => self.block.out_time_us = value.parse().ok(),
            "frame" => self.block.frame = value.parse().ok(),
            "fps" => self.block.fps = number(value),
            "speed" => self.block.speed = number(value.trim_end_matches('x').trim_end()),
            "drop_frames" => self.block.dropped = value.parse().ok(),
            "dup_frames" => self.block.duplicated = value.parse().ok(),
            "progress" => {
                self.block.end = value == "end";
                return Some(std::mem::take(&mut self.block));
            }
            _ => {}
        }
        None
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &str) -> Vec<Progress> {
        let mut parser = Parser::default();
        text.lines().filter_map(|line| parser.line(line)).collect()
    }

    #[test]
    fn an_rtsp_block_of_5_1() {
        let text = "frame=31\nfps=0.00\nstream_0_0_q=-1.0\nbitrate=N/A\ntotal_size=N/A\nout_time_us=1045333\n\
                    out_time_ms=1045333\nout_time=00:00:01.045333\ndup_frames=2\ndrop_frames=1\n\
                    speed=1.02x\nprogress=continue\n";
        let expected = Progress {
            out_time_us: Some(1_045_333),
            frame: Some(31),
            fps: Some(0.0),
            speed: Some(1.02),
            dropped: Some(1),
            duplicated: Some(2),
            end: false,
        };
        assert_eq!(blocks(text), [expected]);
    }

    #[test]
    fn early_values_are_missing_and_speed_has_spaces() {
        let text = "out_time_us=N/A\nout_time=N/A\nspeed=N/A\nprogress=continue\n\
                    out_time_us=-21333\nspeed=   1x\nprogress=end\nnoise\n";
        let blocks = blocks(text);
        assert_eq!(blocks[0], Progress::default());
        assert_eq!(
            blocks[1],
            Progress { out_time_us: Some(-21_333), speed: Some(1.0), end: true, ..Progress::default() }
        );
        assert_eq!(blocks.len(), 2);
    }

    #[test]
    fn a_block_never_leaks_into_the_next() {
        let blocks = blocks("frame=9\nprogress=continue\r\nout_time_us=5\nprogress=continue\n");
        assert_eq!(blocks[1].frame, None, "the second block had no frame line");
    }
}
