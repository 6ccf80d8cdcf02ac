/// A part of a file, in milliseconds from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where it begins.
    pub start: u32,
    /// Where it ends; with the file when absent.
    pub end: Option<u32>,
}

impl Part {
    /// Seconds that it has of a file of so many; none or less where the file ends before.
    pub fn seconds(self, file: f64) -> f64 {
        let end = self.end.map_or(file, |end| file.min(f64::from(end) / 1000.0));
        end - f64::from(self.start) / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_file_at_the_latest() {
        for (start, end, file, seconds) in [
            (1500, None, 10.0, 8.5),
            (1500, Some(4000), 10.0, 2.5),
            (1500, Some(60_000), 10.0, 8.5),
            (11_000, None, 10.0, -1.0),
        ] {
            let part = Part { start, end };
            assert!((part.seconds(file) - seconds).abs() < 1e-9, "{part:?} {file}");
        }
    }
}
