//! From the name of a file to what it gives: opened beneath the root, read as far as it is in memory, and kept.

use std::rc::Rc;
use std::sync::Arc;

use super::blame::{CHANGING, blame, blame_unreadable};
use super::cache::{Cache, Known};
use super::found::Found;
use super::media_type::{Redundancy, redundancy};
use super::occasion::{Occasion, Postponed};
use super::representation::{Described, MEMORY_MAX, Representation};
use super::rules::Rules;
use super::select::{READS_MAX, Site};
use super::siblings::{self, Siblings};
use crate::files::{Fetch, Fetched, File, Identity, Metadata, OpenError, OpenFiles, Opened, ReadError};
use crate::http::Coding;

/// A file that is looked for.
#[derive(Clone, Copy)]
pub(super) struct Sought<'a> {
    /// Below the root
    pub(super) file: &'a [u8],
    /// That of its content
    pub(super) coding: Option<Coding>,
    /// What is known by which path where there is one
    pub(super) found: &'a [u8],
    /// The same where there is none
    pub(super) missing: &'a [u8],
}

impl<'a> Sought<'a> {
    /// What is asked for by its own path.
    pub(super) fn by_name(file: &'a [u8]) -> Sought<'a> {
        Sought { file, coding: None, found: file, missing: file }
    }
}

impl Site {
    /// Opens the file of that name, and keeps what it gives.
    pub(super) fn open(
        &mut self,
        sought: Sought<'_>,
        rules: &Rc<Rules>,
        cache: &mut Cache,
        occasion: &Occasion<'_>,
    ) -> Found {
        let Sought { file: name, .. } = sought;
        let now = occasion.now;
        if let Err(why) = self.refresh(occasion) {
            return why;
        }
        // Looked at after it has been read: it is that file still, and in the state in which it was read. A large one,
        // that is sent piece by piece, may have changed since it was opened, as it may while it is sent.
        let is_still_there = |fetched: &&Fetched| {
            let Fetched::Bytes { file, .. } = fetched else { return false };
            let Metadata { size, identity, .. } = file.metadata();
            let is_it = |now: Identity| now == *identity || (*size > MEMORY_MAX && now.is_same_file(identity));
            self.root.identity_below(name).is_ok_and(is_it)
        };
        let mut fetched = occasion.fetched.filter(is_still_there);
        for _ in 0..READS_MAX {
            let fetched = fetched.take();
            let open = match fetched {
                Some(Fetched::Bytes { file, .. }) => Some(Arc::clone(file)),
                Some(Fetched::Chore { .. }) | None => self.find_open(name, &cache.open_files),
            };
            let file = match open.map_or_else(|| self.root.open_beneath(name), |file| Ok(Opened::File(file))) {
                Ok(Opened::File(file)) => file,
                Ok(Opened::Directory(_)) => return Found::Directory,
                Err(error) => {
                    if let OpenError::NotFound = error {
                        cache.keep(self.number, sought.missing, name, None, Known::Missing, now);
                    }
                    return blame(&error, name).into();
                }
            };
            let identity = file.metadata().identity;
            let content = match fetched.and_then(|fetched| fetched.bytes_of(&file, 0)) {
                Some(Err(ReadError::Changed)) => continue,
                Some(Err(error)) if file.metadata().size <= MEMORY_MAX => return blame_unreadable(&file, error).into(),
                Some(Err(_)) | None => None,
                Some(Ok(content)) => Some(content),
            };
            match Representation::of(&file, || self.describe(sought, &file), now, content, Rc::clone(rules)) {
                Ok(representation) => {
                    if representation.holds_descriptor() {
                        cache.open_files.add(&file);
                    }
                    let representation = Rc::new(representation);
                    if representation.is_lasting() {
                        let known = Known::Representation(Rc::clone(&representation));
                        cache.keep(self.number, sought.found, name, Some(identity), known, now);
                    }
                    return Found::Representation(representation);
                }
                Err(ReadError::Changed) => {}
                Err(ReadError::NotResident) => {
                    if let Some(sibling) = self.find_fetched_sibling(sought, &file, rules, cache, occasion) {
                        return Found::Representation(sibling);
                    }
                    if occasion.fetches >= READS_MAX {
                        break;
                    }
                    cache.open_files.add(&file);
                    let range = 0..file.metadata().size;
                    return Found::Later(Postponed::Fetch(Fetch::Bytes { file, range }));
                }
                Err(error) => return blame_unreadable(&file, &error).into(),
            }
        }
        CHANGING.into()
    }
    /// The file of that name as it is now, if it is open already.
    fn find_open(&mut self, name: &[u8], open_files: &OpenFiles) -> Option<Arc<File>> {
        if open_files.is_empty() {
            return None;
        }
        open_files.find(&self.root.identity(name).ok()?)?;
        open_files.find(&self.root.identity_beneath(name).ok()?)
    }

    /// What is said of the content of a file that has been read.
    fn describe(&self, sought: Sought<'_>, file: &File) -> Described {
        let extension = sought.coding.map_or("", siblings::extension);
        let name = sought.file.strip_suffix(extension.as_bytes()).unwrap_or(sought.file);
        let content_type = self.types.content_type(name);
        let redundancy = redundancy(&content_type);
        let has_siblings = self.compresses && sought.coding.is_none() && redundancy > Redundancy::None;
        let siblings = has_siblings.then(|| Siblings::of(sought.file, file.metadata().identity, redundancy));
        Described { content_type, coding: sought.coding, siblings }
    }
}
