//! Which files there are, and how large.

use anyhow::Result;
use fs_err as fs;

use super::{RUST_FOLDERS, Source, read};
use crate::{sidecars, stamp, workspace::Workspace};

const ROOT: &[&str] = &[
    "Cargo.toml",
    "tauri.conf.json",
    "src-tauri",
    "ui",
    "icons",
    "mediamtx.yml",
    "docker-compose.yml",
    "tests",
    "locales/en.json",
    "README.md",
    "ARCHITECTURE.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "clippy.toml",
    "deny.toml",
    "rustfmt.toml",
    ".taurignore",
    ".ci/run",
    "docs/adr",
    "crates",
    "xtask",
];

/// Where the version of MediaMTX is named that the app is made for, and what stands around it there.
const PINNED_AT: &[(&str, &str, &str)] = &[
    ("docker-compose.yml", "image: bluenviron/mediamtx:", "\n"),
    ("crates/stream-server/src/sidecars.rs", "\"mediamtx-", "-\""),
    ("crates/testkit/src/fixtures.rs", "const MEDIAMTX: &str = \"", "\""),
];

/// No source file may be longer, in lines.
const LONGEST_FILE: usize = 500;
/// The desktop host is adapters only: all its sources together, in lines.
const LONGEST_DESKTOP: usize = 1500;
/// ARCHITECTURE.md is read in one sitting.
const LONGEST_ARCHITECTURE: usize = 200;
/// A screenshot, in bytes.
const HEAVIEST_SCREENSHOT: u64 = 300_000;

pub(super) fn root_entries(workspace: &Workspace) -> Result<Vec<String>> {
    let missing = ROOT.iter().filter(|entry| !workspace.root.join(entry).exists());
    Ok(missing.map(|entry| format!("{entry} is missing")).collect())
}

pub(super) fn pinned(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for &(file, before, after) in PINNED_AT {
        let wanted = format!("{before}{}{after}", sidecars::MEDIAMTX);
        if !fs::read_to_string(workspace.root.join(file))?.contains(&wanted) {
            complaints.push(format!("{file} does not say {}", wanted.trim()));
        }
    }
    Ok(complaints)
}

pub(super) fn sizes(workspace: &Workspace) -> Result<Vec<String>> {
    let sources = read(workspace, RUST_FOLDERS, &[".rs", ".css", ".js", ".py", ".html"])?;
    let mut complaints = too_long(&sources, LONGEST_FILE);
    complaints.extend(too_long(&read(workspace, &["ARCHITECTURE.md"], &[".md"])?, LONGEST_ARCHITECTURE));
    let desktop = sources.iter().filter(|source| source.name.starts_with("src-tauri/src/"));
    let lines: usize = desktop.map(|source| source.text.lines().count()).sum();
    if lines >= LONGEST_DESKTOP {
        complaints.push(format!("src-tauri/src has {lines} lines; it stays below {LONGEST_DESKTOP}"));
    }
    Ok(complaints)
}

fn too_long(sources: &[Source], limit: usize) -> Vec<String> {
    let counted = sources.iter().map(|source| (&source.name, source.text.lines().count()));
    let long = counted.filter(|(_, lines)| *lines > limit);
    long.map(|(name, lines)| format!("{name} has {lines} lines; at most {limit} are allowed")).collect()
}

pub(super) fn screenshots(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in stamp::files_below(&workspace.root.join("docs/screenshots"))? {
        let bytes = fs::metadata(&file)?.len();
        if bytes > HEAVIEST_SCREENSHOT {
            complaints.push(format!("{} has {} kB", file.display(), bytes / 1000));
        }
    }
    Ok(complaints)
}

pub(super) fn personal_paths(workspace: &Workspace) -> Result<Vec<String>> {
    let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs"];
    let documents = read(workspace, &documents, &[".md"])?;
    let lines = documents.iter().flat_map(|document| {
        document
            .text
            .lines()
            .enumerate()
            .map(move |(at, line)| (format!("{}:{}", document.name, at + 1), line))
    });
    Ok(lines
        .filter(|(_, line)| names_a_home(line))
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect())
}

/// Whether a line names a folder of one person or one machine.
fn names_a_home(line: &str) -> bool {
    ["/home/", "/root/", "/Users/", "C:\\Users\\"].iter().any(|home| line.contains(home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_as_many_lines_as_the_limit() {
        let source = |lines: usize| Source { name: "a.rs".into(), text: "x\n".repeat(lines) };
        assert_eq!(too_long(&[source(3)], 3), [""; 0]);
        assert_eq!(too_long(&[source(4)], 3), ["a.rs has 4 lines; at most 3 are allowed"]);
    }

    #[test]
    fn a_home_folder_is_noticed() {
        assert!(names_a_home("see /home/someone/videos"));
        assert!(names_a_home("cd /root/work"));
        assert!(!names_a_home("in ~/.local/share, in the root of the page, or on the /homepage"));
    }
}
