//! Turns `locales/en.json` into a sorted table, so that a missing word is a compile error (see `words.rs`).
use std::{collections::BTreeMap, env, fs, path::Path};

fn main() {
    let locales = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../locales");
    println!("cargo::rerun-if-changed={}", locales.display());
    let text = fs::read_to_string(locales.join("en.json")).expect("locales/en.json is readable");
    let words: BTreeMap<String, String> =
        serde_json::from_str(&text).expect("locales/en.json is one flat object of strings");
    let rows: String = words.iter().map(|(key, word)| format!("({key:?}, {word:?}),\n")).collect();
    let out = Path::new(&env::var_os("OUT_DIR").expect("set by cargo")).join("en.rs");
    fs::write(out, format!("pub(crate) const EN: &[(&str, &str)] = &[\n{rows}];\n"))
        .expect("OUT_DIR is writable");
}
