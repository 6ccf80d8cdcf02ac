//! The table of faults as a page for people: `docs/faults.md` is made from the codes and the words.

use std::{env, fmt::Write as _, fs, path::Path};

use stream_api::{Code, FaultAction, t};

const HEAD: &str = "\
# Faults

What can go wrong, what you read then, what cures it, and the line by which it is recognised. The integration tests
produce each of these (`tests/it/faults/`): with the real program, file or system, or with a stand-in where that can't be
made to fail.

This page is made from the code (`UPDATE_DOCS=1 cargo test -p stream-api --test faults`); do not edit it.

| Code | What you read | Cure | Action | Recognised by | Tested with |
|---|---|---|---|---|---|
";

const OTHERS: &str = "
## Told without such a line

What is found in a request, an answer, a certificate or a time instead.

| Code | What you read | Cure | Action |
|---|---|---|---|
";

/// Faults that the integration tests produce with a stand-in alone; they compare this with their own table.
const STAND_INS: &[Code] = &[
    Code::SourceTimeout,
    Code::FfmpegSilent,
    Code::FfmpegEndedEarly,
    Code::NoProgress,
    Code::Overloaded,
    Code::PublishRefused,
    Code::ServerTooOld,
    Code::ServerDeaf,
    Code::ServerDown,
];

const fn button(action: FaultAction) -> &'static str {
    match action {
        FaultAction::LocateFile => t!("fault.locate"),
        FaultAction::Retry => t!("fault.retry"),
        FaultAction::Restart => t!("fault.restart"),
        FaultAction::UseAnotherPort => t!("fault.use_another_port"),
        FaultAction::InstallFfmpeg => t!("fault.install_ffmpeg"),
        FaultAction::OpenSettings => t!("fault.open_settings"),
        FaultAction::OpenServer => t!("fault.open_server"),
        FaultAction::Prepare => t!("prepare.start"),
    }
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for code in Code::ALL.iter().filter(|code| !code.signs().is_empty()) {
        let lines: Vec<String> = code
            .signs()
            .iter()
            .map(|sign| format!("{}: `{}`", sign.program.label(), sign.line.trim()))
            .collect();
        let tested = if STAND_INS.contains(code) { "stand-in" } else { "real" };
        let _ = writeln!(page, "{} {} | {tested} |", told(*code), lines.join("<br>"));
    }
    page += OTHERS;
    for code in Code::ALL.iter().filter(|code| code.signs().is_empty()) {
        let _ = writeln!(page, "{}", told(*code));
    }
    page
}

/// The cells that every code has.
fn told(code: Code) -> String {
    let action = code.action().map_or("", button);
    format!("| `{}` | {} | {} | {action} |", code.as_str(), code.message(), code.hint())
}

#[test]
fn the_page_of_faults_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, page()).expect("the page can be written");
    }
    // Git may give a checkout on Windows other line ends.
    let stored = fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert!(stored == page(), "docs/faults.md is not current: run this test with UPDATE_DOCS=1");
}

#[test]
fn every_fault_has_a_sentence_and_a_cure() {
    let faults: Vec<&Code> = Code::ALL.iter().filter(|code| !code.signs().is_empty()).collect();
    assert!(faults.len() >= 40, "{} faults", faults.len());
    for code in faults {
        for words in [code.message(), code.hint()] {
            assert!(words.ends_with('.') && words.len() > 12, "{code:?}: {words:?} is a sentence");
        }
        assert!(!code.message().contains("exit code"), "{code:?} names the thing, not a number");
    }
}

#[test]
fn every_code_is_the_same_on_the_wire_and_in_the_words() {
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).expect("serialises"), code.as_str());
    }
}
