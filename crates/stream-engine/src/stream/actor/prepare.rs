//! How a stream comes to its prepared file while it runs.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use ffmpeg_cli::prepare::narrowed;
use stream_api::{Error, Mode, Order, Origin, Preparation, State, Stream, StreamSpec, t};
use tokio::task::AbortHandle;

use super::Actor;
use crate::{clock, lifecycle::Input, prober::Probed, store::StoredStream, wanted::wanted_of};

/// Seconds about the end of a pass that count as its end: looks are a second apart.
const END: f64 = 1.2;
/// Who waits for a file that nobody makes asks for it anew after this: its source may be there again.
const AGAIN: Duration = Duration::from_secs(30);

/// That the file which the spec wants is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    at: Instant,
    /// Why nothing is made.
    refused: Arc<OnceLock<Error>>,
    task: AbortHandle,
}

impl Drop for Asked {
    /// What it asks for is out of date.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Actor {
    /// Once a second: how far the file is, and whether now is the moment to move to it. Whether that is other than
    /// before.
    pub(super) async fn look_at_preparation(&mut self) -> bool {
        let mut preparation = self.parts.prepared.of(self.id);
        let ready = preparation == Some(Preparation::Ready) && self.is_on_air();
        let plan = if ready { self.parts.prepared.could_move(self.id) } else { None };
        let mut moves = false;
        if let Some(plan) = plan {
            let slate = self.parts.server.slate(self.id, &self.spec.name);
            let kept = slate.is_some_and(|slate| narrowed(&plan, slate.tracks()).is_some());
            moves = self.is_unnoticed(kept);
            if !kept && !moves {
                preparation = Some(Preparation::Unwatched);
            }
        }
        if self.starts_prepared.is_some() && preparation.is_none() {
            if self.asked.as_ref().is_none_or(|asked| asked.at.elapsed() >= AGAIN) {
                self.prepare_in_background();
            }
            preparation = self.refused();
        }
        let changed = preparation != self.facts.preparation;
        self.facts.preparation = preparation;
        let is_ready = self.facts.preparation == Some(Preparation::Ready);
        if let Some(by) = self.starts_prepared.filter(|_| is_ready) {
            // What can't be stored is tried again in a second.
            if let Err(error) = self.order(Order::Run, Some(clock::now()), by).await {
                tracing::debug!(%error, "what is prepared can't be started");
            }
        }
        if moves {
            self.journal.manager("info", t!("log.prepared"));
            self.moves = true;
            self.take(Input::Edited).await;
        }
        changed
    }

    /// Waits for its prepared file, as a person wants it; one that runs needs no start. One that failed is stopped, so
    /// that it does not start without.
    pub(super) async fn start_prepared(&mut self, by: Origin) -> Result<Stream, Error> {
        match (self.machine.order, self.machine.state()) {
            (Order::Stop, _) => {}
            (Order::Run, State::Failed) => drop(self.order(Order::Stop, None, by).await?),
            (Order::Run, _) => return Ok(self.publish()),
        }
        self.parts.store.put(StoredStream { starts_prepared: Some(by), ..self.stored() }).await?;
        tracing::info!("it starts once its prepared file is there");
        self.starts_prepared = Some(by);
        Ok(self.publish())
    }

    /// Whether nobody would notice that the source begins anew: nobody watches or records it, or a pass of it ends.
    /// `kept`: its viewers stay through that.
    pub(super) fn is_unnoticed(&self, kept: bool) -> bool {
        let unwatched = self.is_unwatched();
        (unwatched && !self.spec.record) || ((unwatched || kept) && self.is_at_an_end())
    }

    fn is_unwatched(&self) -> bool {
        let metrics = self.parts.hub.get(self.id).and_then(|stream| stream.metrics);
        metrics.is_some_and(|metrics| metrics.viewers.total() == 0)
    }

    fn is_at_an_end(&self) -> bool {
        let whole = self.facts.probed.as_ref().and_then(|probed| probed.media.duration).unwrap_or_default();
        let length = self.spec.encoding.part().map_or(whole, |part| part.seconds(whole));
        is_end(length, self.out_time.max(0) as f64 / 1e6)
    }

    /// A file that is not sent now was given other settings: it is shown how they would send it. Of a prepared one that is
    /// not known before it starts.
    pub(super) fn plan_anew(&mut self) {
        let (spec, parts) = (&self.spec, &self.parts);
        let known = self.facts.probed.take().filter(|probed| probed.plan.mode != Mode::Prepared);
        let Some(media) = known.map(|probed| probed.media).filter(|_| spec.source.file().is_some()) else {
            return;
        };
        let wanted = wanted_of(&parts.hub, &parts.prober, spec);
        self.facts.probed = ffmpeg_cli::plan::plan(&media, &wanted).ok().map(|plan| Probed { media, plan });
    }

    /// The spec is another one: what it wants is made, and what it wants no more is given up.
    pub(super) fn follow_preparation(&mut self, before: &StreamSpec) {
        if self.starts_prepared.is_some() && is_another_file(before, &self.spec) {
            // Else it would start once the file is there that it wanted before.
            self.parts.prepared.forget(self.id);
        } else if before.prepare == self.spec.prepare {
            // Another source counts when it is sent.
            return;
        }
        self.prepare_in_background();
    }

    /// Makes what the spec wants, or gives up what it wants no more.
    pub(super) fn prepare_in_background(&mut self) {
        self.asked = None;
        let (prepared, id, spec) = (self.parts.prepared.clone(), self.id, self.spec.clone());
        let refused = Arc::new(OnceLock::new());
        let told = Arc::clone(&refused);
        let asks = self.parts.tasks.spawn(async move {
            if let Err(error) = prepared.follow(id, &spec).await {
                tracing::info!(%error, stream_id = %id, "nothing is prepared");
                // Told once.
                let _ = told.set(error);
            }
        });
        self.asked = Some(Asked { at: Instant::now(), refused, task: asks.abort_handle() });
    }

    /// Why nothing is made for it.
    fn refused(&self) -> Option<Preparation> {
        let error = self.asked.as_ref()?.refused.get()?;
        Some(Preparation::Failed { error: Box::new(error.clone()) })
    }
}

/// Whether another prepared file is wanted than before. Of which kind depends on the server, too.
fn is_another_file(before: &StreamSpec, now: &StreamSpec) -> bool {
    before.server != now.server
        || before.source != now.source
        || before.playback != now.playback
        || before.encoding != now.encoding
}

/// Whether a source that lasts so many seconds, of which so many were played over and over, ends about now.
fn is_end(length: f64, played: f64) -> bool {
    let at = played % length;
    length <= 2.0 * END || length - at <= END || (played >= length && at <= END)
}

#[cfg(test)]
mod tests {
    use stream_api::{Source, StreamSpec};

    use super::*;

    #[test]
    fn another_name_wants_the_same_file() {
        let before = StreamSpec::new("a", Source::File { path: "/a.mp4".into() });
        let mut now = StreamSpec { name: "b".into(), record: true, ..before.clone() };
        assert!(!is_another_file(&before, &now));
        now.encoding.height = Some(720);
        assert!(is_another_file(&before, &now));
        let source = Source::File { path: "/b.mp4".into() };
        assert!(is_another_file(&before, &StreamSpec { source, ..before.clone() }));
    }

    #[test]
    fn a_film_is_played_to_its_end_first() {
        for (length, played, ends) in [
            (7200.0, 50.0, false),
            (7200.0, 3600.0, false),
            (7200.0, 7199.0, true),
            (7200.0, 7200.5, true),
            (7200.0, 0.5, false),
            (7200.0, 14_399.5, true),
            (2.0, 1.0, true),
            (0.0, 77.0, true),
        ] {
            assert_eq!(is_end(length, played), ends, "{length} {played}");
        }
    }
}
