/// The path that somebody means who types or pastes one: without the quotes of a shell or a file manager, with
/// `~/` as the folder `home`, and of a `file:` address its path. Every other text is left as it is.
///
/// No absolute path begins like one of these, so none is changed.
pub fn given_path(text: &str, home: Option<&str>) -> String {
    let bare = unquoted(text.trim());
    if let Some(address) = strip_scheme(bare) {
        return from_address(address);
    }
    if let (Some(rest), Some(home)) = (bare.strip_prefix("~/"), home) {
        return format!("{}/{rest}", home.trim_end_matches('/'));
    }
    // As it was given: a file's name may end in a space.
    if bare.len() == text.trim().len() { text.to_owned() } else { bare.to_owned() }
}

fn unquoted(text: &str) -> &str {
    let within = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked("file:".len())?;
    scheme.eq_ignore_ascii_case("file:").then_some(rest)
}

/// `///home/me/a%20b.mp4`, `//localhost/home/…`, `/home/…`, `///C:/videos/…` (RFC 8089).
fn from_address(rest: &str) -> String {
    let path = match rest.strip_prefix("//") {
        Some(authority) => match authority.split_once('/') {
            Some(("" | "localhost", _)) => &authority[authority.find('/').unwrap_or_default()..],
            // A share of another computer.
            _ => return decoded(&format!("//{authority}")),
        },
        None => rest,
    };
    let path = decoded(path);
    let drive = path.strip_prefix('/').filter(|path| {
        let mut chars = path.chars();
        chars.next().is_some_and(|letter| letter.is_ascii_alphabetic()) && chars.next() == Some(':')
    });
    drive.map(str::to_owned).unwrap_or(path)
}

/// With `%20` and the like as the bytes that they stand for; a text that then is no UTF-8 stays as it was.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(meant) => {
                out.push(meant);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The last part of a path of any system.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_on_every_system() {
        for (path, name) in [
            ("/videos/a b.mp4", "a b.mp4"),
            ("C:\\videos\\a.mp4", "a.mp4"),
            ("C:\\videos/a.mp4", "a.mp4"),
            ("a.mp4", "a.mp4"),
            ("/videos/", ""),
            ("", ""),
        ] {
            assert_eq!(file_name(path), name, "{path}");
        }
    }

    #[test]
    fn pasted_paths_are_what_they_mean() {
        for (given, meant) in [
            ("/videos/a.mp4", "/videos/a.mp4"),
            ("/videos/a.mp4 ", "/videos/a.mp4 "),
            ("\"/my videos/a.mp4\"", "/my videos/a.mp4"),
            (" '/my videos/a.mp4'\n", "/my videos/a.mp4"),
            ("~/a.mp4", "/home/me/a.mp4"),
            ("\"~/a b.mp4\"", "/home/me/a b.mp4"),
            ("file:///a%20b.mp4", "/a b.mp4"),
            ("FILE:///a.mp4", "/a.mp4"),
            ("file://localhost/a.mp4", "/a.mp4"),
            ("file:/a.mp4", "/a.mp4"),
            ("file:///C:/videos/a%20b.mp4", "C:/videos/a b.mp4"),
            ("file:///%C3%BC/100%.mp4", "/ü/100%.mp4"),
            ("file:///%FF.mp4", "/%FF.mp4"),
            ("file://nas/films/a.mp4", "//nas/films/a.mp4"),
            ("/a%20b.mp4", "/a%20b.mp4"),
            ("'", "'"),
            ("", ""),
            ("videos/a.mp4", "videos/a.mp4"),
        ] {
            assert_eq!(given_path(given, Some("/home/me")), meant, "{given:?}");
        }
        assert_eq!(given_path("~/a.mp4", None), "~/a.mp4", "no folder is known");
        assert_eq!(given_path("~/a.mp4", Some("/home/me/")), "/home/me/a.mp4");
    }
}
