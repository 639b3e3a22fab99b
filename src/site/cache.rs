//! What was found below the roots, by path: small files in memory, larger ones as open descriptors, and that there is
//! no such file. Bounded in bytes and in descriptors.
//!
//! An entry is never believed: the file system is asked whether it is still true before it is used, once in a round,
//! which is the time in which no request is received.
//!
//! What leaves is decided as in S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023):
//! who is new waits in a small queue, and passes on to the main one if it is asked for again meanwhile. So a walk
//! through a big tree passes by those that are in use. Who was turned away and comes back soon is taken to the main
//! queue at once.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::mem;
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::ghosts::Ghosts;
use super::representation::Representation;
use crate::files::{Identity, OpenFiles, Timestamp};

/// How long, in seconds, an entry is compared by its name alone. A file keeps its identity when its directory is moved
/// out of the root, and if a link is put in the place of that, it seems to be where it was.
const BY_NAME_SECONDS: i64 = 10;

/// What an entry costs at most beside the bytes of its path and its representation, in bytes: itself, its place in a
/// map that is a quarter full, its place in two queues that are half full, its hash among the ghosts, and what the
/// allocator adds to the entry and to its path.
const OVERHEAD: usize = size_of::<Entry>()
    + 4 * (size_of::<(Rc<[u8]>, Box<Entry>)>() + 1)
    + 2 * 2 * size_of::<EntryKey>()
    + 4 * size_of::<u64>()
    + 2 * 32;

/// A map of which less than this part is in use gives the rest back: one in so many.
const USED_PART: usize = 4;

/// Where so few are left, it does not matter.
const ENTRIES_FEW: usize = 64;

/// The part of the bytes that those may hold who are new: one in so many.
const SMALL_PART: usize = 10;

/// Uses that are remembered in favour of an entry.
const USES_MAX: u8 = 3;

/// How long a descriptor is kept without use, in seconds. The space of a file that was deleted is not free before.
const DESCRIPTOR_SECONDS: i64 = 10;

/// The path of a request below the root of a site: the number of the site, and the path.
type EntryKey = (usize, Rc<[u8]>);

/// By path. Clients choose what stands here, so the hash has a seed that they do not know.
type Entries = HashMap<Rc<[u8]>, Box<Entry>, RandomState>;

/// How closely it is looked whether a file is still the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scrutiny {
    /// By its name, wherever links lead
    ByName,
    /// Beneath the root, as if it were opened anew
    Beneath,
}

/// What is known of a path.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// What it gives
    Representation(Rc<Representation>),
    /// There is no such file.
    Missing,
}

/// What is known, by path.
#[derive(Debug)]
pub(super) struct Cache {
    /// Files that are being read or sent, or are kept here
    pub open_files: OpenFiles,
    bytes_max: usize,
    descriptors_max: usize,
    bytes: usize,
    small_bytes: usize,
    round: u64,
    sites: Vec<Entries>,
    /// Every entry is in one of these once, in the order in which they come up for eviction.
    small: VecDeque<EntryKey>,
    main: VecDeque<EntryKey>,
    /// Those that hold a descriptor, the oldest first, and some that did
    open: VecDeque<EntryKey>,
    ghosts: Ghosts,
}

#[derive(Debug)]
struct Entry {
    /// The file that is asked about: the path itself, or the index file of a directory
    file: Rc<[u8]>,
    /// None for one that turned out not to be true any more
    known: Option<Known>,
    /// None where there is no such file
    identity: Option<Identity>,
    /// The round in which it was looked at last
    round: u64,
    /// When it was used last, where it holds a descriptor
    second: i64,
    /// When it was found beneath the root last
    found: i64,
    bytes: usize,
    uses: u8,
    is_main: bool,
}

impl Entry {
    fn holds_descriptor(&self) -> bool {
        matches!(&self.known, Some(Known::Representation(representation)) if representation.holds_descriptor())
    }
}

impl Cache {
    /// A cache for so many sites, of so many bytes and descriptors.
    pub(super) fn new(sites: usize, bytes_max: usize, descriptors_max: usize) -> Cache {
        Cache {
            open_files: OpenFiles::default(),
            bytes_max,
            descriptors_max,
            bytes: 0,
            small_bytes: 0,
            round: 0,
            sites: (0..sites).map(|_| Entries::default()).collect(),
            small: VecDeque::new(),
            main: VecDeque::new(),
            open: VecDeque::new(),
            ghosts: Ghosts::default(),
        }
    }

    /// A new round begins: what was looked at until now may have changed.
    pub(super) fn begin_round(&mut self) {
        self.round += 1;
    }

    /// What is known of a path, if it is still true. `identify` looks at a file now, more closely once in a while.
    pub(super) fn find(
        &mut self,
        site: usize,
        path: &[u8],
        now: Timestamp,
        identify: impl FnOnce(&[u8], Scrutiny) -> io::Result<Identity>,
    ) -> Option<Known> {
        let entry = self.sites.get_mut(site)?.get_mut(path)?;
        match entry.known.as_ref()? {
            // The clock has been set back, and what was past is to come.
            Known::Representation(representation) if representation.validators.last_modified > Some(now.seconds) => {
                return None;
            }
            Known::Representation(_) | Known::Missing => {}
        }
        if entry.round != self.round {
            let is_young = (0..BY_NAME_SECONDS).contains(&now.seconds.saturating_sub(entry.found));
            let scrutiny = if is_young { Scrutiny::ByName } else { Scrutiny::Beneath };
            let is_true = match identify(&entry.file, scrutiny) {
                Ok(identity) => entry.identity == Some(identity),
                Err(error) => entry.identity.is_none() && is_missing(&error),
            };
            if !is_true {
                entry.known = None;
                return None;
            }
            entry.round = self.round;
            if scrutiny == Scrutiny::Beneath {
                entry.found = now.seconds;
            }
        }
        entry.uses = USES_MAX.min(entry.uses + 1);
        entry.second = now.seconds;
        entry.known.clone()
    }

    /// Keeps what `path` has led to, in the place of what was known before, if it fits and has settled. `identity` is
    /// that of `file`, none if it is missing.
    pub(super) fn keep(
        &mut self,
        site: usize,
        path: &[u8],
        file: &[u8],
        identity: Option<Identity>,
        known: Known,
        now: Timestamp,
    ) {
        let (memory, holds_descriptor) = match &known {
            Known::Representation(representation) => (representation.memory(), representation.holds_descriptor()),
            Known::Missing => (0, false),
        };
        let file_bytes = if file == path { 0 } else { file.len() };
        let bytes = OVERHEAD + path.len() + file_bytes + memory;
        if bytes > self.bytes_max / 2 || identity.is_some_and(|identity| !identity.is_settled(now)) {
            return;
        }
        let Some(entries) = self.sites.get_mut(site) else { return };
        let key = entries.get_key_value(path).map_or_else(|| Rc::from(path), |(path, _)| Rc::clone(path));
        let mut entry = Box::new(Entry {
            file: if file == path { Rc::clone(&key) } else { file.into() },
            known: Some(known),
            identity,
            round: self.round,
            second: now.seconds,
            found: now.seconds,
            bytes,
            uses: 0,
            is_main: false,
        });
        let (freed, is_listed) = match entries.get_mut(path) {
            Some(old) => {
                entry.is_main = old.is_main;
                entry.uses = old.uses;
                let old = mem::replace(old, entry);
                (old.bytes, old.holds_descriptor())
            }
            None => {
                entry.is_main = self.ghosts.take((site, path));
                let queue = if entry.is_main { &mut self.main } else { &mut self.small };
                queue.push_back((site, Rc::clone(&key)));
                entries.insert(Rc::clone(&key), entry);
                (0, false)
            }
        };
        self.count(site, path, freed, bytes);
        if holds_descriptor && !is_listed {
            self.open.push_back((site, key));
            self.close_some();
        }
        while self.bytes > self.bytes_max && self.evict() {}
    }

    /// Whether so many bytes more are no more than one path may take.
    pub(super) fn has_room_for(&self, bytes: u64) -> bool {
        bytes < (self.bytes_max / 2) as u64
    }

    /// Whether a descriptor is held, which [`Cache::close_unused`] may close later.
    pub(super) fn holds_descriptors(&self) -> bool {
        !self.open.is_empty()
    }

    /// Closes the descriptors that have not been used for a while.
    pub(super) fn close_unused(&mut self, now: Timestamp) {
        for _ in 0..self.open.len() {
            let Some((site, path)) = self.open.pop_front() else { return };
            let Some(entry) = self.sites.get_mut(site).and_then(|entries| entries.get_mut(&path)) else { continue };
            if entry.holds_descriptor() {
                if (0..DESCRIPTOR_SECONDS).contains(&now.seconds.saturating_sub(entry.second)) {
                    self.open.push_back((site, path));
                } else {
                    entry.known = None;
                }
            }
        }
    }

    /// Closes descriptors until there are no more than there may be, those first that were opened first.
    fn close_some(&mut self) {
        while self.open.len() > self.descriptors_max {
            let Some((site, path)) = self.open.pop_front() else { return };
            if let Some(entry) = self.sites.get_mut(site).and_then(|entries| entries.get_mut(&path))
                && entry.holds_descriptor()
            {
                entry.known = None;
            }
        }
    }

    /// Notes that an entry takes other bytes than before.
    fn count(&mut self, site: usize, path: &[u8], freed: usize, taken: usize) {
        self.bytes = self.bytes.saturating_sub(freed) + taken;
        let entry = self.sites.get(site).and_then(|entries| entries.get(path));
        if entry.is_some_and(|entry| !entry.is_main) {
            self.small_bytes = self.small_bytes.saturating_sub(freed) + taken;
        }
    }

    /// Lets the next entry go that is not in use. False where the cache is empty.
    fn evict(&mut self) -> bool {
        loop {
            let is_small = self.small_bytes > self.bytes_max / SMALL_PART || self.main.is_empty();
            let queue = if is_small { &mut self.small } else { &mut self.main };
            let Some((site, path)) = queue.pop_front() else { return false };
            let Some(entries) = self.sites.get_mut(site) else { continue };
            let Some(entry) = entries.get_mut(&path) else { continue };
            let bytes = entry.bytes;
            let is_in_use = entry.uses > 0 && entry.known.is_some();
            if is_small {
                self.small_bytes = self.small_bytes.saturating_sub(bytes);
                entry.is_main = true;
            }
            if is_in_use {
                entry.uses -= 1;
                self.main.push_back((site, path));
                continue;
            }
            entries.remove(&path);
            if entries.capacity() > USED_PART * entries.len().max(ENTRIES_FEW) {
                entries.shrink_to(2 * entries.len());
            }
            self.bytes = self.bytes.saturating_sub(bytes);
            if is_small {
                self.ghosts.add((site, &path), self.main.len());
            }
            return true;
        }
    }
}

/// Whether that is all there is to say of a file: that nothing has its name.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests;
