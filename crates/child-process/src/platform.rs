//! Where the systems differ: how a child is prepared, and how its group is signalled.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{Group, end_orphan, prepare};
#[cfg(windows)]
pub(crate) use windows::{Group, end_orphan, prepare};
