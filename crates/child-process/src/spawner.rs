//! The thread from which every child is forked.

use std::{
    io,
    path::PathBuf,
    process::Stdio,
    thread,
    time::{Duration, SystemTime},
};

use tokio::{
    process::{ChildStderr, ChildStdout, Command},
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use crate::{
    Child, SpawnError, Spec,
    ledger::Ledger,
    lines, platform,
    supervise::{Launched, Supervised},
};

/// A program that is still open for writing can't be run (`ETXTBSY`). That passes: either it is just being
/// installed, or another thread's fork holds a copy of the descriptor until its exec.
const BUSY_RETRIES: u32 = 10;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// Starts children. Cloning gives another handle to the same thread.
///
/// On Linux a child is killed when the *thread* that forked it ends (measured, and see `PR_SET_PDEATHSIG` in
/// prctl(2)). So all are forked from one thread, which ends only after the last handle and the last child.
#[derive(Clone, Debug)]
pub struct Spawner {
    orders: mpsc::UnboundedSender<Order>,
    runtime: Handle,
}

enum Order {
    Spawn(Box<Spec>, oneshot::Sender<Result<Started, SpawnError>>),
    Forget(u32),
}

/// A process and its output pipes.
pub(crate) struct Started {
    launched: Launched,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
}

impl Spawner {
    /// Starts the thread. `ledger` is the file that lists the living children; sweep it first with
    /// [`crate::ledger::sweep`]. Entries still in it are kept.
    ///
    /// # Errors
    /// If called outside a tokio runtime, or if the thread can't be started.
    pub fn start(ledger: Option<PathBuf>) -> io::Result<Self> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let ledger = ledger.map(Ledger::open);
        let (orders, received) = mpsc::unbounded_channel();
        let entered = runtime.clone();
        thread::Builder::new().name("spawner".into()).spawn(move || {
            // Pipes and exit notices of the children are registered with this runtime.
            let _entered = entered.enter();
            obey(received, Children { ledger, ..Children::default() });
        })?;
        Ok(Self { orders, runtime })
    }

    /// Starts a program and supervises it.
    ///
    /// # Errors
    /// [`SpawnError`] says why it could not be started.
    pub async fn spawn(&self, spec: Spec) -> Result<Child, SpawnError> {
        let (supervised, stdout, stderr) = self.supervised(spec).await?;
        let lines = lines::pump(&self.runtime, stdout, stderr, supervised.exit());
        Ok(Child::new(supervised, lines))
    }

    /// The same without reading its output. Whoever calls it must drain both pipes.
    pub(crate) async fn supervised(
        &self,
        spec: Spec,
    ) -> Result<(Supervised, Option<ChildStdout>, Option<ChildStderr>), SpawnError> {
        let (answer, answered) = oneshot::channel();
        let gone = || SpawnError::Other(io::Error::other("the spawner thread has ended"));
        self.orders.send(Order::Spawn(Box::new(spec), answer)).map_err(|_| gone())?;
        let started = answered.await.map_err(|_| gone())??;
        Ok((Supervised::start(started.launched, self.clone()), started.stdout, started.stderr))
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Strikes a process that has ended off the ledger.
    pub(crate) fn forget(&self, pid: u32) {
        let _ = self.orders.send(Order::Forget(pid));
    }
}

/// Who lives, on the disk and with the reaper where there is one.
#[derive(Default)]
struct Children {
    ledger: Option<Ledger>,
    #[cfg(unix)]
    reaper: crate::reaper::Reaper,
}

impl Children {
    fn add(&mut self, pid: u32, label: &str) {
        if let Some(ledger) = &mut self.ledger {
            ledger.add(pid, label);
        }
        // Linux and Windows end children with us.
        #[cfg(unix)]
        if !cfg!(target_os = "linux") {
            self.reaper.add(pid);
        }
    }

    fn remove(&mut self, pid: u32) {
        if let Some(ledger) = &mut self.ledger {
            ledger.remove(pid);
        }
        #[cfg(unix)]
        self.reaper.remove(pid);
    }
}

/// The thread's whole life. It alone writes the ledger.
fn obey(mut orders: mpsc::UnboundedReceiver<Order>, mut children: Children) {
    while let Some(order) = orders.blocking_recv() {
        match order {
            Order::Spawn(spec, answer) => {
                let label = spec.label.clone();
                let started = launch(*spec);
                if let Ok(started) = &started {
                    children.add(started.launched.pid, &label);
                }
                if let Err(Ok(unwanted)) = answer.send(started) {
                    // The asker gave up meanwhile.
                    platform::Group::of(unwanted.launched.pid).kill();
                    children.remove(unwanted.launched.pid);
                }
            }
            Order::Forget(pid) => children.remove(pid),
        }
    }
}

fn launch(spec: Spec) -> Result<Started, SpawnError> {
    let mut wrapped = platform::prepare(command(&spec), spec.low_priority);
    let mut retries = BUSY_RETRIES;
    let spawned = loop {
        match wrapped.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && retries > 0 => {
                retries -= 1;
                thread::sleep(BUSY_PAUSE);
            }
            spawned => break spawned,
        }
    };
    let mut process = spawned.map_err(|error| SpawnError::from_os(error, &spec))?;
    let pid = process.id().ok_or_else(|| io::Error::other("the process has no id"))?;
    tracing::debug!(pid, label = %spec.label, "started");
    Ok(Started {
        stdout: process.stdout().take(),
        stderr: process.stderr().take(),
        launched: Launched {
            stdin: process.stdin().take(),
            process,
            pid,
            started: SystemTime::now(),
            label: spec.label,
        },
    })
}

fn command(spec: &Spec) -> Command {
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(dir) = &spec.dir {
        command.current_dir(dir);
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| spec.withholds(name)) {
        command.env_remove(name);
    }
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    command
}
