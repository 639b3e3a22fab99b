//! Small files in memory, bounded in bytes. Whether one is still the same is asked of the file system at each use.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::representation::Representation;
use crate::files::{Identity, Timestamp};

/// A file whose inode changed less than this long ago, in nanoseconds, may change again without its identity showing it:
/// the clock of a file system ticks every 10 ms at worst.
const SETTLED_NANOSECONDS: i128 = 20_000_000;

/// What an entry costs beside its key and its representation, in bytes, at a guess.
const OVERHEAD: usize = 200;

/// A file below the root of a site: the number of the site, and the path.
pub type FileKey = (usize, Rc<[u8]>);

/// Representations by file. The entry that has gone longest without use leaves first, nearly: second chance.
#[derive(Debug)]
pub struct Cache {
    bytes_max: usize,
    bytes: usize,
    sites: Vec<HashMap<Rc<[u8]>, Entry>>,
    /// Every entry once, in the order in which they come up for eviction.
    queue: VecDeque<FileKey>,
}

#[derive(Debug)]
struct Entry {
    identity: Identity,
    representation: Rc<Representation>,
    is_used: bool,
}

impl Cache {
    /// A cache for so many sites, of so many bytes.
    pub fn new(sites: usize, bytes_max: usize) -> Cache {
        let sites = (0..sites).map(|_| HashMap::new()).collect();
        Cache { bytes_max, bytes: 0, sites, queue: VecDeque::new() }
    }

    /// The representation of a file, if there is one of this identity. `identity` looks at the file now.
    pub fn find(
        &mut self,
        site: usize,
        path: &[u8],
        identity: impl FnOnce() -> Option<Identity>,
    ) -> Option<Rc<Representation>> {
        let entry = self.sites.get_mut(site)?.get_mut(path)?;
        if identity() != Some(entry.identity) {
            return None;
        }
        entry.is_used = true;
        Some(Rc::clone(&entry.representation))
    }

    /// Keeps a representation, in the place of an older one, if it fits and the file has settled.
    pub fn keep(
        &mut self,
        site: usize,
        path: &[u8],
        identity: Identity,
        representation: &Rc<Representation>,
        now: Timestamp,
    ) {
        let changed = identity.changed();
        let age = i128::from(now.seconds - changed.seconds) * 1_000_000_000 + i128::from(now.nanoseconds)
            - i128::from(changed.nanoseconds);
        let size = size_of_entry(path, representation);
        if age < SETTLED_NANOSECONDS || size > self.bytes_max / 2 {
            return;
        }
        let Some(entries) = self.sites.get_mut(site) else { return };
        let entry = Entry { identity, representation: Rc::clone(representation), is_used: false };
        if let Some(old) = entries.get_mut(path) {
            self.bytes = self.bytes.saturating_sub(size_of_entry(path, &old.representation));
            *old = entry;
        } else {
            let path: Rc<[u8]> = path.into();
            entries.insert(Rc::clone(&path), entry);
            self.queue.push_back((site, path));
        }
        self.bytes += size;
        while self.bytes > self.bytes_max && self.evict() {}
    }

    /// Lets the next entry go that has not been used since it came up last. False where the cache is empty.
    fn evict(&mut self) -> bool {
        while let Some((site, path)) = self.queue.pop_front() {
            let Some(entries) = self.sites.get_mut(site) else { continue };
            match entries.get_mut(&path) {
                Some(entry) if entry.is_used => {
                    entry.is_used = false;
                    self.queue.push_back((site, path));
                }
                Some(entry) => {
                    self.bytes = self.bytes.saturating_sub(size_of_entry(&path, &entry.representation));
                    entries.remove(&path);
                    return true;
                }
                None => {}
            }
        }
        false
    }
}

fn size_of_entry(path: &[u8], representation: &Representation) -> usize {
    path.len() + representation.memory() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::files::{Opened, Root};

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Directory {
            let path = std::env::temp_dir().join(format!("webserv-cache-{}-{name}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Directory(path)
        }

        /// Writes a file and represents it, as if an hour had passed.
        fn represent(&self, name: &str, content: &str) -> (Identity, Rc<Representation>) {
            fs::write(self.0.join(name), content).unwrap();
            let Ok(Opened::File(file)) = Root::open(&self.0).unwrap().open_beneath(name.as_bytes()) else { panic!() };
            let identity = file.metadata().identity;
            (identity, Rc::new(Representation::of(file, name.as_bytes(), later()).unwrap()))
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn later() -> Timestamp {
        let now = Timestamp::from(std::time::SystemTime::now());
        Timestamp { seconds: now.seconds + 3600, ..now }
    }

    #[test]
    fn what_has_changed_is_not_found() {
        let directory = Directory::new("changed");
        let mut cache = Cache::new(2, 100_000);
        let (identity, representation) = directory.represent("a", "one");
        cache.keep(1, b"a", identity, &representation, later());
        assert!(cache.find(1, b"a", || Some(identity)).is_some());
        assert!(cache.find(0, b"a", || Some(identity)).is_none());
        assert!(cache.find(1, b"b", || Some(identity)).is_none());
        assert!(cache.find(1, b"a", || None).is_none());
        let (other, _) = directory.represent("b", "two");
        assert!(cache.find(1, b"a", || Some(other)).is_none());
    }

    #[test]
    fn what_has_not_settled_is_not_kept() {
        let directory = Directory::new("settled");
        let mut cache = Cache::new(1, 100_000);
        let (identity, representation) = directory.represent("a", "one");
        let at = identity.changed();
        cache.keep(0, b"a", identity, &representation, at);
        assert!(cache.find(0, b"a", || Some(identity)).is_none());
        cache.keep(0, b"a", identity, &representation, Timestamp { seconds: at.seconds + 1, ..at });
        assert!(cache.find(0, b"a", || Some(identity)).is_some());
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let directory = Directory::new("bounded");
        let content = "x".repeat(1000);
        let (identity, representation) = directory.represent("a", &content);
        let size = size_of_entry(b"00", &representation);
        let mut cache = Cache::new(1, size * 10);
        for number in 10..60 {
            cache.keep(0, number.to_string().as_bytes(), identity, &representation, later());
            assert!(cache.find(0, b"10", || Some(identity)).is_some(), "{number}");
            assert!(cache.bytes <= cache.bytes_max);
        }
        assert_eq!(cache.queue.len(), 10);
        // Kept again, an entry is counted once.
        cache.keep(0, b"10", identity, &representation, later());
        assert_eq!((cache.queue.len(), cache.bytes), (10, size * 10));
        let (identity, large) = directory.represent("b", &content.repeat(12));
        cache.keep(0, b"large", identity, &large, later());
        assert!(cache.find(0, b"large", || Some(identity)).is_none());
    }
}
