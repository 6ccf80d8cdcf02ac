//! What saving a stream's form changes, and what that does to who watches.

use stream_api::{Order, Stream, StreamSpec, commands::StreamUpdate, t};

/// What saving does beside saving.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// Viewers' addresses change.
    pub urls_change: bool,
    /// They do because it goes to another server.
    pub moves: bool,
    /// The stream is live or tries to be, and starts anew.
    pub restarts: Option<Restart>,
}

/// What becomes of the viewers of a stream that starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    /// They are not kept, as ever.
    Unkept,
    /// They stay.
    Kept,
    /// They are kept otherwise, and must connect again this time.
    Dropped,
}

impl Restart {
    /// For people.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Restart::Unkept => t!("sheet.restarts"),
            Restart::Kept => t!("sheet.restarts.kept"),
            Restart::Dropped => t!("sheet.restarts.dropped"),
        }
    }
}

/// It should be live, and may become so: one that failed is started, not restarted.
pub(crate) fn runs(stream: &Stream) -> bool {
    stream.order == Order::Run && !stream.has_failed()
}

/// The fields that differ from the stream as it was.
pub(super) fn changes(original: &Stream, wanted: StreamSpec) -> StreamUpdate {
    let spec = &original.spec;
    let StreamSpec { server, name, source, playback, record, keep_viewers, prepare, encoding, .. } = wanted;
    StreamUpdate {
        server: (server != spec.server).then_some(server),
        name: (name != spec.name).then_some(name),
        source: (source != spec.source).then_some(source),
        playback: (playback != spec.playback).then_some(playback),
        record: (record != spec.record).then_some(record),
        keep_viewers: (keep_viewers != spec.keep_viewers).then_some(keep_viewers),
        prepare: (prepare != spec.prepare).then_some(prepare),
        encoding: (encoding != spec.encoding).then_some(encoding),
        ..StreamUpdate::of(original.id)
    }
}

/// Whether it changes anything.
pub(super) fn changes_any(update: &StreamUpdate) -> bool {
    let StreamUpdate { id: _, server, name, source, password, playback, record, muted, .. } = update;
    let StreamUpdate { keep_viewers, prepare, encoding, .. } = update;
    let said = name.is_some() || source.is_some() || password.is_some() || encoding.is_some();
    let switched = [record, muted, keep_viewers, prepare].into_iter().any(Option::is_some);
    said || switched || server.is_some() || playback.is_some()
}

/// `kept`: viewers are kept now. `same_tracks`: the file has the tracks that they get now.
pub(crate) fn effects(update: &StreamUpdate, runs: bool, kept: bool, same_tracks: bool) -> Effects {
    let (moves, switched) = (update.server.is_some(), update.keep_viewers.is_some());
    let elsewhere = moves || update.name.is_some();
    let source = update.source.is_some() || update.password.is_some();
    let anew = elsewhere || switched || source || update.playback.is_some() || update.encoding.is_some();
    let restart = match (kept, same_tracks && !elsewhere && !switched) {
        (false, _) => Restart::Unkept,
        (true, true) => Restart::Kept,
        (true, false) => Restart::Dropped,
    };
    Effects { urls_change: elsewhere, moves, restarts: (runs && anew).then_some(restart) }
}

#[cfg(test)]
mod tests {
    use stream_api::{ServerId, Source};

    use super::*;
    use crate::store::fixtures::stream;

    #[test]
    fn only_what_changed_is_sent() {
        let original = stream(1, "a");
        let spec = original.spec.clone();
        let same = changes(&original, spec.clone());
        assert!(!changes_any(&same), "the form closes unasked");
        assert_eq!((same.name, same.source, same.playback), (None, None, None));
        assert_eq!((same.record, same.keep_viewers), (None, None));

        let renamed = changes(&original, StreamSpec { name: "b".into(), record: true, ..spec.clone() });
        assert_eq!((renamed.name.as_deref(), renamed.record), (Some("b"), Some(true)));
        assert!(changes_any(&renamed));
        let restarts = Some(Restart::Unkept);
        let elsewhere = Effects { urls_change: true, moves: false, restarts };
        assert_eq!(effects(&renamed, true, false, true), elsewhere);
        assert_eq!(effects(&renamed, false, false, true), Effects { restarts: None, ..elsewhere });
        let server = ServerId(original.id.0);
        let moved = changes(&original, StreamSpec { server, ..spec.clone() });
        assert_eq!(moved.server, Some(server));
        assert_eq!(effects(&moved, true, false, true), Effects { moves: true, ..elsewhere });

        let recorded = changes(&original, StreamSpec { record: true, ..spec });
        assert_eq!(effects(&recorded, true, true, true), Effects::default(), "recording needs no restart");
    }

    #[test]
    fn it_is_told_whether_viewers_stay() {
        let original = stream(1, "a");
        let spec = original.spec.clone();
        let source = Source::File { path: "/videos/other.mp4".into() };
        let other = changes(&original, StreamSpec { source, ..spec.clone() });
        let after = |update: &StreamUpdate, kept, same| effects(update, true, kept, same).restarts;
        assert_eq!(after(&other, true, true), Some(Restart::Kept));
        assert_eq!(after(&other, true, false), Some(Restart::Dropped), "other tracks");
        assert_eq!(after(&other, false, true), Some(Restart::Unkept));
        let renamed = changes(&original, StreamSpec { name: "b".into(), ..spec.clone() });
        assert_eq!(after(&renamed, true, true), Some(Restart::Dropped), "another address");
        let switched = changes(&original, StreamSpec { keep_viewers: false, ..spec });
        assert_eq!(
            after(&switched, true, true),
            Some(Restart::Dropped),
            "it can't be switched while they watch"
        );
    }
}
