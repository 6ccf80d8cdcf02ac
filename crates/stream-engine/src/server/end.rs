//! What MediaMTX's end means.

use child_process::Exit;
use mediamtx_client::log::{self, Fatal};
use stream_api::{Code, Error, ServerSettings, t};

use crate::ports;

/// Why it ended, from its last lines and how it ended.
pub(super) fn explain(tail: &[String], exit: Exit, ours: &ServerSettings) -> Error {
    const KILL: i32 = 9;
    let because = |code, reason: String| Error::new(code).with("reason", ffmpeg_cli::log::redact(&reason));
    match log::fatal(tail) {
        Some(Fatal::PortTaken(address)) => ports::check(ours).err().unwrap_or_else(|| {
            let port = address.rsplit(':').next().unwrap_or_default().to_owned();
            let holder = t!("error.port_taken.unknown");
            Error::new(Code::PortTaken).with("port", port).with("what", "MediaMTX").with("holder", holder)
        }),
        Some(Fatal::PortDenied(address)) => ports::check(ours).err().unwrap_or_else(|| {
            let port = address.rsplit(':').next().unwrap_or_default().to_owned();
            Error::new(Code::PortDenied).with("port", port).with("what", "MediaMTX")
        }),
        Some(Fatal::Panic(reason)) => because(Code::ServerPanicked, reason),
        _ if exit.signal == Some(KILL) => Error::new(Code::ServerKilled),
        Some(Fatal::Config(reason)) => because(Code::ServerConfig, reason),
        Some(Fatal::Other(reason)) => because(Code::ServerCrashed, reason),
        None => because(
            Code::ServerCrashed,
            match (exit.code, exit.signal) {
                (_, Some(signal)) => t!("fault.exit.signal", signal = signal),
                (code, None) => t!("fault.exit.code", code = code.unwrap_or(-1)),
            },
        ),
    }
}
