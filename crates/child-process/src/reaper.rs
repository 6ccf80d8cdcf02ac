//! A copy of this program that ends our children when we crash, where the system does not (macOS, BSD).
//!
//! It reads of each child from a pipe, a JSON object a line. The system closes the pipe whatever ends us, and then the
//! copy ends whoever is left, after a look at their identity: a foreign process that got the pid since is spared.

use std::{ffi::OsStr, process::ExitCode};

/// The first argument of such a copy.
const ARGUMENT: &str = "--end-children-after-a-crash";

/// Does the copy's whole work if this process was started as one; `None` if it wasn't. To be called first in `main` of
/// each program that has a [`crate::Spawner`].
pub fn serve_if_asked() -> Option<ExitCode> {
    if std::env::args_os().nth(1).as_deref() != Some(OsStr::new(ARGUMENT)) {
        return None;
    }
    #[cfg(unix)]
    copy::serve(std::io::stdin().lock());
    Some(ExitCode::SUCCESS)
}

#[cfg(unix)]
pub(crate) use copy::Reaper;

#[cfg(unix)]
mod copy {
    use std::{
        collections::BTreeMap,
        io::{self, BufRead, Write as _},
        os::unix::process::CommandExt as _,
        path::PathBuf,
        process::{Child, Command, Stdio},
    };

    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use serde::{Deserialize, Serialize};

    use super::ARGUMENT;
    use crate::{identity::Identity, platform};

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum News {
        Started(Identity),
        Ended(u32),
    }

    /// The children of one spawner and the copy that knows of them. It is started with the first child, and again when
    /// it is found dead.
    #[derive(Debug, Default)]
    pub(crate) struct Reaper {
        /// This program's own file when none is given.
        program: Option<PathBuf>,
        living: BTreeMap<u32, Identity>,
        copy: Option<Child>,
    }

    impl Reaper {
        /// A child was started. One that has already ended needs nobody.
        pub(crate) fn add(&mut self, pid: u32) {
            if let Some(identity) = Identity::of(pid) {
                self.living.insert(pid, identity.clone());
                self.tell(&News::Started(identity));
            }
        }

        /// It has ended.
        pub(crate) fn remove(&mut self, pid: u32) {
            if self.living.remove(&pid).is_some() {
                self.tell(&News::Ended(pid));
            }
        }

        /// A stream must not fail because nobody would end its child after a crash: the ledger is the second net.
        fn tell(&mut self, news: &News) {
            // One that has ended is no reader, even while a process that is just being made holds its pipe too.
            if let Some(copy) = &mut self.copy
                && matches!(copy.try_wait(), Ok(None))
                && say(copy, news).is_ok()
            {
                return;
            }
            if let Err(error) = self.start() {
                tracing::warn!(%error, "after a crash children would live on until the next start");
            }
        }

        /// Starts another copy and tells it of everybody.
        fn start(&mut self) -> io::Result<()> {
            if let Some(mut dead) = self.copy.take() {
                let _ = dead.kill();
                dead.wait()?;
            }
            let program = self.program.clone().map_or_else(std::env::current_exe, Ok)?;
            let mut command = Command::new(program);
            command.arg(ARGUMENT).current_dir("/");
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            // In a group of its own: what a terminal sends to ours would end it with us.
            command.process_group(0);
            #[expect(clippy::disallowed_methods, reason = "it must outlive us, and ends by itself then")]
            let mut copy = command.spawn()?;
            for identity in self.living.values() {
                say(&mut copy, &News::Started(identity.clone()))?;
            }
            // From now on one that does not read is found out, and replaced: no start of a child waits for it.
            if let Some(pipe) = &copy.stdin {
                fcntl(pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            }
            self.copy = Some(copy);
            Ok(())
        }
    }

    fn say(copy: &mut Child, news: &News) -> io::Result<()> {
        let pipe = copy.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = serde_json::to_vec(news)?;
        line.push(b'\n');
        pipe.write_all(&line)
    }

    /// Listens until the pipe is closed; then ends who is left.
    pub(super) fn serve(news: impl BufRead) {
        let mut living = BTreeMap::new();
        for line in news.lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(News::Started(identity)) => {
                    living.insert(identity.pid, identity);
                }
                Ok(News::Ended(pid)) => {
                    living.remove(&pid);
                }
                Err(_) => {}
            }
        }
        for (pid, identity) in living {
            if Identity::of(pid) == Some(identity) {
                // It may have ended a moment ago, which is what we want; and nobody is left to be told of an error.
                let _ = platform::end_orphan(pid);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::time::Duration;

        use testkit::{fake, processes::alive, wait_until_blocking};

        use super::*;

        const LIMIT: Duration = Duration::from_secs(10);

        #[expect(clippy::disallowed_methods, reason = "what is not supervised is what is tested")]
        fn sleeper() -> Child {
            Command::new("sleep").arg("1000").process_group(0).spawn().expect("it starts")
        }

        fn reaper() -> Reaper {
            Reaper { program: Some(fake::program("fake-parent")), ..Reaper::default() }
        }

        #[test]
        fn who_is_left_at_a_crash_is_ended_and_nobody_else() {
            let (mut left, mut done) = (sleeper(), sleeper());
            let mut reaper = reaper();
            reaper.add(left.id());
            reaper.add(done.id());
            reaper.remove(done.id());
            // What the system does with our pipes when we crash.
            let mut copy = reaper.copy.take().expect("it was started");
            drop(copy.stdin.take());
            assert!(copy.wait().expect("it ends").success());
            assert!(!left.wait().expect("it is ended").success());
            assert!(alive(done.id()), "its end was told, and its pid may be another's by now");
            done.kill().expect("it lives");
            let _ = done.wait();
        }

        #[test]
        fn one_that_was_killed_is_replaced_and_knows_everybody() {
            let (mut first, mut second) = (sleeper(), sleeper());
            let mut reaper = reaper();
            reaper.add(first.id());
            let copy = reaper.copy.as_mut().expect("it was started");
            let killed = copy.id();
            copy.kill().expect("it lives");
            wait_until_blocking(LIMIT, "the copy is dead", || !alive(killed));
            reaper.add(second.id());
            let mut copy = reaper.copy.take().expect("another one");
            assert_ne!(copy.id(), killed);
            drop(copy.stdin.take());
            assert!(copy.wait().expect("it ends").success());
            assert!(!first.wait().expect("it is ended").success());
            assert!(!second.wait().expect("it is ended").success());
        }

        #[test]
        fn one_that_does_not_read_holds_up_nobody_and_is_replaced() {
            let mut child = sleeper();
            let mut reaper = reaper();
            reaper.add(child.id());
            let hung = reaper.copy.as_ref().expect("it was started").id();
            let stop = nix::sys::signal::Signal::SIGSTOP;
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(hung.cast_signed()), stop).expect("it lives");
            let (done, told) = std::sync::mpsc::channel();
            let pid = child.id();
            std::thread::spawn(move || {
                // More than a pipe holds.
                (0..2_000).for_each(|_| reaper.add(pid));
                done.send(reaper)
            });
            let mut reaper = told.recv_timeout(Duration::from_secs(30)).expect("nobody waits");
            let mut copy = reaper.copy.take().expect("another one");
            assert_ne!(copy.id(), hung);
            drop(copy.stdin.take());
            assert!(copy.wait().expect("it ends").success());
            assert!(!child.wait().expect("it is ended").success());
        }

        #[test]
        fn another_process_with_the_pid_is_spared() {
            let mut stranger = sleeper();
            let theirs = Identity::of(stranger.id()).expect("it lives");
            let ours = Identity { started: "earlier".into(), ..theirs };
            let line = serde_json::to_string(&News::Started(ours)).expect("JSON");
            serve(format!("{line}\nno json\n").as_bytes());
            assert!(alive(stranger.id()));
            stranger.kill().expect("it lives");
            let _ = stranger.wait();
        }
    }
}
