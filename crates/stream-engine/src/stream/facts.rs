use stream_api::{
    Code, Error, Fault, FaultAction, Health, Kept, Order, Preparation, Publisher, Recording, State, Stream,
    StreamId, StreamSpec, UnixMillis, Wait,
};

use crate::{
    clocks::Clocks,
    lifecycle::{Machine, Millis, Phase, Until, Why},
    prober::Probed,
    stream::source_watch::Fate,
};

/// What the picture shows of a stream besides the machine.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) probed: Option<Probed>,
    pub(super) health: Health,
    pub(super) recording: Recording,
    /// Why it is not recorded.
    pub(super) unrecorded: Option<Error>,
    /// What became of the source's file since it is sent.
    pub(super) source: Fate,
    /// Why the server has not taken yet who may watch and send.
    pub(super) unadmitted: Option<Error>,
    /// Who publishes, where somebody else does.
    pub(super) publisher: Option<Publisher>,
    /// What it waits for, where somebody else feeds it.
    pub(super) wait: Option<Wait>,
    /// It was on air since it was ordered to run.
    pub(super) was_on_air: bool,
    /// Its child was killed and does not end.
    pub(super) held: bool,
    /// How far its prepared file is.
    pub(super) preparation: Option<Preparation>,
    since: UnixMillis,
    state: State,
    on_air_since: Option<UnixMillis>,
    fault: Option<Fault>,
    retry_at: Option<(Millis, UnixMillis)>,
    /// When guest links were looked at.
    looked: UnixMillis,
    clocks: Clocks,
}

impl Facts {
    pub(super) fn new(clocks: Clocks) -> Facts {
        Facts {
            probed: None,
            health: Health::Unknown,
            recording: Recording::Off,
            unrecorded: None,
            source: Fate::Same,
            unadmitted: None,
            publisher: None,
            wait: None,
            was_on_air: false,
            held: false,
            preparation: None,
            since: clocks.wall(),
            looked: clocks.wall(),
            state: State::Stopped,
            on_air_since: None,
            fault: None,
            retry_at: None,
            clocks,
        }
    }

    /// Brings them in line with the machine. Whether the state is another one.
    pub(super) fn follow(&mut self, machine: &Machine, now: Millis) -> bool {
        let state = machine.state();
        let changed = state != self.state;
        if changed {
            (self.state, self.since) = (state, self.clocks.wall());
            self.health = if state == State::Running { Health::Good } else { Health::Unknown };
            // An end of the server is not the source's return.
            self.was_on_air &= state != State::Stopped;
        }
        match &machine.phase {
            Phase::Backoff { fault, .. }
            | Phase::Failed { fault, .. }
            | Phase::Stopping { why: Why::Hang { fault, .. }, .. } => self.fault = Some(fault.clone()),
            Phase::Running { .. } | Phase::Open | Phase::Stopped => self.fault = None,
            // The last fault stays in sight until the stream runs again.
            Phase::Starting { .. } | Phase::Stopping { .. } => {}
        }
        let until = match machine.phase {
            Phase::Backoff { until: Until::Time(at), .. } => Some(at),
            _ => None,
        };
        if self.retry_at.map(|(at, _)| at) != until {
            let wait = until.map_or(0, |at| at.saturating_sub(now));
            let wall = UnixMillis(self.clocks.wall().0 + i64::try_from(wait).unwrap_or(0));
            self.retry_at = until.map(|at| (at, wall));
        }
        changed
    }

    /// Whether it has just gone on air.
    pub(super) fn set_on_air(&mut self, on_air: bool) -> bool {
        if on_air == self.on_air_since.is_some() {
            return false;
        }
        self.on_air_since = on_air.then(|| self.clocks.wall());
        self.was_on_air |= on_air;
        on_air
    }

    /// When this was asked last, and now: by the wall clock, which guest links end by.
    pub(super) fn looked(&mut self) -> (UnixMillis, UnixMillis) {
        let now = self.clocks.wall();
        (std::mem::replace(&mut self.looked, now), now)
    }

    /// The wall clock was set by so many milliseconds: what began so long ago still did.
    pub(super) fn shift(&mut self, by: i64) {
        let retry_at = self.retry_at.as_mut().map(|(_, wall)| wall);
        for time in [Some(&mut self.since), self.on_air_since.as_mut(), retry_at].into_iter().flatten() {
            time.0 = time.0.saturating_add(by);
        }
    }

    fn warnings(&self, spec: &StreamSpec) -> Vec<Fault> {
        let slow = (self.health == Health::Slow).then(|| Error::new(Code::Overloaded));
        let slow = slow.map(|slow| match self.is_cured_by_preparing(spec) {
            true => Fault::new(slow),
            false => Fault { action: Some(FaultAction::OpenSettings), ..Fault::new(slow) },
        });
        let source = match self.source {
            Fate::Same => None,
            Fate::Gone => Some(Code::SourceGone),
            Fate::Changed => Some(Code::SourceChanged),
        };
        let source = source.map(|code| Error::new(code).with("path", spec.source.place()));
        let held = self.held.then(|| Error::new(Code::FfmpegHeld));
        let others =
            source.into_iter().chain(held).chain(self.unrecorded.clone()).chain(self.unadmitted.clone());
        slow.into_iter().chain(others.map(Fault::new)).collect()
    }

    /// Whether it is encoded while it plays, and need not be.
    fn is_cured_by_preparing(&self, spec: &StreamSpec) -> bool {
        let encodes = self.probed.as_ref().is_some_and(|probed| !probed.plan.gains.is_empty());
        encodes && spec.may_prepare() && !spec.prepare
    }

    /// The stream as it is now, without figures.
    pub(super) fn stream(
        &self,
        id: StreamId,
        spec: &StreamSpec,
        order: Order,
        attempt: u32,
        kept: Kept,
    ) -> Stream {
        Stream {
            order,
            state: self.state,
            since: self.since,
            on_air: self.on_air_since.is_some(),
            on_air_since: self.on_air_since,
            health: self.health,
            attempt,
            queue: None,
            retry_at: self.retry_at.map(|(_, wall)| wall),
            fault: self.fault.clone(),
            warnings: self.warnings(spec),
            media: self.probed.as_ref().map(|probed| probed.media.clone()),
            plan: self.probed.as_ref().map(|probed| probed.plan.clone()),
            recording: self.recording,
            kept,
            publisher: self.publisher.clone(),
            wait: self.wait.clone(),
            preparation: self.preparation.clone(),
            ..Stream::new(id, spec.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicI64, Ordering},
        },
        time::Duration,
    };

    use stream_api::Playback;

    use super::*;
    use crate::{clocks::Reading, lifecycle::Feed};

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_clock_that_is_set_moves_no_time_span() {
        for by in [DAY, -DAY] {
            let wall = Arc::new(AtomicI64::new(100 * DAY));
            let read = Arc::clone(&wall);
            let clocks = Clocks::by(move || Reading {
                monotonic: Duration::ZERO,
                uptime: Duration::ZERO,
                wall: UnixMillis(read.load(Ordering::Relaxed)),
            });
            let mut facts = Facts::new(clocks);
            let mut machine = Machine::new(Playback::Loop, Feed::Child, true);
            let fault = Fault::new(Error::new(Code::FfmpegCrashed));
            machine.phase = Phase::Backoff { attempt: 3, until: Until::Time(900), fault };
            facts.follow(&machine, 100);
            facts.set_on_air(true);
            wall.fetch_add(by + 50, Ordering::Relaxed);
            facts.shift(by);
            facts.follow(&machine, 150);
            let now = wall.load(Ordering::Relaxed);
            assert_eq!(now - facts.since.0, 50, "so long it has been waiting");
            assert_eq!(now - facts.on_air_since.unwrap().0, 50);
            assert_eq!(facts.retry_at.unwrap().1.0 - now, 750, "and so long it will");
        }
    }
}
