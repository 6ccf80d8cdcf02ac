//! Prepared files: a file made once such that FFmpeg of any version copies it in an endless loop without a seam.
//! Copying it costs 0.004 of a core, where encoding as it plays costs about one.
//!
//! What makes a seam, and how it is kept away (measured with 5.1, 7.0 and 9.0, 20 passes: steps of time stamps all
//! alike, and no click):
//! - Tracks of unequal length: all last a whole number of [`UNIT`]s, which is a whole number of AAC packets and of Opus
//!   packets, and the picture's frames are spread evenly over exactly that time, whatever the frame rate.
//! - An encoder's run-in: the sound is encoded from some packets before its start (with what plays there: the end of
//!   the pass before), and these packets are then cut off. No packet is left that lies before time 0.
//! - Edit lists, which 7.0 and newer count into the length of a pass: none is written.

mod recipe;
mod seam;
mod steps;
mod test_pattern;

pub use recipe::{Recipe, narrowed};
pub use seam::{Seam, SeamError};
pub use steps::{SEAM_FILE, Step, WHOLE, check_arguments, measure_arguments, seam_arguments, steps};

/// Samples a second of all sound in prepared files.
const RATE: u64 = 48_000;
/// Samples: 15 packets of AAC, 16 of Opus, 0.32 s.
const UNIT: u64 = 15_360;
/// Samples of an AAC packet.
const AAC: u64 = 1024;
/// Samples of an Opus packet of 20 ms.
const OPUS: u64 = 960;

#[cfg(test)]
mod tests;
