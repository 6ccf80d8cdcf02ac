use crate::{Code, Error};

/// Longest name, in characters.
const LONGEST: usize = 200;

/// Checks a stream's name, which is its MediaMTX path: letters, digits and `_ . -`, parts joined by `/`, no part
/// that is empty or starts or ends with a dot, 1 to 200 characters.
///
/// Stricter than MediaMTX 1.20 (`internal/conf/path.go`, `isValidPathName`), so that a name fits every version.
/// Names that MediaMTX gives a meaning of its own when they end a URL are refused too.
///
/// # Errors
/// One of the `name_…` codes, naming the first thing that is wrong.
pub fn check_name(name: &str) -> Result<(), Error> {
    let wrong = |code: Code| Err(Error::new(code).with("name", name));
    if name.is_empty() {
        return wrong(Code::NameEmpty);
    }
    if name.chars().count() > LONGEST {
        return wrong(Code::NameTooLong);
    }
    if let Some(bad) = name.chars().find(|c| !allowed(*c) && *c != '/') {
        return Err(Error::new(Code::NameBadCharacter).with("name", name).with("character", shown(bad)));
    }
    if name.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with('.')) {
        return wrong(Code::NameBadEdges);
    }
    let last = name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let ending = [".m3u8", ".mp4", ".ts", ".m4s"].iter().any(|end| last.ends_with(end));
    if ending || (name.contains('/') && ["publish", "whip", "whep", "moq"].contains(&last.as_str())) {
        return wrong(Code::NameReserved);
    }
    Ok(())
}

/// A name for a stream of the file `file_name`, allowed by [`check_name`] and not `taken`: `Täst clip (1).MP4`
/// becomes `Tast-clip-1`, then `Tast-clip-1-2` when that is taken.
pub fn propose_name(file_name: &str, taken: impl Fn(&str) -> bool) -> String {
    let stem = match file_name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 5 => stem,
        _ => file_name,
    };
    let mut name = String::new();
    for c in stem.chars().filter(|c| !is_mark(*c)) {
        let one = c.encode_utf8(&mut [0; 4]).to_owned();
        let plain = if allowed(c) { &one } else { plain(c) };
        for c in plain.chars() {
            if !(c == '-' && name.ends_with('-')) && name.len() < 60 {
                name.push(c);
            }
        }
    }
    let name = name.trim_matches(['-', '.']);
    let name = if check_name(name).is_ok() { name } else { "stream" };
    if !taken(name) {
        return name.to_owned();
    }
    (2u32..).map(|n| format!("{name}-{n}")).find(|name| !taken(name)).unwrap_or_default()
}

fn allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// An accent that stands after its letter, as macOS writes names of files.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// A Latin letter without its accent; `-` for everything else.
fn plain(c: char) -> &'static str {
    const LETTERS: [(&str, &str); 44] = [
        ("àáâãäåāăą", "a"),
        ("ÀÁÂÃÄÅĀĂĄ", "A"),
        ("çćĉċč", "c"),
        ("ÇĆĈĊČ", "C"),
        ("ďđð", "d"),
        ("ĎĐÐ", "D"),
        ("èéêëēĕėęě", "e"),
        ("ÈÉÊËĒĔĖĘĚ", "E"),
        ("ĝğġģ", "g"),
        ("ĜĞĠĢ", "G"),
        ("ĥħ", "h"),
        ("ĤĦ", "H"),
        ("ìíîïĩīĭįı", "i"),
        ("ÌÍÎÏĨĪĬĮİ", "I"),
        ("ĵ", "j"),
        ("Ĵ", "J"),
        ("ķ", "k"),
        ("Ķ", "K"),
        ("ĺļľŀł", "l"),
        ("ĹĻĽĿŁ", "L"),
        ("ñńņň", "n"),
        ("ÑŃŅŇ", "N"),
        ("òóôõöøōŏő", "o"),
        ("ÒÓÔÕÖØŌŎŐ", "O"),
        ("ŕŗř", "r"),
        ("ŔŖŘ", "R"),
        ("śŝşšș", "s"),
        ("ŚŜŞŠȘ", "S"),
        ("ţťŧț", "t"),
        ("ŢŤŦȚ", "T"),
        ("ùúûüũūŭůűų", "u"),
        ("ÙÚÛÜŨŪŬŮŰŲ", "U"),
        ("ŵ", "w"),
        ("Ŵ", "W"),
        ("ýÿŷ", "y"),
        ("ÝŸŶ", "Y"),
        ("źżž", "z"),
        ("ŹŻŽ", "Z"),
        ("æ", "ae"),
        ("Æ", "AE"),
        ("œ", "oe"),
        ("Œ", "OE"),
        ("ß", "ss"),
        ("þÞ", "th"),
    ];
    LETTERS.into_iter().find(|(letters, _)| letters.contains(c)).map_or("-", |(_, plain)| plain)
}

fn shown(c: char) -> String {
    match c {
        ' ' => t!("error.name_bad_character.space").to_owned(),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_allowed_and_not() {
        let long = "a".repeat(200);
        for good in ["a", "lobby-loop", "A_b.c-9", "church/main", "a/b/c", long.as_str(), "publish", "x.mp4x"]
        {
            assert_eq!(check_name(good), Ok(()), "{good:?} is allowed");
        }
        let too_long = "a".repeat(201);
        for (bad, code) in [
            ("", Code::NameEmpty),
            (too_long.as_str(), Code::NameTooLong),
            ("a b", Code::NameBadCharacter),
            ("über", Code::NameBadCharacter),
            ("a?b", Code::NameBadCharacter),
            ("a;b", Code::NameBadCharacter),
            ("a#b", Code::NameBadCharacter),
            ("a\\b", Code::NameBadCharacter),
            ("a\u{0}b", Code::NameBadCharacter),
            ("/a", Code::NameBadEdges),
            ("a/", Code::NameBadEdges),
            ("a//b", Code::NameBadEdges),
            ("../a", Code::NameBadEdges),
            (".", Code::NameBadEdges),
            ("a.", Code::NameBadEdges),
            ("a/.b", Code::NameBadEdges),
            ("live.m3u8", Code::NameReserved),
            ("clip.MP4", Code::NameReserved),
            ("a/publish", Code::NameReserved),
            ("a/WHEP", Code::NameReserved),
        ] {
            assert_eq!(check_name(bad).map_err(|e| e.code), Err(code), "{bad:?} is not allowed");
        }
    }

    #[test]
    fn proposals_are_always_allowed() {
        let free = |_: &str| false;
        for (file, name) in [
            ("lobby loop.mp4", "lobby-loop"),
            ("Täst clip (1).MP4", "Tast-clip-1"),
            ("Café – «Ünïcode» 50% (final).mp4", "Cafe-Unicode-50-final"),
            ("Cafe\u{301}.mp4", "Cafe"),
            ("Straße Łódź Ørsted.mkv", "Strasse-Lodz-Orsted"),
            ("-leading.mkv", "leading"),
            ("100%: \"it's\".mov", "100-it-s"),
            ("🎬.webm", "stream"),
            (".hidden", "hidden"),
            ("a.b.c.ts", "a.b.c"),
            ("noending", "noending"),
            ("", "stream"),
        ] {
            assert_eq!(propose_name(file, free), name, "{file:?}");
            assert_eq!(check_name(&propose_name(file, free)), Ok(()), "{file:?} gives an allowed name");
        }
        let long = "x".repeat(300) + ".mp4";
        assert_eq!(check_name(&propose_name(&long, free)), Ok(()), "a long file name gives an allowed name");
        assert_eq!(propose_name("a.mp4", |n| n == "a" || n == "a-2"), "a-3", "taken names are counted up");
    }
}
