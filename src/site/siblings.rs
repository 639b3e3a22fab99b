//! The files beside a file that hold the same in other codings: `app.js.br`, `app.js.zst`, `app.js.gz`. Whoever put
//! them there is believed, unless the file has been written since.

use std::cell::Cell;
use std::mem;
use std::rc::Rc;

use super::cache::Cache;
use super::encoding::MADE;
use super::found::Found;
use super::media_type::Redundancy;
use super::occasion::{Note, Occasion, Postponed, Sight};
use super::opening::Sought;
use super::representation::Representation;
use super::rules::Rules;
use super::select::Site;
use crate::files::{Fetched, File, Identity, Timestamp};
use crate::http::content_coding::accepted;
use crate::http::{Coding, Request};

/// How long, in seconds, it is not looked again which of them there are. One that is new is used that much later; one
/// that is used is looked at after each request, as the file itself is.
const LOOK_SECONDS: i64 = 2;

/// A file in one state that can be had in other codings, and what is known of its siblings.
#[derive(Debug)]
pub struct Siblings {
    /// The file itself, below the root
    pub(super) file: Box<[u8]>,
    /// A sibling that was written before it holds what it held before.
    pub(super) identity: Identity,
    /// Whether it is known to become smaller, where there are none
    pub(super) is_redundant: bool,
    /// When they were looked for last, if ever, and which of them there were
    seen: Cell<Option<(i64, [bool; 3])>>,
}

impl Siblings {
    /// Of a file whose type is not compressed as such.
    pub(super) fn of(file: &[u8], identity: Identity, redundancy: Redundancy) -> Siblings {
        Siblings { file: file.into(), identity, is_redundant: redundancy == Redundancy::Much, seen: Cell::default() }
    }

    /// The memory that it takes beside itself, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.file.len()
    }
}

/// What the name of a file in this coding ends in.
pub(super) const fn extension(coding: Coding) -> &'static str {
    match coding {
        Coding::Brotli => ".br",
        Coding::Zstandard => ".zst",
        Coding::Gzip => ".gz",
    }
}

impl Site {
    /// The representation that the client would rather have (RFC 9110, section 12.5.3): the `plain` one, a sibling, or
    /// what was made of it here. Where it wants none of those that there are, it gets the plain one, as section 12.1
    /// leaves us free to do: whoever refuses that can read it all the same.
    pub(super) fn select_coding(
        &mut self,
        plain: Rc<Representation>,
        request: &Request<'_>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Result<Rc<Representation>, Postponed> {
        let Some(siblings) = &plain.siblings else { return Ok(plain) };
        let accepted = accepted(&request.fields);
        if accepted.first().is_none_or(Option::is_none) {
            return Ok(plain);
        }
        let there = self.look_for_siblings(siblings, occasion);
        for coding in accepted.into_iter().flatten() {
            if there.get(coding as usize) == Some(&true) {
                let file = (&*siblings.file, siblings.identity.modified());
                if let Some(sibling) = self.find_sibling(coding, file, &plain.rules, cache, occasion)? {
                    return Ok(sibling);
                }
            }
            if coding == MADE
                && let Some(encoding) = self.find_encoding(&plain, siblings, cache, occasion.now)
            {
                return Ok(encoding);
            }
        }
        Ok(plain)
    }

    /// Which of them there are that may be used.
    fn look_for_siblings(&mut self, siblings: &Siblings, occasion: &Occasion<'_>) -> [bool; 3] {
        let now = occasion.now;
        if let Some((looked, there)) = siblings.seen.get()
            && (0..LOOK_SECONDS).contains(&now.seconds.saturating_sub(looked))
        {
            return there;
        }
        let is_there = |coding| {
            let name = sibling_name(&siblings.file, coding);
            let Ok(identity) = self.root.identity(&name) else { return false };
            let is_of_use = identity.modified() >= siblings.identity.modified();
            if !is_of_use {
                occasion.note(|| Note::Looked(name, Sight::Nothing("it is older than the file, and is not sent")));
            }
            is_of_use
        };
        let there = Coding::ALL.map(is_there);
        siblings.seen.set(Some((now.seconds, there)));
        there
    }

    /// The file that holds in this coding what the `file` held when it was `modified`, if there is one. It has to be
    /// below the root as any other.
    fn find_sibling(
        &mut self,
        coding: Coding,
        (file, modified): (&[u8], Timestamp),
        rules: &Rc<Rules>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Result<Option<Rc<Representation>>, Postponed> {
        // By another name than that by which it can be asked for itself, where it has no coding.
        let mut key = mem::take(&mut self.key);
        key.clear();
        for part in [file, b"//", coding.name().as_bytes()] {
            key.extend_from_slice(part);
        }
        let found = match cache.find(self.number, &key, occasion.now, |file, scrutiny| self.look_at(file, scrutiny)) {
            Some(known) => Found::from(known),
            None => {
                let sought =
                    Sought { file: &sibling_name(file, coding), coding: Some(coding), found: &key, missing: &key };
                self.open(sought, rules, cache, occasion)
            }
        };
        self.key = key;
        occasion.note(|| Note::Looked(sibling_name(file, coding), found.sight()));
        match found {
            Found::Representation(sibling) => Ok(Some(sibling).filter(|sibling| sibling.modified >= modified)),
            Found::Later(postponed) => Err(postponed),
            // Whatever is wrong with it, there is the file itself.
            Found::Directory | Found::Unindexed(_) | Found::Nothing(..) => Ok(None),
        }
    }

    /// The sibling that has been fetched for this request, where its file would have to be fetched once more because it
    /// is not kept.
    pub(super) fn find_fetched_sibling(
        &mut self,
        plain: Sought<'_>,
        file: &File,
        rules: &Rc<Rules>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Option<Rc<Representation>> {
        let Some(Fetched::Bytes { file: fetched, .. }) = occasion.fetched else { return None };
        if plain.coding.is_some() || !self.compresses {
            return None;
        }
        let fetched = fetched.metadata().identity;
        let is_it = |coding: &Coding| self.root.identity(&sibling_name(plain.file, *coding)).ok() == Some(fetched);
        let coding = Coding::ALL.into_iter().find(is_it)?;
        self.find_sibling(coding, (plain.file, file.metadata().modified), rules, cache, occasion).ok()?
    }
}

fn sibling_name(file: &[u8], coding: Coding) -> Vec<u8> {
    [file, extension(coding).as_bytes()].concat()
}
