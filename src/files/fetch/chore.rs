//! What is made out of what is on the disk by those who wait for it, however long that takes.

use std::fmt;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::{Fetch, Fetched};
use crate::files::error::ReadError;

/// Something to be made out of what is on the disk.
pub trait Chore: fmt::Debug + Send + Sync {
    /// What it is known by: chores of one key that are handed in before the first of them has begun are one.
    fn key(&self) -> &[u8];

    /// What on the disk it is about, most of the time: device and inode (stat(2)). Of those about one place, one is
    /// done at a time, so that many of them do not delay those about others.
    fn place(&self) -> (u64, u64);

    /// Does it, however long that takes, unless nobody waits for it any more, which is to be asked now and then. The
    /// memory that it takes meanwhile is its own to bound.
    ///
    /// # Errors
    ///
    /// The disk did not give what was needed.
    fn run(&self, is_wanted: &dyn Fn() -> bool) -> Result<Vec<u8>, ReadError>;
}

/// What a chore has made, which is large, perhaps: its hash is known, and it can be sent from where it is, so that who
/// takes it has nothing to do for each byte.
#[derive(Debug)]
pub struct Made {
    bytes: Vec<u8>,
    hash: u128,
}

impl Made {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// 128 bits of a hash of them: two contents do not meet.
    pub fn hash(&self) -> u128 {
        self.hash
    }
}

impl From<Vec<u8>> for Made {
    fn from(bytes: Vec<u8>) -> Made {
        let hash = xxh3_128(&bytes);
        Made { bytes, hash }
    }
}

impl AsRef<[u8]> for Made {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Fetched {
    /// Waits for the disk: for those who wait for this alone.
    pub fn of(fetch: Fetch, is_wanted: &dyn Fn() -> bool) -> Fetched {
        match fetch {
            Fetch::Bytes { file, range } => {
                let (start, bytes) = (range.start, file.fetch(range));
                Fetched::Bytes { file, start, bytes }
            }
            Fetch::Chore(chore) => {
                let outcome = chore.run(is_wanted).map(|bytes| Arc::new(bytes.into()));
                Fetched::Chore { chore, outcome }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::{Arc, Condvar, Mutex};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::super::tests::{queued, settled, take_done, tokens};
    use super::super::{Fetchers, device, lock};
    use super::*;

    /// Chores that are held up until the gate is opened.
    #[derive(Debug)]
    struct Held {
        key: &'static [u8],
        device: u64,
        gate: Arc<(Mutex<usize>, Condvar)>,
    }

    impl Chore for Held {
        fn key(&self) -> &[u8] {
            self.key
        }

        fn place(&self) -> (u64, u64) {
            (self.device, self.key[0].into())
        }

        fn run(&self, _: &dyn Fn() -> bool) -> Result<Vec<u8>, ReadError> {
            let (begun, opened) = &*self.gate;
            let mut begun = lock(begun);
            *begun += 1;
            while *begun < 100 {
                begun = opened.wait(begun).unwrap();
            }
            Ok(self.key.to_vec())
        }
    }

    /// A chore that is done when nobody waits for it.
    #[derive(Debug, Default)]
    struct Endless {
        has_begun: AtomicBool,
        has_ended: AtomicBool,
    }

    impl Chore for Endless {
        fn key(&self) -> &[u8] {
            b"endless"
        }

        fn place(&self) -> (u64, u64) {
            (1, std::ptr::from_ref(self).addr() as u64)
        }

        fn run(&self, is_wanted: &dyn Fn() -> bool) -> Result<Vec<u8>, ReadError> {
            self.has_begun.store(true, Relaxed);
            while is_wanted() {
                thread::yield_now();
            }
            self.has_ended.store(true, Relaxed);
            Ok(Vec::new())
        }
    }

    #[test]
    fn a_chore_ends_that_nobody_waits_for() {
        let wait_for = |what: &AtomicBool| {
            let deadline = Instant::now() + Duration::from_secs(20);
            while !what.load(Relaxed) {
                assert!(Instant::now() < deadline);
                thread::yield_now();
            }
        };
        let mut fetchers: Fetchers<u32> = Fetchers::new().unwrap();
        let [cancelled, dropped] = [0, 1].map(|token| {
            let chore = Arc::new(Endless::default());
            fetchers.fetch(token, Fetch::Chore(Arc::clone(&chore) as Arc<dyn Chore>)).unwrap();
            wait_for(&chore.has_begun);
            chore
        });
        assert!(fetchers.cancel(0).is_some());
        wait_for(&cancelled.has_ended);
        assert!(fetchers.take_done().is_empty() && !dropped.has_ended.load(Relaxed));
        drop(fetchers);
        wait_for(&dropped.has_ended);
    }

    #[test]
    fn chores_leave_threads_to_files_and_are_joined_before_they_begin() {
        let (_scratch, file) = settled("0123456789");
        let gate = Arc::new((Mutex::new(0), Condvar::new()));
        let device = file.metadata().identity.place().0;
        let chore = |key| Fetch::Chore(Arc::new(Held { key, device, gate: Arc::clone(&gate) }));
        let mut fetchers = Fetchers::new().unwrap();
        for (token, key) in (0..).zip([b"a", b"b", b"c", b"c", b"d"]) {
            fetchers.fetch(token, chore(key)).unwrap();
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while *lock(&gate.0) < device::CHORES_MAX {
            assert!(Instant::now() < deadline, "no chore was begun");
            thread::yield_now();
        }
        assert_eq!(queued(&fetchers), 2, "c twice, and d");
        // What has begun may have missed what its next caller has seen.
        fetchers.fetch(5, chore(b"a")).unwrap();
        assert_eq!(queued(&fetchers), 3);
        fetchers.fetch(6, Fetch::Bytes { file: Arc::clone(&file), range: 0..10 }).unwrap();
        assert_eq!(tokens(&take_done(&mut fetchers, 1)), [6], "a file is read while chores wait");
        assert!(matches!(fetchers.cancel(4), Some(Fetch::Chore(chore)) if chore.key() == b"d"));
        *lock(&gate.0) = 100;
        gate.1.notify_all();
        let done = take_done(&mut fetchers, 5);
        assert_eq!(tokens(&done), [0, 1, 2, 3, 5]);
        for ((_, fetched), key) in done.iter().zip([b"a", b"b", b"c", b"c", b"a"]) {
            assert!(matches!(&**fetched, Fetched::Chore { outcome: Ok(made), .. } if made.bytes() == *key));
            assert!(fetched.bytes_of(&file, 0).is_none());
        }
    }
}
