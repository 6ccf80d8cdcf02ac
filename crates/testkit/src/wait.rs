//! Waiting for a condition instead of sleeping.

use std::{
    net::{TcpListener, UdpSocket},
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

/// A port of the loopback that is free for TCP and UDP right now.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    (0..100)
        .find_map(|_| {
            let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
            UdpSocket::bind(("127.0.0.1", port)).is_ok().then_some(port)
        })
        .expect("a free port")
}
