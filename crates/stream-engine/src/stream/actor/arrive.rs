//! What the picture shows of a stream that somebody else feeds.

use stream_api::Wait;

use super::Actor;
use crate::{
    lifecycle::{Feed, Phase},
    server::source_of,
    stream::arrival,
};

impl Actor {
    /// Who publishes, what comes in, and what is waited for. Whether that is other than before.
    pub(super) fn look_at_arrival(&mut self) -> bool {
        if self.machine.feed != Feed::Server {
            let wait = self.awaited_source();
            let before = (self.facts.publisher.take(), std::mem::replace(&mut self.facts.wait, wait));
            return before != (None, self.facts.wait.clone());
        }
        let (on_air, name) = (self.is_on_air(), &self.spec.name);
        if on_air {
            self.parts.server.forget_pull_trouble(name);
        }
        let session = self.seen.sample().session.as_ref().filter(|_| on_air);
        let publisher = session.map(|session| arrival::publisher(session));
        let waits = self.machine.phase == Phase::Open && !on_air;
        let wait = waits.then(|| {
            let trouble = self.parts.server.pull_trouble(name);
            arrival::wait(&self.spec.source, self.facts.was_on_air, trouble)
        });
        let received = arrival::received(&self.seen.sample().tracks).filter(|_| on_air);
        let seen = (publisher, wait.flatten(), received.or_else(|| self.facts.probed.clone()));
        let facts = &mut self.facts;
        let changed = (&seen.0, &seen.1, &seen.2) != (&facts.publisher, &facts.wait, &facts.probed);
        (facts.publisher, facts.wait, facts.probed) = seen;
        changed
    }

    /// What a converter waits for.
    fn awaited_source(&self) -> Option<Wait> {
        let waits = self.machine.feed == Feed::Converter && self.machine.phase == Phase::Open;
        waits.then(|| {
            let trouble = self.parts.server.pull_trouble(&source_of(self.id));
            arrival::wait(&self.spec.source, self.facts.was_on_air, trouble)
        })?
    }
}
