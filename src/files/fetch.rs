//! Threads that wait for the disk and do nothing else, so that a slow one makes those wait who want what is on it.
//!
//! Four files of a device are read at a time, and 16 of all: one disk that is slow delays nobody who wants what is on
//! another, but four of them can. What is in memory waits for no disk. Two chores, which may take seconds, are done at a
//! time, wherever what they need is.
//!
//! Whoever finds that bytes are not resident hands a fetch of them to a thread with a token, goes on with other things, and
//! takes the token back with the bytes when they have been read. The bytes themselves, because the page cache may forget
//! them again before anybody has used them. Fetches of the same bytes are one. The threads know of nothing but descriptors
//! and tokens. There are none until the first file is fetched, no more than are needed, and none once nobody is left to
//! wait for one.
//!
//! What has been fetched is held until it has been sent. What bounds it all is the number of those who ask, and how much they
//! ask for at a time.

mod chore;
mod jobs;

use std::io::{self, Read, Write};
use std::mem;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

pub use chore::Chore;
use jobs::Jobs;

use super::error::ReadError;
use super::file::{File, Timestamp};

/// So many files can be slow at a time, on whatever device.
const THREADS_MAX: usize = 16;

const STACK_BYTES: usize = 128 * 1024;

/// What is wanted from the disk.
#[derive(Clone, Debug)]
pub enum Fetch {
    /// Bytes of a file, few enough to be held in memory
    Bytes {
        /// The file
        file: Arc<File>,
        /// Which of its bytes
        range: Range<u64>,
    },
    /// What a chore gives
    Chore(Arc<dyn Chore>),
}

/// What has become of a fetch.
#[derive(Debug)]
pub enum Fetched {
    /// Of bytes
    Bytes {
        /// The file that was given, or another descriptor of the same
        file: Arc<File>,
        /// Where in it the bytes begin: where they were asked for, or before
        start: u64,
        /// The bytes. All that were asked for, or, of a fetch that had begun when they were, those from their start on.
        bytes: Result<Vec<u8>, ReadError>,
    },
    /// Of a chore
    Chore {
        /// The one that was given, or another of its key
        chore: Arc<dyn Chore>,
        /// What it gave
        outcome: Result<Vec<u8>, ReadError>,
    },
}

/// The threads, and what they have to do.
pub struct Fetchers<T> {
    shared: Arc<Shared<T>>,
    /// The other end of the bell
    heard: UnixStream,
    threads: usize,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    is_filled: Condvar,
    /// Rung when something is done
    bell: UnixStream,
}

struct State<T> {
    jobs: Jobs<T>,
    done: Vec<(T, Arc<Fetched>)>,
    /// Nobody waits for anything any more.
    is_over: bool,
}

impl<T: Copy + Ord + Send + 'static> Fetchers<T> {
    /// Nothing to do yet, and nobody to do it.
    pub fn new() -> io::Result<Fetchers<T>> {
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let state = State { jobs: Jobs::new(), done: Vec::new(), is_over: false };
        let shared = Shared { state: Mutex::new(state), is_filled: Condvar::new(), bell };
        Ok(Fetchers { shared: Arc::new(shared), heard, threads: 0 })
    }

    /// A descriptor that becomes readable when something is done.
    pub fn bell(&self) -> io::Result<OwnedFd> {
        Ok(self.heard.try_clone()?.into())
    }

    /// Has bytes read, or a chore done. The token is handed back when they have been, or could not be.
    ///
    /// # Errors
    ///
    /// No thread could be started.
    #[cold]
    pub fn fetch(&mut self, token: T, fetch: Fetch) -> io::Result<()> {
        let is_settled = match &fetch {
            Fetch::Bytes { file, .. } => file.metadata().identity.is_settled(Timestamp::from(SystemTime::now())),
            Fetch::Chore(_) => true,
        };
        let mut state = lock(&self.shared.state);
        if state.jobs.join(token, &fetch) {
            return Ok(());
        }
        let number = state.jobs.add(token, fetch, is_settled);
        let idle = self.threads.saturating_sub(state.jobs.running());
        if state.jobs.ready() > idle && self.threads < THREADS_MAX {
            match self.shared.start() {
                Ok(()) => self.threads += 1,
                // Some are better than none.
                Err(_) if self.threads > 0 => {}
                Err(error) => {
                    state.jobs.end(number);
                    return Err(error);
                }
            }
        }
        self.shared.is_filled.notify_one();
        Ok(())
    }

    /// Forgets what was asked for under that token, and tells what it was: whoever asked has gone, or waits no longer. What
    /// has been begun is read to its end. None where it is done.
    #[cold]
    pub fn cancel(&mut self, token: T) -> Option<Fetch> {
        lock(&self.shared.state).jobs.cancel(token)
    }

    /// What is done, with its token.
    pub fn take_done(&mut self) -> Vec<(T, Arc<Fetched>)> {
        // First the bell, then the tokens: what is done in between rings it again.
        let _ = (&self.heard).read(&mut [0; 256]);
        mem::take(&mut lock(&self.shared.state).done)
    }
}

impl<T> Drop for Fetchers<T> {
    /// The threads end when they are done with what they have begun.
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.jobs.clear();
        state.is_over = true;
        self.shared.is_filled.notify_all();
    }
}

impl<T: Copy + Ord + Send + 'static> Shared<T> {
    /// Starts another thread.
    fn start(self: &Arc<Shared<T>>) -> io::Result<()> {
        let shared = Arc::clone(self);
        let builder = thread::Builder::new().name("fetch".to_owned()).stack_size(STACK_BYTES);
        builder.spawn(move || shared.work()).map(drop)
    }

    /// Reads what is asked for, for as long as somebody may ask.
    fn work(&self) {
        while let Some((number, fetch)) = self.next() {
            let fetched = Arc::new(Fetched::from(fetch));
            let mut state = lock(&self.state);
            let tokens = state.jobs.end(number);
            state.done.extend(tokens.into_iter().map(|token| (token, Arc::clone(&fetched))));
            drop(state);
            // Where nobody wants it any longer, this closes the file, which a disk may delay, too.
            drop(fetched);
            // Where there is no room, it has been rung often enough.
            let _ = (&self.bell).write(&[0]);
        }
    }

    /// Waits for a job, and begins it. None once there will be no more.
    fn next(&self) -> Option<(u64, Fetch)> {
        let mut state = lock(&self.state);
        while !state.is_over {
            if let Some(job) = state.jobs.begin() {
                return Some(job);
            }
            state = self.is_filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }
}

impl Fetched {
    /// What comes of a fetch that is not waited for any longer.
    pub fn late(fetch: Fetch, waited: Duration) -> Fetched {
        let late = Err(ReadError::Late(waited));
        match fetch {
            Fetch::Bytes { file, range } => Fetched::Bytes { file, start: range.start, bytes: late },
            Fetch::Chore(chore) => Fetched::Chore { chore, outcome: late },
        }
    }

    /// The bytes from `offset` on, if they are of this file in this state.
    ///
    /// An error is one for any of them.
    pub fn bytes_of(&self, file: &File, offset: u64) -> Option<Result<&[u8], &ReadError>> {
        let Fetched::Bytes { file: own, start, bytes } = self else { return None };
        if file.metadata().identity != own.metadata().identity {
            return None;
        }
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error)),
        };
        let skipped = usize::try_from(offset.checked_sub(*start)?).ok()?;
        bytes.get(skipped..).filter(|bytes| !bytes.is_empty()).map(Ok)
    }
}

/// Nothing panics while one of these is held, and what it guards is whole at any time.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::scratch::Scratch;
    use super::super::{Opened, Root};
    use super::*;

    pub(super) type Done = Vec<(u32, Arc<Fetched>)>;

    fn open(scratch: &Scratch) -> Arc<File> {
        let root: Root = scratch.root();
        let Ok(Opened::File(file)) = root.open_beneath(b"file") else { panic!() };
        file
    }

    /// A file that has been left alone for long enough.
    pub(super) fn settled(content: &str) -> (Scratch, Arc<File>) {
        let scratch = Scratch::new();
        scratch.write("root/file", content);
        let file = open(&scratch);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !file.metadata().identity.is_settled(Timestamp::from(SystemTime::now())) {
            assert!(Instant::now() < deadline, "the clock of the file system is ahead");
            thread::yield_now();
        }
        (scratch, file)
    }

    /// Fetchers that nobody works for until [`let_work`] is called.
    fn idle() -> Fetchers<u32> {
        let mut fetchers = Fetchers::new().unwrap();
        fetchers.threads = THREADS_MAX;
        fetchers
    }

    fn let_work(fetchers: &mut Fetchers<u32>, token: u32, fetch: Fetch) {
        fetchers.fetch(token, fetch).unwrap();
        fetchers.shared.start().unwrap();
    }

    pub(super) fn take_done(fetchers: &mut Fetchers<u32>, count: usize) -> Done {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut done = Vec::new();
        while done.len() < count {
            assert!(Instant::now() < deadline, "{done:?}");
            let mut ready = [rustix::event::PollFd::new(&fetchers.heard, rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut ready, Some(&rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap();
            done.extend(fetchers.take_done());
        }
        done.sort_unstable_by_key(|(token, _)| *token);
        done
    }

    pub(super) fn tokens(done: &Done) -> Vec<u32> {
        done.iter().map(|(token, _)| *token).collect()
    }

    fn range(fetch: Fetch) -> Range<u64> {
        let Fetch::Bytes { range, .. } = fetch else { panic!() };
        range
    }

    pub(super) fn queued(fetchers: &Fetchers<u32>) -> usize {
        lock(&fetchers.shared.state).jobs.queued()
    }

    #[test]
    fn what_is_fetched_is_told_once_and_nothing_stays() {
        let content: String = (0..300_000_u32).map(|n| char::from(b'a' + (n / 11 % 26) as u8)).collect();
        let (_scratch, file) = settled(&content);
        let mut fetchers = Fetchers::new().unwrap();
        let ranges = [0..300_000, 0..0, 299_999..300_000, 100..200_000, 250_000..900_000, 1 << 20..1 << 21];
        for (token, range) in (0..).zip(ranges.clone()) {
            fetchers.fetch(token, Fetch::Bytes { file: Arc::clone(&file), range }).unwrap();
        }
        let done = take_done(&mut fetchers, ranges.len());
        assert_eq!(tokens(&done), [0, 1, 2, 3, 4, 5]);
        for ((_, fetched), range) in done.iter().zip(&ranges[..4]).filter(|(_, range)| !range.is_empty()) {
            let bytes = fetched.bytes_of(&file, range.start).unwrap().unwrap();
            assert!(bytes.starts_with(&content.as_bytes()[range.start as usize..range.end as usize]), "{range:?}");
        }
        // As far as it has not been joined to the first.
        assert!(matches!(*done[5].1, Fetched::Bytes { bytes: Err(ReadError::Changed), .. }));
        assert!(done[5].1.bytes_of(&file, 1 << 20).unwrap().is_err());
        assert!(fetchers.take_done().is_empty());
        let shared = Arc::downgrade(&fetchers.shared);
        drop((done, fetchers));
        let deadline = Instant::now() + Duration::from_secs(20);
        while Arc::strong_count(&file) > 1 || shared.strong_count() > 0 {
            assert!(Instant::now() < deadline, "a thread keeps the file, or outlives its owner");
            thread::yield_now();
        }
    }

    #[test]
    fn what_is_cancelled_is_forgotten() {
        let (_scratch, file) = settled("x");
        let mut fetchers = idle();
        let fetch = |range| Fetch::Bytes { file: Arc::clone(&file), range };
        for (token, range) in [(1, 0..1), (2, 0..1), (3, 5..6)] {
            fetchers.fetch(token, fetch(range)).unwrap();
        }
        assert_eq!(range(fetchers.cancel(1).unwrap()), 0..1);
        assert_eq!(queued(&fetchers), 2);
        assert_eq!(range(fetchers.cancel(3).unwrap()), 5..6);
        assert_eq!(queued(&fetchers), 1);
        assert!(fetchers.cancel(3).is_none());
        let_work(&mut fetchers, 4, fetch(0..1));
        assert_eq!(tokens(&take_done(&mut fetchers, 2)), [2, 4]);
    }

    #[test]
    fn fetches_of_the_same_bytes_are_one() {
        let (scratch, file) = settled("0123456789");
        let mut fetchers = idle();
        let fetch = |range| Fetch::Bytes { file: open(&scratch), range };
        for (token, range) in [(1, 0..10), (2, 0..10), (3, 4..10), (4, 10..11)] {
            fetchers.fetch(token, fetch(range)).unwrap();
        }
        // What lies behind the end of the first is another.
        assert_eq!(queued(&fetchers), 2);
        fetchers.fetch(5, fetch(9..10)).unwrap();
        assert_eq!(queued(&fetchers), 2);
        let_work(&mut fetchers, 6, fetch(0..3));
        let done = take_done(&mut fetchers, 6);
        assert_eq!(tokens(&done), [1, 2, 3, 4, 5, 6]);
        for (token, fetched) in &done {
            let start = match token {
                3 => 4,
                // Not there.
                4 => continue,
                5 => 9,
                _ => 0,
            };
            let expected = &b"0123456789"[start as usize..];
            assert_eq!(fetched.bytes_of(&file, start).unwrap().unwrap(), expected, "{token}");
        }
    }

    #[test]
    fn another_file_or_state_is_fetched_for_itself() {
        let (scratch, file) = settled("0123456789");
        let mut fetchers = idle();
        fetchers.fetch(1, Fetch::Bytes { file: Arc::clone(&file), range: 0..10 }).unwrap();
        scratch.write("root/file", "9876543210");
        // Its identity may change again without showing it, so that nobody joins this one.
        let young = open(&scratch);
        for token in [2, 3] {
            fetchers.fetch(token, Fetch::Bytes { file: Arc::clone(&young), range: 0..10 }).unwrap();
        }
        assert_eq!(queued(&fetchers), 3);
        let_work(&mut fetchers, 4, Fetch::Bytes { file: Arc::clone(&file), range: 0..10 });
        let done = take_done(&mut fetchers, 4);
        assert!(done[1].1.bytes_of(&file, 0).is_none() && done[1].1.bytes_of(&young, 0).is_some());
        assert!(done[0].1.bytes_of(&young, 0).is_none());
    }
}
