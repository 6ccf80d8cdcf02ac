use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use stream_api::{Code, Error, Fault, OtherServer, ServerId, StreamId, Viewer};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Ledger, Link, Server, Terms, other, terms::Listed};
use crate::{
    hub::Hub,
    journal::{Ink, Journal},
    secrets::Secrets,
    slates::Slates,
    stored_other::{OtherSecrets, StoredOther},
};

/// What the tasks of other servers are made of.
#[derive(Debug, Clone)]
pub(crate) struct OtherParts {
    pub(crate) hub: Hub,
    pub(crate) secrets: Secrets,
    pub(crate) slates: Slates,
    pub(crate) ledger: Ledger,
    pub(crate) logs: PathBuf,
    pub(crate) ink: Ink,
    pub(crate) tasks: TaskTracker,
    /// All of them end.
    pub(crate) stop: CancellationToken,
}

/// All servers, by id. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Servers {
    bundled: Server,
    parts: OtherParts,
    others: Arc<Mutex<BTreeMap<ServerId, Other>>>,
}

#[derive(Debug)]
struct Other {
    handle: Server,
    stored: watch::Sender<StoredOther>,
    stop: CancellationToken,
}

/// A server of somebody else whose task is not running yet.
#[derive(Debug)]
pub(crate) struct Unmet {
    task: other::Task,
    stop: CancellationToken,
}

impl Unmet {
    /// Gets in touch with it.
    pub(crate) fn meet(self, tasks: &TaskTracker) {
        tasks.spawn(self.task.run(self.stop));
    }
}

impl Servers {
    pub(crate) fn new(bundled: Server, parts: OtherParts) -> Servers {
        Servers { bundled, parts, others: Arc::default() }
    }

    /// A server's handle. One that is not there any more has one too, at which nothing works.
    pub(crate) fn get(&self, id: ServerId) -> Server {
        if id.is_bundled() {
            return self.bundled.clone();
        }
        let known = self.lock().get(&id).map(|other| other.handle.clone());
        known.unwrap_or_else(|| nowhere(id, &self.parts))
    }

    /// Gets in touch with a server that a person added, and keeps it in the picture.
    pub(crate) fn add(&self, stored: StoredOther) {
        self.unmet(stored, true).meet(&self.parts.tasks);
    }

    /// The same of one that is known from before, once its streams have said what they want of it: what nobody wants is
    /// taken away there.
    pub(crate) fn open(&self, stored: StoredOther) -> Unmet {
        self.unmet(stored, false)
    }

    fn unmet(&self, stored: StoredOther, is_new: bool) -> Unmet {
        let id = stored.id;
        self.parts.hub.add_other(OtherServer::connecting(id, stored.spec.clone()));
        let log = Journal::new(self.parts.logs.join(format!("server-{id}.log")), self.parts.ink.clone());
        let terms = other::terms(&stored.spec, &OtherSecrets::default(), &self.parts.slates);
        let (handle, ends) = Server::open(terms, log);
        let (stored, watched) = watch::channel(stored);
        let stop = self.parts.stop.child_token();
        let task = other::Task::new(self.parts.clone(), watched, ends, &handle, is_new);
        self.lock().insert(id, Other { handle, stored, stop: stop.clone() });
        Unmet { task, stop }
    }

    /// It is set otherwise now, or its secrets are others.
    pub(crate) fn edit(&self, stored: StoredOther) {
        if let Some(other) = self.lock().get(&stored.id) {
            other.stored.send_replace(stored);
        }
    }

    /// Out of touch for good.
    pub(crate) async fn remove(&self, id: ServerId) {
        if let Some(other) = self.lock().remove(&id) {
            other.stop.cancel();
            other.handle.log.remove_file();
        }
        self.parts.ledger.forget_all(id).await;
        self.parts.hub.other_removed(id);
    }

    /// Whether a path of that name was made by us there.
    pub(crate) fn owns(&self, id: ServerId, name: &str) -> bool {
        self.parts.ledger.owns(id, name)
    }

    /// Who watches this stream, or any, on any server.
    pub(crate) fn viewers(&self, stream: Option<StreamId>) -> Vec<Viewer> {
        self.all().iter().flat_map(|server| server.viewers(stream)).collect()
    }

    /// Every server.
    pub(crate) fn all(&self) -> Vec<Server> {
        let others = self.lock();
        std::iter::once(&self.bundled).chain(others.values().map(|other| &other.handle)).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServerId, Other>> {
        self.others.lock()
    }
}

/// Of a server that is not there: its streams say so, and all others run.
fn nowhere(id: ServerId, parts: &OtherParts) -> Server {
    let terms = Terms {
        name: id.to_string(),
        users: Listed::Unknown,
        digest: false,
        kick: false,
        recordings: None,
        record_path: None,
        slates: Err(stream_api::Unkept::Remote),
    };
    let (handle, ends) =
        Server::open(terms, Journal::new(parts.logs.join("server-missing.log"), parts.ink.clone()));
    let fault = Fault::new(Error::new(Code::NoSuchServer).with("id", id));
    ends.link.send_replace(Link::Failed(Box::new(fault)));
    handle
}
