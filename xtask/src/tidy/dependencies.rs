//! Who may depend on what.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, PackageId};

use super::{RUST_FOLDERS, holds_word, product_lines, read};
use crate::{process, workspace::Workspace};

/// The desktop package, at the root.
const DESKTOP: &str = "stream-manager";

/// Libraries, as beginnings of names, that only the named packages may use outside their tests.
const RESERVED: &[(&str, &[&str])] = &[
    ("tauri", &[DESKTOP]),
    ("axum", &["stream-server"]),
    ("process-wrap", &["child-process"]),
    ("nix", &["child-process"]),
    ("testkit", &[]),
];

/// Packages of ours, and the packages of ours that they may not see: who stands lower knows nothing of who stands
/// higher.
const BLIND: &[(&str, &[&str])] = &[
    (
        "stream-api",
        &["ffmpeg-cli", "mediamtx-client", "child-process", "stream-engine", "stream-server", DESKTOP],
    ),
    ("ffmpeg-cli", &["mediamtx-client", "child-process", "stream-engine", "stream-server", DESKTOP]),
    ("mediamtx-client", &["ffmpeg-cli", "child-process", "stream-engine", "stream-server", DESKTOP]),
    (
        "child-process",
        &["stream-api", "ffmpeg-cli", "mediamtx-client", "stream-engine", "stream-server", DESKTOP],
    ),
    ("stream-engine", &["stream-server", DESKTOP]),
    ("stream-server", &[DESKTOP]),
    ("ui", &["ffmpeg-cli", "mediamtx-client", "child-process", "stream-engine", "stream-server", DESKTOP]),
];

/// Packages that do no input or output and have no clock, so they need no runtime either.
pub(super) const PURE: &[&str] = &["stream-api", "ffmpeg-cli"];

/// What the project is built on, each with a package whose own code, not its tests, uses it.
const FOUNDATIONS: &[(&str, &str)] = &[
    ("tauri", DESKTOP),
    ("tauri-plugin-dialog", DESKTOP),
    ("tauri-plugin-shell", DESKTOP),
    ("tokio", "stream-engine"),
    ("serde", "stream-api"),
    ("reqwest", "stream-server"),
    ("nix", "child-process"),
    ("leptos", "ui"),
    ("tracing", "stream-engine"),
];

/// Each package of ours with its direct dependencies outside its tests.
type Direct = BTreeMap<String, BTreeSet<String>>;

pub(super) fn point_one_way(workspace: &Workspace) -> Result<Vec<String>> {
    let direct = direct(&workspace.metadata);
    Ok([reserved(&direct), blind(&direct)].concat())
}

pub(super) fn pure_crates(workspace: &Workspace) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for package in PURE {
        if everything_below(&workspace.metadata, package)?.contains("tokio") {
            complaints.push(format!("{package} must not depend on tokio, not even through others"));
        }
    }
    Ok(complaints)
}

pub(super) fn foundations_are_used(workspace: &Workspace) -> Result<Vec<String>> {
    let direct = direct(&workspace.metadata);
    let sources = read(workspace, RUST_FOLDERS, &[".rs"])?;
    let is_used = |(library, package): &&(&str, &str)| {
        let (name, folder) = (library.replace('-', "_"), format!("{}src/", folder_of(package)));
        let depends = direct.get(*package).is_some_and(|libraries| libraries.contains(*library));
        let mut own = sources.iter().filter(|source| source.name.starts_with(&folder));
        depends && own.any(|source| product_lines(&source.text).any(|(_, line)| holds_word(line, &name)))
    };
    let unused = FOUNDATIONS.iter().filter(|pair| !is_used(pair));
    Ok(unused.map(|(library, package)| format!("{package} does not use {library}")).collect())
}

/// What `deny.toml` says of licences, crates and where they come from, where `cargo deny` is there to ask.
pub(super) fn denied(workspace: &Workspace) -> Result<Vec<String>> {
    if process::find("cargo-deny").is_none() {
        println!(
            "skipped: deny.toml is not looked at, since there is no cargo-deny (cargo install --locked cargo-deny)"
        );
        return Ok(Vec::new());
    }
    let mut deny = Command::new("cargo");
    deny.current_dir(&workspace.root).args(["deny", "--workspace", "check", "licenses", "bans", "sources"]);
    Ok(process::run(&mut deny).err().map(|error| format!("{error:#}")).into_iter().collect())
}

fn folder_of(package: &str) -> String {
    match package {
        DESKTOP => "src-tauri/".to_owned(),
        "ui" | "xtask" => format!("{package}/"),
        _ => format!("crates/{package}/"),
    }
}

fn direct(metadata: &Metadata) -> Direct {
    let packages = metadata.workspace_packages().into_iter();
    let outside_tests = |kind: DependencyKind| kind != DependencyKind::Development;
    packages
        .map(|package| {
            let libraries = package.dependencies.iter().filter(|library| outside_tests(library.kind));
            (package.name.to_string(), libraries.map(|library| library.name.clone()).collect())
        })
        .collect()
}

fn reserved(direct: &Direct) -> Vec<String> {
    let mut complaints = Vec::new();
    for (package, libraries) in direct {
        for library in libraries {
            let rule = RESERVED.iter().find(|(name, _)| is_of_family(library, name));
            if let Some((_, owners)) = rule
                && !owners.contains(&package.as_str())
            {
                let owners = if owners.is_empty() { "tests".to_owned() } else { owners.join(", ") };
                complaints.push(format!("{package} depends on {library}, which is for {owners} alone"));
            }
        }
    }
    complaints
}

/// Whether `library` is `name` or one of its companions, such as `tauri-build`.
fn is_of_family(library: &str, name: &str) -> bool {
    library.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn blind(direct: &Direct) -> Vec<String> {
    let mut complaints = Vec::new();
    for (package, hidden) in BLIND {
        let libraries = direct.get(*package).into_iter().flatten();
        for library in libraries.filter(|library| hidden.contains(&library.as_str())) {
            complaints.push(format!("{package} must not know {library}"));
        }
    }
    complaints
}

/// The names of all packages that `package` is linked with, through others too.
fn everything_below(metadata: &Metadata, package: &str) -> Result<BTreeSet<String>> {
    let resolve = metadata.resolve.as_ref().context("cargo resolved no dependencies")?;
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let root = metadata.workspace_packages().into_iter().find(|member| member.name.as_str() == package);
    let mut open = vec![&root.with_context(|| format!("there is no package {package}"))?.id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let links = nodes.get(id).into_iter().flat_map(|node| &node.deps);
        let linked =
            links.filter(|link| link.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        open.extend(linked.map(|link| &link.pkg));
    }
    Ok(seen.into_iter().map(|id| metadata[id].name.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(package: &str, libraries: &[&str]) -> Direct {
        Direct::from([(package.to_owned(), libraries.iter().map(|&library| library.to_owned()).collect())])
    }

    #[test]
    fn a_reserved_library_is_for_its_owner() {
        assert_eq!(reserved(&with("stream-manager", &["tauri", "tauri-plugin-shell"])), [""; 0]);
        assert_eq!(
            reserved(&with("stream-engine", &["tauri-plugin-shell"])),
            ["stream-engine depends on tauri-plugin-shell, which is for stream-manager alone"]
        );
        assert_eq!(
            reserved(&with("ui", &["axum"])),
            ["ui depends on axum, which is for stream-server alone"]
        );
        assert_eq!(reserved(&with("ui", &["axumatic", "nixpacks"])), [""; 0], "another family");
        assert_eq!(
            reserved(&with("stream-server", &["testkit"])),
            ["stream-server depends on testkit, which is for tests alone"]
        );
    }

    #[test]
    fn the_lower_does_not_know_the_higher() {
        assert_eq!(blind(&with("stream-engine", &["stream-api", "child-process"])), [""; 0]);
        assert_eq!(
            blind(&with("stream-engine", &["stream-server"])),
            ["stream-engine must not know stream-server"]
        );
    }

    #[test]
    fn links_are_followed_through_others() -> Result<()> {
        let workspace = Workspace::find()?;
        let below = everything_below(&workspace.metadata, "child-process")?;
        assert!(below.contains("tokio") && below.contains("mio"), "mio comes through tokio alone");
        Ok(())
    }
}
