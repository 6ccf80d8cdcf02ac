//! `stream-manager`: the desktop app.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    child_process::reaper::serve_if_asked().unwrap_or_else(stream_manager::run)
}
