//! What a process holds: memory, descriptors, threads, over time.

use std::time::{Duration, Instant};
use std::{env, fs, thread};

use crate::support::Server;

/// How long it may take until all is let go: the longest lingering close, the descriptors of large files that nobody
/// asks for, and room for a busy machine.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// How much memory may grow between the first and the last third of a run, in KiB.
///
/// The highest sample of a third differs by what happened to be held when it was taken: a response in memory, up to
/// 256 KiB, for each client that is slow to read, the caches of two workers while one hands over, and what the
/// allocator keeps for the next of each. That has a bound, and was seen to differ by less than 1 MiB. A leak has none:
/// a hundred bytes for each connection of two minutes are 8 MiB, and for each request several times that.
const GROWTH_MAX_KIB: u64 = 4 * 1024;

/// Descriptors and threads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Holdings {
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Holdings {
    pub(crate) fn of(server: &Server) -> Holdings {
        Holdings { descriptors: server.descriptors(), threads: server.threads() }
    }

    /// The same when requests have been answered: a log has a thread from its first line on.
    pub(crate) fn with_logs(self, server: &Server) -> Holdings {
        Holdings { threads: server.threads(), ..self }
    }

    /// Waits until the process holds no more than this.
    #[track_caller]
    pub(crate) fn assert_back(self, server: &Server) -> Holdings {
        let end = Instant::now() + SETTLED_WITHIN;
        loop {
            let now = Holdings::of(server);
            if now.descriptors <= self.descriptors && now.threads <= self.threads {
                return now;
            }
            assert!(Instant::now() < end, "at the start {self:?}, {SETTLED_WITHIN:?} after the end {now:?}");
            thread::sleep(Duration::from_millis(50)); // between two looks
        }
    }
}

/// Resident memory that is the process's own, sampled over a run, in KiB.
#[derive(Default)]
pub(crate) struct Memory(Vec<u64>);

impl Memory {
    /// Takes nothing of a process that has died: whoever was served by it can tell more of that.
    pub(crate) fn sample(&mut self, server: &Server) {
        let status = fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
        if status.contains("RssAnon:") {
            self.0.push(server.status_kib("RssAnon"));
        }
    }

    /// The highest samples of the first and the last third. The first tenth is left out: nothing has been held yet.
    fn thirds(&self) -> (u64, u64) {
        let count = self.0.len();
        assert!(count >= 10, "{count} samples say nothing");
        let highest = |samples: &[u64]| samples.iter().copied().max().unwrap();
        (highest(&self.0[count / 10..count / 3]), highest(&self.0[count - count / 3..]))
    }

    /// Fails where it has grown. Returns what it was in the first and the last third.
    #[track_caller]
    pub(crate) fn assert_bounded(&self) -> (u64, u64) {
        let (first, last) = self.thirds();
        // AddressSanitizer holds back what was freed, and tells of leaks itself.
        let is_sanitized = env::var_os("ASAN_OPTIONS").is_some();
        assert!(is_sanitized || last <= first + GROWTH_MAX_KIB, "resident memory has grown: {:?} KiB", self.0);
        (first, last)
    }
}

/// Fails with what was said at error level, but for what was caused on purpose.
#[track_caller]
pub(crate) fn assert_no_errors(said: &str, expected: &[&str]) {
    let is_bad = |line: &&str| line.starts_with("error") || line.contains("panicked");
    let is_expected = |line: &&str| expected.iter().any(|words| line.contains(words));
    let found: Vec<&str> = said.lines().filter(|line| is_bad(line) && !is_expected(line)).collect();
    assert!(found.is_empty(), "{} lines of the log:\n{}", found.len(), found[..found.len().min(20)].join("\n"));
}
