//! MediaMTX servers: one task each, which is the only writer there. The bundled one's starts, watches and restarts it
//! (`task`); one of somebody else's keeps in touch with it (`other`).

pub(crate) mod addresses;
mod admit;
mod audience;
mod board;
mod change;
mod end;
#[cfg(test)]
mod fake;
mod handle;
mod inner;
mod ledger;
mod listening;
mod mends;
mod other;
mod own;
mod poller;
mod pressure;
mod process;
mod relay;
mod servers;
mod sink;
mod task;
mod terms;
mod theirs;
mod tls;
mod users;
mod writer;

use std::{path::PathBuf, sync::Arc};

use child_process::Spawner;
use mediamtx_client::SessionKind;
use stream_api::{
    Error, Fault, OtherServer, Ports, Secret, ServerSettings, ServerStatus, StreamId, UnixMillis, Urls,
    ViewerId,
};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    drives::Drives,
    hub::Hub,
    journal::{Ink, Journal},
    slates::Slates,
    store::Store,
    stored_server::StoredServer,
    stream::Turns,
    tools::Tools,
};

use audience::Audience;
use board::Board;
pub(crate) use board::{Eager, Keep, PullTrouble, Wish};
use change::Change;
pub(crate) use change::effects;
pub(crate) use inner::source_of;
pub(crate) use ledger::Ledger;
pub(crate) use other::{check_aim, examined, given_users, terms, unfit, usable};
pub(crate) use poller::{Sample, Samples};
pub(crate) use servers::{OtherParts, Servers};
pub(crate) use terms::Terms;
pub(crate) use theirs::is_adoptable;
pub(crate) use tls::Tls;

/// What the server's task is made of.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) hub: Hub,
    pub(crate) store: Store,
    pub(crate) tools: Tools,
    pub(crate) slates: Slates,
    pub(crate) drives: Drives,
    pub(crate) spawner: Spawner,
    pub(crate) recordings: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) ink: Ink,
    pub(crate) run: PathBuf,
    pub(crate) tls: Tls,
    /// Web pages of ours that play streams.
    pub(crate) pages: Vec<String>,
}

/// A server whose task is not running yet.
#[derive(Debug)]
pub(crate) struct Unstarted {
    task: task::Task,
    handle: Server,
}

/// A handle to a server's task.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    requests: mpsc::Sender<Request>,
    link: watch::Receiver<Link>,
    samples: watch::Receiver<Arc<Samples>>,
    board: Board,
    audience: Audience,
    log: Journal,
    turns: Turns,
}

/// What a server's task holds of its handle's channels.
#[derive(Debug)]
struct Ends {
    inbox: mpsc::Receiver<Request>,
    link: watch::Sender<Link>,
    samples: watch::Sender<Arc<Samples>>,
    terms: watch::Sender<Arc<Terms>>,
}

/// Whether streams can publish.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    /// Being started.
    Waiting,
    /// It answers.
    Ready(Arc<Access>),
    /// It can't be started for now.
    Failed(Box<Fault>),
}

impl Link {
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self, Link::Ready(_))
    }
}

/// How to publish to this run of the server.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) ports: Ports,
    pub(crate) user: String,
    pub(crate) pass: String,
    /// Who may read what the server fetches for us alone.
    pub(crate) reader: (String, Secret),
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("ports", &self.ports).finish_non_exhaustive()
    }
}

/// Whom a guest link lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Of which stream.
    pub(crate) id: StreamId,
    /// The stream's name now.
    pub(crate) name: String,
    /// When the link ends.
    pub(crate) expires: UnixMillis,
}

#[derive(Debug)]
enum Request {
    /// Bring who may do what, and the path of this name, in line with the board.
    Apply { name: Option<String>, done: oneshot::Sender<Result<(), Error>> },
    /// Let a client go.
    Kick { kind: SessionKind, id: ViewerId, done: oneshot::Sender<Result<(), Error>> },
    /// Make these paths as they are wanted, whatever somebody else changed.
    Overwrite { names: Vec<String>, done: oneshot::Sender<Result<(), Error>> },
    /// Write who may do what as it is set here, whatever somebody else made of it.
    Insist { done: oneshot::Sender<Result<(), Error>> },
    /// Take a path as ours that is as we would make it.
    TakeOver { name: String, done: oneshot::Sender<Result<(), Error>> },
    /// Take away all that is ours.
    Leave { done: oneshot::Sender<Result<(), Error>> },
    /// Start again.
    Restart,
    /// Start again with other settings.
    Change(Change),
}

impl Unstarted {
    pub(crate) fn handle(&self) -> Server {
        self.handle.clone()
    }

    pub(crate) fn run(self, tasks: &TaskTracker, stop: CancellationToken) -> Server {
        tasks.spawn(self.task.run(stop));
        self.handle
    }
}

/// Where viewers watch `name`, by the best of the server's addresses.
pub(crate) fn urls(server: &ServerStatus, name: &str) -> Urls {
    let host = server.addresses.first().map_or("127.0.0.1", |address| address.host.as_str());
    mediamtx_client::urls(host, &server.settings, name)
}

/// Where viewers watch `name` on another server.
pub(crate) fn urls_there(other: &OtherServer, name: &str) -> Urls {
    let host = other.addresses.first().map(|address| address.host.as_str());
    host.map(|host| mediamtx_client::urls_by(host, &other.doors, name)).unwrap_or_default()
}

/// Where this program itself finds `name`.
pub(crate) fn own_urls(settings: &ServerSettings, name: &str) -> Urls {
    mediamtx_client::urls("127.0.0.1", settings, name)
}

/// The server's part of the picture before it was started.
pub(crate) fn first_status(stored: &StoredServer) -> ServerStatus {
    let settings = stored.settings();
    ServerStatus {
        moved_ports: crate::ports::moved(&settings),
        reach_chosen: stored.reach.is_some(),
        uplink_mbps: stored.uplink_mbps,
        ..ServerStatus::starting(settings)
    }
}
