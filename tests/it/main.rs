//! The whole program with the real FFmpeg and the real MediaMTX.
