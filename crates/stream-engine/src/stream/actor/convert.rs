//! Sources that are converted where viewers would not all play them.

use mediamtx_client::Track;
use stream_api::{Code, Error, Mode};

use super::Actor;
use crate::{
    lifecycle::{Ending, Feed, Input, Problem},
    prober::Probed,
    server::{Sample, source_of},
    stream::{convert, open},
    wanted::wanted_of,
};

impl Actor {
    /// Takes note of what the server has of the source that FFmpeg converts.
    pub(super) async fn source_sampled(&mut self, source: Sample) {
        if self.machine.feed == Feed::Converter {
            if source.online
                && !self.machine.source_there
                && self.is_conversion_needed(&source.tracks) == Some(false)
            {
                // The camera was set to something that plays everywhere, or the stream to something that it sends.
                self.set_converts(false).await;
            } else if source.online != self.machine.source_there {
                self.take(Input::Source(source.online)).await;
            }
            return;
        }
        self.machine.source_there = false;
        if convert::may(&self.spec)
            && self.is_on_air()
            && self.is_conversion_needed(&self.seen.sample().tracks) == Some(true)
        {
            self.set_converts(true).await;
        }
    }

    fn is_conversion_needed(&self, tracks: &[Track]) -> Option<bool> {
        let (spec, parts) = (&self.spec, &self.parts);
        let wanted = wanted_of(&parts.hub, &parts.prober, spec);
        convert::is_needed(tracks, &wanted)
    }

    /// Stored, so that the next start need not find it out before viewers' eyes.
    async fn set_converts(&mut self, converts: bool) {
        tracing::info!(converts, "what the source sends needs encoding, or does not any more");
        self.converts = converts;
        self.machine.source_there = false;
        self.parts.store.put_at_any_rate(self.stored()).await;
        self.machine.feed = convert::feed(&self.spec, converts);
        self.take(Input::Edited).await;
    }

    /// What FFmpeg makes of the source, if that is known.
    pub(super) fn known_of_source(&self) -> Option<Probed> {
        self.facts.probed.clone().filter(|probed| probed.plan.mode == Mode::Transcode)
    }

    /// What an end means that FFmpeg took for that of its input.
    pub(super) fn finished(&self) -> Ending {
        match self.source_closed() {
            Some(error) => Ending::Broken(Problem { fault: error.into(), permanent: false }),
            None => Ending::Finished,
        }
    }

    /// Why FFmpeg broke off, if that was for want of what it converts: the server is not asked as often as that ends.
    pub(super) fn lost_source(&mut self) -> Option<Error> {
        let inner = source_of(self.id);
        let lost = !self.machine.source_there || self.tail.all().iter().any(|line| line.contains(&inner));
        self.source_closed().filter(|_| lost)
    }

    fn source_closed(&self) -> Option<Error> {
        let network = self.spec.source.network().filter(|_| self.machine.feed == Feed::Converter)?;
        Some(Error::new(Code::PullClosed).with("host", open::host(network)))
    }
}
