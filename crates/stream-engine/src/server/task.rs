use std::{collections::BTreeMap, sync::Arc, time::Duration};

use child_process::Rung;
use mediamtx_client::{PathConfig, Version};
use stream_api::{Code, Error, Fault, ServerState, UnixMillis, t};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Ends, Link, Parts, Request, Samples, Server, addresses,
    admit::Admitted,
    audience::Audience,
    board::{Board, Slated},
    change::{Change, Refused},
    listening,
    own::Own,
    poller::{Polled, Poller},
    process::{self, Process, Said},
    sink::Sink,
    writer::{Done, News, Whose, Writer},
};
use crate::{
    clocks::Jump, journal::Journal, lifecycle::Limits, ports, room::Room, tool_fault, tools::Program,
};

/// A server that ran this long has recovered: its streams are back by then. All of them wait for it, so its pauses must
/// not add up over crashes that have nothing to do with each other; one that ends at once each time still gets longer
/// ones.
const HEALTHY: Duration = Duration::from_secs(3);
/// While the server can't be started, this often is looked whether it can.
const RECHECK: Duration = Duration::from_secs(2);

/// The server's task.
#[derive(Debug)]
pub(super) struct Task {
    parts: Parts,
    inbox: mpsc::Receiver<Request>,
    link: watch::Sender<Link>,
    samples: watch::Sender<Arc<Samples>>,
    board: Board,
    audience: Audience,
    log: Journal,
    /// Settings that the next run is to be tried with.
    change: Option<Change>,
    /// Settings that it did not come up with; told when the old ones are back.
    refused: Option<Refused>,
    /// What the server was started with.
    applied: BTreeMap<String, PathConfig>,
    /// Starts in a row that did not last.
    attempt: u32,
}

/// Why a run of the server ended.
enum End {
    /// The engine stops.
    Stopped,
    /// The user asked for a new one.
    Restart,
    /// The user asked for one with other settings.
    Change(Change),
    /// It did not come up with other settings: go on with those before.
    Refused(Refused),
    /// It could not be started.
    Fault(Error),
    /// It ran, and then ended by itself, with whatever exit code, or had to be ended.
    Lost(Error),
}

impl Task {
    pub(super) fn new(parts: Parts, ends: Ends, handle: &Server) -> Task {
        let Ends { inbox, link, samples, terms: _terms } = ends;
        let Server { board, audience, log, .. } = handle.clone();
        let (change, refused) = (None, None);
        Task {
            parts,
            inbox,
            link,
            samples,
            board,
            audience,
            log,
            change,
            refused,
            applied: BTreeMap::new(),
            attempt: 0,
        }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            match self.serve(&stop).await {
                End::Stopped => break,
                End::Restart => self.attempt = 0,
                End::Change(change) => (self.attempt, self.change) = (0, Some(change)),
                End::Refused(refused) => self.refused = Some(refused),
                End::Fault(error) => self.after_fault(error, false, &stop).await,
                End::Lost(error) => self.after_fault(error, true, &stop).await,
            }
            if stop.is_cancelled() {
                break;
            }
        }
        self.parts.hub.server(|server| (server.state, server.started) = (ServerState::Stopped, None));
    }

    /// One run of the server, from its start to its end.
    async fn serve(&mut self, stop: &CancellationToken) -> End {
        let program = match self.parts.tools.found().mediamtx {
            Ok(program) => program,
            Err(error) => return self.failed(error),
        };
        tokio::select! {
            slated = self.board.mend_slates() => if slated == Slated::Unanswered {
                self.board.forgo_slates();
            },
            () = stop.cancelled() => return End::Stopped,
        }
        self.applied = self.board.configs();
        let started = self.start(&program);
        let mut process = tokio::select! {
            started = started => match started {
                Ok(process) => process,
                Err(error) => return self.failed(error),
            },
            () = stop.cancelled() => return End::Stopped,
        };
        let addresses = tokio::select! {
            addresses = addresses::of(process.settings.reach) => addresses,
            // Seen again at once, when there is somebody to end.
            () = stop.cancelled() => Vec::new(),
        };
        let reach_chosen = self.parts.store.server().await.reach.is_some();
        let own = Own::meet(self.parts.hub.clone(), &process.api).await;
        let began = Instant::now();
        tracing::info!(pid = process.child.pid(), version = %program.version, "the server is up");
        self.log.manager("info", t!("log.server_up", version = program.version));
        self.parts.hub.server(|server| {
            (server.state, server.fault) = (ServerState::Running, None);
            (server.version, server.started) =
                (Some(program.version.to_string()), Some(self.parts.hub.clocks().wall()));
            (server.ports, server.moved_ports) = (process.access.ports, ports::moved(&process.settings));
            (server.addresses, server.reach_chosen) = (addresses, reach_chosen);
            (server.settings, server.certificate) = (process.settings.clone(), process.certificate.clone());
        });
        self.settle();
        self.link.send_replace(Link::Ready(Arc::new(process.access.clone())));
        let end = self.watch(&mut process, own, stop).await;
        self.link.send_replace(Link::Waiting);
        self.samples.send_replace(Arc::default());
        self.audience.set(Vec::new());
        if began.elapsed() >= HEALTHY {
            self.attempt = 0;
        }
        let state = if matches!(end, End::Stopped) { ServerState::Stopped } else { ServerState::Restarting };
        self.parts.hub.server(|server| {
            (server.state, server.started) = (state, None);
            server.warnings.clear();
        });
        process.stop().await;
        end
    }

    /// Starts it, with other settings if there are some to be tried. They are stored once it is up.
    async fn start(&self, program: &Program<Version>) -> Result<Process, Error> {
        let settings = match &self.change {
            Some(change) => change.settings.clone(),
            None => process::stored(&self.parts).await?,
        };
        let paths = self.applied.clone();
        let process = Process::start(&self.parts, program, settings, paths, &self.board, &self.log).await?;
        if let Some(change) = &self.change
            && let Err(error) = self.parts.store.set_settings(change.settings.clone()).await
        {
            process.stop().await;
            return Err(error);
        }
        Ok(process)
    }

    /// It did not come up: with those from before it may.
    fn failed(&mut self, error: Error) -> End {
        if let Some(change) = self.change.take() {
            tracing::warn!(%error, "the server did not come up with its new settings");
            self.log.manager("warning", t!("log.settings_refused", reason = error.message));
            return End::Refused(change.refused(error));
        }
        self.settle();
        End::Fault(error)
    }

    /// Tells who asked for other settings what became of them.
    fn settle(&mut self) {
        if let Some(refused) = self.refused.take() {
            refused.tell();
        }
        if let Some(change) = self.change.take() {
            change.tell();
        }
    }

    async fn watch(&mut self, process: &mut Process, own: Own, stop: &CancellationToken) -> End {
        let (news, users) = (News::default(), process.users.clone());
        let mut admitted = Admitted::new(process.keys.users(), users);
        let room = Room::of(self.parts.recordings.clone(), self.parts.drives.clone());
        let poller = Poller::new(
            process.api.clone(),
            self.board.clone(),
            self.audience.clone(),
            Sink::of_ours(self.parts.hub.clone(), self.parts.tls.clone()),
            self.samples.clone(),
            Polled::Ours(room),
            &news,
        );
        let mut writer = Writer::new(
            process.api.clone(),
            self.board.clone(),
            &mut self.inbox,
            Whose::Ours(own),
            Some(&mut admitted),
            self.parts.hub.clocks().clone(),
            &news,
        );
        writer.applied = std::mem::take(&mut self.applied);
        // Side by side: a write that hangs must not keep us from seeing that the server does.
        let (mut polling, mut writing) = (std::pin::pin!(poller.run()), std::pin::pin!(writer.run()));
        let (settings, knocks) = (process.settings.clone(), process.knocks.clone());
        let mut knocking = std::pin::pin!(listening::closed(&settings, &knocks));
        let mut exit = Box::pin(process.child.exit());
        let mut jumps = self.parts.hub.clocks().jumps();
        loop {
            tokio::select! {
                Ok(jump) = jumps.recv() => match jump {
                    Jump::Woke => news.missing.notify_one(),
                    Jump::Set(by) => self.parts.hub.server(|server| {
                        server.started = server.started.map(|at| UnixMillis(at.0.saturating_add(by)));
                    }),
                },
                () = stop.cancelled() => return End::Stopped,
                _ = &mut exit => return End::Lost(process.died(&self.log).await),
                Some(line) = process.child.lines.recv() => {
                    match process.note(line, &self.log) {
                        Some(Said::Reload) => news.reloaded.notify_one(),
                        Some(Said::Arrival) => news.arrived.notify_one(),
                        Some(Said::Mismatch { reason }) => self.board.note_mismatch(reason),
                        Some(Said::Unrecorded { name, reason }) => self.board.note_recorder(&name, &reason),
                        Some(Said::Unfetched { name, failure }) => {
                            self.board.note_pull(&name, failure, self.parts.hub.clocks().wall());
                        }
                        None => {}
                    }
                }
                error = &mut polling => {
                    if error.code == Code::ServerSilent {
                        process.child.ask(Rung::Kill);
                    }
                    return End::Lost(error);
                }
                done = &mut writing => match done {
                    Done::Restart | Done::Left => return End::Restart,
                    Done::Change(change) => return End::Change(change),
                    Done::Frozen => {
                        process.child.ask(Rung::Kill);
                        return End::Lost(Error::new(Code::ServerSilent));
                    }
                    Done::Ruined(error) => return End::Lost(error),
                },
                error = &mut knocking => return End::Lost(error),
            }
        }
    }

    /// Tells the fault, then waits: briefly after a crash, else until the cause is gone.
    async fn after_fault(&mut self, error: Error, ran: bool, stop: &CancellationToken) {
        self.attempt += 1;
        tracing::warn!(%error, attempt = self.attempt, "the server is not running");
        self.log.manager("error", error.message.clone());
        let crashed = ran
            || matches!(
                error.code,
                Code::ServerCrashed | Code::ServerKilled | Code::ServerPanicked | Code::ServerSilent
            );
        let state = if crashed { ServerState::Restarting } else { ServerState::Failed };
        let log_tail = if crashed || error.code == Code::ServerConfig { self.log.tail() } else { Vec::new() };
        let fault = Fault { log_tail, ..Fault::new(error.clone()) };
        self.parts.hub.server(|server| {
            server.restarts += u32::from(crashed);
            (server.state, server.fault) = (state, Some(fault.clone()));
        });
        let lasting = !crashed || self.attempt > 3;
        if lasting {
            self.link.send_replace(Link::Failed(Box::new(fault)));
        }
        let pause = match self.attempt - 1 {
            _ if !crashed => RECHECK,
            // Every stream waits for it, and it was well before.
            0 => Duration::ZERO,
            again => Duration::from_millis(Limits::default().backoff(again, 0.5)),
        };
        let wake = sleep(pause);
        tokio::pin!(wake);
        let mut jumps = self.parts.hub.clocks().jumps();
        loop {
            tokio::select! {
                Ok(Jump::Woke) = jumps.recv() => break,
                () = stop.cancelled() => return,
                () = &mut wake => break,
                Some(request) = self.inbox.recv() => match request {
                    // A person's wish is no attempt of ours.
                    Request::Restart => {
                        self.attempt = 0;
                        break;
                    }
                    Request::Change(change) => {
                        (self.attempt, self.change) = (0, Some(change));
                        break;
                    }
                    Request::Apply { done, .. }
                    | Request::Kick { done, .. }
                    | Request::Overwrite { done, .. }
                    | Request::Leave { done } => {
                        let _ = done.send(Err(Error::new(Code::ServerDown)));
                    }
                },
            }
        }
        if tool_fault::is_of_mediamtx(error.code) {
            self.parts.tools.check().await;
        }
        if !lasting {
            self.link.send_replace(Link::Waiting);
        }
    }
}
