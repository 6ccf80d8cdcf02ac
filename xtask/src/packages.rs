//! Packages of Debian and its relatives: which are needed, which are missing, and putting them in.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;

/// What building programs and streaming needs.
pub(crate) const SERVE: &[&str] = &["build-essential", "pkg-config", "ffmpeg"];

/// What building the desktop app needs besides.
pub(crate) const DESKTOP: &[&str] =
    &["libwebkit2gtk-4.1-dev", "libayatana-appindicator3-dev", "librsvg2-dev", "libxdo-dev"];

/// What of that pkg-config knows, wherever it comes from: one name of each is enough.
pub(crate) const LIBRARIES: &[&[&str]] =
    &[&["webkit2gtk-4.1"], &["ayatana-appindicator3-0.1", "appindicator3-0.1"], &["librsvg-2.0"]];

/// Package managers of other systems, each with the line that installs what the desktop app is built on.
const FOREIGN: &[(&str, &str)] = &[
    (
        "dnf",
        "sudo dnf install gcc gcc-c++ make pkgconf-pkg-config webkit2gtk4.1-devel libappindicator-gtk3-devel \
         librsvg2-devel libxdo-devel",
    ),
    ("pacman", "sudo pacman -S --needed base-devel webkit2gtk-4.1 libappindicator-gtk3 librsvg xdotool"),
];

/// A Rust toolchain with the sources of its standard library, for targets that rustup can't deliver.
pub(crate) const RUST: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];

/// The linker and resource compiler that build scripts ask for when the target is Windows.
pub(crate) const WINDOWS: &[&str] = &["gcc-mingw-w64-x86-64"];

/// What the tests of the real window and the real browser need.
pub(crate) const TESTS: &[&str] = &[
    "webkit2gtk-driver",
    "xvfb",
    "dbus",
    "openbox",
    "xdotool",
    "wmctrl",
    "x11-utils",
    "xclip",
    "libglib2.0-bin",
    "shared-mime-info",
    "imagemagick",
    "python3-dbus-next",
    "python3-gi",
    "gir1.2-gtk-3.0",
    "chromium",
    "chromium-driver",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-libav",
    "fonts-inter",
    "fonts-noto-color-emoji",
];

/// What the heavy tests need besides.
pub(crate) const HEAVY: &[&str] = &["obs-studio", "xvfb", "xauth"];

/// Whether this machine has Debian's package tools.
pub(crate) fn available() -> bool {
    process::find("dpkg-query").is_some() && process::find("apt-get").is_some()
}

/// Those of `wanted` that are not installed.
pub(crate) fn missing(wanted: &[&'static str]) -> Vec<&'static str> {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${Package} ${db:Status-Status}\\n"]).args(wanted);
    // It ends unsuccessfully as soon as one package is unknown, yet prints those that it knows.
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$@\" 2>/dev/null || true", "sh"]).arg(query.get_program()).args(query.get_args());
    let listing = process::output(&mut shell).unwrap_or_default();
    not_installed(wanted, &listing)
}

fn not_installed(wanted: &[&'static str], listing: &str) -> Vec<&'static str> {
    let installed: Vec<&str> = listing.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    wanted.iter().copied().filter(|package| !installed.contains(package)).collect()
}

/// The line that installs `packages`, for a person to run.
pub(crate) fn cure(packages: &[&str]) -> String {
    format!("sudo apt-get install --no-install-recommends {}", packages.join(" "))
}

/// What installs the libraries of the desktop app where there is no apt; `has` tells which programs are there.
pub(crate) fn foreign_cure(has: impl Fn(&str) -> bool) -> &'static str {
    let known = FOREIGN.iter().find(|(manager, _)| has(manager));
    known.map_or(
        "install the development files of WebKitGTK 4.1, librsvg, libappindicator and libxdo",
        |(_, line)| line,
    )
}

/// Makes sure that all of `wanted` are installed: by apt when this is root, else by telling the exact line.
///
/// On other systems it does nothing: what is really missing then shows in the step that needs it.
pub(crate) fn ensure(wanted: &[&'static str]) -> Result<()> {
    if !available() {
        return Ok(());
    }
    let missing = missing(wanted);
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root() {
        bail!("these packages are missing; install them with\n\n    {}\n", cure(&missing));
    }
    println!("installing {}", missing.join(" "));
    if install(&missing).is_err() {
        // Mirrors drop a connection now and then; apt keeps what it already has.
        install(&missing).with_context(|| format!("installing packages; by hand: {}", cure(&missing)))?;
    }
    Ok(())
}

fn install(packages: &[&str]) -> Result<()> {
    process::run(apt().args(["-qq", "update"]))?;
    process::run(apt().args(["-qq", "install", "-y", "--no-install-recommends"]).args(packages))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_only_when_dpkg_says_installed() {
        let listing = "ffmpeg installed\nxvfb config-files\n";
        assert_eq!(not_installed(&["ffmpeg", "xvfb", "dbus"], listing), ["xvfb", "dbus"]);
        assert_eq!(not_installed(&["ffmpeg"], listing), [""; 0]);
    }

    #[test]
    fn other_systems_get_a_line_of_their_own() {
        assert!(foreign_cure(|program| program == "dnf").contains("webkit2gtk4.1-devel"));
        assert!(foreign_cure(|program| program == "pacman").contains("webkit2gtk-4.1"));
        assert!(foreign_cure(|_| false).contains("WebKitGTK"));
    }

    #[test]
    fn the_cure_is_one_line_to_paste() {
        assert_eq!(cure(&["a", "b"]), "sudo apt-get install --no-install-recommends a b");
    }
}
