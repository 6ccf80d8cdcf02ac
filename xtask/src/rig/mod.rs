//! The programs that a measurement drives from outside: ours and the bare ones, real, on free ports of the loopback
//! and in a temporary folder.

pub(crate) mod http;
pub(crate) mod machine;
pub(crate) mod programs;
pub(crate) mod reader;
pub(crate) mod usage;
pub(crate) mod wait;

pub(crate) use programs::{Plain, Rig, Server};
