//! `stream-manager-server`: the engine with its HTTP host, for computers without a desktop.

mod options;
mod signals;

use std::{
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser as _;
use options::CommandLine;
use stream_api::{Code, Error, HostKind, t};
use stream_engine::{DataDir, Engine, Options, owner};
use stream_server::{
    Door, door,
    logging::{self, LogFile},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// An owner that is starting has a door within this time.
const OWNER_LIMIT: Duration = Duration::from_secs(15);
const OWNER_AGAIN: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    child_process::reaper::serve_if_asked().unwrap_or_else(start)
}

fn start() -> ExitCode {
    let command_line = CommandLine::parse();
    let ended = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let ended = runtime.block_on(run(&command_line));
            // A drive that does not answer must not keep the program from ending: dropping would wait for it.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(broken(error)),
    };
    ended.unwrap_or_else(|error| refuse(&[error]))
}

/// Says why something is not done.
fn refuse(errors: &[Error]) -> ExitCode {
    let said = errors.iter().map(|error| t!("start.error", message = error.message, hint = error.hint));
    logging::last_words(said.collect::<Vec<_>>().join("\n"));
    ExitCode::FAILURE
}

async fn run(command_line: &CommandLine) -> Result<ExitCode, Error> {
    let options = command_line.engine(std::env::var_os("STREAM_MANAGER_MEDIA"))?;
    let data_dir = options.data_dir.clone();
    match host(command_line, options).await {
        Err(error) if error.code == Code::DataDirInUse && !command_line.files.is_empty() => {
            hand_over_soon(&data_dir, command_line.paths()).await.ok_or(error)
        }
        ended => ended.map(|()| ExitCode::SUCCESS),
    }
}

/// As [`hand_over`], for an owner too that has just started itself and has no door yet.
async fn hand_over_soon(data_dir: &Path, paths: Vec<String>) -> Option<ExitCode> {
    let deadline = Instant::now() + OWNER_LIMIT;
    loop {
        let handed = hand_over(data_dir, paths.clone()).await;
        if handed.is_some() || Instant::now() > deadline {
            return handed;
        }
        tokio::time::sleep(OWNER_AGAIN).await;
    }
}

/// Lets the instance that owns the data folder stream the files; `None` when it does not answer.
async fn hand_over(data_dir: &Path, paths: Vec<String>) -> Option<ExitCode> {
    let owner = owner::read(data_dir)?;
    let shown = door::Client::of(&owner).ok()?.show(paths).await.ok()?;
    let said = match owner.address() {
        Some(address) => t!("start.headless", pid = owner.pid, address = address),
        None => t!("start.shown", pid = owner.pid),
    };
    let _ = writeln!(io::stdout(), "{said}");
    Some(if shown.refused.is_empty() { ExitCode::SUCCESS } else { refuse(&shown.refused) })
}

async fn host(command_line: &CommandLine, options: Options) -> Result<(), Error> {
    let log = logging::start();
    let ended = serve(command_line, options, &log).await;
    log.end();
    ended
}

async fn serve(command_line: &CommandLine, options: Options, log: &LogFile) -> Result<(), Error> {
    let address = command_line.listen()?;
    let asked_to_stop = signals::asked_to_stop().map_err(broken)?;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let cannot_listen = Error::new(Code::CannotListen).with("address", address).with("reason", error);
        // That explains a taken port better.
        DataDir::in_use(&options.data_dir).unwrap_or(cannot_listen)
    })?;
    let address = listener.local_addr().map_err(broken)?;

    let port = address.port();
    let pages = vec![format!("http://{address}"), format!("http://localhost:{port}")];
    let engine = Engine::start(Options { pages, ..options }).await?;
    log.open(&engine.data_dir().logs());
    let token = door::new_token();
    engine.data_dir().announce(HostKind::Headless, Some(address.port()), Some(token.clone()));
    let stop = CancellationToken::new();
    let door = Door { token: Some(token), desktop: None };
    let mut serving = tokio::spawn(stream_server::serve(engine.clone(), listener, door, stop.clone()));
    let _ = writeln!(io::stdout(), "listening on http://{address}");
    log.streams_to_stdout();
    let opening = tokio::spawn(open(engine.clone(), command_line.paths()));

    let served = tokio::select! {
        () = asked_to_stop => {
            tracing::info!("asked to stop");
            stop.cancel();
            (&mut serving).await
        }
        served = &mut serving => served,
    };
    opening.abort();
    engine.shutdown().await;
    served.map_err(broken)?.map_err(broken)
}

/// Streams the files of the command line; those that can't be are said and do not end the program.
async fn open(engine: Engine, paths: Vec<String>) {
    for error in door::open(&engine, paths).await {
        tracing::error!(code = error.code.as_str(), "{} {}", error.message, error.hint);
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Code::Internal).with("reason", error)
}
