use serde::{Deserialize, Serialize};

use crate::{
    Encoding, NetworkSource, ServerId, Source,
    commands::{NewAccess, StreamCreate},
};

/// What the user configured for a stream. The engine stores it; everything else about a stream is derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamSpec {
    /// The server that it belongs to.
    #[serde(default, skip_serializing_if = "ServerId::is_bundled")]
    pub server: ServerId,
    /// The MediaMTX path, unique per server ignoring case; see [`check_name`](crate::check_name).
    pub name: String,
    /// Where pictures and sound come from.
    pub source: Source,
    /// What happens at the end of a finite source.
    #[serde(default)]
    pub playback: Playback,
    /// Whether MediaMTX records the stream to disk while it is on air.
    #[serde(default)]
    pub record: bool,
    /// No notifications about this stream.
    #[serde(default)]
    pub muted: bool,
    /// Whether viewers stay connected while the stream starts anew, where that can be done; see
    /// [`Kept`](crate::Kept).
    #[serde(default = "kept_by_default")]
    pub keep_viewers: bool,
    /// Whether a file that loops is sent from a prepared one, which loops without a seam and without encoding.
    #[serde(default)]
    pub prepare: bool,
    /// How a file is sent.
    #[serde(default, skip_serializing_if = "Encoding::is_automatic")]
    pub encoding: Encoding,
}

impl StreamSpec {
    /// A stream of `source` on the bundled server, with everything else as usual.
    pub fn new(name: impl Into<String>, source: Source) -> StreamSpec {
        StreamSpec {
            server: ServerId::BUNDLED,
            name: name.into(),
            source,
            playback: Playback::default(),
            record: false,
            muted: false,
            keep_viewers: kept_by_default(),
            prepare: false,
            encoding: Encoding::default(),
        }
    }

    /// Whether picture and sound can be set: of a file, and of what our own server fetches where that may be converted.
    pub fn takes_settings(&self) -> bool {
        let fetched = self.source.network().is_some_and(NetworkSource::may_convert);
        self.source.file().is_some() || (self.server.is_bundled() && fetched)
    }

    /// Whether it can be sent from a prepared file.
    pub fn may_prepare(&self) -> bool {
        self.source.file().is_some() && self.playback == Playback::Loop && self.encoding.may_prepare()
    }

    /// Whether nothing but the name differs.
    pub fn is_same_but_for_its_name(&self, other: &StreamSpec) -> bool {
        StreamSpec { name: other.name.clone(), ..self.clone() } == *other
    }

    /// Whether what is sent, and what the server does with it, is the same under both, so that a change from one
    /// to the other interrupts nothing.
    pub fn sends_the_same(&self, other: &StreamSpec) -> bool {
        let sent = |spec: &StreamSpec| {
            (
                spec.server,
                spec.name.clone(),
                spec.source.clone(),
                spec.playback,
                spec.keep_viewers,
                spec.encoding.clone(),
            )
        };
        sent(self) == sent(other)
    }
}

/// Configurations that were written before there was a choice, and requests that make none, keep viewers.
pub(crate) fn kept_by_default() -> bool {
    true
}

/// What happens at the end of a finite source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Playback {
    /// Start again, for ever.
    #[default]
    Loop,
    /// Play once, then stop.
    Once,
    /// Play so many times, then stop.
    Times(u32),
}

/// What the user wants of a stream; stored, and kept over crashes, edits and restarts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// It should be live.
    Run,
    /// It should not.
    #[default]
    Stop,
}

impl StreamCreate {
    /// Of this source, with all else as it usually is; not started.
    pub fn of(source: Source) -> StreamCreate {
        StreamCreate {
            server: ServerId::BUNDLED,
            name: None,
            source,
            password: None,
            playback: Playback::default(),
            record: false,
            keep_viewers: kept_by_default(),
            access: NewAccess::default(),
            prepare: false,
            encoding: Encoding::default(),
            start: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sound;

    #[test]
    fn a_file_that_loops_and_is_sent_as_usual_may_be_prepared() {
        let spec = StreamSpec::new("a", Source::File { path: "/a".into() });
        let with = |encoding| StreamSpec { encoding, ..spec.clone() };
        assert!(
            spec.may_prepare() && with(Encoding { height: Some(720), ..Encoding::default() }).may_prepare()
        );
        let chosen =
            Encoding { rotate: Some(90), volume: Some(50), audio: Sound::None, ..Encoding::default() };
        assert!(with(chosen).may_prepare(), "it is made so once");
        for unfit in [
            StreamSpec { playback: Playback::Once, ..spec.clone() },
            StreamSpec { source: Source::TestPattern, ..spec.clone() },
            with(Encoding { audio: Sound::AsIs, ..Encoding::default() }),
            with(Encoding { keyframes: Some(4), ..Encoding::default() }),
        ] {
            assert!(!unfit.may_prepare(), "{unfit:?}");
        }
    }
}
