//! Where and with what the figures were measured.

use std::{path::Path, process::Command};

use anyhow::Result;
use fs_err as fs;

use super::Rig;
use crate::{process, sidecars};

/// Name and value, for people.
pub(crate) fn facts(
    rig: &Rig,
    app: Option<&Path>,
    note: Option<&str>,
) -> Result<Vec<(&'static str, String)>> {
    let ask = |program: &str, arguments: &[&str]| process::output(Command::new(program).args(arguments));
    let date = ask("date", &["-u", "+%Y-%m-%d"])?;
    let kernel = ask("uname", &["-sr"])?;
    let ffmpeg = ask("ffmpeg", &["-version"])?;
    let mut facts = vec![
        ("Date", date.trim().to_owned()),
        ("Machine", hardware()?),
        ("System", release(&kernel)),
        ("FFmpeg", ffmpeg.split_whitespace().nth(2).unwrap_or("unknown").to_owned()),
        ("MediaMTX", sidecars::MEDIAMTX.to_owned()),
        ("`stream-manager-server`", profile(&rig.server)),
    ];
    facts.extend(app.map(|app| ("Desktop app", profile(app))));
    facts.extend(note.map(|note| ("Note", note.to_owned())));
    Ok(facts)
}

fn hardware() -> Result<String> {
    let processor = fs::read_to_string("/proc/cpuinfo")?;
    let model = value(&processor, "model name").unwrap_or("unknown processor").to_owned();
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kib: f64 = value(&memory, "MemTotal").unwrap_or_default().trim_end_matches(" kB").parse()?;
    let cores = std::thread::available_parallelism()?;
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default();
    Ok(format!(
        "{model}, {cores} cores, {:.0} GiB of memory, load {load} before the run",
        kib / 1024.0 / 1024.0
    ))
}

/// The value of a line such as `name : value`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
}

/// Which profile of Cargo made it: its folder tells.
fn profile(program: &Path) -> String {
    let folder = program.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    match folder {
        Some("debug") => "built with the dev profile (slower and larger than what users get)".to_owned(),
        Some("release") => "built with the release profile".to_owned(),
        _ => "as installed".to_owned(),
    }
}

/// `Linux 6.18.44` of `Linux 6.18.44-generic-build`: what a distribution adds says nothing about speed.
fn release(kernel: &str) -> String {
    kernel.trim().split('-').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_names() {
        let text = "model\t: 85\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(value(text, "model name"), Some("Some CPU @ 2 GHz"));
        assert_eq!(value(text, "MemTotal"), None);
    }
}
