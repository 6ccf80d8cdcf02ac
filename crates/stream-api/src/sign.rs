//! By which line of which program a fault is recognised.

/// A line by which a fault is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign {
    /// Who says it.
    pub program: Program,
    /// What it says; `…` stands for any text.
    pub line: &'static str,
}

impl Sign {
    /// Whether `text` holds the line.
    pub fn is_in(&self, text: &str) -> bool {
        let mut rest = text;
        self.line.split('…').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

/// Who says the line of an [`Sign`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// FFmpeg, on standard error (`-loglevel repeat+level+warning`), or its first line for `-version`.
    Ffmpeg,
    /// ffprobe.
    Ffprobe,
    /// MediaMTX, in its log or as an answer of its Control API.
    Mediamtx,
    /// The operating system.
    System,
    /// This program; the line describes what it looks at.
    Manager,
}

impl Program {
    /// Its name. A proper name, except for the system.
    pub const fn label(self) -> &'static str {
        match self {
            Program::Ffmpeg => "FFmpeg",
            Program::Ffprobe => "ffprobe",
            Program::Mediamtx => "MediaMTX",
            Program::System => "the system",
            Program::Manager => "Stream Manager",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_in_what_was_printed() {
        let sign = Sign { program: Program::Ffmpeg, line: "Unknown encoder '…'" };
        assert!(sign.is_in("[fatal] Unknown encoder 'libx264'"));
        assert!(!sign.is_in("[fatal] Unknown encoder"));
        assert!(!sign.is_in(""));
    }
}
