//! How soon viewers are let go who may watch no longer.

use std::{
    io::Write as _,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::{camera::Whep, reader::Reader, until};

/// On a computer that does nothing else it is two seconds at most.
const AT_ONCE: Duration = Duration::from_secs(20);

/// Waits until all are let go, and tells in one line how long after `began` each protocol was.
pub async fn all_let_go(what: &str, began: Instant, readers: Vec<Reader>, browser: Whep) {
    let readers = readers.into_iter().map(async |reader| {
        let protocol = reader.protocol().to_owned();
        reader.until_let_go().await;
        (protocol, began.elapsed())
    });
    let browser = async {
        until("the browser is let go", async || (!browser.is_connected().await).then_some(())).await;
        ("webrtc".to_owned(), began.elapsed())
    };
    let (mut went, last) = tokio::join!(join_all(readers), browser);
    went.push(last);
    told(what, &went);
    assert!(went.iter().all(|(_, took)| *took < AT_ONCE), "at once, even on a busy computer: {went:?}");
}

/// A line of the table, past the harness, which keeps what macros print to itself.
pub fn told(what: &str, went: &[(String, Duration)]) {
    let cells = went.iter().map(|(protocol, took)| format!(" {protocol} {:>5} ms |", took.as_millis()));
    let _ = writeln!(std::io::stderr(), "| let go | {what:<46} |{}", cells.collect::<String>());
}
