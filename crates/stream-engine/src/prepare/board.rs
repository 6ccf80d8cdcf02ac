//! Who wants what, and what is being made.

use std::collections::{BTreeMap, HashMap, VecDeque};

use stream_api::{Error, Preparation, StreamId};
use tokio_util::sync::CancellationToken;

use super::{Key, job::Job};

#[derive(Debug, Default)]
pub(super) struct Board {
    wanted: BTreeMap<StreamId, Job>,
    /// What streams are sent from, or were last.
    used: BTreeMap<StreamId, Key>,
    waiting: VecDeque<Job>,
    making: Option<Making>,
    /// Not tried again until somebody asks for it.
    failed: HashMap<Key, Error>,
}

#[derive(Debug)]
struct Making {
    key: Key,
    percent: u8,
    given_up: CancellationToken,
}

impl Board {
    pub(super) fn want(&mut self, id: StreamId, job: Job) {
        if self.wanted.get(&id).is_none_or(|wanted| wanted.key != job.key) {
            self.want_none(id);
            self.wanted.insert(id, job);
        }
    }

    /// Whether that changes anything. What nobody else wants is given up.
    pub(super) fn want_none(&mut self, id: StreamId) -> bool {
        let Some(Job { key, .. }) = self.wanted.remove(&id) else { return false };
        if !self.wanted.values().any(|other| other.key == key) {
            self.waiting.retain(|job| job.key != key);
            if let Some(making) = self.making.as_ref().filter(|making| making.key == key) {
                making.given_up.cancel();
            }
        }
        true
    }

    pub(super) fn wanted(&self, id: StreamId) -> Option<&Job> {
        self.wanted.get(&id)
    }

    pub(super) fn start_using(&mut self, id: StreamId, key: Key) {
        self.used.insert(id, key);
    }

    pub(super) fn stop_using(&mut self, id: StreamId) {
        self.used.remove(&id);
    }

    pub(super) fn uses(&self, id: StreamId) -> Option<&Key> {
        self.used.get(&id)
    }

    pub(super) fn users(&self, key: &str) -> Vec<StreamId> {
        self.used.iter().filter(|(_, used)| used.as_str() == key).map(|(id, _)| *id).collect()
    }

    pub(super) fn wanting(&self, key: &Key) -> Vec<StreamId> {
        self.wanted.iter().filter(|(_, job)| job.key == *key).map(|(id, _)| *id).collect()
    }

    pub(super) fn preparation(&self, key: &Key) -> Option<Preparation> {
        if let Some(making) = self.making.as_ref().filter(|making| making.key == *key) {
            return Some(Preparation::Making { percent: making.percent });
        }
        if let Some(error) = self.failed.get(key) {
            return Some(Preparation::Failed { error: Box::new(error.clone()) });
        }
        let at = self.waiting.iter().position(|job| job.key == *key)?;
        let before = at + usize::from(self.making.is_some());
        Some(Preparation::Waiting { before: u32::try_from(before).unwrap_or(u32::MAX) })
    }

    /// It may be tried again.
    pub(super) fn forgive(&mut self, key: &Key) {
        self.failed.remove(key);
    }

    /// Whether it is new.
    pub(super) fn order(&mut self, job: Job) -> bool {
        let known = self.failed.contains_key(&job.key)
            || self
                .making
                .as_ref()
                .is_some_and(|making| making.key == job.key && !making.given_up.is_cancelled())
            || self.waiting.iter().any(|waiting| waiting.key == job.key);
        if !known {
            self.waiting.push_back(job);
        }
        !known
    }

    /// The next to be made, and what says that it is given up.
    pub(super) fn begin(&mut self) -> Option<(Job, CancellationToken)> {
        let job = self.waiting.pop_front()?;
        let given_up = CancellationToken::new();
        self.making = Some(Making { key: job.key.clone(), percent: 0, given_up: given_up.clone() });
        Some((job, given_up))
    }

    /// Of what is being made: thousandths.
    pub(super) fn progress(&mut self, key: &Key, done: u32) {
        if let Some(making) = self.making.as_mut().filter(|making| making.key == *key) {
            making.percent = u8::try_from((done / 10).min(99)).unwrap_or(99);
        }
    }

    pub(super) fn end(&mut self, key: &Key, error: Option<Error>) {
        self.making = None;
        if let Some(error) = error {
            self.failed.insert(key.clone(), error);
        }
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_cli::prepare::Recipe;
    use stream_api::Code;
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> StreamId {
        StreamId(Uuid::from_u128(n))
    }

    fn job(n: u8) -> Job {
        let key = Key::of(&format!("{n:032x}")).unwrap();
        Job { key, source: Some("/a".into()), recipe: Recipe::test_pattern() }
    }

    fn ordered(board: &mut Board, stream: u128, n: u8) -> bool {
        board.want(id(stream), job(n));
        board.order(job(n))
    }

    #[test]
    fn what_several_want_is_made_once_and_given_up_with_the_last() {
        let mut board = Board::default();
        assert!(ordered(&mut board, 1, 7) && !ordered(&mut board, 2, 7));
        let (making, given_up) = board.begin().unwrap();
        assert!(board.begin().is_none(), "once");
        board.progress(&making.key, 425);
        board.progress(&job(8).key, 900);
        assert_eq!(board.preparation(&making.key), Some(Preparation::Making { percent: 42 }));
        board.want_none(id(1));
        assert!(!given_up.is_cancelled(), "another stream wants it");
        board.want_none(id(2));
        assert!(given_up.is_cancelled());
        assert!(ordered(&mut board, 1, 7), "wanted again before it has ended");
        board.end(&making.key, None);
        assert!(board.begin().is_some());
    }

    #[test]
    fn the_others_wait_and_what_failed_is_not_tried_again_by_itself() {
        let mut board = Board::default();
        for n in 1..=3 {
            ordered(&mut board, n.into(), n);
        }
        let first = board.begin().unwrap().0;
        assert_eq!(board.preparation(&job(3).key), Some(Preparation::Waiting { before: 2 }));
        board.end(&first.key, Some(Error::new(Code::DiskFull)));
        assert!(!ordered(&mut board, 1, 1));
        assert!(matches!(board.preparation(&first.key), Some(Preparation::Failed { .. })));
        board.forgive(&first.key);
        assert!(ordered(&mut board, 1, 1));
        board.want(id(2), job(9));
        assert_eq!(board.begin().unwrap().0.key, job(3).key, "nobody wants the second any more");
    }
}
