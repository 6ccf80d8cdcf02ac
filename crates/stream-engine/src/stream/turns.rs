use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use stream_api::UnixMillis;
use tokio::sync::oneshot;

/// Streams that are being started at the same time; more would slow each other down.
const AT_ONCE: usize = 4;

/// Whose turn it is to start: a few at a time, the one that was used last first, and nobody before the server is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    queue: Arc<Mutex<Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    taken: usize,
    counter: u64,
    open: bool,
    waiting: BTreeMap<Place, oneshot::Sender<Turn>>,
}

/// The newest use first; among equals the first to come.
pub(crate) type Place = (Reverse<UnixMillis>, u64);

/// The right to start. Dropping it makes room for the next.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
}

/// The right to queue up, at a place that is known before.
#[derive(Debug)]
pub(crate) struct Ticket {
    place: Place,
    turns: Turns,
}

/// A place in the queue; dropping it leaves.
#[derive(Debug)]
struct Waiting {
    // Dropped first, so that nothing is sent to somebody who has left.
    _spot: Spot,
    turn: oneshot::Receiver<Turn>,
}

/// A line in the queue.
#[derive(Debug)]
struct Spot {
    place: Place,
    turns: Turns,
}

impl Turns {
    /// For somebody who was last used at `used`, and comes now.
    pub(crate) fn ticket(&self, used: UnixMillis) -> Ticket {
        let mut queue = self.lock();
        queue.counter += 1;
        Ticket { place: (Reverse(used), queue.counter), turns: self.clone() }
    }

    /// Turns are given from now on, or not.
    pub(crate) fn set_open(&self, open: bool) {
        let changed = std::mem::replace(&mut self.lock().open, open) != open;
        if changed {
            self.admit();
        }
    }

    /// How many are before and at this place: 1 for the next; none when it waits no more.
    pub(crate) fn position(&self, place: Place) -> Option<u32> {
        let queue = self.lock();
        queue
            .waiting
            .contains_key(&place)
            .then(|| u32::try_from(queue.waiting.range(..=place).count()).unwrap_or(u32::MAX))
    }

    fn admit(&self) {
        // Giving a turn back takes the lock, so those that nobody took are dropped after it.
        let mut refused = Vec::new();
        let mut queue = self.lock();
        while queue.open && queue.taken < AT_ONCE {
            let Some((_, next)) = queue.waiting.pop_first() else { break };
            queue.taken += 1;
            refused.extend(next.send(Turn { turns: self.clone() }).err());
        }
        drop(queue);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock()
    }
}

impl Ticket {
    /// Where it stands once it queues up.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Queues up; resolves when it may start.
    pub(crate) async fn turn(self) -> Option<Turn> {
        let mut waiting = self.queue();
        // The sender is in the queue until the turn is given.
        (&mut waiting.turn).await.ok()
    }

    fn queue(self) -> Waiting {
        let (send, turn) = oneshot::channel();
        self.turns.lock().waiting.insert(self.place, send);
        self.turns.admit();
        Waiting { _spot: Spot { place: self.place, turns: self.turns }, turn }
    }
}

impl Drop for Spot {
    fn drop(&mut self) {
        let left = self.turns.lock().waiting.remove(&self.place);
        if left.is_some() {
            self.turns.admit();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().taken -= 1;
        self.turns.admit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Queues up somebody who was last used at `used`.
    fn queue(turns: &Turns, used: i64) -> (Place, Waiting) {
        let ticket = turns.ticket(UnixMillis(used));
        (ticket.place(), ticket.queue())
    }

    async fn turn(mut waiting: Waiting) -> Turn {
        (&mut waiting.turn).await.expect("its turn")
    }

    #[tokio::test]
    async fn the_newest_start_first_and_never_more_than_four() {
        let turns = Turns::default();
        let queued: Vec<_> = (0..10).map(|used| queue(&turns, used)).collect();
        assert_eq!(turns.position(queued[0].0), Some(10), "the oldest is last");
        assert_eq!(turns.position(queued[9].0), Some(1));
        turns.set_open(true);
        let waiting: Vec<bool> = queued.iter().map(|(place, _)| turns.position(*place).is_some()).collect();
        assert_eq!(waiting, [vec![true; 6], vec![false; 4]].concat(), "the four newest have theirs");
        let mut given = Vec::new();
        let mut rest = Vec::new();
        for (place, waiting) in queued {
            match turns.position(place) {
                None => given.push(turn(waiting).await),
                Some(_) => rest.push((place, waiting)),
            }
        }
        given.pop();
        assert_eq!(turns.position(rest[5].0), None, "one ended, the next may start");
        assert_eq!(turns.position(rest[4].0), Some(1));
    }

    #[tokio::test]
    async fn who_leaves_or_never_takes_its_turn_blocks_nobody() {
        let turns = Turns::default();
        turns.set_open(true);
        let given: Vec<_> = (0..4).map(|used| queue(&turns, used)).collect();
        let (leaver, stays) = (queue(&turns, 9), queue(&turns, 5));
        assert_eq!(turns.position(stays.0), Some(2));
        drop(leaver);
        assert_eq!(turns.position(stays.0), Some(1));
        drop(given);
        turn(stays.1).await;
        assert_eq!(turns.lock().taken, 0, "turns that nobody took come back");
    }

    #[tokio::test]
    async fn who_has_a_ticket_and_does_not_queue_up_yet_is_not_waited_for() {
        let turns = Turns::default();
        turns.set_open(true);
        let early: Vec<Ticket> = (0..9).map(|_| turns.ticket(UnixMillis(9))).collect();
        assert_eq!(turns.position(early[0].place()), None);
        let late = turns.ticket(UnixMillis(1)).turn().await.expect("its turn");
        drop((early, late));
        assert_eq!(turns.lock().taken, 0);
    }

    #[tokio::test]
    async fn nobody_starts_while_it_is_closed() {
        let turns = Turns::default();
        turns.set_open(true);
        turns.set_open(false);
        let (place, waiting) = queue(&turns, 1);
        assert_eq!(turns.position(place), Some(1));
        turns.set_open(true);
        turn(waiting).await;
    }
}
