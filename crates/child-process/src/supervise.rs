//! The task that owns one process: the only place that waits for it, signals it or writes to its stdin.

use std::time::{Duration, SystemTime};

use process_wrap::tokio::ChildWrapper;
use tokio::{
    io::AsyncWriteExt,
    process::ChildStdin,
    sync::{mpsc, watch},
    time::timeout,
};

use crate::{Exit, Rung, Spawner, platform::Group};

/// How long the rest of a group may take to die after it was killed, before we report the exit anyway. Only a
/// process stuck in the kernel (dead network drive) takes longer than milliseconds.
const REAP_LIMIT: Duration = Duration::from_secs(2);
/// A pipe holds 64 KiB, so writing one byte waits only when nobody ever read thousands of earlier ones.
const WRITE_LIMIT: Duration = Duration::from_millis(100);

/// A process as the spawner thread hands it over, its output pipes already taken.
pub(crate) struct Launched {
    pub(crate) process: Box<dyn ChildWrapper>,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) pid: u32,
    pub(crate) started: SystemTime,
    pub(crate) label: String,
}

/// The outer end of the task. Dropping it kills the group.
#[derive(Debug)]
pub(crate) struct Supervised {
    pub(crate) pid: u32,
    pub(crate) started: SystemTime,
    group: Group,
    rungs: mpsc::UnboundedSender<Rung>,
    exit: watch::Receiver<Option<Exit>>,
}

impl Supervised {
    /// Starts the task. It holds the spawner, whose thread must outlive the process (Linux would kill it).
    pub(crate) fn start(launched: Launched, spawner: Spawner) -> Self {
        let (rungs, asked) = mpsc::unbounded_channel();
        let (tell, exit) = watch::channel(None);
        let group = Group::of(launched.pid);
        let supervised =
            Self { pid: launched.pid, started: launched.started, group: group.clone(), rungs, exit };
        spawner.runtime().spawn(supervise(launched, Ending { group, spawner: spawner.clone() }, asked, tell));
        supervised
    }

    pub(crate) fn ask(&self, rung: Rung) {
        // An error means that the task has ended, and with it the process.
        let _ = self.rungs.send(rung);
    }

    pub(crate) fn exit(&self) -> impl Future<Output = Exit> + Send + use<> {
        let mut exit = self.exit.clone();
        async move {
            // An error means that the runtime shut down; the guard killed the group, nobody saw its status.
            exit.wait_for(Option::is_some).await.ok().and_then(|exit| *exit).unwrap_or_default()
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // At once, not through the task: the runtime may be about to stop. On Windows the task does it, when
        // the closing of `rungs` wakes it or when it is dropped itself.
        self.group.kill();
    }
}

/// Kills what is left when the task ends in whatever way, a dropped runtime included, and strikes the process
/// off the ledger.
struct Ending {
    group: Group,
    spawner: Spawner,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.group.kill();
        self.group.gone();
        self.spawner.forget(self.group.pid());
    }
}

#[tracing::instrument(name = "child", skip_all, fields(pid = launched.pid, label = %launched.label))]
async fn supervise(
    mut launched: Launched,
    ending: Ending,
    mut asked: mpsc::UnboundedReceiver<Rung>,
    tell: watch::Sender<Option<Exit>>,
) {
    let mut attended = true;
    let exit = loop {
        tokio::select! {
            // The leader alone: process-wrap's own wait first waits for every member of the group.
            status = launched.process.inner_mut().wait() => break status.map(Exit::from),
            rung = asked.recv(), if attended => match rung {
                Some(rung) => climb(&mut launched, &ending.group, rung).await,
                None => {
                    attended = false;
                    climb(&mut launched, &ending.group, Rung::Kill).await;
                }
            },
        }
    };
    // The leader's id can't be given to another process as long as any member of its group lives.
    ending.group.kill();
    if cfg!(windows) {
        let _ = launched.process.start_kill();
    }
    let _ = timeout(REAP_LIMIT, launched.process.wait()).await;
    drop(ending);
    let exit = exit.unwrap_or_else(|error| {
        tracing::warn!(%error, "the exit status is lost");
        Exit::default()
    });
    tracing::debug!(code = exit.code, signal = exit.signal, "exited");
    tell.send_replace(Some(exit));
}

async fn climb(launched: &mut Launched, group: &Group, rung: Rung) {
    tracing::debug!(?rung, "asked to end");
    match rung {
        Rung::Interrupt if cfg!(unix) => group.interrupt(),
        Rung::Quit | Rung::Interrupt => {
            if let Some(stdin) = &mut launched.stdin {
                // A closed or full pipe is an answer too: the next rung follows.
                let _ = timeout(WRITE_LIMIT, async {
                    stdin.write_all(b"q").await?;
                    stdin.flush().await
                })
                .await;
            }
        }
        Rung::Kill => {
            group.kill();
            if cfg!(windows)
                && let Err(error) = launched.process.start_kill()
            {
                tracing::warn!(%error, "the job could not be ended");
            }
        }
    }
}
