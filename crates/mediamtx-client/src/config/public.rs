//! Takes secrets out of the lines of a configuration.

use serde_json::Value;

/// Belongs to no known password (32 zero bytes).
const LOCKED: &str = "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A line whose value holds members is JSON behind `- ` or `name: `; the others hold no secrets.
pub(super) fn hide_secrets(line: &mut String) {
    let Some(at) = line.find('{').filter(|_| line.starts_with("  ")) else { return };
    let Ok(mut value) = serde_json::from_str::<Value>(&line[at..]) else { return };
    hide(&mut value);
    line.replace_range(at.., &value.to_string());
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let secret = ["pass", "token", "secret"].iter().any(|word| key.to_lowercase().contains(word));
                match value {
                    Value::String(text) if secret && key == "pass" && !text.is_empty() => {
                        LOCKED.clone_into(text);
                    }
                    Value::String(text) if secret => text.clear(),
                    value => hide(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(text) => {
            if let Some(without) = without_secrets(text) {
                *text = without;
            }
        }
        _ => {}
    }
}

/// `rtsp://user:pass@host/x?token=y` without `user:pass@` and without the query, which may hold a token, a key or a
/// passphrase.
fn without_secrets(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit_once('@').map_or(&rest[..end], |(_, host)| host);
    Some(format!("{scheme}://{host}{}", &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(line: &str) -> String {
        let mut line = line.to_owned();
        hide_secrets(&mut line);
        line
    }

    #[test]
    fn no_secret_is_left_and_the_rest_stays() {
        let user = hidden(r#"  - {"user":"any","pass":"","ips":[]}"#);
        assert_eq!(user, r#"  - {"user":"any","pass":"","ips":[]}"#);
        let user = hidden(r#"  - {"user":"control","pass":"open sesame"}"#);
        assert!(user.contains(LOCKED) && !user.contains("sesame"), "{user}");
        let path = hidden(
            r#"  "cam": {"source":"rtsp://me:open@sesame@cam/1?token=sesame","srtReadPassphrase":"sesame","record":true}"#,
        );
        assert!(path.contains("rtsp://cam/1") && !path.contains("sesame") && path.contains("true"), "{path}");
        assert_eq!(hidden("hls: true"), "hls: true");
    }
}
