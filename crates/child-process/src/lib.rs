//! Supervised children: process groups, job objects, the rungs of a stop ladder, and the orphan ledger.
//!
//! This is the only crate that starts processes. It knows nothing of FFmpeg or MediaMTX: it can start a
//! program, hand on what it prints, ask it to end in three ways, say how it ended, and make sure that nothing
//! of it stays behind. *When* to ask is decided elsewhere.
//!
//! # Nothing is left behind
//! | our end | Linux | Windows | macOS and other Unix |
//! |---|---|---|---|
//! | [`Child`] dropped | group killed | job killed | group killed |
//! | leader ended | rest of its group killed | rest of its job killed | rest of its group killed |
//! | we crash or are killed | the kernel kills the leader (`PR_SET_PDEATHSIG`) | the kernel closes the job | a copy of this program kills the group ([`reaper`]) |
//!
//! The ledger is swept at the next start on every system, as a second net: [`ledger::sweep`].
//!
//! # Theory of operation
//! A [`Spawner`] owns one thread from which every child is forked, because Linux ties the death signal to the
//! *thread* that forked. Each child has a task that alone may wait for it, signal it and write to its stdin (so
//! no signal can reach a recycled pid), and a second one that always drains its pipes (so the child never
//! blocks on them, however slow the reader of [`Child::lines`] is).

mod child;
mod error;
mod identity;
pub mod ledger;
mod lines;
mod machine;
mod platform;
pub mod ports;
pub mod reaper;
mod run;
mod spawner;
mod spec;
mod supervise;

pub use child::{Child, Exit, Rung};
pub use error::SpawnError;
pub use lines::Line;
pub use machine::is_foreign;
pub use ports::{Holder, process_holding_port};
pub use run::{Finished, run};
pub use spawner::Spawner;
pub use spec::Spec;
