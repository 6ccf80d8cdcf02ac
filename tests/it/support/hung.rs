//! A drive that does not answer: a mounted file system whose own program says nothing.

use std::{
    fs::{self, File},
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
};

use nix::{
    mount::{MntFlags, MsFlags, mount, umount2},
    unistd::{getgid, getuid},
};

/// While this lives, whoever looks below its folder waits. Dropped, they get an error, and the folder is as before.
pub struct HungDrive {
    path: PathBuf,
    fuse: Option<File>,
}

impl HungDrive {
    /// At `path`, a folder; `None`, which is said, when this user may not mount anything.
    pub fn mount(path: &Path) -> Option<HungDrive> {
        let mounted = File::options().read(true).write(true).open("/dev/fuse").and_then(|fuse| {
            let fd = fuse.as_raw_fd();
            let options = format!("fd={fd},rootmode=40000,user_id={},group_id={}", getuid(), getgid());
            mount(Some("hung"), path, Some("fuse"), MsFlags::empty(), Some(options.as_str()))?;
            Ok(fuse)
        });
        match mounted {
            Ok(fuse) => Some(HungDrive {
                path: fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?),
                fuse: Some(fuse),
            }),
            Err(error) => {
                super::skipped(&format!("no drive that hangs can be mounted: {error}"));
                None
            }
        }
    }
}

impl Drop for HungDrive {
    fn drop(&mut self) {
        // Whoever waits is let go.
        self.fuse = None;
        let _ = umount2(&self.path, MntFlags::MNT_DETACH);
    }
}
