//! How many more streams this machine can send: what it has left, live, and what a stream takes, from how fast the
//! machine was measured to encode.

mod cost;
mod headroom;
mod speed;

use std::path::PathBuf;

use child_process::Spawner;
use ffmpeg_cli::{benchmark::Measured, prepare::Recipe};
use stream_api::{Encoding, Fit, Order, Playback, Stream, StreamId, UnixMillis};

use crate::{drives::Drives, hub::Hub, prober::Probed, tools::Tools};
pub(crate) use cost::Load;
use headroom::Headroom;
use speed::Speed;

/// Of the machine, what is left for everything else.
const KEPT: f64 = 0.05;
/// More than these is "many".
const MANY: u32 = 999;
/// Milliseconds on air after which the live figures have a stream in them.
const SEEN: i64 = 12_000;

/// A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Capacity {
    headroom: Headroom,
    speed: Speed,
    hub: Hub,
}

/// What is left for streams.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Room {
    /// Cores that streams may have in all.
    pub(crate) cores: f64,
    pub(crate) free_cores: f64,
    /// Bytes.
    pub(crate) memory: u64,
    pub(crate) free_memory: u64,
}

impl Room {
    /// How many more such streams.
    pub(crate) fn fit(&self, load: Load) -> Fit {
        let by = |free: f64, each: f64| {
            if each > 0.0 { (free / each).clamp(0.0, MANY.into()) } else { MANY.into() }
        };
        let kept = KEPT * self.memory as f64;
        let more =
            by(self.free_cores, load.cores).min(by(self.free_memory as f64 - kept, load.memory as f64));
        Fit { cores: load.cores, memory: load.memory, more: more as u32 }
    }
}

impl Capacity {
    /// `cache`: the folder that keeps what was measured.
    pub(crate) fn new(cache: PathBuf, tools: Tools, spawner: Spawner, drives: Drives, hub: Hub) -> Capacity {
        let speed = Speed::new(cache, tools, spawner, drives);
        Capacity { headroom: Headroom::default(), speed, hub }
    }

    /// Looks at the machine on and on, and measures it when somebody wants to know. Until dropped, which ends what runs.
    pub(crate) async fn watch(self) {
        tokio::join!(self.headroom.watch(), self.speed.work());
    }

    /// How fast the machine encodes. Where that is not known it is measured in the background, for the next time.
    pub(crate) fn measured(&self) -> Option<Measured> {
        self.speed.known()
    }

    /// What is left beside what runs and what is about to; `but`: streams that do not count. None during the first
    /// seconds.
    pub(crate) fn room(&self, but: &[StreamId]) -> Option<Room> {
        let left = self.headroom.left()?;
        let measured = self.speed.known().unwrap_or(Measured::REFERENCE);
        let now = self.hub.clocks().wall();
        let coming = self.hub.snapshot().streams.into_iter().filter(|stream| !but.contains(&stream.id));
        let coming = coming.filter(|stream| is_coming(stream, now)).filter_map(|stream| {
            let (media, plan) = (stream.media.as_ref()?, stream.plan.as_ref()?);
            cost::of(media, plan, &measured)
        });
        let (mut cores, mut memory) = (0.0, 0);
        for load in coming {
            cores += load.cores;
            memory += load.memory;
        }
        let kept = KEPT * left.cores;
        Some(Room {
            cores: left.cores,
            free_cores: (left.free_cores - kept - cores).max(0.0),
            memory: left.memory,
            free_memory: left.free_memory.saturating_sub(memory),
        })
    }
}

/// What a source takes as it would be sent at once, and from a prepared file where that is possible and gains room. None
/// where nobody knows.
pub(crate) fn loads(
    probed: &Probed,
    playback: Playback,
    encoding: &Encoding,
    measured: &Measured,
) -> Option<(Load, Option<Load>)> {
    let now = cost::of(&probed.media, &probed.plan, measured)?;
    let may_prepare = playback == Playback::Loop && encoding.may_prepare();
    let prepared = probed.media.duration.filter(|_| may_prepare).and_then(|duration| {
        let recipe = Recipe::of(&probed.media, &probed.plan);
        let (media, plan) = recipe.result(duration, recipe.size(duration));
        cost::of(&media, &plan, measured)
    });
    Some((now, prepared.filter(|prepared| prepared.cores < now.cores / 2.0)))
}

/// It should run, and the live figures don't have it in them yet.
fn is_coming(stream: &Stream, now: UnixMillis) -> bool {
    let unseen = stream.on_air_since.is_none_or(|since| now.0 - since.0 < SEEN);
    stream.order == Order::Run && unseen && stream.fault.is_none()
}

#[cfg(test)]
mod tests {
    use stream_api::{Code, Error, Fault, Source, StreamSpec};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whichever_runs_out_first_is_the_limit() {
        let room = Room { cores: 2.0, free_cores: 1.9, memory: 8 << 30, free_memory: 4 << 30 };
        let more = |cores, memory| room.fit(Load { cores, memory }).more;
        assert_eq!(more(0.93, 150 << 20), 2);
        assert_eq!(more(0.96, 150 << 20), 1);
        assert_eq!(more(2.0, 150 << 20), 0);
        assert_eq!(more(0.01, 1 << 30), 3, "memory, of which some is kept");
        assert_eq!(more(0.0, 0), MANY);
        let full = Room { free_cores: 0.0, free_memory: 0, ..room };
        assert_eq!(full.fit(Load { cores: 0.01, memory: 1 }).more, 0);
    }

    #[test]
    fn who_is_about_to_run_is_counted_until_it_is_seen() {
        let stream = Stream {
            order: Order::Run,
            ..Stream::new(StreamId(Uuid::nil()), StreamSpec::new("a", Source::Incoming))
        };
        let now = UnixMillis(100_000);
        assert!(is_coming(&stream, now), "it starts");
        assert!(is_coming(&Stream { on_air_since: Some(UnixMillis(95_000)), ..stream.clone() }, now));
        assert!(!is_coming(&Stream { on_air_since: Some(UnixMillis(80_000)), ..stream.clone() }, now));
        assert!(!is_coming(&Stream { order: Order::Stop, ..stream.clone() }, now));
        let fault = Some(Fault::new(Error::new(Code::SourceMissing)));
        assert!(!is_coming(&Stream { fault, ..stream }, now));
    }
}
