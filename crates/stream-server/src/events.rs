use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderName, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use stream_api::{EventId, Message};

use crate::serve::Host;

/// Proxies and browsers give up on connections that stay silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The events as they come: each [`Message`] as JSON, a snapshot first. Ends when the host stops.
pub(crate) async fn events(State(host): State<Host>) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let sse =
        Sse::new(messages(&host).take_until(host.stop.clone().cancelled_owned())).keep_alive(keep_alive);
    ([(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")], sse)
        .into_response()
}

fn messages(host: &Host) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let subscription = host.engine.subscribe();
    stream::unfold(subscription, |mut subscription| async move {
        loop {
            let message = subscription.next().await?;
            match wire(&message) {
                Ok(event) => return Some((Ok(event), subscription)),
                Err(error) => tracing::error!(%error, "a message could not be written"),
            }
        }
    })
}

fn wire(message: &Message) -> Result<Event, axum::Error> {
    let event = Event::default().json_data(message)?;
    Ok(match newest(message) {
        Some(id) => event.id(format!("{}-{}", id.boot, id.seq)),
        None => event,
    })
}

/// The newest event that a client knows after this message.
fn newest(message: &Message) -> Option<&EventId> {
    match message {
        Message::Snapshot { snapshot } => Some(&snapshot.at),
        Message::Events { events } => events.last().map(|event| &event.id),
        _ => None,
    }
}
