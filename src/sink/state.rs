//! The lines that wait to be written, and what is to be told of those that were lost.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use memchr::{memchr, memchr_iter, memrchr};

use crate::figures::Grouped;

/// How often it is told that lines were lost.
const QUIET: Duration = Duration::from_secs(5);

/// What is kept for the next lines when all are written, in bytes.
const KEPT_MAX: usize = 256 * 1024;

/// What is written at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece {
    /// The first lines, as many as fit into so many bytes; of a line that does not fit, as much as does
    Lines(usize),
    /// The first line
    Line,
}

/// What the writer and those who have lines for it share.
pub(super) struct State {
    /// Lines that are not written. What the writer is busy with is among them until it has been written.
    pub(super) waiting: VecDeque<u8>,
    /// From so many bytes on, the writer is woken.
    pub(super) wake_at: usize,
    /// The first of these bytes are the rest of a line that an error has cut in two. They wait for more lines, since
    /// there is no use in trying again for them alone.
    stuck: usize,
    /// The last byte that was written did not end a line.
    is_mid_line: bool,
    /// How long the file was when an error cut that line in two, where it is a file.
    cut_at: Option<u64>,
    /// The last write failed.
    pub(super) has_failed: bool,
    pub(super) writer: Writer,
    /// How many hold the sink.
    pub(super) holders: usize,
    is_hurried: bool,
    pub(super) losses: Losses,
}

/// What the thread that writes does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Writer {
    /// There is none.
    Absent,
    /// It writes lines, or waits for some.
    Writing,
    /// It is about to tell of lines that were lost.
    Telling,
}

/// Lines that were lost and not told of.
#[derive(Default)]
pub(super) struct Losses {
    count: u64,
    /// What happened to them, where it is known
    reason: Option<String>,
    /// Nothing is told before.
    quiet_ends: Option<Instant>,
}

impl Default for State {
    fn default() -> State {
        State {
            waiting: VecDeque::new(),
            wake_at: usize::MAX,
            stuck: 0,
            is_mid_line: false,
            cut_at: None,
            has_failed: false,
            writer: Writer::Absent,
            holders: 0,
            is_hurried: false,
            losses: Losses::default(),
        }
    }
}

impl State {
    /// Adds lines, and tells whether the writer must be woken.
    pub(super) fn add(&mut self, lines: &[u8]) -> bool {
        self.waiting.extend(lines);
        let must_wake = self.waiting.len() >= self.wake_at;
        if must_wake {
            self.wake_at = usize::MAX;
        }
        must_wake
    }

    /// Counts lines that will not be written. `None`: because there was no room for them.
    pub(super) fn lose(&mut self, lines: &[u8], error: Option<io::Error>) {
        self.losses.count += count_lines(lines);
        // There is no room as long as nothing can be written, so that is the reason.
        if error.is_some() || !self.has_failed {
            self.losses.reason = error.map(|error| error.to_string());
        }
    }

    /// Gives up all lines that wait.
    pub(super) fn lose_all(&mut self) {
        let (front, back) = self.waiting.as_slices();
        self.losses.count += count_lines(front) + count_lines(back);
        self.waiting.clear();
        self.stuck = 0;
    }

    /// Whether there is something that is worth a try.
    pub(super) fn has_lines(&self) -> bool {
        self.waiting.len() > self.stuck
    }

    /// Wakes the writer with the next line.
    pub(super) fn wake_at_next_line(&mut self) {
        self.wake_at = self.stuck + 1;
        if self.waiting.is_empty() {
            self.waiting.shrink_to(KEPT_MAX);
        }
    }

    /// Copies what is to be written next.
    pub(super) fn copy_piece(&self, piece: &mut Vec<u8>, which: Piece) {
        piece.clear();
        let (front, back) = self.waiting.as_slices();
        let bytes_max = match which {
            Piece::Lines(bytes_max) => bytes_max,
            Piece::Line => {
                let end = memchr(b'\n', front).or_else(|| memchr(b'\n', back).map(|end| front.len() + end));
                end.map_or(self.waiting.len(), |end| end + 1)
            }
        };
        for part in [front, back] {
            let room = bytes_max - piece.len();
            piece.extend_from_slice(part.get(..room).unwrap_or(part));
        }
        if let Some(end) = memrchr(b'\n', piece) {
            piece.truncate(end + 1);
        }
    }

    /// The first `bytes` of a piece have been written.
    pub(super) fn note_written(&mut self, piece: &[u8], bytes: usize) {
        self.is_mid_line = piece.get(..bytes).and_then(<[u8]>::last) != Some(&b'\n');
        self.waiting.drain(..bytes.min(self.waiting.len()));
        self.stuck = 0;
        self.cut_at = None;
        self.has_failed = false;
    }

    /// Nothing can be written, for that reason or for want of room: gives up all lines, but for the rest of the one
    /// that has been begun, in a file that has this length now. That is lost as well where nobody is left to bring
    /// more.
    pub(super) fn give_up(&mut self, error: Option<&io::Error>, length: Option<u64>) {
        let lines = self.waiting.make_contiguous();
        let rest = match memchr(b'\n', lines) {
            Some(end) if self.is_mid_line => end + 1,
            Some(_) => 0,
            None => lines.len(),
        };
        let first_lost = if self.holders == 0 { 0 } else { rest };
        let lost = count_lines(lines.get(first_lost..).unwrap_or_default());
        self.waiting.truncate(rest);
        self.stuck = rest;
        self.cut_at = self.cut_at.or(length).filter(|_| self.is_mid_line);
        self.has_failed = error.is_some();
        self.losses.count += lost;
        self.losses.reason = error.map(io::Error::to_string);
    }

    /// Gives up the rest of a line that was cut in two where the file is shorter since: its beginning has been removed.
    pub(super) fn note_length(&mut self, length: impl FnOnce() -> Option<u64>) {
        let Some(cut_at) = self.cut_at else { return };
        if length().is_none_or(|length| length >= cut_at) {
            return;
        }
        let rest = memchr(b'\n', self.waiting.make_contiguous()).map_or(self.waiting.len(), |end| end + 1);
        self.waiting.drain(..rest);
        self.losses.count += 1;
        (self.stuck, self.is_mid_line, self.cut_at) = (0, false, None);
    }

    /// No more than one try for anything from here on.
    pub(super) fn hurry(&mut self) {
        self.is_hurried = true;
        self.stuck = 0;
    }

    /// One of its holders is gone.
    pub(super) fn let_go(&mut self) {
        self.holders -= 1;
        if self.holders == 0 {
            self.stuck = 0;
        }
    }

    /// Whether somebody waits for it, or nobody is left.
    pub(super) fn is_ending(&self) -> bool {
        self.is_hurried || self.holders == 0
    }

    /// Whether there is something that the writer has not done yet.
    pub(super) fn is_busy(&self) -> bool {
        match self.writer {
            Writer::Absent => false,
            Writer::Writing => self.has_lines(),
            Writer::Telling => true,
        }
    }

    /// Whether nothing more will come.
    pub(super) fn is_over(&self) -> bool {
        self.holders == 0 && !self.has_lines()
    }
}

impl Losses {
    /// When they are to be told of.
    pub(super) fn due(&self) -> Option<Instant> {
        self.quiet_ends.filter(|_| self.count > 0)
    }

    /// A message about them, at most every few seconds unless it `is_urgent`.
    pub(super) fn take(&mut self, is_urgent: bool, name: &str, excuse: &str) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let now = Instant::now();
        if !is_urgent && self.quiet_ends.is_some_and(|end| now < end) {
            return None;
        }
        self.quiet_ends = Some(now + QUIET);
        let lines =
            if self.count == 1 { "1 line was".to_owned() } else { format!("{} lines were", Grouped(self.count)) };
        self.count = 0;
        Some(format!("{name}: {lines} lost: {}", self.reason.as_deref().unwrap_or(excuse)))
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
