//! What of a directory is on a page: the first entries of those behind the page before, as many as there is room for.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;

use super::order::Order;
use super::view::View;
use crate::files::{Entry, Kind};

/// No row is written in fewer bytes, beside the name, which is in it twice.
const ROW_BYTES_MIN: usize = 75;

/// Where at least so many bytes are written, [`ROOMY`] is taken for them at once: nothing is moved as they become more.
const LARGE: usize = 2 << 20;

/// Address space, of which what is not written to takes no memory. More than any page needs, and so much that an
/// allocator gives it back when it is freed: that of glibc keeps up to 32 MiB for later, each thread (mallopt(3)).
const ROOMY: usize = 36 << 20;

/// What a page has room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Room {
    pub(super) entries: usize,
    /// The page ends with the entry that takes what is written of all of them to so many bytes.
    pub(super) bytes: usize,
}

/// Entries as they come, of which those are kept that may be on the page.
#[derive(Debug)]
pub(super) struct Picked<'a> {
    view: &'a View,
    room: Room,
    /// The last of them on top
    first: BinaryHeap<Ordered>,
    /// What is written of them at least, in bytes
    bytes: usize,
    counts: Counts,
}

/// What is shown of a directory.
#[derive(Debug)]
pub(super) struct Contents {
    /// In order
    pub(super) entries: Vec<Entry>,
    pub(super) counts: Counts,
    room: Room,
    /// What is written of them at least
    bytes: usize,
}

/// How many there are.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Counts {
    pub(super) directories: usize,
    pub(super) files: usize,
    /// Those that are on this page or a later one
    behind: usize,
}

/// An entry among others.
#[derive(Debug)]
struct Ordered {
    entry: Entry,
    order: Order,
}

impl Room {
    /// Whether these leave no room for others.
    fn is_taken(self, entries: usize, bytes: usize) -> bool {
        entries >= self.entries || bytes >= self.bytes
    }
}

impl Picked<'_> {
    pub(super) fn of(view: &View, room: Room) -> Picked<'_> {
        Picked { view, room, first: BinaryHeap::new(), bytes: 0, counts: Counts::default() }
    }

    /// Takes an entry in, and lets those go that will not be on the page.
    pub(super) fn add(&mut self, entry: Entry) {
        match entry.kind {
            Kind::Directory => self.counts.directories += 1,
            Kind::File => self.counts.files += 1,
        }
        if !self.view.is_behind(&entry) {
            return;
        }
        self.counts.behind += 1;
        let entry = Ordered { entry, order: self.view.order };
        let is_behind = |last: &Ordered| entry > *last;
        if self.room.is_taken(self.first.len(), self.bytes) && self.first.peek().is_some_and(is_behind) {
            return;
        }
        self.bytes += entry.bytes();
        self.first.push(entry);
        while let Some(last) = self.first.peek()
            && let bytes = self.bytes - last.bytes()
            && self.room.is_taken(self.first.len() - 1, bytes)
        {
            self.bytes = bytes;
            self.first.pop();
        }
    }

    /// Puts them in order.
    pub(super) fn sort(self) -> Contents {
        let mut first = self.first.into_vec();
        first.sort_unstable();
        let entries = first.into_iter().map(|Ordered { entry, .. }| entry).collect();
        Contents { entries, counts: self.counts, room: self.room, bytes: self.bytes }
    }

    /// All that there are, on the page or not.
    pub(super) fn total(&self) -> usize {
        self.counts.total()
    }
}

impl Contents {
    /// What `write` makes of the entries, as far as they go on the page. The others are forgotten.
    pub(super) fn rows(&mut self, write: impl Fn(&mut String, &Entry) -> fmt::Result) -> String {
        let mut rows = String::with_capacity(if self.bytes < LARGE { self.bytes } else { ROOMY });
        let mut count = 0;
        for entry in &self.entries {
            if self.room.is_taken(count, rows.len()) || write(&mut rows, entry).is_err() {
                break;
            }
            count += 1;
        }
        self.entries.truncate(count);
        rows
    }

    /// The last one of the page, where there is another page.
    pub(super) fn last(&self) -> Option<&Entry> {
        self.entries.last().filter(|_| self.counts.behind > self.entries.len())
    }
}

impl Counts {
    /// All that there are, on the page or not.
    pub(super) fn total(self) -> usize {
        self.directories + self.files
    }
}

impl Ordered {
    /// What is written of it at least, in bytes.
    fn bytes(&self) -> usize {
        ROW_BYTES_MIN + 2 * self.entry.name.len()
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> Ordering {
        self.order.compare(&self.entry, &other.entry)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered {
    fn eq(&self, other: &Ordered) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}
