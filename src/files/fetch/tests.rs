//! What is fetched comes back once, joined where it is the same, and nothing piles up or stays.

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
        let mut ready = [rustix::event::PollFd::from_borrowed_fd(fetchers.bell(), rustix::event::PollFlags::IN)];
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
fn what_nobody_takes_does_not_pile_up() {
    let piece = DONE_BYTES_MAX / 8;
    let (_scratch, file) = settled(&"x".repeat(piece));
    let mut fetchers = Fetchers::new().unwrap();
    for token in 0..100 {
        let range = u64::from(100 - token)..piece as u64;
        fetchers.fetch(token, Fetch::Bytes { file: Arc::clone(&file), range }).unwrap();
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_reading = |state: &State<u32>| state.jobs.running() > 0 || state.done_bytes < DONE_BYTES_MAX / 2;
    while is_reading(&lock(&fetchers.shared.state)) {
        assert!(Instant::now() < deadline, "nobody reads");
    }
    assert!(lock(&fetchers.shared.state).done_bytes <= DONE_BYTES_MAX + THREADS_MAX * piece);
    assert_eq!(tokens(&take_done(&mut fetchers, 100)), (0..100).collect::<Vec<_>>());
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
