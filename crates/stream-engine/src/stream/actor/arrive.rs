//! What the picture shows of a stream that somebody else feeds.

use super::Actor;
use crate::{
    lifecycle::{Feed, Phase},
    stream::arrival,
};

impl Actor {
    /// Who publishes, what comes in, and what is waited for. Whether that is other than before.
    pub(super) fn look_at_arrival(&mut self) -> bool {
        if self.machine.feed != Feed::Server {
            let before = (self.facts.publisher.take(), self.facts.wait.take());
            return before != (None, None);
        }
        let (on_air, name) = (self.is_on_air(), &self.spec.name);
        if on_air {
            self.parts.server.forget_pull_trouble(name);
        }
        let session = self.sample.session.as_ref().filter(|_| on_air);
        let publisher = session.map(|session| arrival::publisher(session));
        let waits = self.machine.phase == Phase::Open && !on_air;
        let wait = waits.then(|| {
            let trouble = self.parts.server.pull_trouble(name);
            arrival::wait(&self.spec.source, self.facts.was_on_air, trouble)
        });
        let received = arrival::received(&self.sample.tracks).filter(|_| on_air);
        let seen = (publisher, wait.flatten(), received.or_else(|| self.facts.probed.clone()));
        let facts = &mut self.facts;
        let changed = (&seen.0, &seen.1, &seen.2) != (&facts.publisher, &facts.wait, &facts.probed);
        (facts.publisher, facts.wait, facts.probed) = seen;
        changed
    }
}
