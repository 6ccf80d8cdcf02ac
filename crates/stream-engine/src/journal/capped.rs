use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

/// A file that grows to a limit; then it is put aside as `.1`, replacing an earlier one.
#[derive(Debug)]
pub(super) struct Capped {
    path: PathBuf,
    cap: u64,
    file: Option<File>,
    written: u64,
}

impl Capped {
    /// Nothing is opened before the first line.
    pub(super) fn new(path: PathBuf, cap: u64) -> Capped {
        Capped { path, cap, file: None, written: 0 }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the next line would go into another file.
    pub(super) fn is_full(&self) -> bool {
        self.written > self.cap
    }

    /// A log that can't be written must not stop a stream: then the line is in memory alone.
    pub(super) fn append(&mut self, text: &str) {
        if self.is_full() {
            self.file = None;
            let _ = fs::rename(&self.path, aside(&self.path));
        }
        if self.file.is_none() {
            let file = File::options().create(true).append(true).open(&self.path);
            self.written = file.as_ref().ok().and_then(|f| f.metadata().ok()).map_or(0, |meta| meta.len());
            self.file = file.ok();
        }
        if let Some(file) = &mut self.file
            && file.write_all(text.as_bytes()).is_ok()
        {
            self.written += text.len() as u64;
        }
    }

    pub(super) fn remove(&mut self) {
        self.file = None;
        for path in [self.path.clone(), aside(&self.path)] {
            let _ = fs::remove_file(path);
        }
    }
}

pub(super) fn aside(path: &Path) -> PathBuf {
    path.with_added_extension("1")
}
