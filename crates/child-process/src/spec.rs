//! What to start.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// A program to start, with all that shapes its start.
///
/// Standard input is always a pipe that stays open; standard output and error are always piped and drained.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Path of the program, or a bare name to be looked up in `PATH`.
    pub program: PathBuf,
    /// Arguments, without the program itself. No shell is involved.
    pub args: Vec<OsString>,
    /// Working folder; ours when `None`.
    pub dir: Option<PathBuf>,
    /// Inherited variables whose names begin with one of these are not passed on, such as `MTX_`.
    pub env_clear_prefixes: Vec<String>,
    /// Variables to set, after the clearing.
    pub env: Vec<(OsString, OsString)>,
    /// What the ledger and the traces call it. Never a secret.
    pub label: String,
    /// Let interactive programs go first: nice 10 on Unix, below normal on Windows.
    pub low_priority: bool,
}

impl Spec {
    /// A program without arguments, labelled with its file name.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        let label = program.file_name().unwrap_or(OsStr::new("child")).to_string_lossy().into_owned();
        Self {
            program,
            args: Vec::new(),
            dir: None,
            env_clear_prefixes: Vec::new(),
            env: Vec::new(),
            label,
            low_priority: false,
        }
    }

    /// The same with these arguments added.
    #[must_use]
    pub fn with_args<I>(mut self, args: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Whether an inherited variable of this name is to be withheld. Windows ignores the case of names.
    pub(crate) fn withholds(&self, name: &OsStr) -> bool {
        let name = name.to_string_lossy();
        self.env_clear_prefixes.iter().any(|prefix| match name.get(..prefix.len()) {
            Some(start) if cfg!(windows) => start.eq_ignore_ascii_case(prefix),
            Some(start) => start == prefix,
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withholds_by_prefix_only() {
        let spec = Spec { env_clear_prefixes: vec!["MTX_".into(), "FFREPORT".into()], ..Spec::new("x") };
        assert!(spec.withholds(OsStr::new("MTX_RTSPADDRESS")));
        assert!(spec.withholds(OsStr::new("FFREPORT")), "a whole name is its own prefix");
        assert!(!spec.withholds(OsStr::new("MTX")), "shorter than the prefix");
        assert!(!spec.withholds(OsStr::new("MY_MTX_")), "only at the start");
    }
}
