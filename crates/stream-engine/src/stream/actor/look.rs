//! What only looking tells.

use std::time::Instant;

use stream_api::{Error, Recording};

use super::Actor;
use crate::{recording, stream::spawn::HOLDS_UP};

impl Actor {
    pub(super) async fn every_second(&mut self) {
        let changed = self.look();
        if self.look_at_preparation().await || changed {
            self.publish();
        }
        self.look_at_encoder().await;
        self.look_at_its_clock().await;
    }

    /// Once a second, and when a child was made. Whether the picture is to be another one.
    #[must_use]
    pub(super) fn look(&mut self) -> bool {
        if self.turn.as_ref().is_some_and(|(_, since)| since.elapsed() >= HOLDS_UP) {
            self.turn = None;
        }
        // Its place among those that start moves by what they do.
        let mut changed = self.place.is_some();
        changed |= self.look_at_arrival();
        let wanted = self.spec.record && self.is_on_air();
        let (recording, unrecorded) = self.look_at_recording(wanted);
        let sent = self.spec.source.file().filter(|_| self.child.is_some());
        let fate =
            self.source.look(&self.parts.drives, sent.unwrap_or_default(), sent.is_some(), Instant::now());
        let facts = (self.facts.recording, self.facts.source);
        changed |= (recording, fate) != facts || unrecorded != self.facts.unrecorded;
        (self.facts.recording, self.facts.unrecorded) = (recording, unrecorded);
        self.facts.source = fate;
        changed | self.look_at_access()
    }

    fn look_at_recording(&mut self, wanted: bool) -> (Recording, Option<Error>) {
        let Some(folder) = self.parts.server.terms().recordings.as_ref().map(|all| all.join(&self.spec.name))
        else {
            return (if wanted { Recording::Elsewhere } else { Recording::Off }, None);
        };
        let seen = self.recording.look(&self.parts.drives, &folder, wanted, Instant::now());
        let said = self.parts.server.recorder_trouble(&self.spec.name);
        recording::judge(seen, said.as_deref(), &folder)
    }
}
