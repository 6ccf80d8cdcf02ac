//! Sessions of graphics cards: how many of ours encode by each kind of encoder, and how many there were found to be. A
//! driver has as many as its maker allows, for all programs together, and does not tell how many.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Mutex, MutexGuard};
use stream_api::Encoder;

/// For so long what was found out counts: another program may have had some of them.
const COUNTS: Duration = Duration::from_secs(600);

/// All of a computer. A cheap handle.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<Vec<Kind>>>);

/// Those of one encoder.
#[derive(Debug)]
struct Kind {
    encoder: Encoder,
    used: u32,
    /// How many there are, and when that was found out.
    most: Option<(u32, Instant)>,
}

/// One of them, in use until it is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    of: Sessions,
    encoder: Encoder,
}

impl Sessions {
    /// For a stream that is about to encode so. None where all are in use, and for the processor, which has none.
    pub(crate) fn take(&self, encoder: Encoder, now: Instant) -> Option<Session> {
        if encoder == Encoder::Software {
            return None;
        }
        let mut kinds = self.lock();
        let at = kinds.iter().position(|kind| kind.encoder == encoder).unwrap_or_else(|| {
            kinds.push(Kind { encoder, used: 0, most: None });
            kinds.len() - 1
        });
        if kinds[at].is_full(now) {
            return None;
        }
        kinds[at].used += 1;
        Some(Session { of: self.clone(), encoder })
    }

    /// Encoders that have none left.
    pub(crate) fn full(&self, now: Instant) -> Vec<Encoder> {
        self.lock().iter().filter(|kind| kind.is_full(now)).map(|kind| kind.encoder).collect()
    }

    /// The driver refused one of those that are taken.
    pub(crate) fn refused(&self, encoder: Encoder, now: Instant) {
        if let Some(kind) = self.lock().iter_mut().find(|kind| kind.encoder == encoder) {
            kind.most = Some((kind.used.saturating_sub(1), now));
            tracing::info!(
                encoder = encoder.label(),
                sessions = kind.used.saturating_sub(1),
                "all sessions are in use"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kind>> {
        self.0.lock()
    }
}

impl Kind {
    fn is_full(&self, now: Instant) -> bool {
        self.most
            .is_some_and(|(most, found)| self.used >= most && now.saturating_duration_since(found) < COUNTS)
    }
}

impl Session {
    pub(crate) fn encoder(&self) -> Encoder {
        self.encoder
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(kind) = self.of.lock().iter_mut().find(|kind| kind.encoder == self.encoder) {
            kind.used = kind.used.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_are_and_more_after_a_while() {
        let (sessions, now, nvenc) = (Sessions::default(), Instant::now(), Encoder::Nvenc);
        let mut taken: Vec<Session> = (0..3).filter_map(|_| sessions.take(nvenc, now)).collect();
        assert_eq!((taken.len(), sessions.full(now)), (3, vec![]), "nobody knows how many there are");
        sessions.refused(nvenc, now);
        drop(taken.pop());
        assert_eq!(sessions.full(now), [nvenc], "there are two");
        assert!(sessions.take(nvenc, now).is_none());
        assert!(sessions.take(Encoder::Vaapi, now).is_some(), "others are not concerned");
        drop(taken.pop());
        assert_eq!(sessions.full(now), []);
        taken.extend(sessions.take(nvenc, now));
        assert!(sessions.take(nvenc, now).is_none());
        assert!(sessions.take(nvenc, now + COUNTS).is_some(), "another program may have ended");
        assert!(sessions.take(Encoder::Software, now).is_none());
    }
}
