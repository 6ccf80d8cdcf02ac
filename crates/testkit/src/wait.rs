//! Waiting for a condition instead of sleeping.

use std::{
    net::{TcpListener, UdpSocket},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

const PAUSE: Duration = Duration::from_millis(10);

/// Polls the condition until it holds.
///
/// # Panics
/// If it doesn't within `deadline`; `what` says what was awaited.
#[track_caller]
pub fn wait_until_blocking(deadline: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition() {
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        thread::sleep(PAUSE);
    }
}

/// The same for a condition that awaits something: `wait_until(limit, "it is there", async || …)`.
///
/// # Panics
/// If it doesn't hold within `deadline`; `what` says what was awaited.
pub async fn wait_until(deadline: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition().await {
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

const FIRST: u16 = 10_240;
const COUNT: u16 = 20_000;

/// A port of the loopback that is free for TCP and UDP right now, and was not given before in this process. It is below
/// those that systems hand out by themselves, so nobody gets it meanwhile.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    free_ports_in_a_row(1)
}

/// So many such ports, one after the other: the first of them. For a program that takes the next one by itself where it
/// can't have a port, which is then nobody else's.
///
/// # Panics
/// If there are none.
#[must_use]
pub fn free_ports_in_a_row(count: u16) -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Tests of another process begin elsewhere.
    let offset = u16::try_from(std::process::id() * 97 % u32::from(COUNT)).unwrap_or_default();
    (0..COUNT)
        .map(|_| FIRST + offset.wrapping_add(GIVEN.fetch_add(count, Ordering::Relaxed)) % COUNT)
        .find(|first| (*first..first + count).all(is_free))
        .expect("a free port")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok()
}
