//! A real browser against the headless host: `cargo test -p stream-server --features e2e --test e2e`.
//!
//! Needs the built interface (`cargo xtask ui`), chromium and chromedriver. Linux only for now.
#![cfg(target_os = "linux")]
#![allow(unreachable_pub, reason = "a test program exports nothing; pub says that modules share it")]

mod browser;
mod screenshots;
mod support;

// The server of the integration tests, with its folders.
#[path = "../it/support/mod.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod it;
