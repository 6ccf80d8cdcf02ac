//! The interface's style sheets as one: `main.css` with the files that it imports in their places, and nothing that is
//! for readers alone.

use std::path::Path;

use anyhow::Result;
use fs_err as fs;

/// Of the folder that holds `main.css`.
pub(crate) fn of(folder: &Path) -> Result<String> {
    let main = fs::read_to_string(folder.join("main.css"))?;
    let sheet: Result<String> = main
        .lines()
        .map(|line| match import(line) {
            Some(name) => Ok(fs::read_to_string(folder.join(name))?),
            None => Ok(format!("{line}\n")),
        })
        .collect();
    Ok(minified(&sheet?))
}

/// The file of a line such as `@import "name.css";`.
fn import(line: &str) -> Option<&str> {
    line.trim().strip_prefix("@import \"")?.strip_suffix("\";")
}

/// Without comments, and without white space that means nothing.
fn minified(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let (mut rest, mut space) = (sheet, false);
    while let Some(sign) = rest.chars().next() {
        let taken = match sign {
            _ if rest.starts_with("/*") => {
                space = true;
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            _ if sign.is_whitespace() => {
                space = true;
                rest = rest.trim_start();
                continue;
            }
            '"' | '\'' => text(rest, sign),
            _ => sign.len_utf8(),
        };
        // A colon may begin a selector, as in `a :hover`; after one there is always a value or a name.
        let parted = out.ends_with(['{', '}', ';', ',', ':']) || matches!(sign, '{' | '}' | ';' | ',');
        if space && !parted && !out.is_empty() {
            out.push(' ');
        }
        if sign == '}' && out.ends_with(';') {
            out.pop();
        }
        out.push_str(&rest[..taken]);
        (rest, space) = (&rest[taken..], false);
    }
    out
}

/// The length of the text in quotes at the beginning of `rest`.
fn text(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = rest.char_indices().skip(1).find(|&(_, sign)| {
        let ends = sign == quote && !escaped;
        escaped = sign == '\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_put_in_their_places() -> Result<()> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("b.css"), "b { top: 0; }\n")?;
        fs::write(folder.path().join("main.css"), "@import \"b.css\";\nc { top: 1px; }\n")?;
        assert_eq!(of(folder.path())?, "b{top:0}c{top:1px}");
        Ok(())
    }

    #[test]
    fn what_means_something_stays() {
        for (sheet, small) in [
            (
                "/* A list. */\na:hover,\n.b > c {\n  margin: 0 auto;\n  width: calc(1px + 2px);\n}\n",
                "a:hover,.b > c{margin:0 auto;width:calc(1px + 2px)}",
            ),
            (
                "a :is(b, c)::before { content: \"; }  /* \\\" */\"; }",
                "a :is(b,c)::before{content:\"; }  /* \\\" */\"}",
            ),
            ("@media (max-width: 9px) {\n  a { top: 0; }\n}\n", "@media (max-width:9px){a{top:0}}"),
            ("a { color: red !important; --empty: ; }", "a{color:red !important;--empty:}"),
            ("a { b: c /* d", "a{b:c"),
        ] {
            assert_eq!(minified(sheet), small, "{sheet}");
        }
    }
}
