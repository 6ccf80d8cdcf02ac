//! Streams: one actor each, which carries out what [`lifecycle::step`](crate::lifecycle::step) decides.

mod actor;
pub(crate) mod arrival;
pub(crate) mod convert;
mod facts;
mod fallen;
mod keep;
pub(crate) mod open;
mod pace;
mod seen;
mod sending;
mod source_watch;
mod spawn;
mod tail;
mod turns;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use child_process::Spawner;
use futures_util::future::join_all;
use stream_api::{Code, Error, Order, Origin, Stream, StreamId, UnixMillis, commands::StreamUpdate};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::task::TaskTracker;

use crate::{
    access::AccessChange,
    drives::Drives,
    hub::Hub,
    journal::{Ink, RunJournal},
    prepare::Prepared,
    prober::Prober,
    secrets::Secrets,
    server::{Server, Servers},
    sessions::Sessions,
    store::Store,
    store::StoredStream,
    tools::Tools,
};

pub(crate) use turns::Turns;

/// What stream actors are made of.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) hub: Hub,
    pub(crate) store: Store,
    pub(crate) secrets: Secrets,
    pub(crate) tools: Tools,
    pub(crate) prober: Prober,
    pub(crate) drives: Drives,
    pub(crate) prepared: Prepared,
    /// Of graphics cards.
    pub(crate) sessions: Sessions,
    pub(crate) spawner: Spawner,
    /// All servers.
    pub(crate) servers: Servers,
    /// The stream's own.
    pub(crate) server: Server,
    pub(crate) logs: PathBuf,
    /// Where lists for FFmpeg are.
    pub(crate) lists: PathBuf,
    pub(crate) ink: Ink,
    pub(crate) tasks: TaskTracker,
}

/// All streams. Whoever changes the set holds it.
#[derive(Debug)]
pub(crate) struct Registry {
    parts: Parts,
    streams: BTreeMap<StreamId, Handle>,
}

/// A handle to one stream's actor.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    id: StreamId,
    inbox: mpsc::Sender<Control>,
    pub(crate) journal: RunJournal,
    /// Held while it is edited, so that its source and that source's secrets stay together.
    pub(crate) editing: Arc<Mutex<()>>,
}

/// What an actor can be told. Each answer comes when the machine has taken it in, not when it is carried out.
#[derive(Debug)]
enum Control {
    /// A new order, and when the stream was last used, from which its place in the queue follows.
    Order { order: Order, used: Option<UnixMillis>, by: Origin, ack: oneshot::Sender<Result<Stream, Error>> },
    /// Run, and anew where it runs.
    Restart { used: UnixMillis, by: Origin, ack: oneshot::Sender<Result<Stream, Error>> },
    /// Run, once the prepared file is there.
    StartPrepared { by: Origin, ack: oneshot::Sender<Result<Stream, Error>> },
    /// New settings; a new name is free. `anew`: the source's secrets changed too.
    Edit { update: Box<StreamUpdate>, anew: bool, by: Origin, ack: oneshot::Sender<Result<Stream, Error>> },
    /// Who may watch, or send it.
    Access { change: AccessChange, by: Origin, ack: oneshot::Sender<Result<Stream, Error>> },
    /// End what runs, then answer; the store, the picture and the log forget the stream.
    Delete { by: Origin, done: oneshot::Sender<Result<(), Error>> },
    /// End what runs, then end; the order is kept.
    Shutdown,
}

impl Registry {
    pub(crate) fn new(parts: Parts) -> Registry {
        Registry { parts, streams: BTreeMap::new() }
    }

    /// Gives a stored stream its actor, which starts it when it is ordered to run.
    pub(crate) fn add(&mut self, stored: StoredStream) -> Stream {
        let id = stored.id;
        let (inbox, controls) = mpsc::channel(32);
        let journal =
            RunJournal::new(self.parts.logs.join(id.to_string()), &stored.spec.name, self.parts.ink.clone());
        let parts = Parts { server: self.parts.servers.get(stored.spec.server), ..self.parts.clone() };
        let actor = actor::Actor::new(stored, parts, journal.clone(), controls);
        let stream = actor.publish();
        self.parts.tasks.spawn(actor.run());
        self.streams.insert(id, Handle { id, inbox, journal, editing: Arc::default() });
        stream
    }

    /// # Errors
    /// `no_such_stream`.
    pub(crate) fn get(&self, id: StreamId) -> Result<Handle, Error> {
        self.streams.get(&id).cloned().ok_or_else(|| Error::new(Code::NoSuchStream).with("id", id))
    }

    pub(crate) fn forget(&mut self, id: StreamId) {
        self.streams.remove(&id);
    }

    /// Asks every stream to end; [`Registry::ended`] waits for it.
    pub(crate) fn shutdown(&self) {
        for handle in self.streams.values() {
            let inbox = handle.inbox.clone();
            self.parts.tasks.spawn(async move {
                // An actor that is gone has ended.
                let _ = inbox.send(Control::Shutdown).await;
            });
        }
    }

    /// Resolves when every actor is gone.
    pub(crate) async fn ended(&self) {
        join_all(self.streams.values().map(|handle| handle.inbox.closed())).await;
    }
}

impl Handle {
    /// # Errors
    /// That it can't be stored; nothing is changed then.
    pub(crate) async fn order(
        &self,
        order: Order,
        used: Option<UnixMillis>,
        by: Origin,
    ) -> Result<Stream, Error> {
        self.tell(|ack| Control::Order { order, used, by, ack }).await
    }

    /// # Errors
    /// As [`Handle::order`].
    pub(crate) async fn restart(&self, used: UnixMillis, by: Origin) -> Result<Stream, Error> {
        self.tell(|ack| Control::Restart { used, by, ack }).await
    }

    /// # Errors
    /// As [`Handle::order`].
    pub(crate) async fn start_prepared(&self, by: Origin) -> Result<Stream, Error> {
        self.tell(|ack| Control::StartPrepared { by, ack }).await
    }

    /// # Errors
    /// As [`Handle::order`]; `name_taken`, `no_such_server` and those of access where it would come to.
    pub(crate) async fn edit(&self, update: StreamUpdate, anew: bool, by: Origin) -> Result<Stream, Error> {
        self.tell(|ack| Control::Edit { update: Box::new(update), anew, by, ack }).await
    }

    /// # Errors
    /// As [`Handle::order`], and those of the change itself. That the server has not taken it yet is a warning of the
    /// stream: it is stored, and holds as soon as the server does.
    pub(crate) async fn change_access(&self, change: AccessChange, by: Origin) -> Result<Stream, Error> {
        self.tell(|ack| Control::Access { change, by, ack }).await
    }

    /// Resolves when nothing of the stream runs any more.
    ///
    /// # Errors
    /// As [`Handle::order`].
    pub(crate) async fn delete(&self, by: Origin) -> Result<(), Error> {
        self.tell(|done| Control::Delete { by, done }).await
    }

    async fn tell<T>(
        &self,
        control: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Control,
    ) -> Result<T, Error> {
        let (ack, answer) = oneshot::channel();
        // An actor ends with its stream alone; with the engine it refuses.
        let gone = || Error::new(Code::NoSuchStream).with("id", self.id);
        self.inbox.send(control(ack)).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}
