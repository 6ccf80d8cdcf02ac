//! Takes secrets out of whatever goes into a support bundle.

use std::collections::BTreeSet;

use serde_json::Value;

/// Stands for a secret that was taken out.
const HIDDEN: &str = "***";
/// Parts of the names of settings that hold a secret, in lower case.
const SECRET_NAMES: [&str; 7] = ["pass", "secret", "token", "jwt", "apikey", "api_key", "credential"];
/// Shorter values are in every text by chance, and guard nothing.
const SHORTEST: usize = 6;

/// What knows the secrets of this engine.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    known: BTreeSet<String>,
}

impl Scrub {
    /// Learns the secrets that stand in a YAML or JSON text, so that they are found wherever else they stand.
    pub(super) fn learn(&mut self, text: &str) {
        for line in text.lines() {
            if let Some((_, value)) = secret(line) {
                let value = value.trim().trim_end_matches(',').trim_matches(['"', '\'']);
                if value.len() >= SHORTEST {
                    self.known.insert(value.to_owned());
                }
            }
        }
    }

    /// A text of any kind, line by line.
    pub(super) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            match secret(line) {
                Some((name, value)) if !value.trim().is_empty() => {
                    out.push_str(name);
                    out.push_str(" \"");
                    out.push_str(HIDDEN);
                    out.push('"');
                    if value.trim_end().ends_with(',') {
                        out.push(',');
                    }
                }
                _ => out.push_str(&self.line(line)),
            }
            out.push('\n');
        }
        out
    }

    /// A JSON value: settings by their names, texts by their content.
    pub(super) fn json(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(name, value)| match value {
                        Value::String(text) if is_secret(&name) && !text.is_empty() => (name, HIDDEN.into()),
                        value => (name, self.json(value)),
                    })
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.json(item)).collect()),
            Value::String(text) => self.line(&text).into(),
            other => other,
        }
    }

    fn line(&self, line: &str) -> String {
        let line = ffmpeg_cli::log::redact(line);
        self.known.iter().fold(line.into_owned(), |line, secret| line.replace(secret.as_str(), HIDDEN))
    }
}

/// `name:` and the value behind it, where a line sets a secret: `  pass: x` (YAML), `"token":"x"` (JSON).
fn secret(line: &str) -> Option<(&str, &str)> {
    let colon = line.find(':')?;
    let name = line[..colon].trim().trim_start_matches(['{', '-', ' ']).trim_matches(['"', '\'']);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    (is_name && is_secret(name)).then(|| line.split_at(colon + 1))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_wherever_they_stand() {
        let mut scrub = Scrub::default();
        scrub.learn("- user: manager\n  pass: n0b0dyKnows\nsrtReadPassphrase: 'l0ngPhrase'\nrtsp: yes\n");
        scrub.learn("{\"token\": \"t0ken-value\",\n\"port\": 5}");
        for (text, clean) in [
            ("  pass: n0b0dyKnows", "  pass: \"***\"\n"),
            ("  \"password\": \"other\",", "  \"password\": \"***\",\n"),
            ("said n0b0dyKnows and l0ngPhrase, t0ken-value", "said *** and ***, ***\n"),
            ("rtsp://u:p@h/a?token=x", "rtsp://***@h/a?token=***\n"),
            ("2026-01-01T00:00:00Z passes: 3 of 4", "2026-01-01T00:00:00Z passes: 3 of 4\n"),
            ("rtspAddress: 127.0.0.1:8554", "rtspAddress: 127.0.0.1:8554\n"),
            ("pass:", "pass:\n"),
        ] {
            assert_eq!(scrub.text(text), clean, "{text:?}");
        }
        let json = serde_json::json!({ "a": [{ "srtPassphrase": "x", "note": "n0b0dyKnows" }], "tokens": 3 });
        let clean = serde_json::json!({ "a": [{ "srtPassphrase": "***", "note": "***" }], "tokens": 3 });
        assert_eq!(scrub.json(json), clean);
    }
}
