//! What is wanted of one device, and what of that may begin: so many at a time, so that one that is slow does not keep
//! the threads from the others, and chores do not keep them from files. Chores that are about one place are done one
//! after the other, in turn with those about other places, however many are wanted of one.

use std::collections::{BTreeMap, BTreeSet};

use super::Fetch;
use crate::files::file::Place;

/// So many fetches of a device are under way at a time; what else is wanted of it waits for one of them.
const RUNNING_MAX: usize = 4;

/// So many of them are chores, which may take seconds.
pub(super) const CHORES_MAX: usize = 2;

/// What is wanted of a device, and what of that is under way.
#[derive(Default)]
pub(super) struct Device {
    reads: Queue,
    /// By what they are about
    chores: BTreeMap<Place, Queue>,
}

/// Fetches that are begun in the order in which they were asked for.
#[derive(Default)]
pub(super) struct Queue {
    queued: BTreeSet<u64>,
    running: usize,
    /// When the last one was begun, of chores
    turn: u64,
}

impl Device {
    /// Takes note that one more is wanted.
    pub(super) fn add(&mut self, fetch: &Fetch, number: u64) {
        self.queue_of(fetch).queued.insert(number);
    }

    /// Whether it has not begun.
    pub(super) fn is_queued(&mut self, fetch: &Fetch, number: u64) -> bool {
        self.queue_of(fetch).queued.contains(&number)
    }

    /// Forgets one, be it under way.
    pub(super) fn end(&mut self, fetch: &Fetch, number: u64) {
        let queue = self.queue_of(fetch);
        if !queue.queued.remove(&number) {
            queue.running -= 1;
        }
        self.chores.retain(|_, queue| !queue.is_over());
    }

    /// Forgets all that are not under way.
    pub(super) fn clear(&mut self) {
        self.chores.values_mut().chain([&mut self.reads]).for_each(|queue| queue.queued.clear());
    }

    /// Whether nothing is wanted of it.
    pub(super) fn is_over(&self) -> bool {
        self.reads.is_over() && self.chores.is_empty()
    }

    fn queue_of(&mut self, fetch: &Fetch) -> &mut Queue {
        match fetch {
            Fetch::Bytes { .. } => &mut self.reads,
            Fetch::Chore(chore) => self.chores.entry(chore.place()).or_default(),
        }
    }

    /// How many are under way.
    pub(super) fn running(&self) -> usize {
        self.reads.running + self.running_chores()
    }

    fn running_chores(&self) -> usize {
        self.chores.values().map(|queue| queue.running).sum()
    }

    /// How many of its reads and of its chores could begin now, each for themselves.
    fn room(&self) -> [usize; 2] {
        let left = RUNNING_MAX.saturating_sub(self.running());
        let chores_left = left.min(CHORES_MAX.saturating_sub(self.running_chores()));
        let places = self.chores.values().filter(|queue| queue.has_turn()).take(chores_left);
        [self.reads.queued.len().min(left), places.count()]
    }

    /// How many of its fetches could begin now.
    pub(super) fn ready(&self) -> usize {
        let [reads, chores] = self.room();
        (reads + chores).min(RUNNING_MAX.saturating_sub(self.running()))
    }

    /// The queue whose first fetch is to begin next.
    pub(super) fn next(&mut self) -> Option<&mut Queue> {
        let [reads, chores] = self.room();
        let reads = (reads > 0).then_some(&mut self.reads);
        let chores = self.chores.values_mut().filter(|queue| chores > 0 && queue.has_turn());
        chores.chain(reads).min_by_key(|queue| queue.rank())
    }
}

impl Queue {
    /// Begins the first one.
    pub(super) fn begin(&mut self) -> Option<u64> {
        let number = self.queued.pop_first()?;
        self.running += 1;
        Some(number)
    }

    /// Has the next chore wait for all that have been wanted by this number.
    pub(super) fn end_turn(&mut self, number: u64) {
        self.turn = number;
    }

    /// Since when its first fetch has been wanted and not kept from beginning by one before it.
    pub(super) fn rank(&self) -> Option<u64> {
        self.queued.first().map(|first| self.turn.max(*first))
    }

    /// Whether its first chore can begin.
    fn has_turn(&self) -> bool {
        self.running == 0 && !self.queued.is_empty()
    }

    /// Whether nothing is wanted of it.
    fn is_over(&self) -> bool {
        self.running == 0 && self.queued.is_empty()
    }
}
