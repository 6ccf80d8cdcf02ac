//! What a server's configuration of a path says differently from ours.

use std::fmt;

use serde_json::{Map, Value};

use crate::{ApiError, Features, PathConfig};

/// A key of a path that has another value on the server than we want.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// MediaMTX's name for it.
    pub key: String,
    /// Ours; null where the server's own default is fine. May hold a password, in an address.
    pub ours: Value,
    /// The server's. May hold a password, in an address.
    pub theirs: Value,
}

/// Values may be secret.
impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference").field("key", &self.key).finish_non_exhaustive()
    }
}

impl PathConfig {
    /// What differs in `shown`, the server's own description of the path. A key that we have no opinion on differs
    /// when it is not as in `defaults`, the server's path defaults, where a replaced path would take it from.
    ///
    /// # Errors
    /// As [`PathConfig::for_server`].
    pub fn differences(
        &self,
        features: &Features,
        defaults: &Map<String, Value>,
        shown: &Map<String, Value>,
    ) -> Result<Vec<Difference>, ApiError> {
        let ours = self.for_server(features)?;
        let differs = |(key, theirs): (&String, &Value)| {
            let wanted = ours.get(key);
            let expected = wanted.or_else(|| defaults.get(key))?;
            let difference = || Difference {
                key: key.clone(),
                ours: wanted.cloned().unwrap_or(Value::Null),
                theirs: theirs.clone(),
            };
            (key != "name" && !same(expected, theirs)).then(difference)
        };
        Ok(shown.iter().filter_map(differs).collect())
    }
}

/// Equal, also when a duration is written in another way.
fn same(one: &Value, other: &Value) -> bool {
    let duration = |value: &Value| value.as_str().and_then(nanoseconds);
    one == other || duration(one).is_some_and(|length| duration(other) == Some(length))
}

/// A duration of Go, such as `1h0m0s` or `500ms`, since 1.11 also with days: `1d2h0m0s`. Nothing at all is none:
/// 1.12.3 writes `0s` so.
fn nanoseconds(text: &str) -> Option<u128> {
    // In this order: `ms` begins like `m`.
    const UNITS: [(&str, u128); 8] = [
        ("ns", 1),
        ("µs", 1_000),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ];
    let mut rest = text;
    let mut all = 0u128;
    while !rest.is_empty() {
        let end = rest.find(|one: char| !one.is_ascii_digit() && one != '.')?;
        let (number, tail) = rest.split_at(end);
        let (unit, size) = UNITS.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        all = all.checked_add(whole.parse::<u128>().ok()?.checked_mul(size)?)?;
        if !part.is_empty() {
            let digits = u32::try_from(part.len()).ok()?;
            all += part.parse::<u128>().ok()?.checked_mul(size)? / 10u128.checked_pow(digits)?;
        }
        rest = &tail[unit.len()..];
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn durations_are_the_same_however_they_are_written() {
        for (one, other) in [
            ("1h", "1h0m0s"),
            ("24h0m0s", "1d"),
            ("0s", "0s"),
            ("1.5s", "1500ms"),
            ("1d2h0m0s", "26h"),
            ("0s", ""),
        ] {
            assert!(same(&json!(one), &json!(other)), "{one} {other}");
        }
        assert!(!same(&json!("1s"), &json!("1m")));
        assert!(!same(&json!("publisher"), &json!("redirect")));
        for text in ["s", "1", "1x", "ä"] {
            assert_eq!(nanoseconds(text), None, "{text:?}");
        }
    }
}
