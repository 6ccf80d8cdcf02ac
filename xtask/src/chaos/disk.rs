//! A disk of its own, so small that it can be filled.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use fs_err as fs;

use crate::process::{self, Afterwards};

/// Room for the logs and the history of an hour.
const SIZE: &str = "96m";

/// A tmpfs, unmounted when dropped and when this program is killed.
#[derive(Debug)]
pub(super) struct Disk {
    path: PathBuf,
    _unmount: Afterwards,
}

impl Disk {
    /// Mounts it at `path`, which root alone may.
    pub(super) fn mount(path: &Path) -> Result<Self> {
        fs::create_dir_all(path)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={SIZE},mode=0700"), "stream-manager-chaos"]);
        process::output(mount.arg(path))?;
        let unmount = Afterwards::run("umount -l \"$1\"", path)?;
        Ok(Self { path: path.to_owned(), _unmount: unmount })
    }

    /// Fills it to the last byte.
    pub(super) fn fill(&self) -> Result<Full> {
        let full = Full { ballast: self.path.join("ballast") };
        let mut file = fs::File::create(&full.ballast)?;
        let mut block = vec![0; 1 << 20];
        while !block.is_empty() {
            if file.write_all(&block).is_err() {
                block.truncate(block.len() / 2);
            }
        }
        Ok(full)
    }
}

/// While it lives, the disk is full.
#[derive(Debug)]
pub(super) struct Full {
    ballast: PathBuf,
}

impl Drop for Full {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.ballast) {
            println!("{error}");
        }
    }
}
