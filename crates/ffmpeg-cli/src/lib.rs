//! What this project knows of FFmpeg and ffprobe: which arguments to give, how to read what they print, and what
//! their failures mean.
//!
//! Pure: no processes, no file system, no clock, no async runtime. Whoever starts FFmpeg (`child-process`, told by
//! `stream-engine`) passes lines in and gets values out, so everything here is tested by tables. Facts about FFmpeg
//! were measured with 5.1, the oldest supported version, and where noted with 7.0, 8.0 and 9.0.
//!
//! The way of a file: [`probe`] reads it, [`plan`] decides how it is sent, [`publish`] makes the command,
//! [`prepare`] makes one of it that loops without a seam, [`benchmark`] tells how much of that a machine does,
//! [`progress`] and [`log`] read its output, [`faults`] explains its end.

pub mod benchmark;
pub mod encoders;
pub mod faults;
mod input;
pub mod log;
pub mod plan;
pub mod prepare;
pub mod probe;
pub mod progress;
pub mod publish;
pub mod slate;
mod version;

pub use version::Version;
