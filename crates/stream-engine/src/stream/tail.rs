use std::collections::VecDeque;

/// FFmpeg's last lines, for the reason of its end.
#[derive(Debug, Default)]
pub(super) struct Tail {
    lines: VecDeque<String>,
}

/// Lines kept.
const KEPT: usize = 40;
/// Lines shown with a fault.
const SHOWN: usize = 8;

impl Tail {
    pub(super) fn push(&mut self, line: String) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
    }

    pub(super) fn all(&mut self) -> &[String] {
        self.lines.make_contiguous()
    }

    /// The newest lines, without credentials.
    pub(super) fn shown(&self) -> Vec<String> {
        let newest = self.lines.iter().skip(self.lines.len().saturating_sub(SHOWN));
        newest.map(|line| ffmpeg_cli::log::redact(line).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_shown_without_passwords() {
        let mut tail = Tail::default();
        for number in 0..100 {
            tail.push(format!("line {number} of rtsp://publisher:s3cret@127.0.0.1:8554/a"));
        }
        assert_eq!(tail.all().len(), KEPT, "what its end is found in");
        assert!(tail.all()[0].contains("line 60 "), "{:?}", tail.all());
        let shown = tail.shown();
        assert_eq!(shown.len(), SHOWN);
        assert!(shown[0].contains("line 92 ") && shown[7].contains("line 99 "), "{shown:?}");
        assert!(
            shown.iter().all(|line| !line.contains("s3cret") && line.contains("127.0.0.1:8554/a")),
            "{shown:?}"
        );
        tail.clear();
        tail.push("alone".to_owned());
        assert_eq!(tail.shown(), ["alone"]);
    }
}
