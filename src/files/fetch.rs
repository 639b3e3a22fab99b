//! Threads that read files and do nothing else, so that a slow disk makes those wait who want what is on it, and nobody
//! besides.
//!
//! Whoever finds that bytes are not resident hands a fetch of them to a thread with a token, goes on with other things, and
//! takes the token back with the bytes when they have been read. The bytes themselves, because the page cache may forget
//! them again before anybody has used them. Fetches of the same bytes are one. The threads know of nothing but descriptors
//! and tokens. There are none until the first file is fetched, and none once nobody is left to wait for one.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::mem;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

use super::error::ReadError;
use super::file::{File, Reading, Timestamp};

/// So many files can be slow at a time; the next one that has to be fetched waits for one of them.
const THREADS: usize = 4;

const STACK_BYTES: usize = 128 * 1024;

/// Bytes of a file that are wanted, few enough to be held in memory.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The file
    pub file: Arc<File>,
    /// Which of its bytes
    pub range: Range<u64>,
}

/// What has become of a fetch.
#[derive(Debug)]
pub struct Fetched {
    /// The file that was given, or another descriptor of the same
    pub file: Arc<File>,
    /// Where in it the bytes begin: where they were asked for, or before
    pub start: u64,
    /// The bytes. All that were asked for, or, of a fetch that had begun when they were, those from their start on.
    pub bytes: Result<Vec<u8>, ReadError>,
}

/// The threads, and what they have to do.
pub struct Fetchers<T> {
    shared: Arc<Shared<T>>,
    /// The other end of the bell
    heard: UnixStream,
    has_threads: bool,
}

struct Shared<T> {
    jobs: Mutex<Jobs<T>>,
    is_filled: Condvar,
    /// Rung when something is done
    bell: UnixStream,
}

struct Jobs<T> {
    queued: VecDeque<Job<T>>,
    /// By number
    running: Vec<(u64, Job<T>)>,
    begun: u64,
    done: Vec<(T, Arc<Fetched>)>,
    /// Nobody waits for anything any more.
    is_over: bool,
}

/// A fetch, and all who wait for it.
struct Job<T> {
    fetch: Fetch,
    tokens: Vec<T>,
    /// Whether a write to the file shows in its identity from now on.
    is_settled: bool,
}

impl<T: Copy + PartialEq + Send + 'static> Fetchers<T> {
    /// Nothing to do yet, and nobody to do it.
    pub fn new() -> io::Result<Fetchers<T>> {
        let (bell, heard) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let jobs = Jobs { queued: VecDeque::new(), running: Vec::new(), begun: 0, done: Vec::new(), is_over: false };
        let shared = Shared { jobs: Mutex::new(jobs), is_filled: Condvar::new(), bell };
        Ok(Fetchers { shared: Arc::new(shared), heard, has_threads: false })
    }

    /// A descriptor that becomes readable when something is done.
    pub fn bell(&self) -> io::Result<OwnedFd> {
        Ok(self.heard.try_clone()?.into())
    }

    /// Has bytes read. The token is handed back when they have been, or could not be.
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
        let mut jobs = lock(&self.shared.jobs);
        let Jobs { queued, running, .. } = &mut *jobs;
        match running.iter_mut().map(|(_, job)| job).chain(queued).find(|job| job.covers(&fetch)) {
            Some(job) => job.tokens.push(token),
            None => {
                let is_settled = fetch.file.metadata().identity.is_settled(Timestamp::from(SystemTime::now()));
                jobs.queued.push_back(Job { fetch, tokens: vec![token], is_settled });
                self.shared.is_filled.notify_one();
            }
        }
        Ok(())
    }

    /// Forgets what was asked for under that token, and tells what it was: whoever asked has gone, or waits no longer. What
    /// has been begun is read to its end. None where it is done.
    pub fn cancel(&mut self, token: T) -> Option<Fetch> {
        let mut jobs = lock(&self.shared.jobs);
        let Jobs { queued, running, .. } = &mut *jobs;
        let mut all = running.iter_mut().map(|(_, job)| job).chain(queued.iter_mut());
        let job = all.find(|job| job.tokens.contains(&token))?;
        job.tokens.retain(|waiting| *waiting != token);
        let fetch = job.fetch.clone();
        queued.retain(|job| !job.tokens.is_empty());
        Some(fetch)
    }

    /// What is done, with its token.
    pub fn take_done(&mut self) -> Vec<(T, Arc<Fetched>)> {
        // First the bell, then the tokens: what is done in between rings it again.
        let _ = (&self.heard).read(&mut [0; 256]);
        mem::take(&mut lock(&self.shared.jobs).done)
    }
}

impl<T> Drop for Fetchers<T> {
    /// The threads end when they are done with what they have begun.
    fn drop(&mut self) {
        let mut jobs = lock(&self.shared.jobs);
        jobs.queued.clear();
        jobs.is_over = true;
        self.shared.is_filled.notify_all();
    }
}

impl<T> Job<T> {
    /// Whether what this one reads is what is asked for, from its start on.
    fn covers(&self, fetch: &Fetch) -> bool {
        let identity = |fetch: &Fetch| fetch.file.metadata().identity;
        self.is_settled && identity(&self.fetch) == identity(fetch) && self.fetch.range.contains(&fetch.range.start)
    }
}

impl<T: Copy + Send> Shared<T> {
    /// Reads what is asked for, for as long as somebody may ask.
    fn work(&self) {
        while let Some((number, Fetch { file, range })) = self.next() {
            let start = range.start;
            let bytes = file.read(range.clone(), Reading::Any);
            if bytes.is_ok() {
                file.note_fetched(range);
            }
            let fetched = Arc::new(Fetched { file, start, bytes });
            let mut jobs = lock(&self.jobs);
            if let Some(at) = jobs.running.iter().position(|(running, _)| *running == number) {
                let tokens = jobs.running.swap_remove(at).1.tokens;
                jobs.done.extend(tokens.into_iter().map(|token| (token, Arc::clone(&fetched))));
            }
            drop(jobs);
            // Where nobody wants it any longer, this closes the file, which a disk may delay, too.
            drop(fetched);
            // Where there is no room, it has been rung often enough.
            let _ = (&self.bell).write(&[0]);
        }
    }

    /// Waits for a job, and begins it. None once there will be no more.
    fn next(&self) -> Option<(u64, Fetch)> {
        let mut jobs = lock(&self.jobs);
        loop {
            match jobs.queued.pop_front() {
                Some(job) => {
                    let fetch = job.fetch.clone();
                    jobs.begun += 1;
                    let number = jobs.begun;
                    jobs.running.push((number, job));
                    return Some((number, fetch));
                }
                None if jobs.is_over => return None,
                None => jobs = self.is_filled.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

impl Fetched {
    /// The bytes from `offset` on, if they are of this file in this state.
    ///
    /// An error is one for any of them.
    pub fn bytes_of(&self, file: &File, offset: u64) -> Option<Result<&[u8], &ReadError>> {
        if file.metadata().identity != self.file.metadata().identity {
            return None;
        }
        let bytes = match &self.bytes {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error)),
        };
        let skipped = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        bytes.get(skipped..).filter(|bytes| !bytes.is_empty()).map(Ok)
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

    type Done = Vec<(u32, Arc<Fetched>)>;

    fn open(scratch: &Scratch) -> Arc<File> {
        let root: Root = scratch.root();
        let Ok(Opened::File(file)) = root.open_beneath(b"file") else { panic!() };
        file
    }

    /// A file that has been left alone for long enough.
    fn settled(content: &str) -> (Scratch, Arc<File>) {
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
        fetchers.has_threads = true;
        fetchers
    }

    fn let_work(fetchers: &mut Fetchers<u32>, token: u32, fetch: Fetch) {
        fetchers.has_threads = false;
        fetchers.fetch(token, fetch).unwrap();
    }

    fn take_done(fetchers: &mut Fetchers<u32>, count: usize) -> Done {
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

    fn tokens(done: &Done) -> Vec<u32> {
        done.iter().map(|(token, _)| *token).collect()
    }

    fn queued(fetchers: &Fetchers<u32>) -> usize {
        lock(&fetchers.shared.jobs).queued.len()
    }

    #[test]
    fn what_is_fetched_is_told_once_and_nothing_stays() {
        let content: String = (0..300_000_u32).map(|n| char::from(b'a' + (n / 11 % 26) as u8)).collect();
        let (_scratch, file) = settled(&content);
        let mut fetchers = Fetchers::new().unwrap();
        let ranges = [0..300_000, 0..0, 299_999..300_000, 100..200_000, 250_000..900_000, 1 << 20..1 << 21];
        for (token, range) in (0..).zip(ranges.clone()) {
            fetchers.fetch(token, Fetch { file: Arc::clone(&file), range }).unwrap();
        }
        let done = take_done(&mut fetchers, ranges.len());
        assert_eq!(tokens(&done), [0, 1, 2, 3, 4, 5]);
        for ((_, fetched), range) in done.iter().zip(&ranges[..4]).filter(|(_, range)| !range.is_empty()) {
            let bytes = fetched.bytes_of(&file, range.start).unwrap().unwrap();
            assert!(bytes.starts_with(&content.as_bytes()[range.start as usize..range.end as usize]), "{range:?}");
        }
        // As far as it has not been joined to the first.
        assert!(matches!(done[5].1.bytes, Err(ReadError::Changed)));
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
        let fetch = |range| Fetch { file: Arc::clone(&file), range };
        for (token, range) in [(1, 0..1), (2, 0..1), (3, 5..6)] {
            fetchers.fetch(token, fetch(range)).unwrap();
        }
        assert_eq!(fetchers.cancel(1).unwrap().range, 0..1);
        assert_eq!(queued(&fetchers), 2);
        assert_eq!(fetchers.cancel(3).unwrap().range, 5..6);
        assert_eq!(queued(&fetchers), 1);
        assert!(fetchers.cancel(3).is_none());
        let_work(&mut fetchers, 4, fetch(0..1));
        assert_eq!(tokens(&take_done(&mut fetchers, 2)), [2, 4]);
    }

    #[test]
    fn fetches_of_the_same_bytes_are_one() {
        let (scratch, file) = settled("0123456789");
        let mut fetchers = idle();
        let fetch = |range| Fetch { file: open(&scratch), range };
        for (token, range) in [(1, 0..10), (2, 0..10), (3, 4..10), (4, 10..11)] {
            fetchers.fetch(token, fetch(range)).unwrap();
        }
        // What lies behind the end of the first is another.
        assert_eq!(queued(&fetchers), 2);
        let begun = {
            let mut jobs = lock(&fetchers.shared.jobs);
            let first = jobs.queued.pop_front().unwrap();
            jobs.running.push((u64::MAX, first));
            jobs.running.len()
        };
        fetchers.fetch(5, fetch(9..10)).unwrap();
        assert_eq!((begun, queued(&fetchers)), (1, 1), "one that has begun is joined too");
        let (_, running) = lock(&fetchers.shared.jobs).running.pop().unwrap();
        lock(&fetchers.shared.jobs).queued.push_front(running);
        let_work(&mut fetchers, 6, fetch(0..3));
        let done = take_done(&mut fetchers, 6);
        assert_eq!(tokens(&done), [1, 2, 3, 4, 5, 6]);
        for (token, fetched) in &done {
            let start = match token {
                3 => 4,
                // Not there, and perhaps too late to be joined.
                4 | 6 => continue,
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
        fetchers.fetch(1, Fetch { file: Arc::clone(&file), range: 0..10 }).unwrap();
        scratch.write("root/file", "9876543210");
        // Its identity may change again without showing it, so that nobody joins this one.
        let young = open(&scratch);
        for token in [2, 3] {
            fetchers.fetch(token, Fetch { file: Arc::clone(&young), range: 0..10 }).unwrap();
        }
        assert_eq!(queued(&fetchers), 3);
        let_work(&mut fetchers, 4, Fetch { file: Arc::clone(&file), range: 0..10 });
        let done = take_done(&mut fetchers, 4);
        assert!(done[1].1.bytes_of(&file, 0).is_none() && done[1].1.bytes_of(&young, 0).is_some());
        assert!(done[0].1.bytes_of(&young, 0).is_none());
    }
}
