//! What streams and commands ask of a server.

use std::{path::PathBuf, sync::Arc, time::Duration};

use ffmpeg_cli::slate::Slate;
use mediamtx_client::Difference;
use stream_api::{Code, Error, Kept, ServerSettings, StreamId, UnixMillis, Viewer, ViewerId, commands::Log};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    Access, Eager, Ends, Link, Parts, PullTrouble, Request, Samples, Seat, Server, Terms, Tls, Unstarted,
    Wish, audience::Audience, board::Board, change::Change, process, task::Task,
};
use crate::{access::StoredAccess, journal::Journal, stream::Turns};

/// How long a stream waits for a server that is being started.
const READY_LIMIT: Duration = Duration::from_secs(15);

impl Server {
    #[expect(clippy::new_ret_no_self, reason = "a server without its task is of no use yet")]
    pub(crate) fn new(parts: Parts) -> Unstarted {
        let terms = Terms::ours(parts.slates.clone(), parts.recordings.clone());
        let (handle, ends) =
            Server::open(terms, Journal::new(parts.logs.join("mediamtx.log"), parts.ink.clone()));
        let task = Task::new(parts, ends, &handle);
        Unstarted { task, handle }
    }

    /// A handle whose task is still to come.
    pub(super) fn open(terms: Terms, log: Journal) -> (Server, Ends) {
        let (requests, inbox) = mpsc::channel(256);
        let (link_out, link) = watch::channel(Link::Waiting);
        let (samples_out, samples) = watch::channel(Arc::default());
        let (terms_out, terms) = watch::channel(Arc::new(terms));
        let handle = Server {
            requests,
            link,
            samples,
            board: Board::new(terms),
            audience: Audience::default(),
            log,
            turns: Turns::default(),
        };
        (handle, Ends { inbox, link: link_out, samples: samples_out, terms: terms_out })
    }

    /// What we may do there.
    pub(crate) fn terms(&self) -> Arc<Terms> {
        self.board.terms()
    }

    /// Whose turn it is to start there.
    pub(crate) fn turns(&self) -> Turns {
        self.turns.clone()
    }

    /// What somebody else changed of this path.
    pub(crate) fn drift(&self, name: &str) -> Vec<Difference> {
        self.board.drift(name)
    }

    /// Makes these paths as they are wanted, whatever somebody else changed; all that were changed when none is named.
    ///
    /// # Errors
    /// `server_down`, `server_refused`.
    pub(crate) async fn overwrite(&self, names: Vec<String>) -> Result<(), Error> {
        self.ask(|done| Request::Overwrite { names, done }).await
    }

    /// Takes away all that is ours there.
    ///
    /// # Errors
    /// `server_down`, `server_refused`; within [`READY_LIMIT`].
    pub(crate) async fn leave(&self) -> Result<(), Error> {
        let left = tokio::time::timeout(READY_LIMIT, self.ask(|done| Request::Leave { done })).await;
        left.unwrap_or_else(|_| Err(Error::new(Code::ServerDown)))
    }

    /// Makes sure that the server has the path as wanted, and says how to publish to it.
    ///
    /// # Errors
    /// `server_down` (or the server's own fault) when it is not there within 15 s, `server_refused`.
    pub(crate) async fn ensure_path(
        &self,
        id: StreamId,
        name: &str,
        wish: Wish,
    ) -> Result<Arc<Access>, Error> {
        self.board.want(id, name, wish);
        let access = self.access().await?;
        self.apply(Some(name)).await?;
        Ok(access)
    }

    /// How to publish, as soon as that can be done.
    ///
    /// # Errors
    /// `server_down` (or the server's own fault) when it is not there within 15 s.
    pub(crate) async fn access(&self) -> Result<Arc<Access>, Error> {
        let access = tokio::time::timeout(READY_LIMIT, self.ready()).await;
        access.unwrap_or_else(|_| Err(Error::new(Code::ServerDown)))
    }

    /// Who may watch and send a stream, from its next contact with the server on.
    pub(crate) fn admit(&self, id: StreamId, name: &str, access: &StoredAccess) {
        self.board.admit(id, name, access);
    }

    /// The same at once: whoever lost the right is disconnected when this returns. A server that is down learns it
    /// when it starts.
    ///
    /// # Errors
    /// `server_down`, `server_refused`; it is tried again every second then.
    pub(crate) async fn admit_now(
        &self,
        id: StreamId,
        name: &str,
        access: &StoredAccess,
    ) -> Result<(), Error> {
        self.admit(id, name, access);
        if !self.link.borrow().is_ready() {
            return Ok(());
        }
        self.apply(None).await
    }

    /// A stream that is ordered to run will want its path.
    pub(crate) fn expect(&self, name: &str) {
        self.board.expect(name);
    }

    /// Whether the server refused the newest of who may do what; it is tried again every second.
    pub(crate) fn is_behind(&self) -> bool {
        self.board.is_behind()
    }

    /// The stream is gone.
    pub(crate) fn forget(&self, id: StreamId) {
        self.board.forget(id);
    }

    /// Whom a guest link lets in at `now`; nobody when it ended, was revoked, or `token` is not its own.
    pub(crate) fn guest(&self, link: &str, token: &str, now: UnixMillis) -> Option<Seat> {
        self.board.guest(link, token, now)
    }

    /// Switches the recording of a path that is there.
    ///
    /// # Errors
    /// As [`ensure_path`](Self::ensure_path).
    pub(crate) async fn record(&self, id: StreamId, name: &str, record: bool) -> Result<(), Error> {
        match self.board.record(id, name, record) {
            true => self.apply(Some(name)).await,
            false => Ok(()),
        }
    }

    /// Whether the stream's viewers stay while it starts anew.
    pub(crate) fn kept(&self, id: StreamId, name: &str) -> Kept {
        self.board.kept(id, name)
    }

    /// The slate that the stream's path has.
    pub(crate) fn slate(&self, id: StreamId, name: &str) -> Option<Slate> {
        self.board.slate(id, name)
    }

    /// Who watches this stream, or any; who has been there longest first.
    pub(crate) fn viewers(&self, stream: Option<StreamId>) -> Vec<Viewer> {
        self.audience.list(stream)
    }

    /// Lets a viewer go: who it was, if they were still there.
    ///
    /// # Errors
    /// `server_down`, `server_refused`.
    pub(crate) async fn kick(&self, id: ViewerId) -> Result<Option<Viewer>, Error> {
        let Some(watcher) = self.audience.get(id) else { return Ok(None) };
        let terms = self.terms();
        if !terms.kick {
            return Err(Error::new(Code::KickUnwanted).with("server", &terms.name));
        }
        self.ask(|done| Request::Kick { kind: watcher.kind, id, done }).await?;
        self.audience.forget(id);
        Ok(Some(watcher.viewer))
    }

    /// The path is not wanted any more.
    pub(crate) async fn remove_path(&self, id: StreamId, name: &str) {
        if self.board.unwant(id, name)
            && self.link.borrow().is_ready()
            && let Err(error) = self.apply(Some(name)).await
        {
            tracing::debug!(%error, name, "the path was not removed; the server is ending");
        }
    }

    /// Starts the server again; also one that failed.
    pub(crate) async fn restart(&self) {
        // The task lives as long as the engine; when it is gone there is nothing to restart.
        let _ = self.requests.send(Request::Restart).await;
    }

    /// Starts the server again with other settings. They are stored once it is up with them.
    ///
    /// # Errors
    /// Why it did not come up with them; those from before are back then.
    pub(crate) async fn change(&self, settings: ServerSettings) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        let down = || Error::new(Code::ServerDown);
        self.requests.send(Request::Change(Change { settings, done })).await.map_err(|_| down())?;
        answer.await.map_err(|_| down())?
    }

    /// The configuration of a server with these settings and the paths that are wanted, without passwords.
    ///
    /// # Errors
    /// As [`Tls::of`].
    pub(crate) async fn exported(
        &self,
        settings: ServerSettings,
        tls: &Tls,
        recordings: PathBuf,
        now: UnixMillis,
    ) -> Result<String, Error> {
        let tls = tls.of(&settings.encryption).await?.map(|(files, _)| files);
        process::exported(settings, tls, recordings, &self.board, now)
    }

    /// Changes whenever streams can, or can't, publish.
    pub(crate) fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }

    /// The newest state of every path, by name.
    pub(crate) fn samples(&self) -> watch::Receiver<Arc<Samples>> {
        self.samples.clone()
    }

    /// Who publishes to this path, as far as that is known.
    pub(crate) fn publisher(&self, name: &str) -> Option<String> {
        self.samples.borrow().get(name)?.publisher.clone()
    }

    /// While this is held the server is asked every 50 ms instead of every second.
    pub(crate) fn eager(&self) -> Eager {
        self.board.eager()
    }

    /// FFmpeg's own measure of real time, shown with the server's figures.
    pub(crate) fn note_speed(&self, name: &str, speed: Option<f64>) {
        self.board.note_speed(name, speed);
    }

    /// Why the path of this name is not recorded, as the server says it.
    pub(crate) fn recorder_trouble(&self, name: &str) -> Option<String> {
        self.board.recorder_trouble(name)
    }

    /// Why the server sent a publisher away for its tracks, if it says so about now. Of whom it does not say.
    pub(crate) async fn mismatch(&self) -> Option<String> {
        self.board.mismatch().await
    }

    /// Why the source of the path of this name could not be fetched when it was last tried.
    pub(crate) fn pull_trouble(&self, name: &str) -> Option<PullTrouble> {
        self.board.pull_trouble(name)
    }

    /// The source is there; what was wrong earlier says nothing about the next time.
    pub(crate) fn forget_pull_trouble(&self, name: &str) {
        self.board.forget_pull_trouble(name);
    }

    pub(crate) fn log(&self) -> Log {
        self.log.read()
    }

    /// Resolves when streams need not wait for it: it can't be started for now, or was not there for 15 s. Why.
    pub(crate) async fn failed(&self) -> Error {
        let mut link = self.link.clone();
        loop {
            let settled =
                async { link.wait_for(|link| !matches!(link, Link::Waiting)).await.map(|link| link.clone()) };
            match tokio::time::timeout(READY_LIMIT, settled).await {
                Ok(Ok(Link::Failed(fault))) => return fault.error,
                Ok(Ok(Link::Ready(_) | Link::Waiting)) => {}
                Ok(Err(_)) | Err(_) => return Error::new(Code::ServerDown),
            }
            if link.wait_for(|link| !link.is_ready()).await.is_err() {
                return Error::new(Code::ServerDown);
            }
        }
    }

    async fn ready(&self) -> Result<Arc<Access>, Error> {
        let mut link = self.link.clone();
        loop {
            match &*link.borrow_and_update() {
                Link::Ready(access) => return Ok(Arc::clone(access)),
                Link::Failed(fault) => return Err(fault.error.clone()),
                Link::Waiting => {}
            }
            if link.changed().await.is_err() {
                return Err(Error::new(Code::ServerDown));
            }
        }
    }

    async fn apply(&self, name: Option<&str>) -> Result<(), Error> {
        let name = name.map(str::to_owned);
        self.ask(|done| Request::Apply { name, done }).await
    }

    async fn ask(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Request,
    ) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        let down = || Error::new(Code::ServerDown);
        self.requests.send(request(done)).await.map_err(|_| down())?;
        answer.await.map_err(|_| down())?
    }
}
