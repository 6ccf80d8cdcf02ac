use stream_api::{Encoding, Protocols, PublishBy};

use crate::encoders::Encoders;

/// What decides how a file is sent, besides the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// What the user chose.
    pub encoding: Encoding,
    /// What can encode on this computer.
    pub encoders: Encoders,
    /// By what its viewers watch.
    pub viewers: Protocols,
}

impl Wanted {
    /// The choice of a user, where nothing else is known.
    pub fn by(encoding: Encoding) -> Wanted {
        Wanted { encoding, ..Wanted::default() }
    }

    /// Whether the way to the server carries Opus, and more than one sound track.
    pub(super) fn carries_opus(&self) -> bool {
        self.encoding.publish != PublishBy::Rtmp
    }
}
