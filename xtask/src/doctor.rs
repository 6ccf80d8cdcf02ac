//! `doctor`: what this machine has, what it lacks, and the line that cures it. It changes nothing.

use std::{
    ffi::{OsStr, OsString},
    process::{Command, ExitCode},
};

use anyhow::Result;

use crate::{
    launch, packages, process, sidecars,
    toolchain::{self, Route, Target},
    workspace::Workspace,
};

// What the app takes is said once, by these. Their crates are not built for that: this command is the first of all.
#[allow(dead_code, unreachable_pub, reason = "the app uses the rest of it")]
#[path = "../../crates/ffmpeg-cli/src/version.rs"]
mod ffmpeg_version;
#[allow(dead_code, unreachable_pub, reason = "the app uses the rest of it")]
#[path = "../../crates/mediamtx-client/src/version.rs"]
mod mediamtx_version;

use ffmpeg_version::Version as Ffmpeg;
use mediamtx_version::{MINIMUM as MEDIAMTX, Version as MediaMtx};

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
        needed("FFmpeg", ffmpeg("ffmpeg", "STREAM_MANAGER_FFMPEG")),
        needed("ffprobe", ffmpeg("ffprobe", "STREAM_MANAGER_FFPROBE")),
        needed("MediaMTX", mediamtx()),
    ];
    if packages::available() {
        findings
            .push(needed("packages to build", package_group(&[packages::SERVE, packages::DESKTOP].concat())));
        findings.push(optional("packages to test", package_group(packages::TESTS)));
        findings.push(optional("check for Windows", windows()));
    } else if cfg!(target_os = "linux") {
        findings.push(needed("libraries to build", libraries()));
    }
    findings.push(optional("display", display()));
    findings.push(optional("file dialogs", dialogs()));
    let deny = version("cargo-deny", "--version");
    let deny = deny.ok_or("cargo install --locked cargo-deny (`tidy` then looks at deny.toml too)".into());
    findings.push(optional("cargo-deny", deny));
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

fn version(program: impl AsRef<OsStr>, argument: &str) -> Option<String> {
    let answer = process::output(Command::new(program).arg(argument)).ok()?;
    answer.lines().next().map(str::to_owned)
}

/// `ffmpeg version 5.1.9-0+deb12u1 Copyright (c) …` without the rest.
fn short_version(line: &str) -> String {
    line.split(" Copyright").next().unwrap_or(line).to_owned()
}

/// The program that a variable of the environment names.
fn named(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|path| !path.is_empty())
}

/// Why a program that was named is of no use, and what to do.
fn unfit(variable: &str, path: &OsStr, found: &str) -> String {
    format!("{variable} names {}, which {found}: correct or unset it", path.display())
}

fn ffmpeg(name: &str, variable: &str) -> Result<String, String> {
    let named = named(variable);
    let line = version(named.as_deref().unwrap_or(name.as_ref()), "-version");
    let found = line.as_deref().and_then(Ffmpeg::parse);
    let shown = short_version(line.as_deref().unwrap_or_default());
    if found.is_some_and(Ffmpeg::is_supported) {
        return Ok(shown);
    }
    let oldest = Ffmpeg::MINIMUM;
    let Some(path) = named else {
        let cure = packages::cure(&["ffmpeg"]);
        let cure = format!("install FFmpeg {oldest} or newer; on Debian and Ubuntu: {cure}");
        return Err(match found {
            // The package is what was found.
            Some(_) => format!(
                "{shown} is too old, and the system's package may be no newer: put a static build of FFmpeg {oldest} \
                 or newer (https://ffmpeg.org/download.html) before it on the PATH"
            ),
            None => cure,
        });
    };
    let why = match (line, found) {
        (None, _) => "does not run".to_owned(),
        (Some(_), None) => format!("is no {name}"),
        (Some(_), Some(_)) => format!("is {shown}, older than {oldest}"),
    };
    Err(unfit(variable, &path, &why))
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

/// What a start takes: the named one, what is on the PATH, else the pinned one.
fn mediamtx() -> Result<String, String> {
    let (wanted, variable) = (sidecars::MEDIAMTX, "STREAM_MANAGER_MEDIAMTX");
    if let Some(path) = named(variable) {
        return usable_mediamtx(&path).map_err(|why| unfit(variable, &path, &why));
    }
    if let Some(found) = mediamtx_on_path() {
        return Ok(found);
    }
    if sidecars::mediamtx_ready().unwrap_or(false) {
        return Ok(format!("{wanted}, in the cache"));
    }
    Err(match (sidecars::can_fetch(), sidecars::can_build()) {
        (true, Ok(go)) => format!("cargo xtask sidecars (downloads {wanted}, or builds it with Go {go})"),
        (true, Err(error)) => {
            format!("cargo xtask sidecars (downloads {wanted}); to build it instead: {error}")
        }
        (false, Ok(go)) => format!("cargo xtask sidecars (builds {wanted} with Go {go})"),
        (false, Err(error)) => format!("{error}; then cargo xtask sidecars (builds {wanted})"),
    })
}

/// A MediaMTX on the PATH that can be used, which a start takes before the pinned one: its version and place.
pub(crate) fn mediamtx_on_path() -> Option<String> {
    let mut there = ["stream-manager-mediamtx", "mediamtx"].into_iter().filter_map(process::find);
    there.find_map(|path| usable_mediamtx(path.as_os_str()).ok())
}

fn usable_mediamtx(path: &OsStr) -> Result<String, String> {
    let said = version(path, "--version").ok_or("does not run")?;
    match MediaMtx::parse(&said) {
        Some(found) if found.is_supported() => Ok(format!("{said}, {}", path.display())),
        Some(found) => Err(format!("is {found}, older than {MEDIAMTX}")),
        None => Err("is no MediaMTX".to_owned()),
    }
}

/// On a Linux without apt: what the desktop app is built on, as pkg-config knows it.
fn libraries() -> Result<String, String> {
    let known =
        |library: &&&str| process::output(Command::new("pkg-config").args(["--exists", **library])).is_ok();
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for names in packages::LIBRARIES {
        match names.iter().find(known) {
            Some(name) => there.push(*name),
            None => missing.push(names.join(" or ")),
        }
    }
    match missing.is_empty() {
        true => Ok(there.join(", ")),
        false => {
            let cure = packages::foreign_cure(|program| process::find(program).is_some());
            Err(format!("{} not found by pkg-config: {cure}", missing.join(", ")))
        }
    }
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

    #[test]
    fn a_named_program_that_does_not_run_is_named() {
        let said = unfit("STREAM_MANAGER_FFMPEG", "/opt/ffmpeg".as_ref(), "does not run");
        assert_eq!(said, "STREAM_MANAGER_FFMPEG names /opt/ffmpeg, which does not run: correct or unset it");
    }
}
