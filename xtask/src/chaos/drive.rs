//! A drive that does not answer.

use std::{fs::File, path::Path, process::Command};

use anyhow::Result;

use crate::process::{self, Afterwards};

/// A file system whose own program says nothing: while it lives, whoever looks below its folder waits. Gone when
/// dropped and when this program is killed; they get an error then, and the folder is as before.
#[derive(Debug)]
pub(super) struct HungDrive {
    /// Closed before it is unmounted: whoever waits is let go.
    _fuse: File,
    _unmount: Afterwards,
}

impl HungDrive {
    /// Mounts it at the folder `path`, which root alone may.
    pub(super) fn mount(path: &Path) -> Result<Self> {
        let fuse = File::options().read(true).write(true).open("/dev/fuse")?;
        let mut mount = Command::new("mount");
        // The connection is its standard input. Without `-i` it would look for a program that serves it.
        mount.args(["-i", "-t", "fuse", "-o", "fd=0,rootmode=40000,user_id=0,group_id=0"]);
        process::bytes_from(mount.arg("stream-manager-chaos").arg(path), fuse.try_clone()?.into())?;
        // Else this would keep it open.
        drop(mount);
        Ok(Self { _fuse: fuse, _unmount: Afterwards::run("umount -l \"$1\"", path)? })
    }
}
