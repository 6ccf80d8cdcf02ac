//! `doctor`: what this machine has, what it lacks, and the line that cures it. It changes nothing.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::{
    launch, packages, process, sidecars,
    toolchain::{self, Route, Target},
    workspace::Workspace,
};

/// One thing that is looked at.
struct Finding {
    name: &'static str,
    /// What was found, or how to get it.
    state: Result<String, String>,
    /// Whether building and streaming work without it.
    optional: bool,
}

/// Prints the table; fails when something that everything needs is missing.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut findings = vec![
        needed("Rust", version("rustc", "--version").ok_or("install it from https://rustup.rs".into())),
        needed("wasm", wasm()),
        needed("FFmpeg", program_version("ffmpeg")),
        needed("ffprobe", program_version("ffprobe")),
        needed("MediaMTX", mediamtx()),
    ];
    if packages::available() {
        findings
            .push(needed("packages to build", package_group(&[packages::SERVE, packages::DESKTOP].concat())));
        findings.push(optional("packages to test", package_group(packages::TESTS)));
        findings.push(optional("check for Windows", windows()));
    }
    findings.push(optional("display", display()));
    findings.push(optional("file dialogs", dialogs()));
    findings.push(optional("interface", interface(workspace)));

    for Finding { name, state, optional } in &findings {
        match (state, optional) {
            (Ok(found), _) => println!("ok       {name:<18} {found}"),
            (Err(cure), false) => println!("MISSING  {name:<18} {cure}"),
            (Err(cure), true) => println!("absent   {name:<18} {cure}"),
        }
    }
    let sick = findings.iter().any(|finding| finding.state.is_err() && !finding.optional);
    Ok(if sick { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn needed(name: &'static str, state: Result<String, String>) -> Finding {
    Finding { name, state, optional: false }
}

fn optional(name: &'static str, state: Result<String, String>) -> Finding {
    Finding { name, state, optional: true }
}

fn version(program: &str, argument: &str) -> Option<String> {
    let answer = process::output(Command::new(program).arg(argument)).ok()?;
    answer.lines().next().map(str::to_owned)
}

fn program_version(program: &str) -> Result<String, String> {
    let line = version(program, "-version").map(|line| short_version(&line));
    line.ok_or_else(|| {
        format!("install FFmpeg 5.1 or newer; on Debian and Ubuntu: {}", packages::cure(&["ffmpeg"]))
    })
}

/// `ffmpeg version 5.1.9-0+deb12u1 Copyright (c) …` without the rest.
fn short_version(line: &str) -> String {
    line.split(" Copyright").next().unwrap_or(line).to_owned()
}

fn wasm() -> Result<String, String> {
    match toolchain::ready(Target::Wasm) {
        Some(Route::Usual) => Ok("the usual toolchain has the target".into()),
        Some(Route::Debian) => Ok("Debian's toolchain builds the standard library".into()),
        None => Err(format!(
            "rustup target add wasm32-unknown-unknown; or on Debian 12 and newer: {}",
            packages::cure(packages::RUST)
        )),
    }
}

fn mediamtx() -> Result<String, String> {
    let wanted = sidecars::MEDIAMTX;
    if sidecars::mediamtx_ready().unwrap_or(false) {
        return Ok(format!("{wanted}, in the cache"));
    }
    Err(match sidecars::can_build() {
        Ok(go) => format!("cargo xtask sidecars (downloads {wanted}, or builds it with Go {go})"),
        Err(error) => format!("cargo xtask sidecars (downloads {wanted}); to build it instead: {error}"),
    })
}

fn package_group(wanted: &[&'static str]) -> Result<String, String> {
    let missing = packages::missing(wanted);
    if missing.is_empty() {
        Ok(format!("all {} installed", wanted.len()))
    } else {
        Err(packages::cure(&missing))
    }
}

fn windows() -> Result<String, String> {
    package_group(packages::WINDOWS)?;
    let route = toolchain::ready(Target::Windows);
    route.map(|_| "ready".into()).ok_or(format!(
        "rustup target add {}; or on Debian 12 and newer: {}",
        Target::Windows.triple(),
        packages::cure(packages::RUST)
    ))
}

fn display() -> Result<String, String> {
    match launch::has_display() {
        true => Ok("there is one".into()),
        false => Err("set DISPLAY or WAYLAND_DISPLAY; `cargo xtask run` serves a browser meanwhile".into()),
    }
}

/// On Linux the app's file dialogs are the desktop portal's, or zenity's where there is no portal.
fn dialogs() -> Result<String, String> {
    if !cfg!(target_os = "linux") {
        return Ok("the system's own".into());
    }
    let portal = ["/usr/libexec/xdg-desktop-portal", "/usr/lib/xdg-desktop-portal"];
    if portal.iter().any(|path| std::path::Path::new(path).is_file()) {
        return Ok("xdg-desktop-portal".into());
    }
    process::find("zenity")
        .map(|_| "zenity".into())
        .ok_or_else(|| packages::cure(&["xdg-desktop-portal-gtk"]) + " (or type paths into the form)")
}

fn interface(workspace: &Workspace) -> Result<String, String> {
    match workspace.root.join("ui/dist/index.html").is_file() {
        true => Ok("built".into()),
        false => Err("cargo xtask ui".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_line_is_cut_before_the_copyright() {
        let line = "ffmpeg version 5.1.9-0+deb12u1 Copyright (c) 2000-2026 the FFmpeg developers";
        assert_eq!(short_version(line), "ffmpeg version 5.1.9-0+deb12u1");
    }
}
