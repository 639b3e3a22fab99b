//! Threads that read files for the page cache's sake and do nothing else, so that a slow disk makes those wait who want
//! what is on it, and nobody besides.
//!
//! Whoever finds that bytes are not resident hands them to a thread with a token, goes on with other things, and takes
//! the token back when the bytes have been read. The threads know of nothing but descriptors and tokens. There are none
//! until the first file is fetched.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::file::File;

/// So many files can be slow at a time; the next one that has to be fetched waits for one of them.
const THREADS: usize = 4;

/// A thread reads into a buffer of this size, in bytes, that lies on the heap.
const BUFFER_BYTES: usize = 128 * 1024;
const STACK_BYTES: usize = 128 * 1024;

/// Bytes of a file that are wanted in memory.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The file
    pub file: Arc<File>,
    /// Which of its bytes
    pub range: Range<u64>,
}

/// The threads, and what they have to do.
pub struct Fetchers<T> {
    shared: Arc<Shared<T>>,
    /// The other end of the bell
    heard: UnixStream,
    has_threads: bool,
}

struct Shared<T> {
    queue: Mutex<VecDeque<(T, Fetch)>>,
    is_filled: Condvar,
    done: Mutex<Vec<(T, Arc<File>)>>,
    /// Rung when something is done
    bell: UnixStream,
}

impl<T: Copy + PartialEq + Send + 'static> Fetchers<T> {
    /// Nothing to do yet, and nobody to do it.
    pub fn new() -> io::Result<Fetchers<T>> {
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let shared = Shared { queue: Mutex::default(), is_filled: Condvar::new(), done: Mutex::default(), bell };
        Ok(Fetchers { shared: Arc::new(shared), heard, has_threads: false })
    }

    /// A descriptor that becomes readable when something is done.
    pub fn bell(&self) -> io::Result<OwnedFd> {
        Ok(self.heard.try_clone()?.into())
    }

    /// Has bytes read. The token is handed back, with the file, when they have been, or could not be.
    ///
    /// # Errors
    ///
    /// No thread could be started.
    pub fn fetch(&mut self, token: T, fetch: Fetch) -> io::Result<()> {
        if !self.has_threads {
            for number in 0..THREADS {
                let shared = Arc::clone(&self.shared);
                let builder = thread::Builder::new().name("fetch".to_owned()).stack_size(STACK_BYTES);
                match builder.spawn(move || shared.work()) {
                    Ok(_) => self.has_threads = true,
                    // Some are better than none.
                    Err(_) if number > 0 => break,
                    Err(error) => return Err(error),
                }
            }
        }
        lock(&self.shared.queue).push_back((token, fetch));
        self.shared.is_filled.notify_one();
        Ok(())
    }

    /// Forgets what was asked for under that token and has not been begun: whoever asked has gone.
    pub fn cancel(&mut self, token: T) {
        lock(&self.shared.queue).retain(|(queued, _)| *queued != token);
    }

    /// What is done, with its token. It is the file that was given, because there are file systems that forget what they have
    /// read of a file when it is opened again.
    pub fn take_done(&mut self) -> Vec<(T, Arc<File>)> {
        // First the bell, then the tokens: what is done in between rings it again.
        let _ = (&self.heard).read(&mut [0; 256]);
        std::mem::take(&mut *lock(&self.shared.done))
    }
}

impl<T: Send> Shared<T> {
    /// Reads what is asked for, for ever.
    fn work(&self) {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let (token, fetch) = self.next();
            let Range { start: mut offset, end } = fetch.range;
            while offset < end {
                // A file that ends before, or cannot be read, is for whoever wants it to find.
                match fetch.file.read_at(&mut buffer, offset) {
                    Ok(read @ 1..) => offset += read as u64,
                    Ok(0) | Err(_) => break,
                }
            }
            fetch.file.note_fetched(fetch.range.start..offset);
            lock(&self.done).push((token, fetch.file));
            // Where there is no room, it has been rung often enough.
            let _ = (&self.bell).write(&[0]);
        }
    }

    fn next(&self) -> (T, Fetch) {
        let mut queue = lock(&self.queue);
        loop {
            match queue.pop_front() {
                Some(next) => return next,
                None => queue = self.is_filled.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// Nothing panics while one of these is held, and what it guards is whole at any time.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::scratch::Scratch;
    use super::super::{Opened, Root};
    use super::*;

    fn take_done(fetchers: &mut Fetchers<u32>, count: usize) -> Vec<u32> {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut done = Vec::new();
        while done.len() < count {
            assert!(Instant::now() < deadline, "{done:?}");
            let mut ready = [rustix::event::PollFd::new(&fetchers.heard, rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut ready, Some(&rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap();
            done.extend(fetchers.take_done().into_iter().map(|(token, _)| token));
        }
        done.sort_unstable();
        done
    }

    #[test]
    fn what_is_fetched_is_told_once() {
        let scratch = Scratch::new();
        scratch.write("root/file", &"x".repeat(300_000));
        let root: Root = scratch.root();
        let Ok(Opened::File(file)) = root.open_beneath(b"file") else { panic!() };
        let mut fetchers = Fetchers::new().unwrap();
        let ranges = [0..300_000, 0..0, 299_999..300_000, 100..200_000, 250_000..900_000, 1 << 40..1 << 41];
        for (token, range) in (0..).zip(ranges.clone()) {
            fetchers.fetch(token, Fetch { file: Arc::clone(&file), range }).unwrap();
        }
        assert_eq!(take_done(&mut fetchers, ranges.len()), [0, 1, 2, 3, 4, 5]);
        assert!(fetchers.take_done().is_empty());
        assert_eq!(Arc::strong_count(&file), 1);
        assert!(file.is_resident(0..300_000));
    }

    #[test]
    fn what_is_cancelled_is_forgotten() {
        let scratch = Scratch::new();
        scratch.write("root/file", "x");
        let Ok(Opened::File(file)) = scratch.root().open_beneath(b"file") else { panic!() };
        let mut fetchers = Fetchers::new().unwrap();
        // Nobody is there to begin with it.
        fetchers.has_threads = true;
        for token in [1, 2, 1, 3] {
            fetchers.fetch(token, Fetch { file: Arc::clone(&file), range: 0..1 }).unwrap();
        }
        fetchers.cancel(1);
        fetchers.has_threads = false;
        fetchers.fetch(4, Fetch { file, range: 0..1 }).unwrap();
        assert_eq!(take_done(&mut fetchers, 3), [2, 3, 4]);
    }
}
