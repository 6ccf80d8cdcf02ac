//! When somebody is told: pure. [`Watch`] sees every change of the picture, and says what has become worth telling.

use std::collections::BTreeMap;

use stream_api::{Change, Notice, Order, ServerId, Snapshot, State, Stream, StreamId};

use super::{
    seen::{Matter, Seen, Told},
    server::ServerSeen,
    words,
};
use crate::{lifecycle::Millis, server_look::ServerLook};

/// A stream's break this shortly before its server's was the server's: FFmpeg notices first.
const BEFORE: Millis = 3_000;

/// Sees the picture change.
#[derive(Debug, Default)]
pub(super) struct Watch {
    streams: BTreeMap<(StreamId, Matter), Seen>,
    servers: BTreeMap<ServerId, ServerSeen>,
}

impl Watch {
    /// Everything as it is; what is missing is gone.
    pub(super) fn see_all(&mut self, snapshot: &Snapshot, now: Millis) {
        self.streams.retain(|(id, _), _| snapshot.streams.iter().any(|stream| stream.id == *id));
        let is_there = |id: &ServerId| snapshot.others.iter().any(|other| other.id == *id);
        self.servers.retain(|id, _| id.is_bundled() || is_there(id));
        self.see_server(&(&snapshot.server).into(), now);
        for other in &snapshot.others {
            self.see_server(&other.into(), now);
        }
        for stream in &snapshot.streams {
            self.see_stream(stream, now);
        }
    }

    pub(super) fn see(&mut self, change: &Change, now: Millis) {
        match change {
            Change::Stream { stream } => self.see_stream(stream, now),
            Change::Removed { id } => self.streams.retain(|(known, _), _| known != id),
            Change::Server { server } => self.see_server(&server.as_ref().into(), now),
            Change::Other { other } => self.see_server(&other.as_ref().into(), now),
            Change::OtherRemoved { removed } => drop(self.servers.remove(removed)),
            _ => {}
        }
    }

    fn see_stream(&mut self, stream: &Stream, now: Millis) {
        for matter in Matter::WARNED {
            self.see_trouble(stream, matter, now);
        }
        let seen = self.streams.entry((stream.id, Matter::Run)).or_default();
        seen.is_of(stream);
        if !seen.wanted {
            seen.forget();
            return;
        }
        let broke = matches!(stream.state, State::Backoff | State::Failed) && !seen.broken;
        seen.broken = matches!(stream.state, State::Backoff | State::Failed);
        if stream.fault.is_some() {
            seen.fault.clone_from(&stream.fault);
        }
        if broke && self.servers.get(&seen.server).is_some_and(ServerSeen::is_up) {
            seen.broke(now);
        }
        if stream.state == State::Failed {
            seen.notice(Told::Failed, now);
        }
        seen.well(stream.on_air, now);
    }

    fn see_trouble(&mut self, stream: &Stream, matter: Matter, now: Millis) {
        let trouble = matter.trouble(stream);
        let key = (stream.id, matter);
        if stream.order == Order::Stop || !matter.is_wanted(stream) {
            self.streams.remove(&key);
            return;
        }
        if trouble.is_none() && !self.streams.contains_key(&key) {
            return;
        }
        let seen = self.streams.entry(key).or_insert_with(|| Seen { matter, ..Seen::default() });
        seen.is_of(stream);
        match trouble {
            Some(fault) => {
                seen.fault = Some(fault);
                seen.well_since = None;
                seen.notice(Told::Warned, now);
            }
            None => {
                seen.pending = None;
                seen.well(matter.is_well(stream), now);
                if seen.trouble.is_none() {
                    self.streams.remove(&key);
                }
            }
        }
    }

    fn see_server(&mut self, server: &ServerLook<'_>, now: Millis) {
        if !self.servers.entry(server.id).or_default().see(server, now) {
            return;
        }
        for stream in self.streams.values_mut().filter(|stream| stream.server == server.id) {
            stream.breaks.retain(|at| at + BEFORE < now);
            stream.pending.take_if(|(told, _)| *told == Told::Flapping);
        }
    }

    /// When [`Watch::tell`] has something to do; none as long as all is well.
    pub(super) fn due(&self) -> Option<Millis> {
        let streams = self.streams.values().filter_map(|seen| seen.due(seen.matter.gather()));
        streams.chain(self.servers.values().filter_map(ServerSeen::due)).min()
    }

    /// What has become worth telling, and takes note that it was told.
    pub(super) fn tell(&mut self, now: Millis) -> Vec<Notice> {
        let mut notices = Vec::new();
        for (id, server) in &mut self.servers {
            let waits =
                |seen: &&Seen| seen.matter == Matter::Run && seen.server == *id && seen.wanted && !seen.muted;
            notices.extend(server.tell(self.streams.values().filter(waits).count(), now));
        }
        let warned = Matter::WARNED.map(|matter| (matter, Told::Warned));
        for (matter, told) in
            [(Matter::Run, Told::Failed), (Matter::Run, Told::Flapping)].into_iter().chain(warned)
        {
            let ripe = |seen: &Seen| seen.matter == matter && seen.ripe(matter.gather(), now) == Some(told);
            // One that is ripe takes those along that are not yet.
            if self.streams.values().any(ripe) {
                let group = self.take(|seen| match seen.pending {
                    Some((pending, _)) if seen.matter == matter && pending == told => {
                        seen.told(told);
                        true
                    }
                    _ => false,
                });
                notices.extend(words::by_cause(told, &group));
            }
        }
        for matter in [Matter::Run].into_iter().chain(Matter::WARNED) {
            let over =
                |seen: &mut Seen| seen.matter == matter && seen.is_over(now) && seen.trouble.take().is_some();
            notices.extend(words::back(&self.take(over)));
        }
        notices
    }

    /// Those that `take` takes and that are not muted.
    fn take(&mut self, mut take: impl FnMut(&mut Seen) -> bool) -> Vec<&Seen> {
        let mut taken = Vec::new();
        for seen in self.streams.values_mut() {
            if take(seen) && !seen.muted {
                taken.push(&*seen);
            }
        }
        taken
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
