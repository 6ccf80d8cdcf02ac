//! Requests that can't be read.

use std::fmt::Display;

use crate::{Code, Error};

/// Before what serde expected instead of a value.
const EXPECTED: &str = ", expected ";
/// How serde begins when it quotes a value, and what is said of it here.
const QUOTING: [(&str, &str); 4] = [
    ("invalid type: ", "invalid type"),
    ("invalid value: ", "invalid value"),
    ("invalid length ", "invalid length"),
    ("unknown variant ", "unknown variant"),
];

impl Error {
    /// `bad_request`, with what serde says but without the value that it quotes: that may be a password in the wrong
    /// place. Names of fields stay.
    pub fn unread(error: &impl Display) -> Error {
        Error::new(Code::BadRequest).with("reason", unquoted(&error.to_string()))
    }
}

fn unquoted(said: &str) -> String {
    let Some((start, what)) = QUOTING.into_iter().find(|(start, _)| said.starts_with(start)) else {
        return said.to_owned();
    };
    // What is expected is our own text; the value may hold anything.
    let expected = said.rsplit_once(EXPECTED).map_or("", |(_, expected)| expected);
    let kind = said[start.len()..].split([' ', ',']).next().unwrap_or_default();
    let kind =
        KINDS.into_iter().find(|known| *known == kind).map_or_else(String::new, |kind| format!(": {kind}"));
    let expected = if expected.is_empty() { String::new() } else { format!("{EXPECTED}{expected}") };
    format!("{what}{kind}{expected}")
}

/// First words of [`serde::de::Unexpected`].
const KINDS: [&str; 9] =
    ["boolean", "integer", "floating", "character", "string", "null", "sequence", "map", "newtype"];

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::commands::{
        GuestLinkCreate, ServerAdd, ServerConfigRead, ServerEdit, ServerTest, SourceTest, StreamAccessSet,
        StreamCreate, StreamUpdate,
    };

    #[test]
    fn a_reason_says_what_is_expected_and_not_what_was_given() {
        for (said, left) in [
            (r#"invalid type: string "s3cret", expected u32"#, "invalid type: string, expected u32"),
            (
                "invalid type: integer `12345678`, expected a string",
                "invalid type: integer, expected a string",
            ),
            ("invalid type: floating point `1.5`, expected x", "invalid type: floating, expected x"),
            ("invalid type: null, expected x", "invalid type: null, expected x"),
            (
                "unknown variant `a, expected b`, expected one of `keep`, `remove`, `set`",
                "unknown variant, expected one of `keep`, `remove`, `set`",
            ),
            ("unknown variant `s3cret`, there are no variants", "unknown variant"),
            (r#"invalid value: string "s3cret""#, "invalid value: string"),
            ("unknown field `nmae`, expected `name`", "unknown field `nmae`, expected `name`"),
            ("missing field `id`", "missing field `id`"),
        ] {
            assert_eq!(Error::unread(&said).args["reason"], left);
        }
    }

    /// Every way to put something else at any place of a request.
    fn misplaced(request: &Value, value: &Value) -> Vec<Value> {
        let mut all = vec![value.clone()];
        match request {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    all.extend(misplaced(inner, value).into_iter().map(|inner| {
                        let mut other = fields.clone();
                        other.insert(name.clone(), inner);
                        Value::Object(other)
                    }));
                }
            }
            Value::Array(items) => {
                for (at, inner) in items.iter().enumerate() {
                    all.extend(misplaced(inner, value).into_iter().map(|inner| {
                        let mut other = items.clone();
                        other[at] = inner;
                        Value::Array(other)
                    }));
                }
            }
            _ => {}
        }
        all
    }

    /// How many of the requests can't be read.
    fn refused<C: DeserializeOwned>(request: &Value) -> usize {
        serde_json::from_value::<C>(request.clone()).map(drop).expect("the request itself reads");
        let mut refused = 0;
        for secret in
            [json!("hunter2, expected `2`"), json!(98_761_234), json!(9.876_123_4), json!(["hunter2"])]
        {
            for request in misplaced(request, &secret) {
                let Err(error) = serde_json::from_value::<C>(request.clone()) else { continue };
                refused += 1;
                let error = serde_json::to_string(&Error::unread(&error)).expect("writes");
                assert!(!error.contains("hunter2") && !error.contains("876"), "{request}: {error}");
            }
        }
        refused
    }

    #[test]
    fn no_command_that_takes_secrets_repeats_one() {
        let id = "00000000-0000-0000-0000-000000000001";
        let network = json!({ "type": "network", "url": "rtsp://h/x", "user": "me" });
        let spec = json!({ "name": "Hall", "kind": "remote", "api": "http://h:9997", "publish": "rtsp://h" });
        let secrets = json!({ "password": { "set": "x" }, "publish_password": "keep", "users": "remove" });
        let access = json!({ "viewers": "restricted", "user": "me", "password": "secret", "ips": ["::1"] });
        let counts = [
            refused::<StreamCreate>(
                &json!({ "name": "a", "source": network, "password": "x", "playback": "loop", "access": access }),
            ),
            refused::<StreamUpdate>(&json!({ "id": id, "source": network, "password": "x", "record": true })),
            refused::<StreamAccessSet>(
                &json!({ "id": id, "viewers": "open", "password": { "set": "x" }, "ips": ["::1"] }),
            ),
            refused::<GuestLinkCreate>(&json!({ "id": id, "lasts": "day", "label": "x" })),
            refused::<SourceTest>(&json!({ "source": network, "password": "x", "stream": id })),
            refused::<ServerAdd>(&json!({ "spec": spec, "secrets": secrets })),
            refused::<ServerEdit>(&json!({ "id": id, "spec": spec, "secrets": secrets })),
            refused::<ServerTest>(&json!({ "spec": spec, "secrets": secrets })),
            refused::<ServerConfigRead>(&json!({ "content": "x" })),
        ];
        assert!(counts.iter().all(|refused| *refused > 0), "{counts:?}");
    }
}
