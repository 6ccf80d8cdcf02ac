use std::{
    fs,
    io::{self, Write},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

/// Bytes of one day's log.
const CAP: u64 = 16 << 20;
/// Seconds of a day.
const DAY: u64 = 24 * 3600;

/// A log file a day that does not grow without end: what comes after its limit is not written.
#[derive(Debug)]
pub(super) struct Capped<W> {
    out: W,
    day: u64,
    written: u64,
    clock: fn() -> SystemTime,
}

impl<W> Capped<W> {
    /// `out` writes into `folder`, where another run may have written something today.
    pub(super) fn new(out: W, folder: &Path) -> Capped<W> {
        let clock = SystemTime::now;
        let today = day(clock());
        let files = fs::read_dir(folder).into_iter().flatten().flatten();
        let of_today = files.filter(|file| file.file_name().to_string_lossy().starts_with("app."));
        let of_today = of_today.filter_map(|file| file.metadata().ok());
        let of_today = of_today.filter(|meta| meta.modified().is_ok_and(|at| day(at) == today));
        Capped { out, day: today, written: of_today.map(|meta| meta.len()).max().unwrap_or(0), clock }
    }
}

impl<W: Write> Write for Capped<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let today = day((self.clock)());
        if today != self.day {
            (self.day, self.written) = (today, 0);
        }
        let before = self.written;
        self.written += line.len() as u64;
        if self.written <= CAP {
            self.out.write_all(line)?;
        } else if before <= CAP {
            self.out.write_all(b"the log of this day ends here: it became too long\n")?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Days begin as the files do, in UTC.
fn day(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_day_is_capped_over_a_restart_and_the_next_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("app.today.log"), vec![b'x'; 1 << 20]).unwrap();
        let mut log = Capped::new(Vec::new(), dir.path());
        let line = [b'x'; 1 << 20];
        for _ in 0..100 {
            log.write_all(&line).unwrap();
        }
        let text = String::from_utf8_lossy(&log.out).into_owned();
        assert_eq!(text.len() >> 20, 15, "a part was written before");
        assert!(text.ends_with("too long\n") && text.matches("too long").count() == 1);
        log.clock = || SystemTime::now() + Duration::from_secs(DAY);
        log.write_all(b"tomorrow").unwrap();
        assert!(log.out.ends_with(b"tomorrow"));
    }
}
