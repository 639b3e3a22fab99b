//! A list of what is in a directory: entries in, a page out, for people or for programs.
//!
//! It is made anew for each request, by the threads that wait for the disk, since what is in a directory changes
//! without the directory showing it: a file that grows does not touch it. Whatever the directory holds, a page has
//! [`ENTRIES_MAX`] entries at most, and about [`ROWS_BYTES`]. The others are on the next ones. No more than twice as
//! many entries are in memory meanwhile, which is 7 MiB where all have the longest names, and of what is written two
//! copies.

mod html;
mod json;
mod order;
mod sent;
mod view;

use std::fmt;
use std::ops::ControlFlow;

use jiff::civil;
use jiff::tz::Offset;

use super::accept::Preference;
use super::page::{HTML, JSON};
use crate::files::{Chore, Directory, Entry, Kind, ReadError, Timestamp};
use crate::http::{FieldName, Fields};
use order::Order;
pub(super) use sent::Listings;
use view::View;

/// So many entries are on a page: about 2 MB of it.
const ENTRIES_MAX: usize = 10_000;

/// A page ends with the entry that takes what is written of all of them to so many bytes: names of 255 bytes take ten
/// times as many as usual ones.
const ROWS_BYTES: usize = 4 << 20;

/// After so many entries it is asked whether somebody waits for the page still: some milliseconds.
const ASKED_EVERY: usize = 1000;

/// A page that is to be made.
#[derive(Debug)]
struct Listing {
    directory: Directory,
    /// As in the URL, decoded, with a slash at its end; empty for the root
    path: Vec<u8>,
    form: Form,
    view: View,
    shows_dotfiles: bool,
    /// All of this
    key: Vec<u8>,
}

/// What the reader of a page can use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// For people, in a browser
    Html,
    /// For programs
    Json,
}

/// What is shown of a directory.
#[derive(Debug, Default)]
struct Contents {
    /// In order
    entries: Vec<Entry>,
    directories: usize,
    files: usize,
    /// Those that are on this page or a later one
    behind: usize,
}

/// JSON for those who would rather have it, HTML for all others.
fn form_of(fields: &Fields<'_>) -> Form {
    let preference = |media_type| Preference::of(fields.values(FieldName::Accept), media_type);
    let prefers_json = preference("application/json").is_above(preference("text/html"));
    if prefers_json { Form::Json } else { Form::Html }
}

impl Form {
    fn content_type(self) -> &'static str {
        match self {
            Form::Html => HTML,
            Form::Json => JSON,
        }
    }
}

impl Listing {
    fn new(
        directory: Directory,
        site: usize,
        path: &[u8],
        (form, view): (Form, View),
        shows_dotfiles: bool,
    ) -> Listing {
        let mut key = format!("{site} {:?} {form:?} {view:?} {shows_dotfiles} ", directory.place()).into_bytes();
        key.extend_from_slice(path);
        Listing { directory, path: path.to_vec(), form, view, shows_dotfiles, key }
    }

    fn render(&self, contents: &mut Contents) -> Vec<u8> {
        match self.form {
            Form::Html => html::page(&self.path, &self.view, contents),
            Form::Json => json::page(&self.path, &self.view, contents),
        }
    }
}

impl Chore for Listing {
    fn key(&self) -> &[u8] {
        &self.key
    }

    fn place(&self) -> (u64, u64) {
        self.directory.place()
    }

    fn run(&self, is_asked_for: &dyn Fn() -> bool) -> Result<Vec<u8>, ReadError> {
        let mut contents = Contents::default();
        let is_wanted = |name: &[u8]| self.shows_dotfiles || !name.starts_with(b".");
        let take = |entry| {
            contents.add(entry, &self.view);
            match contents.total().is_multiple_of(ASKED_EVERY) && !is_asked_for() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        self.directory.read(is_wanted, take)?;
        contents.sort(self.view.order);
        Ok(self.render(&mut contents))
    }
}

impl Contents {
    /// Takes an entry in, and lets those go that will not be on the page.
    fn add(&mut self, entry: Entry, view: &View) {
        match entry.kind {
            Kind::Directory => self.directories += 1,
            Kind::File => self.files += 1,
        }
        if !view.is_behind(&entry) {
            return;
        }
        self.behind += 1;
        self.entries.push(entry);
        if self.entries.len() >= 2 * ENTRIES_MAX {
            self.entries.select_nth_unstable_by(ENTRIES_MAX, |a, b| view.order.compare(a, b));
            self.entries.truncate(ENTRIES_MAX);
        }
    }

    fn sort(&mut self, order: Order) {
        self.entries.sort_unstable_by(|a, b| order.compare(a, b));
        self.entries.truncate(ENTRIES_MAX);
    }

    /// What `write` makes of the entries, as far as they go on the page. The others are forgotten.
    fn rows(&mut self, write: impl Fn(&mut String, &Entry) -> fmt::Result) -> String {
        let mut rows = String::new();
        let mut count = 0;
        for entry in &self.entries {
            if rows.len() >= ROWS_BYTES || write(&mut rows, entry).is_err() {
                break;
            }
            count += 1;
        }
        self.entries.truncate(count);
        rows
    }

    /// The last one of the page, where there is another page.
    fn last(&self) -> Option<&Entry> {
        self.entries.last().filter(|_| self.behind > self.entries.len())
    }

    /// All that there are, on the page or not.
    fn total(&self) -> usize {
        self.directories + self.files
    }
}

/// A time in UTC; none where no calendar has it.
fn date_time(time: Timestamp) -> Option<civil::DateTime> {
    Some(Offset::UTC.to_datetime(jiff::Timestamp::from_second(time.seconds).ok()?))
}

#[cfg(test)]
mod tests;
