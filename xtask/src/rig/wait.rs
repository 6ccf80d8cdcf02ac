//! Waiting for what is measured.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// How often a condition is looked at; also the grain of every measured time.
const GRAIN: Duration = Duration::from_millis(5);

/// Nothing here takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until there is something, and gives it.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    until_looked(what, GRAIN, look)
}

/// The same for a look that takes too long to be taken all the time.
pub(crate) fn until_looked<T>(
    what: &str,
    every: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let next = Instant::now() + every;
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            bail!("not within {PATIENCE:?}: {what}");
        }
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Time from now until there is something.
pub(crate) fn time_until<T>(what: &str, look: impl FnMut() -> Result<Option<T>>) -> Result<Duration> {
    let start = Instant::now();
    until(what, look)?;
    Ok(start.elapsed())
}

/// The middle one, in milliseconds.
pub(crate) fn median(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_does_not_move_the_median() {
        let times = [900, 3, 1, 2, 4].map(Duration::from_millis);
        assert_eq!(median(&times), 3.0);
    }
}
