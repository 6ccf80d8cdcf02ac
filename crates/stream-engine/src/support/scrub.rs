//! Takes secrets out of whatever goes into a support bundle.

use std::{collections::BTreeSet, ops::Range};

use serde_json::Value;

/// Stands for a secret that was taken out.
const HIDDEN: &str = "***";
/// Parts of the names of settings that hold a secret, in lower case.
const SECRET_NAMES: [&str; 7] = ["pass", "secret", "token", "jwt", "apikey", "api_key", "credential"];
/// Shorter ones are in every text by chance: they are hidden only where they stand as a word of their own.
const LONG: usize = 6;
/// Shorter values guard nothing.
const SHORTEST: usize = 3;
/// Values of settings that are called like secrets and hold none.
const PLAIN: [&str; 3] = ["true", "false", "null"];

/// What knows the secrets of this engine.
#[derive(Debug, Default)]
pub(super) struct Scrub {
    known: BTreeSet<String>,
}

impl Scrub {
    /// Learns the secrets that stand in a YAML or JSON text, so that they are found wherever else they stand.
    pub(super) fn learn(&mut self, text: &str) {
        for line in text.lines() {
            secrets(line).into_iter().for_each(|value| self.know(&line[value]));
        }
    }

    /// As it stands in a text, and with what that means where it is quoted.
    fn know(&mut self, value: &str) {
        if value.len() < SHORTEST || PLAIN.contains(&value) {
            return;
        }
        let meant = serde_json::from_str::<String>(&format!("\"{value}\""));
        let quoted = serde_json::to_string(value).unwrap_or_default();
        let quoted = quoted.trim_matches('"').to_owned();
        let doubled = value.replace("''", "'");
        self.known.extend([value.to_owned(), doubled, meant.unwrap_or_default(), quoted]);
        self.known.retain(|known| known.len() >= SHORTEST);
    }

    /// Learns every text in a JSON file that holds nothing but secrets.
    pub(super) fn learn_all(&mut self, json: &str) {
        let mut values = serde_json::from_str::<Value>(json).map_or_else(|_| Vec::new(), |value| vec![value]);
        while let Some(value) = values.pop() {
            match value {
                Value::String(secret) => {
                    self.know(&secret);
                    // It may be a whole list of users, and each of their passwords stands elsewhere by itself.
                    self.learn(&secret);
                }
                Value::Array(items) => values.extend(items),
                Value::Object(fields) => values.extend(fields.into_iter().map(|(_, value)| value)),
                _ => {}
            }
        }
    }

    /// A text of any kind, line by line.
    pub(super) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.lines() {
            let (mut clean, mut at) = (String::with_capacity(line.len()), 0);
            for value in secrets(line) {
                clean.push_str(&line[at..value.start]);
                clean.push_str(HIDDEN);
                at = value.end;
            }
            clean.push_str(&line[at..]);
            out.push_str(&self.line(&clean));
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
        // The longest first: one may hold another.
        let mut known: Vec<&String> =
            self.known.iter().filter(|secret| line.contains(secret.as_str())).collect();
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        known.into_iter().fold(line.clone().into_owned(), |line, secret| hide(&line, secret))
    }
}

/// `line` without `secret`.
fn hide(line: &str, secret: &str) -> String {
    if secret.len() >= LONG {
        return line.replace(secret, HIDDEN);
    }
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (mut clean, mut at) = (String::with_capacity(line.len()), 0);
    for (start, found) in line.match_indices(secret) {
        let end = start + found.len();
        let apart = !is_word(line[..start].chars().next_back()) && !is_word(line[end..].chars().next());
        clean.push_str(&line[at..start]);
        clean.push_str(if apart { HIDDEN } else { found });
        at = end;
    }
    clean + &line[at..]
}

/// How far a text goes up to the quote that ends it.
fn quoted(text: &str, quote: char) -> usize {
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        match c {
            '\\' if quote == '"' => {
                rest.next();
            }
            // How YAML says one within.
            '\'' if quote == '\'' && next == Some('\'') => {
                rest.next();
            }
            c if c == quote => return at,
            _ => {}
        }
    }
    text.len()
}

/// Where a line sets secrets, in order: `  pass: x` (YAML), `{"token":"x","port":5}` (JSON, on one line).
fn secrets(line: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (colon, _) in line.match_indices(':') {
        if found.last().is_some_and(|last| colon < last.end) {
            continue;
        }
        let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let name = before.rsplit(|c| !part(c)).next().unwrap_or_default();
        if !is_secret(name) {
            continue;
        }
        let rest = &line[colon + 1..];
        let value = rest.trim_start();
        let start = colon + 1 + rest.len() - value.len();
        let (start, length) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (start + 1, quoted(&value[1..], quote)),
            // A list or a group: its own settings are looked at by themselves.
            Some('[' | '{') | None => continue,
            Some(_) => (start, value.find([',', '}', ']', ' ', '\t']).unwrap_or(value.len())),
        };
        if length > 0 {
            found.push(start..start + length);
        }
    }
    found
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
        scrub.learn_all("{\"id\": {\"source\": {\"hidden\": [\"str3am-key\", null]}}}");
        let users = "- user: owner\n  pass: 0wners-one\n- {user: other, pass: \"0thers-one\"}\n";
        scrub.learn_all(&serde_json::json!({ "id": { "server": { "users": users } } }).to_string());
        for (text, clean) in [
            ("  pass: n0b0dyKnows", "  pass: ***\n"),
            (
                "u: [{\"pass\":\"one\",\"a\":1}, {'pass': 'two'}]",
                "u: [{\"pass\":\"***\",\"a\":1}, {'pass': '***'}]\n",
            ),
            ("  \"password\": \"other\",", "  \"password\": \"***\",\n"),
            ("failed to authenticate with 0wners-one, 0thers-one", "failed to authenticate with ***, ***\n"),
            ("said n0b0dyKnows and l0ngPhrase, t0ken-value", "said *** and ***, ***\n"),
            ("rtmp://host/app#str3am-key", "rtmp://host/app#***\n"),
            ("rtsp://u:p@h/a?token=x", "rtsp://***@h/a?token=***\n"),
            ("2026-01-01T00:00:00Z 3 of 4", "2026-01-01T00:00:00Z 3 of 4\n"),
            ("password: abc def", "password: *** def\n"),
            ("rtspAddress: 127.0.0.1:8554", "rtspAddress: 127.0.0.1:8554\n"),
            ("pass:", "pass:\n"),
        ] {
            assert_eq!(scrub.text(text), clean, "{text:?}");
        }
        scrub.learn("  apiPass: \"qu\\\"ote9\"\n  pass: 'it''s0wn'\n  pass: w4x\n  \"has_secret\": true\n");
        for (text, clean) in [
            ("{\"pass\": \"a\\\"b\", \"port\": 5}", "{\"pass\": \"***\", \"port\": 5}\n"),
            ("  pass: 'a''b' # x", "  pass: '***' # x\n"),
            ("said qu\"ote9 and qu\\\"ote9", "said *** and ***\n"),
            ("w4x, not w4xy or aw4x: (w4x)", "***, not w4xy or aw4x: (***)\n"),
            ("it is true", "it is true\n"),
        ] {
            assert_eq!(scrub.text(text), clean, "{text:?}");
        }
        let json = serde_json::json!({ "a": [{ "srtPassphrase": "x", "note": "n0b0dyKnows" }], "tokens": 3 });
        let clean = serde_json::json!({ "a": [{ "srtPassphrase": "***", "note": "***" }], "tokens": 3 });
        assert_eq!(scrub.json(json), clean);
    }
}
