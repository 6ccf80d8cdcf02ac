//! The app with many streams and their viewers, and what is done to it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use fs_err as fs;
use serde_json::{Value, json};

use super::{
    children::{self, Children},
    disk::Disk,
    plan::{Bag, Kind},
    tally::{Outcome, Tally},
    watch::{SERVER, View, Watch},
};
use crate::rig::{Rig, Server, reader::Reader};

/// How long something may take to come back before it counts as never.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked; also the grain of every measured time.
const GRAIN: Duration = Duration::from_millis(5);
/// Between two faults, at most, in milliseconds.
const REST: u64 = 1_500;

/// One stream that things happen to, with its viewer.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// Its viewers shall stay over the end of an FFmpeg.
    pub(super) kept: bool,
    pub(super) reader: Reader,
}

/// A storm under way.
pub(super) struct Storm<'a> {
    pub(super) rig: &'a Rig,
    pub(super) data: PathBuf,
    /// Viewers end first, then the app, then its disk.
    pub(super) targets: Vec<Target>,
    pub(super) children: Children,
    pub(super) server: Option<Server>,
    pub(super) rtsp: u16,
    /// Or why there is none.
    pub(super) disk: Result<Disk, String>,
    pub(super) watch: Watch,
    pub(super) rng: Rng,
    pub(super) tally: Tally,
    /// The configuration as it is to stay.
    configured: Value,
}

impl<'a> Storm<'a> {
    /// Starts the app with `streams` streams, each of a file of its own, and waits until viewers see all of them.
    pub(super) fn brew(rig: &'a Rig, streams: usize, seed: u64) -> Result<Self> {
        let disk = Disk::mount(&rig.folder.path().join("disk")).map_err(|error| format!("{error:#}"));
        let data = rig.data_dir("disk/data")?;
        let server = Server::ready(rig, &data)?;
        let watch = Watch::default();
        watch.follow(server.api.base())?;
        let port = server.api.get("/api/v1/server")?["ports"]["rtsp"].as_u64().context("a port")?;
        let mut storm = Self {
            rig,
            children: Children::of(&data),
            data,
            targets: Vec::new(),
            server: Some(server),
            rtsp: u16::try_from(port)?,
            disk,
            watch,
            rng: Rng::with_seed(seed),
            tally: Tally::default(),
            configured: Value::Null,
        };
        let clip = rig.tiny_clip()?;
        for number in 0..streams {
            let target = storm.create(&format!("chaos{number}"), &clip)?;
            storm.targets.push(target);
        }
        let missing = storm.settle();
        ensure!(missing.is_empty(), "not on air before the storm: {missing:?}");
        storm.children.starts();
        storm.configured = storm.configuration()?;
        Ok(storm)
    }

    fn create(&self, name: &str, clip: &std::path::Path) -> Result<Target> {
        // In a folder of its own, whose drive may hang.
        let folder = self.rig.folder.path().join(name);
        fs::create_dir(&folder)?;
        let file = folder.join(format!("{name}.mp4"));
        fs::copy(clip, &file)?;
        let id = self.app()?.create(name, &file, true)?;
        let kept = self.app()?.api.get(&format!("/api/v1/streams/{id}"))?["keep_viewers"] == true;
        Ok(Target { id, name: name.to_owned(), file, kept, reader: Reader::start(self.rtsp, name) })
    }

    /// One fault after the other until `end`, then an orderly end.
    pub(super) fn rage(mut self, end: Instant) -> Result<Tally> {
        let mut bag = Bag::new();
        let mut number = 0;
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(self.rng.u64(200..REST)));
            let kind = bag.next(&mut self.rng);
            number += 1;
            self.strike(number, kind).with_context(|| format!("staging \"{}\"", kind.name()))?;
        }
        self.tally.missing = self.settle();
        self.compare("at the end")?;
        let app = self.server.take().context("the app runs")?;
        self.targets.clear();
        let code = app.stop()?;
        ensure!(code == Some(0), "the app ended with {code:?} when asked to");
        self.tally
            .orphans
            .extend(self.left().into_iter().map(|left| format!("after an orderly end: {left}")));
        Ok(self.tally)
    }

    fn strike(&mut self, number: usize, kind: Kind) -> Result<()> {
        let drops: Vec<u32> = self.targets.iter().map(|target| target.reader.drops()).collect();
        let before = self.tally.outcomes.len();
        let struck = Instant::now();
        let hit = self.stage(kind)?;
        let missing = self.settle();
        self.judge(struck, kind, &hit);
        if let Hit::Streams(hit) = &hit {
            self.count_drops(kind, hit, &drops);
        }
        let times = self.tally.outcomes[before..].iter().map(|outcome| {
            let time =
                |time: Option<Duration>| time.map_or("–".to_owned(), |t| format!("{} ms", t.as_millis()));
            format!("detected {}, back {}", time(outcome.detect), time(outcome.recover))
        });
        let times = times.collect::<Vec<_>>().join("; ");
        let rest = self.tally.skipped.get(&kind).map(|why| format!("skipped: {why}")).unwrap_or_default();
        println!("#{number:<3} {:<28} {times}{rest}", kind.name());
        if !missing.is_empty() {
            println!("     not on air after {PATIENCE:?}: {missing:?}");
        }
        Ok(())
    }

    /// Starts that this fault does not explain are false ones.
    fn judge(&mut self, struck: Instant, kind: Kind, hit: &Hit) {
        let mut starts = self.children.starts();
        // Other jobs come and go as they like: a measurement, a file that is prepared.
        starts.retain(|start| start.id == SERVER || self.targets.iter().any(|target| target.id == start.id));
        let is_hit = |id: &str| match hit {
            Hit::Everything => true,
            Hit::Streams(hit) => hit.iter().any(|at| self.targets[*at].id == id),
            Hit::Path(at) => self.targets[*at].id == id,
        };
        let may = |id: &str| match id {
            id if !is_hit(id) => 0,
            SERVER => Kind::SERVER_STARTS,
            _ => kind.starts(),
        };
        for id in children::too_many(&starts, struck, may) {
            let name = self.targets.iter().find(|t| t.id == id).map_or(SERVER, |target| &target.name);
            println!("     restarted without a fault, or once too often: {name}");
            self.tally.false_restarts.push(name.to_owned());
        }
        let most = self.tally.most_starts.entry(kind).or_default();
        *most = (*most).max(children::most(&starts));
    }

    fn count_drops(&mut self, kind: Kind, hit: &[usize], before: &[u32]) {
        for at in hit.iter().filter(|at| self.targets[**at].kept) {
            let Target { name, reader, .. } = &self.targets[*at];
            let drops = reader.drops() - before[*at];
            self.tally.kept_kills += 1;
            *self.tally.kept_drops.get_or_insert(0) += drops;
            if drops > 0 {
                println!("     its viewer was dropped: {name}: {}", reader.why().unwrap_or_default());
                if kind.is_of_ffmpeg_alone() {
                    self.tally.dropped.push(name.clone());
                }
            }
        }
    }

    pub(super) fn app(&self) -> Result<&Server> {
        self.server.as_ref().context("the app runs")
    }

    pub(super) fn everything(&self) -> Vec<usize> {
        (0..self.targets.len()).collect()
    }

    pub(super) fn note(&mut self, kind: Kind, detect: Option<Duration>, recover: Option<Duration>) {
        self.tally.outcomes.push(Outcome { kind, detect, recover });
    }

    /// When a stream was on air again after `since` and a packet had come after that.
    pub(super) fn back(&self, target: &Target, since: Instant) -> Option<Instant> {
        let well = self.watch.first(since, &target.id, |view| view.is_well(&target.id))?;
        target.reader.packet().filter(|packet| *packet > well.at)
    }

    /// When all of `streams` were back after `since`, at the latest after [`PATIENCE`].
    pub(super) fn all_back(&self, streams: &[usize], since: Instant) -> Option<Instant> {
        let (mut last, mut pending) = (since, streams.to_vec());
        until(PATIENCE.saturating_sub(since.elapsed()), || {
            pending.retain(|at| match self.back(&self.targets[*at], since) {
                Some(back) => {
                    last = last.max(back);
                    false
                }
                None => true,
            });
            pending.is_empty().then_some(())
        })?;
        Some(last)
    }

    /// Waits for a change of `id` after `since`, and gives how long after it came.
    pub(super) fn heard(
        &self,
        since: Instant,
        id: &str,
        limit: Duration,
        looks: impl Fn(&View) -> bool,
    ) -> Option<Duration> {
        let edge = until(limit.saturating_sub(since.elapsed()), || self.watch.first(since, id, &looks))?;
        Some(edge.at.saturating_duration_since(since))
    }

    /// Waits until everything is on air and seen; gives the names of what isn't within [`PATIENCE`].
    pub(super) fn settle(&self) -> Vec<String> {
        let since = Instant::now();
        let unwell = || {
            let well = |target: &Target| {
                self.watch.view(&target.id).is_well(&target.id)
                    && target.reader.packet().is_some_and(|packet| packet > since)
            };
            self.targets.iter().filter(|target| !well(target)).collect::<Vec<_>>()
        };
        until(PATIENCE, || unwell().is_empty().then_some(()));
        unwell().into_iter().map(|target| target.name.clone()).collect()
    }

    /// What is stored, and what the app says that the user wants.
    fn configuration(&self) -> Result<Value> {
        let stored: Value = serde_json::from_slice(&fs::read(self.data.join("config.json"))?)?;
        let streams = self.app()?.api.get("/api/v1/streams")?;
        let wanted = streams["streams"].as_array().into_iter().flatten().map(|stream| {
            let id = stream["id"].as_str().unwrap_or_default().to_owned();
            (id, json!([stream["name"], stream["source"], stream["order"]]))
        });
        let wanted: BTreeMap<String, Value> = wanted.collect();
        Ok(json!({ "stored": stored, "wanted": wanted }))
    }

    /// Notes what the configuration has lost.
    pub(super) fn compare(&mut self, when: &str) -> Result<()> {
        let now = self.configuration()?;
        for part in ["stored", "wanted"] {
            if now[part] != self.configured[part] {
                println!(
                    "     the configuration differs: {} instead of {}",
                    now[part], self.configured[part]
                );
                self.tally.lost.push(format!("{part}, {when}"));
            }
        }
        Ok(())
    }

    /// What still works in the app's folder.
    pub(super) fn left(&self) -> Vec<String> {
        children::about(&self.data).into_iter().map(|process| process.command).collect()
    }
}

/// What a fault may make restart.
pub(super) enum Hit {
    Everything,
    /// The streams at these places; none when nothing may be.
    Streams(Vec<usize>),
    /// The stream at this place, whose path was not as it was to be: viewers can't stay on that.
    Path(usize),
}

/// Looks until there is something, for `limit` at most.
pub(super) fn until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(GRAIN);
    }
}
