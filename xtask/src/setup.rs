//! What each command needs on this machine before it can start.

use anyhow::{Context as _, Result};

use crate::{
    packages,
    toolchain::{self, Target},
};

/// For the browser interface: a way to build wasm.
pub(crate) fn for_interface() -> Result<()> {
    toolchain::ensure(Target::Wasm).map(|_| ())
}

/// For serving without a window: no desktop library is needed.
pub(crate) fn for_serving() -> Result<()> {
    packages::ensure(packages::SERVE)?;
    for_interface()
}

/// For building and running the desktop app.
pub(crate) fn for_running() -> Result<()> {
    packages::ensure(&[packages::SERVE, packages::DESKTOP].concat())?;
    for_interface()
}

/// For every test: the app, a real browser, a display, and a check for Windows.
pub(crate) fn for_testing() -> Result<()> {
    packages::ensure(&[packages::SERVE, packages::DESKTOP, packages::TESTS, packages::WINDOWS].concat())?;
    toolchain::ensure_components()?;
    for_interface()?;
    toolchain::ensure(Target::Windows)
        .map(|_| ())
        .context("the check for Windows needs a standard library for it")
}

/// For the heavy tests, besides what every test needs.
pub(crate) fn for_heavy_testing() -> Result<()> {
    packages::ensure(packages::HEAVY)
}
