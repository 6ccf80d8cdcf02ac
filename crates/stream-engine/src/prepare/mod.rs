//! Prepared files: made once, one at a time and behind everything else, so that a stream loops without a seam and
//! without encoding. What streams want is noted here, what is on disk is the shelf's, and one task makes what is
//! missing.

mod board;
mod identity;
mod job;
mod make;
mod shelf;

use std::{path::PathBuf, sync::Arc};

use child_process::Spawner;
use ffmpeg_cli::prepare::{self, Recipe};
use parking_lot::{Mutex, MutexGuard};
use stream_api::{
    Code, Error, LEAST_PREPARED_ROOM, Plan, Preparation, PreparedFile, Source, State, Stream, StreamId,
    StreamSpec, Tracks, commands::PreparedFiles,
};
use tokio::sync::watch;

use crate::{
    drives::Drives,
    hub::Hub,
    prober::{Probed, Prober},
    room::{Look, Room, Space},
    tools::Tools,
    wanted::wanted_of,
};
use board::Board;
pub(crate) use identity::Key;
use job::Job;
use shelf::Shelf;

/// Bytes that prepared files may have unless a person says otherwise.
const USUAL_ROOM: u64 = 10 << 30;

/// All prepared files, and what is being prepared. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    shelf: Shelf,
    board: Arc<Mutex<Board>>,
    /// Something on the board changed.
    news: watch::Sender<()>,
    /// Held while the test pattern is made.
    pattern: Arc<tokio::sync::Mutex<()>>,
    drives: Drives,
    tools: Tools,
    spawner: Spawner,
    prober: Prober,
    hub: Hub,
}

/// What is sent, in place of a source or of nothing.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) file: PathBuf,
    pub(crate) probed: Probed,
}

impl Prepared {
    /// `dir`: where the files are. Blocks for a moment.
    pub(crate) fn open(
        dir: PathBuf,
        room: Option<u64>,
        drives: Drives,
        tools: Tools,
        spawner: Spawner,
        prober: Prober,
        hub: Hub,
    ) -> Prepared {
        let shelf = Shelf::open(dir, room.unwrap_or(USUAL_ROOM), drives.clone());
        Prepared {
            shelf,
            drives,
            board: Arc::default(),
            news: watch::channel(()).0,
            pattern: Arc::default(),
            tools,
            spawner,
            prober,
            hub,
        }
    }

    /// The prepared file that a stream which is about to start is sent from. None where it wants none or has none yet,
    /// which is then made. `now`: the tracks that its viewers have, where they are kept; a file that has not just these
    /// waits for a moment when the stream `moves` because nobody watches.
    pub(crate) async fn take(
        &self,
        id: StreamId,
        spec: &StreamSpec,
        probed: &Probed,
        now: Option<&Tracks>,
        moves: bool,
    ) -> Option<Ready> {
        let job = match self.job(spec, probed).await {
            Ok(job) => job,
            Err(error) => {
                if spec.prepare {
                    tracing::debug!(%error, stream_id = %id, "nothing is prepared");
                }
                self.forget(id);
                return None;
            }
        };
        let drops = now.is_some_and(|now| prepare::narrowed(&job.recipe.plan(), now).is_none());
        let ready = match drops && !moves {
            true => None,
            false => self.ready(id, &job, now).await,
        };
        let mut board = self.lock();
        board.want(id, job.clone());
        if ready.is_none() {
            board.stop_using(id);
        }
        drop(board);
        if ready.is_none() && !self.shelf.has(&job.key) {
            self.order(job);
        }
        ready
    }

    /// The test pattern, which is made first if need be: a few seconds, once.
    ///
    /// # Errors
    /// Why it can't be made.
    pub(crate) async fn test_pattern(&self, id: StreamId, now: Option<&Tracks>) -> Result<Ready, Error> {
        let job = Job::test_pattern();
        self.lock().want(id, job.clone());
        // Not queued up: a film that is being prepared may take hours.
        let _one = self.pattern.lock().await;
        if let Some(ready) = self.ready(id, &job, now).await {
            return Ok(ready);
        }
        make::make(self, &job).await?;
        let gone = || Error::new(Code::NoSuchPrepared);
        self.ready(id, &job, now).await.ok_or_else(gone)
    }

    /// Does what the spec says now of a stream that goes on: makes what is missing, or gives up what nobody wants.
    ///
    /// # Errors
    /// That nothing can be prepared for it.
    pub(crate) async fn follow(&self, id: StreamId, spec: &StreamSpec) -> Result<(), Error> {
        if !spec.prepare {
            self.forget_wish(id);
            return Ok(());
        }
        let Source::File { path } = &spec.source else { return Err(Error::new(Code::PrepareUnfit)) };
        let wanted = wanted_of(&self.hub, &self.prober, spec);
        let probed = self.prober.probe(path, &wanted).await?;
        let job = self.job(spec, &probed).await?;
        if !self.shelf.has(&job.key) {
            self.check_size(job.size(&probed))?;
        }
        self.lock().forgive(&job.key);
        self.lock().want(id, job.clone());
        if !self.shelf.has(&job.key) {
            self.order(job);
        }
        self.tell();
        Ok(())
    }

    /// Whether a stream that starts now is sent from a prepared file.
    pub(crate) async fn has(&self, spec: &StreamSpec, probed: &Probed) -> bool {
        self.job(spec, probed).await.is_ok_and(|job| self.shelf.has(&job.key))
    }

    /// How far the prepared file is that a stream wants.
    pub(crate) fn of(&self, id: StreamId) -> Option<Preparation> {
        let board = self.lock();
        let key = &board.wanted(id)?.key;
        if self.shelf.has(key) { Some(Preparation::Ready) } else { board.preparation(key) }
    }

    /// How the file would be sent that is there for a stream which is sent otherwise.
    pub(crate) fn could_move(&self, id: StreamId) -> Option<Plan> {
        let board = self.lock();
        let job = board.wanted(id).filter(|job| board.uses(id) != Some(&job.key))?;
        self.shelf.has(&job.key).then(|| job.recipe.plan())
    }

    /// The stream is not sent from a file any more, and wants none.
    pub(crate) fn forget(&self, id: StreamId) {
        self.lock().stop_using(id);
        self.forget_wish(id);
    }

    fn forget_wish(&self, id: StreamId) {
        if self.lock().want_none(id) {
            self.tell();
        }
    }

    pub(crate) async fn list(&self) -> PreparedFiles {
        let mut files: Vec<PreparedFile> = self.shelf.files();
        for file in &mut files {
            file.streams = self.on_air_with(&file.key);
        }
        let size = files.iter().map(|file| file.size).sum();
        PreparedFiles { files, size, room: self.shelf.room() }
    }

    /// # Errors
    /// `no_such_prepared`, `prepared_in_use`, or that it can't be removed.
    pub(crate) async fn remove(&self, key: &str) -> Result<(), Error> {
        let key =
            Key::of(key).filter(|key| self.shelf.has(key)).ok_or_else(|| Error::new(Code::NoSuchPrepared))?;
        if !self.on_air_with(key.as_str()).is_empty() {
            return Err(Error::new(Code::PreparedInUse));
        }
        self.shelf.remove(&key).map_err(|error| Error::new(Code::Internal).with("reason", error))?;
        self.tell();
        Ok(())
    }

    /// # Errors
    /// `prepared_room_unfit`.
    pub(crate) fn check_room(&self, room: u64) -> Result<(), Error> {
        let least = format!("{} MB", LEAST_PREPARED_ROOM >> 20);
        let unfit = || Err(Error::new(Code::PreparedRoomUnfit).with("least", least));
        if room < LEAST_PREPARED_ROOM { unfit() } else { Ok(()) }
    }

    /// Whether a file of so many bytes has room when all others are gone that may go.
    fn check_size(&self, size: u64) -> Result<(), Error> {
        let room = self.shelf.left(|key| self.stays(key));
        let large =
            || Error::new(Code::PrepareTooLarge).with("size", gigabytes(size)).with("room", gigabytes(room));
        if size > room { Err(large()) } else { Ok(()) }
    }

    /// Whether the disk has as much as making a file takes at times; unknown, it is tried.
    async fn check_disk(&self, needs: u64) -> Result<(), Error> {
        let room = Room::of(self.shelf.dir().to_owned(), self.drives.clone());
        let Look::Space(Space { free, .. }) = room.look().await else { return Ok(()) };
        let full = || Error::new(Code::PrepareNoSpace).with("path", self.shelf.dir().display());
        match free < needs {
            true => Err(full().with("needs", gigabytes(needs)).with("free", gigabytes(free))),
            false => Ok(()),
        }
    }

    pub(crate) fn set_room(&self, room: u64) {
        self.shelf.set_room(room);
        self.make_room(0, None);
    }

    /// Makes what is ordered, one after the other. Until dropped, which ends what runs.
    pub(crate) async fn work(self) {
        let mut news = self.news.subscribe();
        loop {
            news.borrow_and_update();
            let Some((job, given_up)) = self.lock().begin() else {
                // The sender is in `self`.
                let _ = news.changed().await;
                continue;
            };
            let made = given_up.run_until_cancelled(make::make(&self, &job)).await;
            let (key, source) = (&job.key, job.source.as_deref().unwrap_or_default());
            match &made {
                None => tracing::info!(key = key.as_str(), source, "preparing was given up"),
                Some(Ok(())) => tracing::info!(key = key.as_str(), source, "a file was prepared"),
                Some(Err(error)) => tracing::warn!(%error, source, "a file could not be prepared"),
            }
            self.lock().end(key, made.and_then(Result::err));
            self.tell();
        }
    }

    /// What is to be made for a stream.
    async fn job(&self, spec: &StreamSpec, probed: &Probed) -> Result<Job, Error> {
        let unfit = || Error::new(Code::PrepareUnfit);
        let path = spec.source.file().filter(|_| spec.prepare && spec.may_prepare()).ok_or_else(unfit)?;
        if probed.media.duration.is_none() {
            return Err(unfit());
        }
        let recipe = Recipe::of(&probed.media, &probed.plan, &spec.encoding);
        Job::of(&self.drives, path, recipe).await
    }

    /// The finished file, if it is there and good; it counts as used then.
    async fn ready(&self, id: StreamId, job: &Job, now: Option<&Tracks>) -> Option<Ready> {
        // First, so that nobody removes it meanwhile.
        self.lock().start_using(id, job.key.clone());
        let Some((file, duration, size)) = self.shelf.take(&job.key).await else {
            self.lock().stop_using(id);
            return None;
        };
        let (media, plan) = job.recipe.result(duration, size);
        let plan = now.and_then(|now| prepare::narrowed(&plan, now)).unwrap_or(plan);
        Some(Ready { file, probed: Probed { media, plan } })
    }

    fn order(&self, job: Job) {
        if self.lock().order(job) {
            self.tell();
        }
    }

    /// Streams that are not stopped and are sent from this file.
    fn on_air_with(&self, key: &str) -> Vec<StreamId> {
        let mut users = self.lock().users(key);
        users.retain(|id| self.runs(*id));
        users
    }

    fn runs(&self, id: StreamId) -> bool {
        self.hub.get(id).is_some_and(|stream| stream.state != State::Stopped)
    }

    /// Whether a stream is sent from it, is about to move to it, or starts with it.
    fn stays(&self, key: &Key) -> bool {
        let wanting = self.lock().wanting(key);
        wanting.into_iter().any(|id| self.hub.get(id).is_some_and(|stream| needs(&stream)))
            || !self.on_air_with(key.as_str()).is_empty()
    }

    /// Removes what was used longest ago until `more` bytes fit in, but what is in use, and what was made just now.
    fn make_room(&self, more: u64, made: Option<&Key>) {
        for key in self.shelf.surplus(more, |key| made == Some(key) || self.stays(key)) {
            match self.shelf.remove(&key) {
                Ok(()) => tracing::info!(key = key.as_str(), "a prepared file was removed to make room"),
                Err(error) => tracing::warn!(%error, key = key.as_str(), "a prepared file can't be removed"),
            }
        }
    }

    /// Of a file that is being made: thousandths.
    fn progress(&self, key: &Key, done: u32) {
        self.lock().progress(key, done);
    }

    fn tell(&self) {
        self.news.send_replace(());
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock()
    }
}

/// Whether what this stream wants is wanted now, and not some day.
fn needs(stream: &Stream) -> bool {
    stream.state != State::Stopped || stream.starts_prepared
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_file_that_a_stopped_stream_waits_for_is_kept() {
        let stopped = Stream::new(StreamId(Uuid::nil()), StreamSpec::new("a", Source::Incoming));
        assert!(stopped.state == State::Stopped && !needs(&stopped));
        assert!(needs(&Stream { starts_prepared: true, ..stopped.clone() }));
        assert!(needs(&Stream { state: State::Running, ..stopped }));
    }
}
