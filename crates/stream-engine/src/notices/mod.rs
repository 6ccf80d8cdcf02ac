//! What a person is told without looking: decided here once, shown by each host in its own way.

mod seen;
mod server;
mod warnings;
mod watch;
mod words;

use std::time::{Duration, Instant};

use stream_api::Message;
use tokio::time::sleep_until;
use tokio_util::sync::CancellationToken;

use crate::hub::Hub;
use watch::Watch;

/// Follows the picture and tells what is worth telling, until `stop`.
pub(crate) async fn run(hub: Hub, stop: CancellationToken) {
    let (born, mut events, mut watch) = (Instant::now(), hub.subscribe(), Watch::default());
    loop {
        let due = watch.due().map(|at| born + Duration::from_millis(at));
        tokio::select! {
            () = stop.cancelled() => return,
            message = events.next() => match message {
                Some(Message::Snapshot { snapshot }) => watch.see_all(&snapshot, millis(born)),
                Some(Message::Events { events }) => {
                    for event in events {
                        watch.see(&event.change, millis(born));
                    }
                }
                Some(_) => {}
                None => return,
            },
            () = sleep_until(due.unwrap_or(born).into()), if due.is_some() => {
                for notice in watch.tell(millis(born)) {
                    tracing::info!(title = notice.title, "notice");
                    hub.notice(notice);
                }
            }
        }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
