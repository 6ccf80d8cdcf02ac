//! Why a program could not be started.

use std::{io, path::PathBuf};

use crate::Spec;

/// Why a program could not be started. Each case asks something else of the user.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no such program, neither at this path nor, for a bare name, in `PATH`.
    #[error("{} was not found", program.display())]
    NotFound {
        /// As given in the spec.
        program: PathBuf,
    },
    /// The system forbids us to run it (rights of a folder above it, a security policy).
    #[error("running {} is not allowed", program.display())]
    Denied {
        /// As given in the spec.
        program: PathBuf,
    },
    /// It is a program for another processor or system, or no program at all.
    #[error("{} is not a program for this computer", program.display())]
    WrongMachine {
        /// As given in the spec.
        program: PathBuf,
    },
    /// It is there, but it isn't a program: a folder, a file without the right to be executed, a script without its
    /// interpreter.
    #[error("{} is not a program that can run here", program.display())]
    NotExecutable {
        /// As given in the spec.
        program: PathBuf,
    },
    /// The working folder is missing or not a folder.
    #[error("{} is not a folder to work in", dir.display())]
    NoFolder {
        /// As given in the spec.
        dir: PathBuf,
    },
    /// Anything else, such as too many processes or no memory.
    #[error("the program could not be started: {0}")]
    Other(#[from] io::Error),
}

/// Windows: `ERROR_BAD_EXE_FORMAT`, `ERROR_EXE_MACHINE_TYPE_MISMATCH`. Unix: `ENOEXEC`, the same number everywhere.
const WRONG_FORMAT: &[i32] = if cfg!(windows) { &[193, 216] } else { &[8] };

impl SpawnError {
    /// Names the cause of a failed start; the operating system's number alone can't tell a folder from a
    /// missing right, nor a missing script from a missing interpreter.
    pub(crate) fn from_os(error: io::Error, spec: &Spec) -> Self {
        if let Some(dir) = spec.dir.as_ref().filter(|dir| !dir.is_dir()) {
            return Self::NoFolder { dir: dir.clone() };
        }
        let program = spec.program.clone();
        let is_path = program.components().count() > 1;
        let wrong_format = error.raw_os_error().is_some_and(|code| WRONG_FORMAT.contains(&code));
        match error.kind() {
            _ if wrong_format => Self::WrongMachine { program },
            _ if is_path && program.is_dir() => Self::NotExecutable { program },
            io::ErrorKind::NotFound if is_path && program.is_file() => Self::NotExecutable { program },
            io::ErrorKind::NotFound => Self::NotFound { program },
            io::ErrorKind::PermissionDenied if is_path && !has_right(&program) => {
                Self::NotExecutable { program }
            }
            io::ErrorKind::PermissionDenied => Self::Denied { program },
            _ => Self::Other(error),
        }
    }
}

/// Whether anyone may execute this file; true when it can't be told.
#[cfg(unix)]
fn has_right(program: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(program).map_or(true, |meta| meta.permissions().mode() & 0o111 != 0)
}

/// Windows has no such bit.
#[cfg(not(unix))]
fn has_right(_: &std::path::Path) -> bool {
    true
}
