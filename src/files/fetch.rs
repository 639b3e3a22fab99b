//! Threads that wait for the disk and do nothing else, so that a slow one makes those wait who want what is on it.
//!
//! Four fetches of a device are under way at a time, and 16 of all: one disk that is slow delays nobody who wants what
//! is on another, but four of them can. What is in memory waits for no disk. Two of the four can be chores, which may
//! take seconds, about two files or directories: however many are wanted of one, those of others have their turns.
//!
//! Whoever finds that bytes are not resident hands a fetch of them to a thread with a token, goes on with other things,
//! and takes the token back with the bytes when they have been read. The bytes themselves, because the page cache may
//! forget them again before anybody has used them. Fetches of the same bytes are one. The threads know of nothing but
//! descriptors and tokens. There are none until the first file is fetched, no more than are needed, and none once
//! nobody is left to wait for one.
//!
//! What has been fetched and is not taken back yet is bounded: nothing more is begun until it is. What becomes of it
//! then is for those who asked to bound.

mod chore;
mod device;
mod jobs;

use std::io;
use std::mem;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

pub use chore::{Chore, Made};
use jobs::Jobs;

use super::error::ReadError;
use super::file::{File, Timestamp};
use crate::bell::Bell;

/// So many fetches can be slow at a time, on whatever devices.
const THREADS_MAX: usize = 16;

/// Nothing is begun while more than so many bytes wait to be taken back. Whoever asked takes them several times in the
/// time of such a read; where it is late, what is read meanwhile must not pile up.
const DONE_BYTES_MAX: usize = 4 * 1024 * 1024;

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
        outcome: Result<Arc<Made>, ReadError>,
    },
}

/// The threads, and what they have to do.
pub struct Fetchers<T> {
    shared: Arc<Shared<T>>,
    threads: usize,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    is_filled: Condvar,
    /// Rung when something is done
    bell: Bell,
}

struct State<T> {
    jobs: Jobs<T>,
    done: Vec<(T, Arc<Fetched>)>,
    /// What that holds
    done_bytes: usize,
    /// Nobody waits for anything any more.
    is_over: bool,
}

impl<T: Copy + Ord + Send + 'static> Fetchers<T> {
    /// Nothing to do yet, and nobody to do it.
    pub fn new() -> io::Result<Fetchers<T>> {
        let state = State { jobs: Jobs::new(), done: Vec::new(), done_bytes: 0, is_over: false };
        let shared = Shared { state: Mutex::new(state), is_filled: Condvar::new(), bell: Bell::new()? };
        Ok(Fetchers { shared: Arc::new(shared), threads: 0 })
    }

    /// What becomes readable when something is done, until it is taken.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.shared.bell.as_fd()
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

    /// Forgets what was asked for under that token, and tells what it was: whoever asked has gone, or waits no longer.
    /// What has been begun is read to its end; a chore ends early that nobody else waits for. None where it is done.
    #[cold]
    pub fn cancel(&mut self, token: T) -> Option<Fetch> {
        lock(&self.shared.state).jobs.cancel(token)
    }

    /// What is done, with its token.
    pub fn take_done(&mut self) -> Vec<(T, Arc<Fetched>)> {
        self.shared.bell.silence();
        let mut state = lock(&self.shared.state);
        if mem::take(&mut state.done_bytes) >= DONE_BYTES_MAX {
            self.shared.is_filled.notify_all();
        }
        mem::take(&mut state.done)
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
            let is_wanted = || lock(&self.state).jobs.is_wanted(number);
            let fetched = Arc::new(Fetched::of(fetch, &is_wanted));
            let mut state = lock(&self.state);
            let tokens = state.jobs.end(number);
            if !tokens.is_empty() {
                state.done_bytes += fetched.len();
            }
            state.done.extend(tokens.into_iter().map(|token| (token, Arc::clone(&fetched))));
            drop(state);
            // Where nobody wants it any longer, this closes the file, which a disk may delay, too.
            drop(fetched);
            self.bell.ring();
        }
    }

    /// Waits for a job, and begins it. None once there will be no more.
    fn next(&self) -> Option<(u64, Fetch)> {
        let mut state = lock(&self.state);
        while !state.is_over {
            if state.done_bytes < DONE_BYTES_MAX
                && let Some(job) = state.jobs.begin()
            {
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
        let late = ReadError::Late(waited);
        match fetch {
            Fetch::Bytes { file, range } => Fetched::Bytes { file, start: range.start, bytes: Err(late) },
            Fetch::Chore(chore) => Fetched::Chore { chore, outcome: Err(late) },
        }
    }

    /// How many bytes it holds.
    fn len(&self) -> usize {
        match self {
            Fetched::Bytes { bytes, .. } => bytes.as_ref().map_or(0, Vec::len),
            Fetched::Chore { outcome, .. } => outcome.as_ref().map_or(0, |made| made.bytes().len()),
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
mod tests;
