//! The whole program, as a person starts it: the real `stream-manager-server` with the real FFmpeg and the real
//! MediaMTX, driven over REST. Every server has its own folder and its own free ports.
//!
//! Linux only for now: the tests look into `/proc` to see that nothing is left.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    unreachable_pub,
    reason = "a test program: a panic says what is wrong, and nothing is exported"
)]

mod access;
mod audience;
mod bad_inputs;
mod capacity;
mod clocks;
mod conversion;
mod crashes;
mod disk_full;
mod encoders;
mod encoding;
mod events;
mod faults;
mod healing;
mod heavy_obs;
mod history;
mod http;
mod hung_drives;
mod inputs;
mod life;
mod many;
mod network;
mod other_access;
mod other_drift;
mod other_owners;
mod other_servers;
mod other_streams;
mod other_turns;
mod owners;
mod ports;
mod prepared;
mod presets;
mod recording;
mod secrets;
mod signals;
mod sources;
mod stalls;
mod steady;
mod support;
mod tools;
mod versions;
mod viewers;
