//! Who left the cache a short while ago, by the hash of the path: enough to know who comes back.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;

/// So many are remembered in any case.
const GHOSTS_MIN: usize = 1024;

/// Hashes of paths, each with the number of its site.
#[derive(Debug, Default)]
pub(super) struct Ghosts {
    hasher: RandomState,
    hashes: HashSet<u64>,
    /// The same, the oldest first, and some that were taken since
    queue: VecDeque<u64>,
}

impl Ghosts {
    /// Remembers a path, and of the others no more than `wanted` or a thousand.
    pub(super) fn add(&mut self, path: (usize, &[u8]), wanted: usize) {
        let hash = self.hasher.hash_one(path);
        if self.hashes.insert(hash) {
            self.queue.push_back(hash);
        }
        while self.queue.len() > wanted.max(GHOSTS_MIN) {
            if let Some(oldest) = self.queue.pop_front() {
                self.hashes.remove(&oldest);
            }
        }
    }

    /// Whether a path is remembered, which it is no more then.
    pub(super) fn take(&mut self, path: (usize, &[u8])) -> bool {
        self.hashes.remove(&self.hasher.hash_one(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_remembered_once() {
        let mut ghosts = Ghosts::default();
        for number in 0..GHOSTS_MIN + 10 {
            ghosts.add((0, &number.to_be_bytes()), 0);
        }
        assert_eq!(ghosts.queue.len(), GHOSTS_MIN);
        assert!(!ghosts.take((0, &9_usize.to_be_bytes())));
        assert!(!ghosts.take((1, &10_usize.to_be_bytes())));
        assert!(ghosts.take((0, &10_usize.to_be_bytes())));
        assert!(!ghosts.take((0, &10_usize.to_be_bytes())));
        ghosts.add((0, &5_usize.to_be_bytes()), GHOSTS_MIN + 1);
        assert_eq!((ghosts.queue.len(), ghosts.hashes.len()), (GHOSTS_MIN + 1, GHOSTS_MIN));
    }
}
