//! When clients run out of time. A client has one entry at most, and it is touched when it comes up rather than at each
//! request: a client that was busy meanwhile has a later deadline by then and is entered again.
//!
//! A wheel of slots, each a doubly linked list through one array (Varghese and Lauck, "Hashed and hierarchical timing
//! wheels", 1987): entering, leaving and coming up cost the same for ten clients and for ten thousand.

use std::time::{Duration, Instant};

/// What a slot stands for, in milliseconds. Nobody is looked at too early, and at most so much too late.
const TICK: u64 = 16;

/// Slots of the wheel. Who has more time than one round of it (16 seconds) comes up to be entered again.
const SLOTS: usize = 1024;

/// Slots by which the wheel is searched: one word of bits.
const WORD: usize = u64::BITS as usize;

/// No client, and no slot.
const NONE: u32 = u32::MAX;

/// The entries, by the index of a client.
#[derive(Debug)]
pub(super) struct Deadlines {
    start: Instant,
    /// Every entry lies in the round of the wheel that begins here.
    now: u64,
    /// The first client of each slot
    first: Vec<u32>,
    /// Which slots are not empty, a bit for each
    occupied: [u64; SLOTS / WORD],
    links: Vec<Link>,
}

/// The entry of one client.
#[derive(Clone, Copy, Debug)]
struct Link {
    slot: u32,
    next: u32,
    previous: u32,
}

const UNENTERED: Link = Link { slot: NONE, next: NONE, previous: NONE };

impl Deadlines {
    /// No entries.
    pub(super) fn new(start: Instant) -> Deadlines {
        Deadlines { start, now: 0, first: vec![NONE; SLOTS], occupied: [0; SLOTS / WORD], links: Vec::new() }
    }

    /// Sees to it that the client is looked at soon after `deadline`, or before.
    pub(super) fn enter(&mut self, client: u32, deadline: Instant) {
        if self.links.len() <= client as usize {
            self.links.resize(client as usize + 1, UNENTERED);
        }
        // The next tick, also where it would just do: then the fraction of a millisecond does not matter.
        let tick = self.tick(deadline) + 1;
        let distance = tick.saturating_sub(self.now).min(SLOTS as u64 - 1);
        match self.links.get(client as usize) {
            Some(link) if link.slot != NONE && self.distance(link.slot) <= distance => {}
            _ => {
                self.remove(client);
                self.insert(client, ((self.now + distance) % SLOTS as u64) as u32);
            }
        }
    }

    /// Takes out the entry of a client, if it has one.
    pub(super) fn remove(&mut self, client: u32) {
        let Some(link) = self.links.get_mut(client as usize) else { return };
        let Link { slot, next, previous } = std::mem::replace(link, UNENTERED);
        if slot == NONE {
            return;
        }
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = previous;
        }
        if let Some(link) = self.links.get_mut(previous as usize) {
            link.next = next;
        } else if let Some(first) = self.first.get_mut(slot as usize) {
            *first = next;
            if next == NONE
                && let Some((word, bit)) = self.bit(slot)
            {
                *word &= !bit;
            }
        }
    }

    /// Takes out an entry that is due, if one is, and tells whose it was.
    pub(super) fn pop(&mut self, now: Instant) -> Option<u32> {
        let tick = self.tick(now);
        let Some(slot) = self.next_slot().filter(|slot| self.now + self.distance(*slot) <= tick) else {
            self.now = self.now.max(tick);
            return None;
        };
        self.now += self.distance(slot);
        let client = *self.first.get(slot as usize)?;
        self.remove(client);
        Some(client)
    }

    /// How long until the first entry is due.
    pub(super) fn next(&self, now: Instant) -> Option<Duration> {
        let tick = self.now + self.distance(self.next_slot()?);
        let due = Duration::from_millis(tick.saturating_mul(TICK));
        Some(due.saturating_sub(now.saturating_duration_since(self.start)))
    }

    /// Ticks that have passed by then. Reckoned in 64 bits, which the longest life of a process does not fill.
    fn tick(&self, instant: Instant) -> u64 {
        let since_start = instant.saturating_duration_since(self.start);
        (since_start.as_secs() * 1000 + u64::from(since_start.subsec_millis())) / TICK
    }

    /// Ticks from now until that slot comes up.
    fn distance(&self, slot: u32) -> u64 {
        (u64::from(slot) + SLOTS as u64 - self.now % SLOTS as u64) % SLOTS as u64
    }

    /// The first slot from now on that is not empty.
    fn next_slot(&self) -> Option<u32> {
        let now = (self.now % SLOTS as u64) as usize;
        let (word, bit) = (now / WORD, now % WORD);
        let first = |word: usize, bits: u64| (word * WORD) as u32 + bits.trailing_zeros();
        let ahead = self.occupied.get(word)? & (u64::MAX << bit);
        if ahead != 0 {
            return Some(first(word, ahead));
        }
        // The word of this moment comes again as the last: what is in it then lies behind.
        let mut words = (word + 1..=word + self.occupied.len()).map(|word| word % self.occupied.len());
        words.find_map(|word| self.occupied.get(word).filter(|bits| **bits != 0).map(|bits| first(word, *bits)))
    }

    fn insert(&mut self, client: u32, slot: u32) {
        let Some(first) = self.first.get_mut(slot as usize) else { return };
        let next = std::mem::replace(first, client);
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = client;
        }
        if let Some(link) = self.links.get_mut(client as usize) {
            *link = Link { slot, next, previous: NONE };
        }
        if let Some((word, bit)) = self.bit(slot) {
            *word |= bit;
        }
    }

    /// The word of a slot, and its bit in it.
    fn bit(&mut self, slot: u32) -> Option<(&mut u64, u64)> {
        Some((self.occupied.get_mut(slot as usize / WORD)?, 1 << (slot as usize % WORD)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Who is due at that time, in order of their numbers.
    fn due(deadlines: &mut Deadlines, now: Instant) -> Vec<u32> {
        let mut due: Vec<_> = std::iter::from_fn(|| deadlines.pop(now)).collect();
        due.sort_unstable();
        due
    }

    #[test]
    fn an_entry_moves_to_the_front_only() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        assert_eq!(deadlines.next(start), None);
        deadlines.enter(7, start + 5000 * MS);
        deadlines.enter(7, start + 9000 * MS);
        deadlines.enter(2, start + 4000 * MS);
        assert_eq!(deadlines.next(start + 1000 * MS), Some(3016 * MS));
        assert!(due(&mut deadlines, start + 4000 * MS).is_empty());
        assert_eq!(due(&mut deadlines, start + 4016 * MS), [2]);
        deadlines.enter(7, start + 4500 * MS);
        assert!(due(&mut deadlines, start + 4499 * MS).is_empty());
        assert_eq!(due(&mut deadlines, start + 4600 * MS), [7]);
        assert_eq!(deadlines.next(start), None);
    }

    #[test]
    fn nobody_is_forgotten_and_nobody_too_early() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        // Numbers that repeat after a while only, so that slots are shared, passed over and come round again.
        let deadline = |client: u32| start + MS * (client * 7919 % 40_000);
        for client in 0..3000 {
            deadlines.enter(client, deadline(client));
        }
        for client in (0..3000).step_by(3) {
            deadlines.remove(client);
        }
        let mut gone = Vec::new();
        let mut now = start;
        while let Some(wait) = deadlines.next(now) {
            now += wait;
            let before = gone.len();
            for client in due(&mut deadlines, now) {
                if deadline(client) <= now {
                    assert!(now < deadline(client) + MS * TICK as u32 + MS, "{client} is late");
                    gone.push(client);
                } else {
                    deadlines.enter(client, deadline(client));
                }
            }
            assert!(gone.len() > before || wait > Duration::ZERO);
        }
        gone.sort_unstable();
        assert!(gone.into_iter().eq((0..3000).filter(|client| client % 3 != 0)));
    }

    #[test]
    fn a_wait_of_months_is_none_to_worry_about() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        let later = start + Duration::from_secs(400 * 86_400);
        assert!(due(&mut deadlines, later).is_empty());
        deadlines.enter(0, later + 50 * MS);
        assert!(due(&mut deadlines, later + 49 * MS).is_empty());
        assert_eq!(due(&mut deadlines, later + 70 * MS), [0]);
    }
}
