//! The system's ways to ask the program to end: by a person, by a service manager, at logout, at shutdown.

use std::io;

/// Completes when the program is asked to end. Listens from now on, so that a signal during the start is not lost.
///
/// # Errors
/// When the system does not let it listen.
#[cfg(unix)]
pub(crate) fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // The terminal or the session is gone. Who starts a program with `nohup` has it ignored, and wants it to go on.
    let mut hang_up = if ignores_hang_up() { None } else { Some(signal(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match &mut hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether SIGHUP was being ignored when the program was started: bit 0 of `SigIgn` (proc(5)). Unknown elsewhere.
#[cfg(unix)]
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_signal_1(&status)
}

#[cfg(unix)]
fn ignores_signal_1(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// As on Unix: the keyboard, the console window, logout and shutdown.
#[cfg(windows)]
pub(crate) fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
    let (mut interrupt, mut pause, mut close) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    let (mut logout, mut shutdown) = (ctrl_logoff()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = pause.recv() => {}
            _ = close.recv() => {}
            _ = logout.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        assert!(ignores_signal_1("SigBlk:\t0\nSigIgn:\t0000000000001001\n"), "as nohup leaves it");
        assert!(
            !ignores_signal_1("SigIgn:\t0000000000001000\nSigCgt:\t1\n"),
            "SIGPIPE alone, as Rust leaves it"
        );
        assert!(!ignores_signal_1(""));
    }
}
