use std::sync::atomic::{AtomicBool, Ordering};

use stream_api::{Origin, Stream, commands::Streams};
use stream_engine::Engine;
use tokio_util::sync::CancellationToken;

use crate::{outbox::Outbox, window::Window};

/// What the desktop's adapters share; Tauri keeps the only one.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) engine: Engine,
    pub(crate) window: Window,
    /// What goes to the window besides the engine's own messages.
    pub(crate) outbox: Outbox,
    /// Ends the HTTP host, and with it the window.
    pub(crate) stop: CancellationToken,
    quitting: AtomicBool,
}

impl Shell {
    pub(crate) fn new(engine: Engine, window: Window, stop: CancellationToken) -> Shell {
        Shell { engine, window, outbox: Outbox::default(), stop, quitting: AtomicBool::new(false) }
    }

    /// Whether this is the first one to say so.
    pub(crate) fn begin_quit(&self) -> bool {
        !self.quitting.swap(true, Ordering::SeqCst)
    }

    pub(crate) fn is_quitting(&self) -> bool {
        self.quitting.load(Ordering::SeqCst)
    }

    /// All streams as they are now.
    pub(crate) async fn streams(&self) -> Vec<Stream> {
        let reply = self.engine.dispatch(Origin::Window, "stream_list", serde_json::Value::Null).await;
        let streams = reply.ok().and_then(|reply| serde_json::from_value::<Streams>(reply).ok());
        streams.map(|streams| streams.streams).unwrap_or_default()
    }
}

/// How many streams viewers would lose.
pub(crate) fn live(streams: &[Stream]) -> usize {
    streams.iter().filter(|stream| stream.on_air).count()
}
