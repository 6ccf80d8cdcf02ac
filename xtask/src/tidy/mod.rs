//! `tidy`: the invariants of ARCHITECTURE.md, checked. Each check is a function from the checkout to its complaints.

mod dependencies;
mod layout;
mod sources;
mod words;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use fs_err as fs;

use crate::{stamp, workspace::Workspace};

/// A check: what it finds wrong, one line each.
type Check = fn(&Workspace) -> Result<Vec<String>>;

const CHECKS: &[(&str, Check)] = &[
    ("dependencies point one way", dependencies::point_one_way),
    ("pure crates stay pure", dependencies::pure_crates),
    ("pure crates ask no file system and no clock", sources::outside),
    ("what the project is built on is used", dependencies::foundations_are_used),
    ("dependencies are as deny.toml allows", dependencies::denied),
    ("the root holds what it must", layout::root_entries),
    ("one MediaMTX is the pinned one", layout::pinned),
    ("files stay small", layout::sizes),
    ("screenshots stay light", layout::screenshots),
    ("documents name no person's folders", layout::personal_paths),
    ("no static holds state", sources::statics),
    ("processes start in child-process alone", sources::spawning),
    ("type names follow the glossary", sources::type_names),
    ("words are sorted and used", words::keys),
    ("what a person reads comes from the table", words::literals),
];

/// Runs every check and tells all complaints.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut complaints = 0;
    for (rule, check) in CHECKS {
        let found = check(workspace).with_context(|| format!("checking that {rule}"))?;
        for complaint in &found {
            println!("{rule}: {complaint}");
        }
        complaints += found.len();
    }
    println!("tidy: {} checks, {complaints} complaints", CHECKS.len());
    Ok(if complaints == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A text file of the checkout.
struct Source {
    /// Its path below the root, with `/`.
    name: String,
    text: String,
}

/// The text files below `folders` whose names end with one of `kinds`, without what is generated.
fn read(workspace: &Workspace, folders: &[&str], kinds: &[&str]) -> Result<Vec<Source>> {
    const GENERATED: &[&str] = &["ui/dist", "ui/dist.tmp", "src-tauri/gen", "target", "node_modules"];
    let mut sources = Vec::new();
    for folder in folders {
        for file in stamp::files_below(&workspace.root.join(folder))? {
            let name = file.strip_prefix(&workspace.root)?.to_string_lossy().replace('\\', "/");
            let generated = GENERATED.iter().any(|part| format!("/{name}").contains(&format!("/{part}/")));
            if !generated && kinds.iter().any(|kind| name.ends_with(kind)) {
                sources.push(Source { text: fs::read_to_string(&file)?, name });
            }
        }
    }
    Ok(sources)
}

/// Where Rust code of ours lies.
const RUST_FOLDERS: &[&str] = &["crates", "src-tauri", "ui", "xtask", "tests"];

/// Whether `text` holds `word` with no letter, digit or underscore on either side.
fn holds_word(text: &str, word: &str) -> bool {
    let part_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(start, _)| {
        !text[..start].ends_with(part_of_name) && !text[start + word.len()..].starts_with(part_of_name)
    })
}

/// The code of a Rust source without its comment lines and without what follows `#[cfg(test)]` at the left margin.
fn product_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
    lines
        .enumerate()
        .map(|(at, line)| (at + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_a_part_of_another() {
        assert!(holds_word("use nix::sys;", "nix"));
        assert!(!holds_word("a unix socket, nixos", "nix"));
    }

    #[test]
    fn comments_and_tests_are_no_product() {
        let text = "// a\nlet b;\n    /// c\n#[cfg(test)]\nmod tests {}\n";
        assert_eq!(product_lines(text).collect::<Vec<_>>(), [(2, "let b;")]);
    }
}
