//! Whether a prepared file really has no seam: read from the time stamps of several passes.

use super::{RATE, Recipe, recipe::Length};

/// Reads what FFmpeg wrote for [`seam_arguments`](super::seam_arguments), a line at a time.
#[derive(Debug, Clone)]
pub struct Seam {
    tracks: Vec<Track>,
    passes: u64,
}

#[derive(Debug, Clone)]
struct Track {
    /// Packets of one pass.
    packets: u64,
    /// Seconds from one to the next.
    step: f64,
    /// Seconds of a tick.
    tick: f64,
    seen: u64,
    last: f64,
}

/// What is wrong with a prepared file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SeamError {
    /// A track that it should not have.
    #[error("track {0} should not be there")]
    Surplus(usize),
    /// Too few or too many packets.
    #[error("track {track} has {found} packets instead of {wanted}")]
    Packets {
        /// Which, from 0.
        track: usize,
        /// In all passes.
        found: u64,
        /// In all passes.
        wanted: u64,
    },
    /// A jump in time.
    #[error("track {track} jumps by {step:.4} s after packet {packet}, instead of {wanted:.4} s")]
    Jump {
        /// Which, from 0.
        track: usize,
        /// Counted from 0.
        packet: u64,
        /// Seconds.
        step: f64,
        /// Seconds.
        wanted: f64,
    },
    /// A line that can't be read.
    #[error("FFmpeg wrote {0:?}")]
    Unreadable(String),
}

impl Seam {
    /// Of so many passes of a file that was made by `recipe` from a source of so many seconds.
    pub fn new(recipe: &Recipe, seconds: f64, passes: u64) -> Seam {
        let length = Length::of(recipe, seconds);
        let track = |packets: u64| {
            let step = length.samples as f64 / RATE as f64 / packets as f64;
            Track { packets, step, tick: 0.0, seen: 0, last: 0.0 }
        };
        let picture = recipe.picture.as_ref().map(|_| track(length.frames));
        let sound = recipe.sound.map(|_| [track(length.aac()), track(length.opus())]);
        let tracks = picture.into_iter().chain(sound.into_iter().flatten()).collect();
        Seam { tracks, passes }
    }

    /// Takes one line.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn line(&mut self, line: &str) -> Result<(), SeamError> {
        let unreadable = || SeamError::Unreadable(line.to_owned());
        if let Some(tick) = line.strip_prefix("#tb ") {
            let (track, tick) = tick.split_once(':').ok_or_else(unreadable)?;
            let (over, under) = tick.trim().split_once('/').ok_or_else(unreadable)?;
            let number = |text: &str| text.trim().parse::<f64>().map_err(|_| unreadable());
            self.track(track).ok_or_else(unreadable)??.tick = number(over)? / number(under)?;
            return Ok(());
        }
        if line.starts_with('#') || line.trim().is_empty() {
            return Ok(());
        }
        // stream, dts, pts, duration, …
        let mut parts = line.split(',').map(str::trim);
        let (index, dts) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let dts: f64 = dts.parse().map_err(|_| unreadable())?;
        let track = self.track(index).ok_or_else(unreadable)??;
        let now = dts * track.tick;
        let (step, wanted, packet) = (now - track.last, track.step, track.seen);
        (track.last, track.seen) = (now, packet + 1);
        // Two ticks: either time stamp may have been rounded.
        let first_is_late = packet == 0 && now.abs() > 2.0 * track.tick;
        if first_is_late || (packet > 0 && (step - wanted).abs() > 2.0 * track.tick) {
            let track = index.parse().unwrap_or_default();
            return Err(SeamError::Jump {
                track,
                packet,
                step,
                wanted: if packet == 0 { 0.0 } else { wanted },
            });
        }
        Ok(())
    }

    /// After the last line.
    ///
    /// # Errors
    /// A track that is too short or too long.
    pub fn end(&self) -> Result<(), SeamError> {
        for (track, Track { packets, seen, .. }) in self.tracks.iter().enumerate() {
            let wanted = self.passes * packets;
            if *seen != wanted {
                return Err(SeamError::Packets { track, found: *seen, wanted });
            }
        }
        Ok(())
    }

    /// None for what is no number.
    fn track(&mut self, index: &str) -> Option<Result<&mut Track, SeamError>> {
        let index: usize = index.trim().parse().ok()?;
        Some(self.tracks.get_mut(index).ok_or(SeamError::Surplus(index)))
    }
}
