//! How a stream comes to its prepared file while it runs.

use ffmpeg_cli::prepare::narrowed;
use stream_api::{Mode, Preparation, StreamSpec, t};

use super::Actor;
use crate::{lifecycle::Input, prober::Probed, wanted::wanted};

/// Seconds. A pass that ends so soon is played to its end, so that nobody sees the source jump back.
const SOON: f64 = 60.0;
/// Seconds before the end of a pass that count as its end: looks are a second apart.
const END: f64 = 1.2;

impl Actor {
    /// Once a second: how far the file is, and whether now is the moment to move to it. Whether that is other than
    /// before.
    pub(super) async fn look_at_preparation(&mut self) -> bool {
        let preparation = self.parts.prepared.of(self.id);
        let changed = preparation != self.facts.preparation;
        self.facts.preparation = preparation;
        if self.facts.preparation == Some(Preparation::Ready) && self.may_move() {
            self.journal.manager("info", t!("log.prepared"));
            self.take(Input::Edited).await;
        }
        changed
    }

    /// Whether the prepared file is there, is not sent yet, and nobody would notice: viewers are kept, or there are
    /// none.
    fn may_move(&self) -> bool {
        if !self.is_on_air() {
            return false;
        }
        let Some(plan) = self.parts.prepared.could_move(self.id) else { return false };
        let slate = self.parts.server.slate(self.id, &self.spec.name);
        let kept = slate.is_some_and(|slate| narrowed(&plan, slate.tracks()).is_some());
        (kept || self.is_unwatched()) && self.is_at_an_end()
    }

    pub(super) fn is_unwatched(&self) -> bool {
        let metrics = self.parts.hub.get(self.id).and_then(|stream| stream.metrics);
        metrics.is_some_and(|metrics| metrics.viewers.total() == 0)
    }

    /// Whether it would hardly be noticed that the source plays from its beginning.
    pub(super) fn is_at_an_end(&self) -> bool {
        let whole = self.facts.probed.as_ref().and_then(|probed| probed.media.duration).unwrap_or_default();
        let length = self.spec.encoding.part().map_or(whole, |part| part.seconds(whole));
        if length <= 2.0 * END {
            return true;
        }
        let played = self.out_time.max(0) as f64 / 1e6;
        let left = length - played % length;
        left <= END || left > SOON
    }

    /// A file that is not sent now was given other settings: it is shown how they would send it. Of a prepared one that is
    /// not known before it starts.
    pub(super) fn plan_anew(&mut self) {
        let (spec, parts) = (&self.spec, &self.parts);
        let known = self.facts.probed.take().filter(|probed| probed.plan.mode != Mode::Prepared);
        let Some(media) = known.map(|probed| probed.media).filter(|_| spec.source.file().is_some()) else {
            return;
        };
        let wanted = wanted(&parts.hub, &parts.prober, spec.server, spec.playback, &spec.encoding);
        self.facts.probed = ffmpeg_cli::plan::plan(&media, &wanted).ok().map(|plan| Probed { media, plan });
    }

    /// The spec is another one: what it wants is made, and what it wants no more is given up.
    pub(super) fn follow_preparation(&self, before: &StreamSpec) {
        if before.prepare == self.spec.prepare {
            // Another source counts when it is sent.
            return;
        }
        let (prepared, id, spec) = (self.parts.prepared.clone(), self.id, self.spec.clone());
        self.parts.tasks.spawn(async move {
            if let Err(error) = prepared.follow(id, &spec).await {
                tracing::info!(%error, stream_id = %id, "nothing is prepared");
            }
        });
    }
}
