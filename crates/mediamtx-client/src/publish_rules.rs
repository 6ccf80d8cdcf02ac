//! Who may publish on a server, and under which name that can be tried without a stream.
//!
//! MediaMTX answers 401 to an ANNOUNCE for a wrong password and for a path that the user may not publish alike, and 400
//! to a path that it has no entry for before it looks at the login (measured on 1.12.3, 1.20.1 and 1.21.0). So only a
//! name that has an entry and that the user may publish tells whether the login is right.

use std::collections::BTreeSet;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::{
    ParserBuilder,
    hir::{Class, Hir, HirKind},
};
use serde_json::{Map, Value};
use stream_api::check_name;

use crate::{ANYBODY, Action, Features, Pass, PathState, Paths, User, Version};

/// The first for which an ANNOUNCE does no more than check the login. Before, it makes a publisher at once, who throws
/// out the one that is there (seen with 1.12.3).
const HARMLESS: Version = Version { major: 1, minor: 14, patch: 0 };
/// Entries for whatever has none of its own.
const ALL_OTHERS: [&str; 2] = ["all_others", "all"];
/// What stands for a character that can be any, most wanted first.
const LETTERS: &str = "tabcdefghijklmnopqrsuvwxyz0123456789TABCDEFGHIJKLMNOPQRSUVWXYZ_-./";
/// Of a regular expression, compiled, in bytes.
const LARGEST: usize = 1 << 20;

/// What a server tells about that.
#[derive(Debug)]
pub struct PublishRules {
    /// None where it asks another one, or its list is not understood.
    users: Option<Vec<User>>,
    /// Exact ones, then patterns, then all others: whichever comes first counts.
    entries: Vec<Entry>,
    /// Somebody sends to them now.
    busy: BTreeSet<String>,
    harmless: bool,
}

#[derive(Debug)]
struct Entry {
    paths: Paths,
    /// It waits for a publisher, and fetches nothing itself.
    open: bool,
}

/// To what a user may publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publishable {
    /// The server does not tell.
    Unknown,
    /// To nothing.
    Nothing,
    /// To these, each once.
    Some(Vec<Paths>),
    /// To all of them.
    All,
}

impl PublishRules {
    /// From its configuration, the one of its paths, and what these do right now.
    pub fn new(
        features: &Features,
        global: &Map<String, Value>,
        configs: &[Map<String, Value>],
        live: &[PathState],
    ) -> PublishRules {
        let users = global.get("authInternalUsers").filter(|_| features.internal_users);
        let word = |keys: &Map<String, Value>, key: &str| Some(keys.get(key)?.as_str()?.to_owned());
        let mut entries: Vec<Entry> = configs
            .iter()
            .filter_map(|keys| {
                let open = word(keys, "source").is_none_or(|source| source == "publisher");
                Some(Entry { paths: entry(&word(keys, "name")?), open })
            })
            .collect();
        entries.sort_by(|a, b| order(&a.paths).cmp(&order(&b.paths)));
        PublishRules {
            users: users.and_then(|users| serde_json::from_value(users.clone()).ok()),
            entries,
            busy: live.iter().filter(|path| path.source.is_some()).map(|path| path.name.clone()).collect(),
            harmless: features.at_least >= HARMLESS,
        }
    }

    /// To what this user may publish, from wherever; none is who gives no name.
    pub fn publishable(&self, user: Option<&str>) -> Publishable {
        let Some(users) = &self.users else { return Publishable::Unknown };
        let (mut paths, mut unknown) = (BTreeSet::new(), false);
        for entry in users {
            // A name may be hashed as a password is.
            let is = match Pass::read(&entry.name) {
                _ if entry.name == ANYBODY || Some(entry.name.as_str()) == user => true,
                hash @ Pass::Sha256(_) => user.is_some_and(|user| Pass::sha256(user) == hash),
                Pass::Argon2(_) => {
                    unknown |= user.is_some();
                    false
                }
                _ => false,
            };
            let publish = entry.permissions.iter().filter(|one| is && one.action == Action::Publish);
            paths.extend(publish.map(|one| one.paths.clone()));
        }
        match paths.contains(&Paths::All) {
            true => Publishable::All,
            false if unknown => Publishable::Unknown,
            false if paths.is_empty() => Publishable::Nothing,
            false => Publishable::Some(paths.into_iter().collect()),
        }
    }

    /// A name under which this user may publish, with an entry, and nobody there who could be disturbed: one of
    /// `wished`, else `fresh` or one that ends so, else one that the owner wrote.
    pub fn name_to_try(&self, user: Option<&str>, wished: &[String], fresh: &str) -> Option<String> {
        let publishable = self.publishable(user);
        let permitted = |name: &str| match &publishable {
            Publishable::Unknown | Publishable::All => true,
            Publishable::Nothing => false,
            Publishable::Some(paths) => paths.iter().any(|paths| includes(paths, name)),
        };
        let named = match &publishable {
            Publishable::Some(paths) => paths.as_slice(),
            Publishable::Unknown | Publishable::Nothing | Publishable::All => &[],
        };
        // Other people's names come last, and only where they don't notice.
        let theirs =
            self.entries.iter().filter(|entry| self.harmless || !matches!(entry.paths, Paths::Named(_)));
        let owners =
            named.iter().chain(theirs.map(|entry| &entry.paths)).flat_map(|paths| names(paths, fresh));
        let mut all = wished.iter().cloned().chain([fresh.to_owned()]).chain(owners);
        all.find(|name| {
            check_name(name).is_ok() && permitted(name) && self.is_open(name) && !self.busy.contains(name)
        })
    }

    /// Whether it has an entry for that name, which waits for a publisher.
    fn is_open(&self, name: &str) -> bool {
        self.entries.iter().find(|entry| includes(&entry.paths, name)).is_some_and(|entry| entry.open)
    }
}

/// As a path's entry is called.
fn entry(name: &str) -> Paths {
    match name.strip_prefix('~') {
        _ if ALL_OTHERS.contains(&name) => Paths::All,
        Some(pattern) => Paths::Matching(pattern.to_owned()),
        None => Paths::Named(name.to_owned()),
    }
}

/// Exact names first, patterns in order of their names, then what is for all others (`internal/conf/path.go`).
fn order(paths: &Paths) -> (u8, &str) {
    match paths {
        Paths::Named(name) => (0, name),
        Paths::Matching(pattern) => (1, pattern),
        Paths::All => (2, ""),
    }
}

fn includes(paths: &Paths, name: &str) -> bool {
    match paths {
        Paths::All => true,
        Paths::Named(one) => one == name,
        Paths::Matching(pattern) => {
            compiled(pattern).is_some_and(|pattern| pattern.is_match(name.as_bytes()))
        }
    }
}

/// As Go reads it: its classes are of ASCII.
fn compiled(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).size_limit(LARGEST).build().ok()
}

/// Names that are among these, those that end with `fresh` first.
fn names(paths: &Paths, fresh: &str) -> Vec<String> {
    let one = match paths {
        Paths::All => String::new(),
        Paths::Named(name) => return vec![name.clone()],
        Paths::Matching(pattern) => {
            let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
            let mut one = String::new();
            match parsed.ok().and_then(|hir| write(&hir, &mut one)) {
                Some(()) => one,
                None => return Vec::new(),
            }
        }
    };
    let all = [format!("{one}{fresh}"), one];
    all.into_iter().filter(|name| includes(paths, name)).collect()
}

/// The shortest text that an expression has a match for, or nearly.
fn write(hir: &Hir, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(LETTERS.chars().find(|letter| has(class, *letter))?),
        HirKind::Repetition(part) => {
            // More than any name has.
            let times = Some(part.min).filter(|min| *min <= 200)?;
            (0..times).try_for_each(|_| write(&part.sub, text))?;
        }
        HirKind::Capture(part) => write(&part.sub, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, text))?,
        HirKind::Alternation(parts) => write(parts.first()?, text)?,
    }
    // Nested ones multiply.
    (text.len() <= 1000).then_some(())
}

fn has(class: &Class, letter: char) -> bool {
    match class {
        Class::Unicode(class) => class.iter().any(|range| (range.start()..=range.end()).contains(&letter)),
        Class::Bytes(class) => {
            let within = |letter| class.iter().any(|range| (range.start()..=range.end()).contains(&letter));
            u8::try_from(letter).is_ok_and(within)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules(users: Value, paths: &[(&str, &str)], busy: &[&str]) -> PublishRules {
        let object = |value: Value| value.as_object().unwrap().clone();
        let mut features = Features::default();
        (features.internal_users, features.at_least) = (!users.is_null(), HARMLESS);
        let configs: Vec<_> =
            paths.iter().map(|(name, source)| object(json!({ "name": name, "source": source }))).collect();
        let source = || serde_json::from_value(json!({ "type": "rtspSession", "id": "1" })).unwrap();
        let state = |name: &&str| PathState {
            name: (*name).to_owned(),
            source: Some(source()),
            ..PathState::default()
        };
        let live: Vec<PathState> = busy.iter().map(state).collect();
        PublishRules::new(&features, &object(json!({ "authInternalUsers": users })), &configs, &live)
    }

    fn user(name: &str, publish: &[&str]) -> Value {
        let permissions: Vec<_> =
            publish.iter().map(|path| json!({ "action": "publish", "path": path })).collect();
        json!({ "user": name, "pass": "<redacted>", "permissions": permissions })
    }

    fn tried(rules: &PublishRules, user: &str, wished: &[&str]) -> Option<String> {
        let wished: Vec<_> = wished.iter().map(|name| (*name).to_owned()).collect();
        rules.name_to_try(Some(user), &wished, "new")
    }

    #[test]
    fn what_a_user_may_publish_is_told_by_the_list() {
        let hashed = "sha256:CO4EOwOtuRXxPTR6nNIYuiaMdgmAMKjTTSyMmr0eXUY=";
        let list = json!([
            user("owner", &[]),
            user("cam", &["show", "~^live/", "show"]),
            user(hashed, &["hidden"]),
            user("all", &["", "x"]),
        ]);
        let some = |paths: &[Paths]| Publishable::Some(paths.to_vec());
        let hidden = rules(list, &[], &[]);
        assert_eq!(hidden.publishable(Some("owner")), Publishable::Nothing);
        assert_eq!(hidden.publishable(None), Publishable::Nothing);
        assert_eq!(hidden.publishable(Some("all")), Publishable::All);
        let of_cam = [Paths::Named("show".into()), Paths::Matching("^live/".into())];
        assert_eq!(hidden.publishable(Some("cam")), some(&of_cam));
        let list = json!([user("any", &["open"]), user("cam", &["own"]), user("argon2:x", &["own"])]);
        let open = rules(list, &[], &[]);
        assert_eq!(open.publishable(None), some(&[Paths::Named("open".into())]));
        assert_eq!(open.publishable(Some("cam")), Publishable::Unknown, "the third may be this one");
        assert_eq!(rules(json!(null), &[], &[]).publishable(Some("cam")), Publishable::Unknown);
        assert_eq!(rules(json!([{ "user": 5 }]), &[], &[]).publishable(None), Publishable::Unknown);
        let named = user(&format!("sha256:{}", sha256_of("cam")), &["own"]);
        assert_eq!(
            rules(json!([named]), &[], &[]).publishable(Some("cam")),
            some(&[Paths::Named("own".into())])
        );
    }

    fn sha256_of(text: &str) -> String {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        use sha2::{Digest as _, Sha256};
        BASE64_STANDARD.encode(Sha256::digest(text))
    }

    #[test]
    fn a_name_is_tried_that_is_permitted_has_an_entry_and_disturbs_nobody() {
        let list =
            || json!([user("all", &[""]), user("cam", &["show", "~^live/.+$", "cam"]), user("no", &[])]);
        let everything = rules(list(), &[("all_others", "publisher")], &[]);
        assert_eq!(tried(&everything, "all", &["lobby"]).as_deref(), Some("lobby"));
        assert_eq!(tried(&everything, "all", &[]).as_deref(), Some("new"));
        assert_eq!(tried(&everything, "cam", &["lobby"]).as_deref(), Some("cam"));
        assert_eq!(tried(&everything, "no", &["lobby"]), None);
        let few = [("show", "publisher"), ("cam", "rtsp://h"), ("~^live/", "publisher")];
        assert_eq!(tried(&rules(list(), &few, &[]), "cam", &[]).as_deref(), Some("show"));
        let busy = rules(list(), &few, &["show"]);
        assert_eq!(tried(&busy, "cam", &["show"]).as_deref(), Some("live/tnew"));
        assert_eq!(tried(&busy, "all", &["show", "lobby"]).as_deref(), Some("live/new"));
        let fetched = rules(list(), &[("cam", "rtsp://h"), ("all_others", "rtsp://h")], &[]);
        assert_eq!(tried(&fetched, "all", &["cam"]), None);
        let mut old = rules(list(), &[("theirs", "publisher")], &[]);
        assert_eq!(tried(&old, "all", &[]).as_deref(), Some("theirs"));
        old.harmless = false;
        assert_eq!(tried(&old, "all", &[]), None, "theirs is left alone");
    }

    #[test]
    fn names_are_made_that_a_pattern_matches() {
        for (pattern, made) in [
            ("^live/", Some("live/new")),
            ("^live/$", None),
            ("^(a|b)$", Some("a")),
            ("^cam[0-9]{2}$", Some("cam00")),
            (r"^\d+x", Some("0xnew")),
            ("^[^a-z]$", Some("0")),
            ("(?i)^Show$", Some("show")),
            (".*", Some("new")),
            ("$", Some("new")),
            ("(", None),
            ("a{1000}", None),
            ("((a{100}){100}){100}", None),
        ] {
            let paths = Paths::Matching(pattern.to_owned());
            let name = names(&paths, "new").into_iter().find(|name| check_name(name).is_ok());
            assert_eq!(name.as_deref().map(str::to_ascii_lowercase).as_deref(), made, "{pattern}");
        }
    }
}
