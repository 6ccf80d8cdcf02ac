//! How a stream goes back to the encoder for which another one stands in.

use std::time::Instant;

use stream_api::{Encoder, Playback, t};

use super::Actor;
use crate::lifecycle::{Feed, Input};

impl Actor {
    /// Once a second: goes back where the encoder may be tried again, has a session for it, and nobody would notice.
    pub(super) async fn look_at_encoder(&mut self) {
        let now = Instant::now();
        // What plays so many times would play them all again.
        let goes_on = self.machine.feed == Feed::Converter || self.spec.playback == Playback::Loop;
        let Some(encoder) = self.missed().filter(|_| goes_on && self.is_on_air()) else { return };
        let kept = self.parts.server.slate(self.id, &self.spec.name).is_some();
        if !self.is_unnoticed(kept) || self.fallen.now(now).contains(&encoder) {
            return;
        }
        // Taken at once: others wait for it too.
        self.reserved = self.parts.sessions.take(encoder, now);
        if self.reserved.is_some() {
            self.stands_in_for = None;
            self.journal.manager("info", t!("log.encoder_again", encoder = encoder.label()));
            self.take(Input::Edited).await;
        }
    }

    /// The encoder that another one stands in for: one that failed or was full, or that is known to work only since it
    /// was tried again.
    fn missed(&self) -> Option<Encoder> {
        let used = self.facts.probed.as_ref()?.plan.picture.as_ref()?.encoder;
        self.stands_in_for.or_else(|| self.parts.prober.encoders().better(used, &self.spec.encoding))
    }
}
