//! The words that a person reads: all in `locales/en.json`, all used.

use anyhow::{Context as _, Result};
use fs_err as fs;
use serde_json::{Map, Value};

use super::{product_lines, read, sources::is_test};
use crate::workspace::Workspace;

pub(super) fn keys(workspace: &Workspace) -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace.root.join("locales/en.json"))?;
    let words: Map<String, Value> = serde_json::from_str(&text).context("locales/en.json")?;
    let sources = read(workspace, &["crates", "src-tauri", "ui"], &[".rs"])?;
    let code: String = sources.into_iter().map(|source| source.text).collect();
    let mut complaints = unsorted(&text);
    complaints
        .extend(words.keys().filter(|key| !is_used(key, &code)).map(|key| format!("{key} is used nowhere")));
    Ok(complaints)
}

/// Whether `code` names the word. Words of errors are looked up by their code and need no mention.
fn is_used(key: &str, code: &str) -> bool {
    let counted = key.strip_suffix(".one").or_else(|| key.strip_suffix(".other"));
    let named = |key: &str| code.contains(&format!("\"{key}\""));
    key.starts_with("error.") || named(key) || counted.is_some_and(named)
}

/// The first key, in the order of the file, that stands behind a greater one.
fn unsorted(text: &str) -> Vec<String> {
    let keys: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next()).collect();
    let pair = keys.windows(2).find(|pair| pair[0] >= pair[1]);
    pair.map(|pair| format!("{} must stand before {}", pair[1], pair[0])).into_iter().collect()
}

/// Code that talks to people. The libraries below it hold what other programs say.
const TALKING: &[&str] = &["ui/src", "src-tauri/src", "crates/stream-server/src", "crates/stream-engine/src"];
/// Beginnings of what is said by the system, and to other programs.
const FOREIGN: &[&str] = &["Access is denied", "Authorization: ", "Basic ", "Connection: "];

/// Sentences in the code that do not come from the table: a literal that starts like a sentence and has more than one
/// word. Single words, sentences without a capital and text outside literals escape it.
pub(super) fn literals(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    let sources = read(workspace, TALKING, &[".rs"])?;
    for source in sources.iter().filter(|source| !is_test(&source.name)) {
        let said = product_lines(&source.text).filter(|(_, line)| !is_for_developers(line));
        let sentences = said.flat_map(|(at, line)| strings(line).map(move |literal| (at, literal)));
        let own = sentences.filter(|(_, literal)| reads_like_a_sentence(literal) && !is_foreign(literal));
        complaints.extend(own.map(|(at, literal)| format!("{}:{at}: \"{literal}\"", source.name)));
    }
    Ok(complaints)
}

fn is_for_developers(line: &str) -> bool {
    let calls = ["expect(", "panic!", "assert", "tracing::", "console::", "reason =", "#[doc", "#[error"];
    calls.iter().any(|call| line.contains(call))
}

fn is_foreign(literal: &str) -> bool {
    FOREIGN.iter().any(|start| literal.starts_with(start))
}

/// The string literals that begin and end in `line`.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}

fn reads_like_a_sentence(literal: &str) -> bool {
    let mut letters = literal.chars();
    let starts =
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
    starts && literal.split(' ').filter(|word| word.chars().any(char::is_alphabetic)).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_used_when_its_key_stands_in_the_code() {
        let code = "t!(\"streams.title\") tn!(\"row.viewers\", n)";
        assert!(is_used("streams.title", code));
        assert!(is_used("row.viewers.one", code) && is_used("row.viewers.other", code), "counted words");
        assert!(is_used("error.disk_full.hint", code), "errors are looked up by code");
        assert!(!is_used("streams", code), "a part of a key is another key");
    }

    #[test]
    fn keys_stand_sorted() {
        assert_eq!(unsorted("{\n  \"a\": \"z\",\n  \"b\": \"\"\n}"), [""; 0]);
        assert_eq!(unsorted("{\n  \"b\": \"\",\n  \"a\": \"\"\n}"), ["a must stand before b"]);
    }

    #[test]
    fn a_sentence_in_the_code_is_noticed() {
        let found = |line| strings(line).filter(|text| reads_like_a_sentence(text)).count();
        assert_eq!(found("<p>\"No streams yet\"</p>"), 1);
        assert_eq!(found("class=\"btn primary\" key=\"Escape\" t!(\"streams.title\")"), 0);
        assert!(is_foreign("Authorization: {right}\\r\\n") && !is_foreign("Access is limited"));
        assert_eq!(found("event.key() == \"Arrow Down\""), 1, "better asked once too often");
    }
}
