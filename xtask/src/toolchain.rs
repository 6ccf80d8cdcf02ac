//! Building for another target than this machine: with rustup's standard library for it, else with Debian's
//! toolchain, which builds the standard library from its sources.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{packages, process};

/// A target that Rust code is built for here, besides the machine itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// The browser.
    Wasm,
    /// Windows, with the GNU linker.
    Windows,
}

impl Target {
    /// As the compiler calls it.
    pub(crate) const fn triple(self) -> &'static str {
        match self {
            Target::Wasm => "wasm32-unknown-unknown",
            Target::Windows => "x86_64-pc-windows-gnu",
        }
    }

    /// What of the standard library is built where none can be fetched.
    const fn build_std(self) -> &'static str {
        match self {
            Target::Wasm => "-Zbuild-std=std,panic_abort",
            Target::Windows => "-Zbuild-std=std,panic_abort,panic_unwind,proc_macro",
        }
    }
}

/// What makes the interface smaller: a panic tells what happened without the place in the source, and nothing is
/// written the way `{:?}` does. The compiler knows both, but as experiments: hence `RUSTC_BOOTSTRAP`.
const SMALL_CODE: &str =
    r#"target.wasm32-unknown-unknown.rustflags=["-Zlocation-detail=none", "-Zfmt-debug=none"]"#;

/// The same for a standard library that is built along.
const SMALL_STD: &str = "-Zbuild-std-features=optimize_for_size";

/// How a target is built here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    /// The usual compiler has the target's standard library.
    Usual,
    /// Debian's compiler builds the standard library along.
    Debian,
}

const RUSTUP_TIMEOUT: Duration = Duration::from_secs(120);

// Where Debian puts its second, newer toolchain and the sources of the standard library.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LIBRARY: &str = "lib/rustlib/src/rust/library/Cargo.lock";

/// The route that is ready on this machine, without changing anything.
pub(crate) fn ready(target: Target) -> Option<Route> {
    if usual_library(target).is_some_and(|folder| folder.is_dir()) {
        return Some(Route::Usual);
    }
    debian_ready().then_some(Route::Debian)
}

/// Makes `target` buildable: by rustup where it answers, else with Debian's packages.
pub(crate) fn ensure(target: Target) -> Result<Route> {
    if ready(target) == Some(Route::Usual) {
        return Ok(Route::Usual);
    }
    if process::find("rustup").is_some() {
        match rustup(&["target", "add", target.triple()]) {
            Ok(()) if ready(target) == Some(Route::Usual) => return Ok(Route::Usual),
            Ok(()) => {}
            Err(error) => println!("rustup can't fetch {} ({error:#})", target.triple()),
        }
    }
    if packages::available() {
        packages::ensure(packages::RUST)?;
    }
    if !debian_ready() {
        bail!(
            "no standard library for {target}: run `rustup target add {target}`, or on Debian 12 and newer\n\n    {}\n",
            packages::cure(packages::RUST),
            target = target.triple(),
        );
    }
    Ok(Route::Debian)
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there, which a minimal installation lacks.
pub(crate) fn ensure_components() -> Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if process::output(Command::new("cargo").args([command, "--version"])).is_err() {
            rustup(&["component", "add", component])
                .with_context(|| format!("`cargo {command}` is missing"))?;
        }
    }
    Ok(())
}

/// rustup tries a host that is out of reach for minutes; what it fetches here takes seconds.
fn rustup(arguments: &[&str]) -> Result<()> {
    process::run_within(Command::new("rustup").args(arguments).env("RUSTUP_MAX_RETRIES", "1"), RUSTUP_TIMEOUT)
}

/// A `cargo` command that builds for `target` by `route` into `target_dir`. `subcommand` comes first, further
/// arguments are the caller's.
pub(crate) fn cargo(subcommand: &str, target: Target, route: &Route, target_dir: &Path) -> Result<Command> {
    let mut command = match route {
        Route::Usual => Command::new("cargo"),
        Route::Debian => Command::new(DEBIAN_CARGO),
    };
    command.arg(subcommand).args(["--target", target.triple()]).arg("--target-dir").arg(target_dir);
    if target == Target::Wasm {
        command.args(["--config", SMALL_CODE]).env("RUSTC_BOOTSTRAP", "1");
    }
    if *route == Route::Debian {
        command.arg(target.build_std());
        command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        // Set by the rustup proxy that started us; it would lead build scripts back to the usual toolchain.
        command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
        if target == Target::Wasm {
            command.arg(SMALL_STD);
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", wasm_linker()?);
        }
    }
    Ok(command)
}

/// Debian's compiler comes without the linker for wasm: rustup's is taken, else LLVM's own.
fn wasm_linker() -> Result<PathBuf> {
    let sysroot = sysroot("rustc")?;
    let host = host_triple()?;
    let bundled = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    if bundled.is_file() {
        return Ok(bundled);
    }
    if process::find("wasm-ld").is_none() {
        packages::ensure(&["lld"])?;
    }
    process::find("wasm-ld").context("no linker for wasm: neither rust-lld nor wasm-ld is here")
}

fn usual_library(target: Target) -> Option<PathBuf> {
    Some(sysroot("rustc").ok()?.join("lib/rustlib").join(target.triple()).join("lib"))
}

fn debian_ready() -> bool {
    let library = sysroot(DEBIAN_RUSTC).map(|root| root.join(DEBIAN_LIBRARY));
    Path::new(DEBIAN_CARGO).is_file() && library.is_ok_and(|lock| lock.exists())
}

fn sysroot(rustc: &str) -> Result<PathBuf> {
    let path = process::output(Command::new(rustc).args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(path.trim()))
}

fn host_triple() -> Result<String> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("`rustc -vV` names no host")?.to_owned())
}
