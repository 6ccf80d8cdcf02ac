//! Where things lie: the checkout, its build folder, and the cache that outlives both.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// This checkout.
pub(crate) struct Workspace {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's build folder (`target`, unless the environment moves it).
    pub(crate) target: PathBuf,
    /// What Cargo knows about the packages and everything that they depend on.
    pub(crate) metadata: Metadata,
}

impl Workspace {
    /// Finds the checkout that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
            .exec()
            .context("reading the workspace's metadata")?;
        Ok(Self {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            target: metadata.target_directory.clone().into_std_path_buf(),
            metadata,
        })
    }

    /// The program `name` as Cargo's dev profile builds it.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A build folder of its own inside the build folder, for another toolchain or target: sharing one would make
    /// each throw the other's work away.
    pub(crate) fn separate_target(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }
}

/// The folder that keeps what is expensive to get, for every checkout of this user.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    Ok(dirs::cache_dir().context("this user has no cache folder (is HOME set?)")?.join("stream-manager"))
}
