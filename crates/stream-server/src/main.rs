//! `stream-manager-server`: the engine with its HTTP host, for computers without a desktop.

mod options;
mod signals;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;
use options::CommandLine;
use stream_api::{Code, Error, HostKind};
use stream_engine::{DataDir, Engine, Options};
use stream_server::{
    Door, door,
    logging::{self, LogFile},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

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
    ended.unwrap_or_else(|error| logging::refuse(&[error]))
}

async fn run(command_line: &CommandLine) -> Result<ExitCode, Error> {
    let options = command_line.engine(std::env::var_os("STREAM_MANAGER_MEDIA"))?;
    let data_dir = options.data_dir.clone();
    match host(command_line, options).await {
        Err(error) if error.code == Code::DataDirInUse && !command_line.files.is_empty() => {
            let handed = door::hand_over_soon(&data_dir, command_line.paths()).await;
            handed.map(|handed| handed.say()).ok_or(error)
        }
        ended => ended.map(|()| ExitCode::SUCCESS),
    }
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
    for error in door::open(&engine, paths, false).await {
        tracing::error!(code = error.code.as_str(), "{} {}", error.message, error.hint);
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::new(Code::Internal).with("reason", error)
}
