/// The English words of a key in `locales/en.json`, with `{placeholders}` filled in; a missing key does not compile.
///
/// `t!("streams.title")` is a `&'static str`; `t!("row.retry_in", seconds = 4)` is a `String`.
#[macro_export]
macro_rules! t {
    ($key:literal) => {{
        const WORD: &str = $crate::words::must($key);
        WORD
    }};
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {{
        const WORD: &str = $crate::words::must($key);
        $crate::words::fill(WORD, &[$((stringify!($name), &$value.to_string())),+])
    }};
}

/// Like [`t!`] for a counted thing: `key.one` for exactly 1, else `key.other`; `{n}` is the number.
#[macro_export]
macro_rules! tn {
    ($key:literal, $n:expr $(, $name:ident = $value:expr)* $(,)?) => {{
        const ONE: &str = $crate::words::must(concat!($key, ".one"));
        const OTHER: &str = $crate::words::must(concat!($key, ".other"));
        let n = $n;
        let word = if n == 1 { ONE } else { OTHER };
        $crate::words::fill(word, &[("n", &n.to_string()) $(, (stringify!($name), &$value.to_string()))*])
    }};
}
