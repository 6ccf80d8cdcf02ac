use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mediamtx_client::{ApiError, PathConfig};
use stream_api::{Code, Error, Fault, ServerState, UnixMillis, t};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{Link, Parts, Request, Samples, board::Board, poller::Poller, process::Process};
use crate::{clocks::Jump, journal::Journal, lifecycle::Limits, ports, tool_fault};

/// How often the server's paths are compared with what is wanted.
const RECONCILE: Duration = Duration::from_secs(10);
/// A server that ran this long has recovered.
const HEALTHY: Duration = Duration::from_secs(60);
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
    log: Journal,
    /// What the running server has.
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
    /// It could not be started, or ended by itself.
    Fault(Error),
}

impl Task {
    pub(super) fn new(
        parts: Parts,
        inbox: mpsc::Receiver<Request>,
        link: watch::Sender<Link>,
        samples: watch::Sender<Arc<Samples>>,
        board: Board,
        log: Journal,
    ) -> Task {
        Task { parts, inbox, link, samples, board, log, applied: BTreeMap::new(), attempt: 0 }
    }

    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            match self.serve(&stop).await {
                End::Stopped => break,
                End::Restart => self.attempt = 0,
                End::Fault(error) => self.after_fault(error, &stop).await,
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
            Err(error) => return End::Fault(error),
        };
        self.applied = self.board.configs();
        let started = Process::start(&self.parts, &program, self.applied.clone(), &self.log);
        let mut process = tokio::select! {
            started = started => match started {
                Ok(process) => process,
                Err(error) => return End::Fault(error),
            },
            () = stop.cancelled() => return End::Stopped,
        };
        let began = Instant::now();
        let ports = process.access.ports;
        tracing::info!(pid = process.child.pid(), version = %program.version, "the server is up");
        self.log.manager("info", t!("log.server_up", version = program.version));
        self.parts.hub.server(|server| {
            (server.state, server.fault) = (ServerState::Running, None);
            (server.version, server.started) =
                (Some(program.version.to_string()), Some(self.parts.hub.clocks().wall()));
            (server.ports, server.moved_ports) = (ports, ports::moved(ports));
        });
        self.link.send_replace(Link::Ready(Arc::new(process.access.clone())));
        let end = self.watch(&mut process, stop).await;
        self.link.send_replace(Link::Waiting);
        self.samples.send_replace(Arc::default());
        if began.elapsed() >= HEALTHY {
            self.attempt = 0;
        }
        let state = if matches!(end, End::Stopped) { ServerState::Stopped } else { ServerState::Restarting };
        self.parts.hub.server(|server| (server.state, server.started) = (state, None));
        process.stop().await;
        end
    }

    async fn watch(&mut self, process: &mut Process, stop: &CancellationToken) -> End {
        let (silent, mut silence) = mpsc::channel(1);
        let poller = Poller {
            api: process.api.clone(),
            board: self.board.clone(),
            hub: self.parts.hub.clone(),
            samples: self.samples.clone(),
            silent,
            recordings: self.parts.recordings.clone(),
        };
        let mut polling = std::pin::pin!(poller.run());
        let mut polls = true;
        let mut exit = Box::pin(process.child.exit());
        let mut reconcile = interval(RECONCILE);
        reconcile.reset();
        let mut jumps = self.parts.hub.clocks().jumps();
        loop {
            tokio::select! {
                Ok(jump) = jumps.recv() => match jump {
                    Jump::Woke => reconcile.reset_immediately(),
                    Jump::Set(by) => self.parts.hub.server(|server| {
                        server.started = server.started.map(|at| UnixMillis(at.0.saturating_add(by)));
                    }),
                },
                () = stop.cancelled() => return End::Stopped,
                _ = &mut exit => return End::Fault(process.died(&self.log).await),
                Some(line) = process.child.lines.recv() => process.note(line, &self.log),
                () = &mut polling, if polls => polls = false,
                Some(()) = silence.recv() => {
                    process.child.ask(child_process::Rung::Kill);
                    return End::Fault(Error::new(Code::ServerSilent));
                }
                Some(request) = self.inbox.recv() => match request {
                    Request::Restart => return End::Restart,
                    Request::Apply { name, done } => {
                        let result = self.apply(process, &name).await;
                        // The stream may have been stopped meanwhile.
                        let _ = done.send(result);
                    }
                },
                _ = reconcile.tick() => self.reconcile(process).await,
            }
        }
    }

    /// Brings one path in line with the board. The only place that writes to the server.
    async fn apply(&mut self, process: &Process, name: &str) -> Result<(), Error> {
        let wanted = self.board.get(name);
        if wanted.as_ref() == self.applied.get(name) {
            return Ok(());
        }
        match &wanted {
            Some(config) => process.api.replace_path(name, config).await.map_err(refused)?,
            None => process.api.delete_path(name).await.map_err(refused)?,
        }
        // MediaMTX answers before it applied the change; the answer to this one comes after it has.
        process.api.barrier().await.map_err(refused)?;
        match wanted {
            Some(config) => self.applied.insert(name.to_owned(), config),
            None => self.applied.remove(name),
        };
        Ok(())
    }

    /// Puts back what somebody else's change took away.
    async fn reconcile(&mut self, process: &Process) {
        let Ok(names) = process.api.configured_paths().await else { return };
        let lost: Vec<String> = self.applied.keys().filter(|name| !names.contains(name)).cloned().collect();
        for name in lost {
            tracing::warn!(name, "the server lost this path; putting it back");
            self.applied.remove(&name);
            if let Err(error) = self.apply(process, &name).await {
                tracing::warn!(%error, name, "the path could not be put back");
            }
        }
    }

    /// Tells the fault, then waits: briefly after a crash, else until the cause is gone.
    async fn after_fault(&mut self, error: Error, stop: &CancellationToken) {
        self.attempt += 1;
        tracing::warn!(%error, attempt = self.attempt, "the server is not running");
        self.log.manager("error", error.message.clone());
        let crashed = matches!(
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
        let pause = match crashed {
            true => Duration::from_millis(Limits::default().backoff(self.attempt, 0.5)),
            false => RECHECK,
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
                    Request::Restart => break,
                    Request::Apply { done, .. } => {
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

fn refused(error: ApiError) -> Error {
    match error {
        ApiError::Unreachable(_) | ApiError::Timeout => Error::new(Code::ServerDown),
        other => Error::new(Code::ServerRefused).with("reason", other),
    }
}
