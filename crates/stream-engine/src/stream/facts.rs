use stream_api::{Fault, Health, Order, Recording, State, Stream, StreamId, StreamSpec, UnixMillis, Urls};

use crate::{
    clock,
    lifecycle::{Machine, Millis, Phase, Until, Why},
    prober::Probed,
};

/// What the picture shows of a stream besides the machine.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) probed: Option<Probed>,
    pub(super) health: Health,
    pub(super) recording: Recording,
    since: UnixMillis,
    state: State,
    on_air_since: Option<UnixMillis>,
    fault: Option<Fault>,
    retry_at: Option<(Millis, UnixMillis)>,
}

impl Facts {
    pub(super) fn new() -> Facts {
        Facts {
            probed: None,
            health: Health::Unknown,
            recording: Recording::Off,
            since: clock::now(),
            state: State::Stopped,
            on_air_since: None,
            fault: None,
            retry_at: None,
        }
    }

    /// Brings them in line with the machine. Whether the state is another one.
    pub(super) fn follow(&mut self, machine: &Machine, now: Millis) -> bool {
        let state = machine.state();
        let changed = state != self.state;
        if changed {
            (self.state, self.since) = (state, clock::now());
            self.health = if state == State::Running { Health::Good } else { Health::Unknown };
        }
        match &machine.phase {
            Phase::Backoff { fault, .. }
            | Phase::Failed { fault, .. }
            | Phase::Stopping { why: Why::Hang { fault, .. }, .. } => self.fault = Some(fault.clone()),
            Phase::Running { .. } | Phase::Stopped => self.fault = None,
            // The last fault stays in sight until the stream runs again.
            Phase::Starting { .. } | Phase::Stopping { .. } => {}
        }
        let until = match machine.phase {
            Phase::Backoff { until: Until::Time(at), .. } => Some(at),
            _ => None,
        };
        if self.retry_at.map(|(at, _)| at) != until {
            let wait = until.map_or(0, |at| at.saturating_sub(now));
            let wall = UnixMillis(clock::now().0 + i64::try_from(wait).unwrap_or(0));
            self.retry_at = until.map(|at| (at, wall));
        }
        changed
    }

    /// Whether it has just gone on air.
    pub(super) fn set_on_air(&mut self, on_air: bool) -> bool {
        if on_air == self.on_air_since.is_some() {
            return false;
        }
        self.on_air_since = on_air.then(clock::now);
        on_air
    }

    /// The stream as it is now, without figures.
    pub(super) fn stream(
        &self,
        id: StreamId,
        spec: &StreamSpec,
        order: Order,
        attempt: u32,
        urls: Urls,
    ) -> Stream {
        Stream {
            id,
            rev: 0,
            spec: spec.clone(),
            order,
            state: self.state,
            since: self.since,
            on_air: self.on_air_since.is_some(),
            on_air_since: self.on_air_since,
            health: self.health,
            attempt,
            retry_at: self.retry_at.map(|(_, wall)| wall),
            fault: self.fault.clone(),
            media: self.probed.as_ref().map(|probed| probed.media.clone()),
            plan: self.probed.as_ref().map(|probed| probed.plan.clone()),
            recording: self.recording,
            urls,
            metrics: None,
        }
    }
}
