//! Starting build tools. The product starts its processes in `child-process`; these here are short-lived tools that
//! run in the foreground of a terminal and end with it, and programs that a measurement starts and ends.
#![expect(clippy::disallowed_methods, reason = "build tools in the foreground; nothing to supervise")]

use std::{
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// Runs `command` to its end, with its output passed through.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("starting `{}`", line(command)))
}

/// Runs `command` quietly and gives what it printed; its complaints come only with an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&bytes(command)?).into_owned())
}

/// The same for output that is no text.
pub(crate) fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    bytes_from(command, Stdio::null())
}

/// The same, with `input` as its standard input.
pub(crate) fn bytes_from(command: &mut Command, input: Stdio) -> Result<Vec<u8>> {
    let output = command.stdin(input).output().with_context(|| format!("starting `{}`", line(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}\n{}", line(command), output.status, complaint.trim());
    }
    Ok(output.stdout)
}

/// Runs `command` to its end, which must come within `limit`: for tools that wait for a network that isn't there.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command.spawn().with_context(|| format!("starting `{}`", line(command)))?;
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("`{}` ended with {status}", line(command)),
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(50)),
            None => {
                child.kill()?;
                child.wait()?;
                bail!("`{}` took longer than {limit:?}", line(command));
            }
        }
    }
}

/// A program that runs beside this one until it is dropped: then it is asked to end and, if it doesn't, killed. So no
/// way out of a command leaves it behind.
pub(crate) struct Background {
    child: Child,
    line: String,
}

impl Background {
    /// How long a program may take to end when asked.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// Starts `command`, which reads nothing.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let line = line(command);
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("starting `{line}`"))?;
        Ok(Self { child, line })
    }

    /// The command to start `program` with, so that the system ends it even when this process is killed (Linux,
    /// `setpriv` of util-linux). The program keeps the process id.
    pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
        let Some(setpriv) = find("setpriv") else { return Command::new(program) };
        let mut command = Command::new(setpriv);
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    }

    /// The command that runs `command` in a shell again and again, as many people do it: `while true; do …; done`.
    pub(crate) fn forever(command: &Command) -> Command {
        let mut shell = Self::command("sh");
        shell.args(["-c", "while true; do \"$@\"; done", "loop"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it prints, if the command had it piped; once.
    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Fails when it has ended by itself.
    pub(crate) fn must_run(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("`{}` ended with {status}", self.line),
        }
    }

    /// Ends it as a crash would, with no chance to tidy up.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and gives its exit code.
    pub(crate) fn stop(mut self) -> Result<Option<i32>> {
        self.end()?;
        Ok(self.child.wait()?.code())
    }

    fn end(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        signal(self.id(), "TERM")?;
        let deadline = Instant::now() + Self::PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                bail!("`{}` does not end when asked", self.line);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            println!("{error:#}; it is killed");
            // Fails only for a process that has just ended.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A shell line that runs when this is dropped, and also when this process is ended in whatever way before that.
#[derive(Debug)]
pub(crate) struct Afterwards(Child);

impl Afterwards {
    /// `line` finds `argument` as `$1`.
    pub(crate) fn run(line: &str, argument: &Path) -> Result<Self> {
        // It waits for the end of its input, which this process alone holds open, and no Ctrl-C ends it.
        let line = format!("trap '' HUP INT TERM; cat > /dev/null; {line}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line, "afterwards"]).arg(argument).stdin(Stdio::piped());
        Ok(Self(shell.spawn().with_context(|| format!("starting `{line}`"))?))
    }
}

impl Drop for Afterwards {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // What it had to say, it said.
        let _ = self.0.wait();
    }
}

/// Sends the signal `name` (`TERM`, `STOP`, …) to a process. The standard library knows SIGKILL alone.
pub(crate) fn signal(pid: u32, name: &str) -> Result<()> {
    output(Command::new("kill").args(["-s", name, &pid.to_string()])).map(drop)
}

/// Hands the terminal over to `command`, the last thing to run: its signals and its exit code are its own.
///
/// Where the system can, this process becomes `command`; elsewhere it waits for its end.
pub(crate) fn become_or_run(command: &mut Command) -> Result<ExitCode> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(error).with_context(|| format!("starting `{}`", line(command)))
    }
    #[cfg(not(unix))]
    {
        let code = status(command)?.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(1)))
    }
}

/// The program `name` in one of the folders of `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| is_program(path))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// The command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_hangs_is_ended() {
        let error =
            run_within(Command::new("sleep").arg("60"), Duration::from_millis(100)).expect_err("too slow");
        assert_eq!(error.to_string(), "`sleep 60` took longer than 100ms");
    }

    #[test]
    fn a_background_program_ends_with_its_handle() {
        let mut program = Background::start(Background::command("sleep").arg("60")).expect("sleep is there");
        program.must_run().expect("a minute is not over");
        let pid = program.id().to_string();
        drop(program);
        let asked = output(Command::new("kill").args(["-0", &pid]));
        assert!(asked.is_err(), "process {pid} is gone");
    }

    #[test]
    fn what_comes_afterwards_comes_when_it_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = folder.path().join("made");
        let afterwards = Afterwards::run("touch \"$1\"", &made).expect("sh is there");
        assert!(!made.exists());
        drop(afterwards);
        assert!(made.exists());
    }

    #[test]
    fn a_failure_names_the_command_and_its_complaint() {
        let error = output(Command::new("sh").args(["-c", "echo no >&2; exit 3"])).expect_err("exit code 3");
        let error = error.to_string();
        assert!(
            error.starts_with("`sh -c") && error.contains("exit status: 3") && error.ends_with("no"),
            "{error}"
        );
    }
}
