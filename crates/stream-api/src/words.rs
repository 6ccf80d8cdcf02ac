//! Every word a person reads, from `locales/en.json`: the interface, the tray, notifications and error texts
//! alike. Keys are checked at compile time by [`t!`](crate::t) and [`tn!`](crate::tn).

include!(concat!(env!("OUT_DIR"), "/en.rs"));

/// The words of `key`, at compile time; used through [`t!`](crate::t). Elsewhere call it in a `const`: called at run
/// time it works too, but brings the whole table into the interface's wasm.
///
/// # Panics
/// At compile time, when the key is not in `locales/en.json`.
pub const fn must(key: &str) -> &'static str {
    match position(key) {
        Some(row) => EN[row].1,
        None => panic!("this key is not in locales/en.json"),
    }
}

/// The words of a key that is known only at run time, such as `error.name_taken`; `None` when there are none.
pub fn get(key: &str) -> Option<&'static str> {
    position(key).map(|row| EN[row].1)
}

/// Every key and its words, sorted by key.
pub const fn all() -> &'static [(&'static str, &'static str)] {
    EN
}

/// `word` with each `{name}` replaced by its value. Placeholders without a value stay as they are.
pub fn fill(word: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(word.len() + 16);
    let mut rest = word;
    while let Some(open) = rest.find('{') {
        text.push_str(&rest[..open]);
        let tail = &rest[open..];
        let value = tail.find('}').and_then(|close| {
            let (_, value) = values.iter().find(|(name, _)| *name == &tail[1..close])?;
            Some((close, *value))
        });
        match value {
            Some((close, value)) => {
                text.push_str(value);
                rest = &tail[close + 1..];
            }
            None => {
                text.push('{');
                rest = &tail[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

const fn position(key: &str) -> Option<usize> {
    let (mut low, mut high) = (0, EN.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match compare(EN[middle].0.as_bytes(), key.as_bytes()) {
            0 => return Some(middle),
            order if order < 0 => low = middle + 1,
            _ => high = middle,
        }
    }
    None
}

/// Byte order as `Ord` has it, which is not yet const: negative, zero or positive.
const fn compare(left: &[u8], right: &[u8]) -> i32 {
    let mut at = 0;
    while at < left.len() && at < right.len() {
        if left[at] != right[at] {
            return left[at] as i32 - right[at] as i32;
        }
        at += 1;
    }
    left.len() as i32 - right.len() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        for (key, word) in all() {
            assert_eq!(get(key), Some(*word), "{key} is in the table");
        }
        assert_eq!(get("no.such.key"), None);
        assert_eq!(get(""), None);
    }

    #[test]
    fn fill_replaces_known_placeholders_only() {
        assert_eq!(
            fill("{a}-{b}-{a}", &[("a", "1"), ("b", "{a}")]),
            "1-{a}-1",
            "values are not filled again"
        );
        assert_eq!(fill("{x} {", &[("a", "1")]), "{x} {", "unknown ones stay");
    }
}
