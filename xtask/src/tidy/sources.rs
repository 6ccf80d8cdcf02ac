//! What the Rust sources may hold.

use anyhow::Result;
use fs_err as fs;

use super::{RUST_FOLDERS, dependencies::PURE, holds_word, product_lines, read};
use crate::workspace::Workspace;

/// Types that hold what changes.
const CHANGING: &[&str] = &["Mutex", "RwLock", "OnceLock", "OnceCell", "LazyLock", "RefCell", "Cell"];

/// What a pure package has no business with: files, clocks, threads, the network.
const OUTSIDE: &[&str] =
    &["fs", "Instant", "SystemTime", "thread", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"];
/// And modules of that kind whose names are words as well.
const OUTSIDE_MODULES: &[&str] = &["process::", "env::"];

/// Words that say nothing about a type (ARCHITECTURE.md, glossary).
const EMPTY_WORDS: &[&str] = &["Manager", "Service", "Helper", "Util", "Utils", "Data", "Info"];

/// Methods that start a process; clippy.toml must keep them away from all packages but `child-process`.
const SPAWNING: &[&str] = &["spawn", "output", "status"];

/// Where the rule on starting processes is lifted: in the package whose business it is, for build tools, and in tests.
const MAY_SPAWN: &[&str] = &["crates/child-process/", "crates/testkit/", "xtask/src/process.rs", "tests/"];

pub(super) fn statics(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let sources = read(workspace, &["crates", "src-tauri", "ui"], &[".rs"])?;
    // Tests may keep what is dear to make, such as a compiled fake, for the next test.
    for source in sources.iter().filter(|source| !source.name.starts_with("crates/testkit/")) {
        let held = product_lines(&source.text).filter(|(_, line)| holds_state(line));
        complaints.extend(held.map(|(at, line)| format!("{}:{at}: {}", source.name, line.trim())));
    }
    Ok(complaints)
}

/// Whether a line declares a `static` that can change.
fn holds_state(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches("(crate)").trim_start());
    let Some(declaration) = line.strip_prefix("static ") else { return false };
    declaration.starts_with("mut ")
        || declaration.contains("Atomic")
        || CHANGING.iter().any(|kind| holds_word(declaration, kind))
}

pub(super) fn outside(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for package in PURE {
        let folder = format!("crates/{package}/src");
        let sources = read(workspace, &[&folder], &[".rs"])?;
        for source in sources.iter().filter(|source| !is_test(&source.name)) {
            let lines = product_lines(&source.text).filter(|(_, line)| looks_outside(line));
            complaints.extend(lines.map(|(at, line)| format!("{}:{at}: {}", source.name, line.trim())));
        }
    }
    Ok(complaints)
}

fn looks_outside(line: &str) -> bool {
    OUTSIDE.iter().any(|word| holds_word(line, word))
        || OUTSIDE_MODULES.iter().any(|path| line.contains(path))
}

/// Whether a file is a module of tests by its name.
pub(super) fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs") || name.ends_with("_tests.rs")
}

pub(super) fn spawning(workspace: &Workspace) -> Result<Vec<String>> {
    let rules = fs::read_to_string(workspace.root.join("clippy.toml"))?;
    let mut complaints = unguarded(&rules);
    for source in read(workspace, RUST_FOLDERS, &[".rs"])? {
        let allowed =
            MAY_SPAWN.iter().any(|place| source.name.starts_with(place)) || source.name.contains("/tests/");
        let lifted = product_lines(&source.text)
            .find(|(_, line)| line.contains(concat!("clippy::", "disallowed_methods")));
        if let Some((at, _)) = lifted.filter(|_| !allowed) {
            complaints.push(format!("{}:{at} lifts the rule", source.name));
        }
    }
    Ok(complaints)
}

fn unguarded(rules: &str) -> Vec<String> {
    let methods = ["std", "tokio"].iter().flat_map(|home| SPAWNING.iter().map(move |verb| (home, verb)));
    let names = methods.map(|(home, verb)| format!("{home}::process::Command::{verb}"));
    names
        .filter(|name| !rules.contains(name))
        .map(|name| format!("clippy.toml does not disallow {name}"))
        .collect()
}

pub(super) fn type_names(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for source in read(workspace, RUST_FOLDERS, &[".rs"])? {
        for (at, line) in product_lines(&source.text) {
            if let Some(name) = declared_type(line)
                && EMPTY_WORDS.iter().any(|word| name.ends_with(word))
            {
                complaints.push(format!("{}:{at}: {name}", source.name));
            }
        }
    }
    Ok(complaints)
}

/// The name of the type or trait that a line declares.
fn declared_type(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let keyword = words.next()?;
    if !["struct", "enum", "trait", "type", "union"].contains(&keyword) {
        return None;
    }
    words.next()?.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_that_changes_is_noticed() {
        for line in [
            "static mut COUNT: u32 = 0;",
            "pub(crate) static CACHE: Mutex<Vec<u8>> = Mutex::new(Vec::new());",
            "    pub static SEEN: AtomicBool = AtomicBool::new(false);",
            "static HOST: std::sync::OnceLock<String> = std::sync::OnceLock::new();",
        ] {
            assert!(holds_state(line), "{line}");
        }
        for line in [
            "static NAMES: &[&str] = &[];",
            "const A: Mutex<()> = Mutex::new(());",
            "fn f(x: &'static str) {}",
        ] {
            assert!(!holds_state(line), "{line}");
        }
    }

    #[test]
    fn a_look_outside_is_noticed() {
        for line in [
            "use std::{fs, path::Path};",
            "    let now = std::time::Instant::now();",
            "std::env::var(\"HOME\")",
            "use std::process::Command;",
        ] {
            assert!(looks_outside(line), "{line}");
        }
        for line in ["env!(\"OUT_DIR\")", "use std::net::IpAddr;", "\"held by another process\"", "offset"] {
            assert!(!looks_outside(line), "{line}");
        }
        assert!(
            is_test("crates/ffmpeg-cli/src/faults/tests.rs") && !is_test("crates/stream-api/src/host.rs")
        );
    }

    #[test]
    fn the_name_of_a_type_is_read() {
        assert_eq!(declared_type("pub(crate) struct PathStatus<T> {"), Some("PathStatus"));
        assert_eq!(declared_type("enum Order { Run }"), Some("Order"));
        assert_eq!(declared_type("    pub trait Host: Send {"), Some("Host"));
        assert_eq!(declared_type("let struct_name = 1;"), None);
    }

    #[test]
    fn every_way_to_spawn_must_be_guarded() {
        assert_eq!(unguarded("").len(), 6);
        let rules =
            "std::process::Command::spawn std::process::Command::output std::process::Command::status";
        assert_eq!(unguarded(rules).len(), 3, "tokio's are open");
    }
}
