//! A list of what is in a directory: entries in, a page out, for people or for programs.
//!
//! It is made anew for each request, by the threads that wait for the disk, since what is in a directory changes
//! without the directory showing it: a file that grows does not touch it.
//!
//! A page has room for so much, and what is more is on the next ones. People, who follow a link, have short ones
//! ([`FOR_PEOPLE`]). Programs that copy a directory by its links take the first page for all of it, so that they get as
//! much on one as can be had without harm ([`FOR_PROGRAMS`]). While it is made no more entries are in memory than it has
//! room for, which is 30 MiB at most, and what is written of them once.

mod contents;
mod html;
mod json;
mod order;
mod sent;
mod view;

use std::ops::ControlFlow;

use jiff::civil;
use jiff::tz::Offset;

use super::accept::Preference;
use super::page::{HTML, JSON};
use crate::files::{Chore, Directory, ReadError, Timestamp};
use crate::http::{FieldName, Fields};
use contents::{Contents, Picked, Room};
pub(super) use sent::Listings;
use view::View;

/// More is not for reading: about 2 MB. Names of 255 bytes take ten times as many bytes as usual ones.
const FOR_PEOPLE: Room = Room { entries: 10_000, bytes: 4 << 20 };

/// All that there is, as a rule: 100,000 entries and more, with usual names.
const FOR_PROGRAMS: Room = Room { entries: usize::MAX, bytes: 24 << 20 };

/// After so many entries it is asked whether somebody waits for the page still: some milliseconds.
const ASKED_EVERY: usize = 1000;

/// A page that is to be made.
#[derive(Debug)]
struct Listing {
    directory: Directory,
    /// As in the URL, decoded, with a slash at its end; empty for the root
    path: Vec<u8>,
    reader: Reader,
    view: View,
    shows_dotfiles: bool,
    /// All of this
    key: Vec<u8>,
}

/// Who reads a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reader {
    /// Somebody with a browser
    Person,
    /// A program that looks for links in HTML: few of them know what leads to the next page
    Crawler,
    /// A program that reads JSON
    Parser,
}

impl Reader {
    /// JSON for those who would rather have it, HTML for all others. A browser names HTML, which programs do not that
    /// take what they get.
    fn of(fields: &Fields<'_>) -> Reader {
        let preference = |media_type| Preference::of(fields.values(FieldName::Accept), media_type);
        let html = preference("text/html");
        match (preference("application/json").is_above(html), html.is_named()) {
            (true, _) => Reader::Parser,
            (false, true) => Reader::Person,
            (false, false) => Reader::Crawler,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Reader::Person | Reader::Crawler => HTML,
            Reader::Parser => JSON,
        }
    }

    fn room(self) -> Room {
        match self {
            Reader::Person => FOR_PEOPLE,
            Reader::Crawler | Reader::Parser => FOR_PROGRAMS,
        }
    }
}

impl Listing {
    fn new(
        directory: Directory,
        site: usize,
        path: &[u8],
        (reader, view): (Reader, View),
        shows_dotfiles: bool,
    ) -> Listing {
        let mut key = format!("{site} {:?} {reader:?} {view:?} {shows_dotfiles} ", directory.place()).into_bytes();
        key.extend_from_slice(path);
        Listing { directory, path: path.to_vec(), reader, view, shows_dotfiles, key }
    }

    fn render(&self, contents: Contents) -> Vec<u8> {
        match self.reader {
            Reader::Person | Reader::Crawler => html::page(&self.path, &self.view, contents),
            Reader::Parser => json::page(&self.path, &self.view, contents),
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
        let mut picked = Picked::of(&self.view, self.reader.room());
        let is_wanted = |name: &[u8]| self.shows_dotfiles || !name.starts_with(b".");
        let take = |entry| {
            picked.add(entry);
            match picked.total().is_multiple_of(ASKED_EVERY) && !is_asked_for() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        self.directory.read(is_wanted, take)?;
        Ok(self.render(picked.sort()))
    }
}

/// A time in UTC; none where no calendar has it.
fn date_time(time: Timestamp) -> Option<civil::DateTime> {
    Some(Offset::UTC.to_datetime(jiff::Timestamp::from_second(time.seconds).ok()?))
}

#[cfg(test)]
mod tests;
