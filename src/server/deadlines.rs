//! When clients run out of time. A client has one entry at most, and it is touched when it comes up rather than at each
//! request: a client that was busy meanwhile has a later deadline by then and is entered again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::net::Key;

/// The entries, earliest first.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    entries: BTreeSet<(Instant, Key)>,
}

impl Deadlines {
    /// Sees to it that the client is looked at no later than `deadline`. `entered` is the time of its entry, if it has
    /// one; returns what it is now.
    pub(super) fn enter(&mut self, key: Key, entered: Option<Instant>, deadline: Instant) -> Instant {
        match entered {
            Some(entered) if entered <= deadline => return entered,
            Some(entered) => _ = self.entries.remove(&(entered, key)),
            None => {}
        }
        self.entries.insert((deadline, key));
        deadline
    }

    /// Takes out the entry of a client that has gone.
    pub(super) fn remove(&mut self, key: Key, entered: Option<Instant>) {
        if let Some(entered) = entered {
            self.entries.remove(&(entered, key));
        }
    }

    /// Takes out the next entry that is due, if one is.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Key> {
        let first = self.entries.first().copied().filter(|(deadline, _)| *deadline <= now)?;
        self.entries.remove(&first);
        Some(first.1)
    }

    /// How long until the first entry is due.
    pub(super) fn next(&self, now: Instant) -> Option<Duration> {
        self.entries.first().map(|(deadline, _)| deadline.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_moves_to_the_front_only() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (a, b) = (Key::fixed(1), Key::fixed(2));
        let mut deadlines = Deadlines::default();
        let entered = deadlines.enter(a, None, at(5));
        assert_eq!(deadlines.enter(a, Some(entered), at(9)), at(5));
        assert_eq!(deadlines.enter(a, Some(entered), at(3)), at(3));
        deadlines.enter(b, None, at(4));
        assert_eq!(deadlines.entries.len(), 2);
        assert_eq!(deadlines.next(at(1)), Some(Duration::from_secs(2)));
        assert_eq!(deadlines.pop(at(2)), None);
        assert_eq!(deadlines.pop(at(9)), Some(a));
        deadlines.remove(b, Some(at(4)));
        assert_eq!((deadlines.pop(at(9)), deadlines.next(at(9))), (None, None));
    }
}
