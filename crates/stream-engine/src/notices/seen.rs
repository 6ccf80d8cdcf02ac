//! One matter of one stream, or the server: what of it is going to be told, was told, and when that is over.

use std::collections::VecDeque;

use stream_api::{Awaited, Code, Fault, Order, Recording, ServerId, Stream, StreamId};

use crate::{lifecycle::Millis, stream::arrival};

/// Trouble that comes within this time is told together: one cause mostly hits several streams at once.
const GATHER: Millis = 1_500;
/// A server that is back within this time is not told of.
pub(super) const GRACE: Millis = 5_000;
/// Well for this long counts as well again.
const STEADY: Millis = 5_000;
/// This many breaks within [`WINDOW`] are flapping.
pub(super) const FLAPS: usize = 5;
const WINDOW: Millis = 10 * 60_000;
/// So many do too, without ever being on air in between, once the first is [`OFF`] ago: a start that hangs takes
/// minutes to break.
const TRIES: usize = 3;
const OFF: Millis = 5 * 60_000;
/// What is wrong while a stream is on air is told when it lasts; at once where something is being lost.
pub(super) const LASTS: Millis = 30_000;
/// A computer that keeps up for this long keeps up: the verdict comes from the last quarter of a minute.
const KEEPS_UP: Millis = 60_000;

/// What of a stream can be in trouble, each told and over by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matter {
    /// That it runs.
    #[default]
    Run,
    /// That it is sent in real time.
    Speed,
    /// That it is recorded.
    Recording,
    /// That its file is there, which it goes on without until it starts anew.
    Source,
    /// That whoever feeds it does.
    Feed,
}

/// A matter of a stream, or the server, as last seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) id: Option<StreamId>,
    pub(super) matter: Matter,
    /// Where it runs.
    pub(super) server: ServerId,
    pub(super) name: String,
    pub(super) fault: Option<Fault>,
    pub(super) muted: bool,
    pub(super) wanted: bool,
    pub(super) broken: bool,
    /// When it last broke off, oldest first, within [`WINDOW`].
    pub(super) breaks: VecDeque<Millis>,
    /// Breaks since it was on air.
    pub(super) tries: usize,
    /// What is going to be told, and when it was noticed.
    pub(super) pending: Option<(Told, Millis)>,
    /// The trouble that was told and is not over.
    pub(super) trouble: Option<Told>,
    pub(super) well_since: Option<Millis>,
}

/// What can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Failed,
    Flapping,
    /// Something is wrong while it is on air.
    Warned,
}

impl Matter {
    /// Those that are told of a stream that is on air.
    pub(super) const WARNED: [Matter; 4] = [Matter::Speed, Matter::Recording, Matter::Source, Matter::Feed];

    /// What of it is wrong now.
    pub(super) fn trouble(self, stream: &Stream) -> Option<Fault> {
        if self == Matter::Feed {
            return unfed(stream);
        }
        stream.warnings.iter().find(|fault| self.is_about(fault.error.code)).cloned()
    }

    fn is_about(self, code: Code) -> bool {
        use Code::*;
        match self {
            Matter::Run | Matter::Feed => false,
            Matter::Speed => code == Overloaded,
            Matter::Recording => {
                matches!(code, RecordingNoSpace | RecordingDenied | RecordingReadOnly | RecordingFailed)
            }
            Matter::Source => code == SourceGone,
        }
    }

    /// Whether anybody wants it: a recording that is switched off is no trouble, and none that is over.
    pub(super) fn is_wanted(self, stream: &Stream) -> bool {
        self != Matter::Recording || stream.spec.record
    }

    /// Without a warning about it: a stream that is not on air has none, and is not well for that.
    pub(super) fn is_well(self, stream: &Stream) -> bool {
        stream.on_air && (self != Matter::Recording || stream.recording == Recording::Writing)
    }

    /// For how long trouble with it is not told yet.
    pub(super) const fn gather(self) -> Millis {
        match self {
            Matter::Run => GATHER,
            Matter::Recording => GRACE,
            Matter::Speed | Matter::Source | Matter::Feed => LASTS,
        }
    }

    /// For how long it has to be well until its trouble is over.
    const fn steady(self) -> Millis {
        match self {
            Matter::Speed => KEEPS_UP,
            Matter::Run | Matter::Recording | Matter::Source | Matter::Feed => STEADY,
        }
    }
}

/// Why nothing comes of what should always come, or came before. Who waits for a first publisher waits as wanted.
fn unfed(stream: &Stream) -> Option<Fault> {
    let wait = stream.wait.as_ref().filter(|wait| wait.lost || wait.of == Awaited::Source)?;
    Some(wait.error.clone().or_else(|| arrival::lost(stream))?.into())
}

impl Seen {
    pub(super) fn is_of(&mut self, stream: &Stream) {
        (self.id, self.server) = (Some(stream.id), stream.spec.server);
        self.name.clone_from(&stream.spec.name);
        self.muted = stream.spec.muted;
        self.wanted = stream.order == Order::Run;
    }

    pub(super) fn forget(&mut self) {
        (self.pending, self.trouble, self.well_since, self.broken) = (None, None, None, false);
        self.breaks.clear();
        self.tries = 0;
    }

    pub(super) fn broke(&mut self, now: Millis) {
        self.breaks.retain(|at| at + WINDOW > now);
        self.breaks.push_back(now);
        self.tries += 1;
        let first = self.breaks.front().copied().unwrap_or(now);
        let never_starts = self.tries.min(self.breaks.len()) >= TRIES && now >= first + OFF;
        if self.breaks.len() >= FLAPS || never_starts {
            self.notice(Told::Flapping, now);
        }
    }

    pub(super) fn notice(&mut self, told: Told, now: Millis) {
        let known = self.trouble == Some(told) || self.trouble == Some(Told::Failed);
        match self.pending {
            // A failure is worse than breaking off again and again.
            Some((Told::Flapping, since)) if told == Told::Failed => self.pending = Some((told, since)),
            None if !known => self.pending = Some((told, now)),
            _ => {}
        }
    }

    pub(super) fn well(&mut self, well: bool, now: Millis) {
        if !well {
            self.well_since = None;
            return;
        }
        self.tries = 0;
        self.well_since.get_or_insert(now);
        // What healed before it was told needs no telling, unless it does so again and again.
        if self.pending.take_if(|(told, _)| *told == Told::Failed).is_some() && self.breaks.len() >= FLAPS {
            self.notice(Told::Flapping, now);
        }
    }

    pub(super) fn told(&mut self, told: Told) {
        (self.pending, self.trouble) = (None, Some(told));
    }

    pub(super) fn ripe(&self, gather: Millis, now: Millis) -> Option<Told> {
        self.pending.filter(|(told, since)| now >= since + told.gather(gather)).map(|(told, _)| told)
    }

    /// When the trouble that was told is over, if it stays as it is.
    fn over_at(&self) -> Option<Millis> {
        let steady = self.well_since? + self.matter.steady();
        match self.trouble? {
            Told::Failed | Told::Warned => Some(steady),
            Told::Flapping => Some(steady.max(self.breaks.back().map_or(0, |at| at + WINDOW))),
        }
    }

    pub(super) fn is_over(&self, now: Millis) -> bool {
        self.over_at().is_some_and(|at| now >= at)
    }

    pub(super) fn due(&self, gather: Millis) -> Option<Millis> {
        let pending = self.pending.map(|(told, since)| since + told.gather(gather));
        [pending, self.over_at()].into_iter().flatten().min()
    }
}

impl Told {
    fn gather(self, failed: Millis) -> Millis {
        match self {
            Told::Failed | Told::Warned => failed,
            Told::Flapping => GATHER,
        }
    }
}
