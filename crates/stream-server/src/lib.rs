//! The HTTP host: every command over REST, the events over SSE, the interface's files, and the door by which a
//! second start and the desktop's window reach the owner. A library, which the desktop mounts too, and the program
//! `stream-manager-server`.
//!
//! It is not the engine: nothing here decides anything about a stream. It is also not a public web server:
//! loopback is hostile ground (any web page can send requests there), so Host, Origin, proxies and Content-Type
//! are checked before anything else.

mod assets;
pub mod door;
mod events;
mod guard;
pub mod logging;
mod problem;
mod routes;
mod serve;
pub mod sidecars;
mod watch;

pub use assets::interface;
pub use door::Door;
pub use serve::serve;
pub use watch::guest_page;
