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
