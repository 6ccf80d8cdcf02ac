//! What the tests of the other crates share: programs that misbehave on request, real media files, readers that
//! look at a published picture, and questions about processes. Everything here panics with a reason instead of
//! returning an error: it runs in tests alone.
#![allow(
    clippy::disallowed_methods,
    reason = "tests look at the world from outside, also to prove that child-process leaves nothing behind"
)]

pub mod fake;
pub mod fixtures;
pub mod media;
pub mod processes;
pub mod readers;
mod wait;

pub use wait::{free_port, free_ports_in_a_row, wait_until, wait_until_blocking};
