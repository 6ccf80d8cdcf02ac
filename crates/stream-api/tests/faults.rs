//! The table of faults as a page for people: `docs/faults.md` is made from the codes and the words.

use std::{env, fmt::Write as _, fs, path::Path};

use stream_api::{Code, FaultAction, t};

const HEAD: &str = "\
# Faults

What can go wrong, what you read then, what cures it, and the line by which it is recognised. Each of them is produced
for real by the integration tests (`tests/it/faults/`).

This page is made from the code (`UPDATE_DOCS=1 cargo test -p stream-api --test faults`); do not edit it.

| Code | What you read | Cure | Action | Recognised by |
|---|---|---|---|---|
";

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
        let (message, hint) = (code.message(), code.hint());
        let action = code.action().map_or("", button);
        let _ = writeln!(
            page,
            "| `{}` | {message} | {hint} | {action} | {} |",
            code.as_str(),
            lines.join("<br>")
        );
    }
    page
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
