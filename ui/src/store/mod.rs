//! What the interface knows, and how a message changes it. Pure, so that it is tested on the host; `live` carries
//! the result to the signals that the page draws from.

#[cfg(test)]
pub(crate) mod fixtures;
pub(crate) mod live;
mod picture;
mod tally;
mod timeline;

pub(crate) use live::{Link, World};
pub(crate) use picture::{Picture, SAMPLES, Touched, apply};
pub(crate) use tally::{Filter, Line, Tally, tally};
pub(crate) use timeline::{Asked, Back, Kinds, Timeline};
