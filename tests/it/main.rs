//! The whole program, as a person starts it: the real `stream-manager-server` with the real FFmpeg and the real
//! MediaMTX, driven over REST. Every server has its own folder and its own free ports.
//!
//! Linux only for now: the tests look into `/proc` to see that nothing is left.
#![cfg(target_os = "linux")]
#![allow(unreachable_pub, reason = "a test program exports nothing; pub says that modules share it")]

mod bad_inputs;
mod crashes;
mod events;
mod http;
mod inputs;
mod life;
mod owners;
mod ports;
mod recording;
mod secrets;
mod support;
mod tools;
