//! How many more streams this computer can send: what it has left, live, and what a stream takes, from how fast the
//! computer was measured to encode.

mod cost;
mod headroom;
mod speed;

use std::{path::PathBuf, time::Duration};

use child_process::Spawner;
use ffmpeg_cli::{benchmark::Measured, prepare::Recipe};
use stream_api::{
    Computer, Encoding, Load, Order, Plan, Playback, SourceMedia, Stream, StreamId, UnixMillis,
};
use tokio::time::sleep;

use crate::{drives::Drives, hub::Hub, prober::Probed, tools::Tools};
use headroom::Headroom;
use speed::Speed;

pub(crate) use cost::of as load;

/// Of the computer, what is left for everything else.
const KEPT: f64 = 0.05;
/// Steps of cores and bytes in which it is told: smaller ones are of no use to anybody.
const STEP: (f64, u64) = (0.1, 64 << 20);
/// After this a computer that was never measured is, as soon as it has little else to do: the first start is to know.
const IDLE: Duration = Duration::from_secs(30);
/// Milliseconds on air after which the live figures have a stream in them.
const SEEN: i64 = 12_000;

/// A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Capacity {
    headroom: Headroom,
    speed: Speed,
    hub: Hub,
}

impl Capacity {
    /// `cache`: the folder that keeps what was measured.
    pub(crate) fn new(cache: PathBuf, tools: Tools, spawner: Spawner, drives: Drives, hub: Hub) -> Capacity {
        let speed = Speed::new(cache, tools, spawner, drives);
        Capacity { headroom: Headroom::new(), speed, hub }
    }

    /// Looks at the computer on and on, tells what it has left, and measures it when somebody wants to know. Until
    /// dropped, which ends what runs.
    pub(crate) async fn watch(self) {
        let tell = || {
            if let Some(computer) = self.left(&[]) {
                self.hub.computer(in_steps(computer));
            }
        };
        tokio::join!(self.headroom.watch(tell), self.speed.clone().work(), self.measure_when_idle());
    }

    async fn measure_when_idle(&self) {
        loop {
            sleep(IDLE).await;
            if self.headroom.left().is_some_and(|left| left.free_cores > left.cores / 2.0) {
                self.measured();
                return;
            }
        }
    }

    /// How fast the computer encodes. Where that is not known it is measured in the background, for the next time.
    pub(crate) fn measured(&self) -> Option<Measured> {
        self.speed.known()
    }

    /// What is left beside what runs and what is about to; `but`: streams that do not count. None during the first
    /// seconds.
    pub(crate) fn left(&self, but: &[StreamId]) -> Option<Computer> {
        let left = self.headroom.left()?;
        let measured = self.speed.last();
        let by = measured.unwrap_or(Measured::REFERENCE);
        let now = self.hub.clocks().wall();
        let mut coming = Load::default();
        self.hub.each_stream(|stream| {
            let known = stream.media.as_ref().zip(stream.plan.as_ref());
            let known = known.filter(|_| !but.contains(&stream.id) && is_coming(stream, now));
            if let Some(load) = known.and_then(|(media, plan)| cost::of(media, plan, &by)) {
                coming.cores += load.cores;
                coming.memory += load.memory;
            }
        });
        let kept = KEPT * left.cores;
        Some(Computer {
            cores: left.cores,
            free_cores: (left.free_cores - kept - coming.cores).max(0.0),
            memory: left.memory,
            free_memory: left.free_memory.saturating_sub(coming.memory),
            measured: measured.is_some(),
        })
    }
}

fn in_steps(computer: Computer) -> Computer {
    let (cores, bytes) = STEP;
    // Divided, not multiplied: a tenth is none of a computer's numbers.
    let rounded = |all: f64| (all / cores).round() / (1.0 / cores);
    Computer {
        cores: rounded(computer.cores),
        free_cores: rounded(computer.free_cores),
        free_memory: computer.free_memory / bytes * bytes,
        ..computer
    }
}

/// What a source takes as it would be sent at once, and from a prepared file where that is possible and gains room.
/// None where nobody knows.
pub(crate) fn loads(
    probed: &Probed,
    playback: Playback,
    encoding: &Encoding,
    measured: &Measured,
) -> Option<(Load, Option<Load>)> {
    let now = cost::of(&probed.media, &probed.plan, measured)?;
    let prepared = recipe(&probed.media, &probed.plan, playback, encoding);
    let prepared = prepared.and_then(|(recipe, seconds)| {
        let (media, plan) = recipe.result(seconds, recipe.size(seconds));
        cost::of(&media, &plan, measured)
    });
    Some((now, prepared.filter(|prepared| prepared.cores < now.cores / 2.0)))
}

/// How a file could be prepared of what is sent by `plan`, and how many seconds of it.
pub(crate) fn recipe(
    media: &SourceMedia,
    plan: &Plan,
    playback: Playback,
    encoding: &Encoding,
) -> Option<(Recipe, f64)> {
    let duration = media.duration.filter(|_| playback == Playback::Loop && encoding.may_prepare())?;
    let recipe = Recipe::of(media, plan, encoding);
    let seconds = recipe.taken(duration).max(0.0);
    Some((recipe, seconds))
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
    fn it_is_told_in_steps_that_matter() {
        let computer = Computer {
            cores: 2.6,
            free_cores: 1.2345,
            memory: 8 << 30,
            free_memory: (3 << 30) + 12_345,
            measured: true,
        };
        let told = in_steps(computer);
        assert_eq!((told.cores, told.free_cores, told.free_memory), (2.6, 1.2, 3 << 30));
        assert_eq!((told.memory, told.measured), (8 << 30, true));
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
