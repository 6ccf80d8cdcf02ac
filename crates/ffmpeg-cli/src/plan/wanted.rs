use stream_api::{Encoding, Playback, Protocols, PublishBy, Setting};

use crate::{encoders::Encoders, publish::part::is_repeated};

/// What decides how a file is sent, besides the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// What the user chose.
    pub encoding: Encoding,
    /// How often it plays.
    pub playback: Playback,
    /// What can encode on this computer.
    pub encoders: Encoders,
    /// By what its viewers watch.
    pub viewers: Protocols,
    /// It is to move to a prepared file: its viewers stay where they have the tracks of that already.
    pub prepare: bool,
}

impl Wanted {
    /// The choice of a user, where nothing else is known.
    pub fn by(encoding: Encoding) -> Wanted {
        Wanted { encoding, ..Wanted::default() }
    }

    /// What asks for a part of the file again and again, which can't be copied.
    pub(super) fn repeated_part(&self) -> Option<Setting> {
        let which = if self.encoding.start.is_some() { Setting::Start } else { Setting::End };
        is_repeated(&self.encoding, self.playback).then_some(which)
    }

    /// Whether the way to the server carries Opus, and more than one sound track.
    pub(super) fn carries_opus(&self) -> bool {
        self.encoding.publish != PublishBy::Rtmp
    }
}
