//! The list of a directory as it is sent: asked of those who wait for the disk, and taken from them.

use std::rc::Rc;
use std::sync::Arc;

use super::view::View;
use super::{Listing, Reader};
use crate::files::{Chore, Directory, Fetch, Fetched, Made};
use crate::http::Request;
use crate::site::blame::{CHANGING, CROWDED, UNINDEXED, blame_unlistable};
use crate::site::found::Instead;
use crate::site::occasion::{Note, Occasion, Postponed, Ruling};
use crate::site::page::VARY;
use crate::site::path::SitePath;
use crate::site::representation::Representation;
use crate::site::rules::Rules;
use crate::site::select::{READS_MAX, Site};

/// The pages that are being sent, so that many who read the same one slowly have one between them. They
/// are here until [`Listings::forget_sent`], which is to be called often enough.
#[derive(Debug, Default)]
pub(in crate::site) struct Listings {
    sent: Vec<Arc<Made>>,
}

/// So many bytes of pages are sent at a time, of all sites, so that those who read slowly do not hold one each of a
/// large directory that changes. One page is fewer.
const SENT_MAX: usize = 64 << 20;

impl Site {
    /// What a directory gives that has no index file: a page, once it has been made. Kept apart from the way of
    /// files, which is gone a hundred thousand times a second.
    #[cold]
    #[inline(never)]
    pub(in crate::site) fn list(
        &mut self,
        directory: Directory,
        path: SitePath<'_>,
        request: &Request<'_>,
        rules: &Rc<Rules>,
        listings: &mut Listings,
        occasion: &Occasion<'_>,
    ) -> Result<Rc<Representation>, Instead> {
        occasion.note(|| Note::Decided(Ruling::Listing));
        if !rules.lists() {
            return Err(UNINDEXED.into());
        }
        let reader = Reader::of(&request.fields);
        let view = View::of(request.path().and_then(|target| target.query));
        let listing = Listing::new(directory, self.number, path.as_bytes(), (reader, view), self.shows_dotfiles);
        match occasion.fetched {
            Some(Fetched::Chore { chore, outcome }) if chore.key() == listing.key() => match outcome {
                Ok(page) => match listings.share(page) {
                    Some(page) => {
                        let content_type = reader.content_type();
                        let lines = [VARY, &rules.policy().lines(content_type)];
                        let page = Representation::of_page(page, content_type, lines, Rc::clone(rules));
                        Ok(Rc::new(page))
                    }
                    None => Err(CROWDED.into()),
                },
                Err(error) => Err(blame_unlistable(error, path.as_bytes()).into()),
            },
            // Another directory has its path each time.
            _ if occasion.fetches >= READS_MAX => Err(CHANGING.into()),
            _ => Err(Instead::Later(Postponed::Fetch(Fetch::Chore(Arc::new(listing))))),
        }
    }
}

impl Listings {
    /// A page, which is the one that others read by now where that is the same. None where there is no room.
    fn share(&mut self, page: &Arc<Made>) -> Option<Arc<Made>> {
        if let Some(same) = self.sent.iter().find(|other| other.hash() == page.hash()) {
            return Some(Arc::clone(same));
        }
        self.forget_sent();
        let held: usize = self.sent.iter().map(|page| page.bytes().len()).sum();
        if held + page.bytes().len() > SENT_MAX {
            return None;
        }
        self.sent.push(Arc::clone(page));
        Some(Arc::clone(page))
    }

    /// Gives back the memory of those that nobody reads any more.
    pub(in crate::site) fn forget_sent(&mut self) {
        self.sent.retain(|page| Arc::strong_count(page) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(bytes: Vec<u8>) -> Arc<Made> {
        Arc::new(bytes.into())
    }

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let mut listings = Listings::default();
        let page = |byte| made(vec![byte; SENT_MAX / 5 * 2]);
        let held = [1, 2].map(|byte| listings.share(&page(byte)).unwrap());
        assert!(listings.share(&page(3)).is_none() && listings.share(&page(1)).is_some());
        drop(held);
        assert!(listings.share(&page(3)).is_some());
    }

    #[test]
    fn those_who_are_sent_the_same_page_have_one() {
        let mut listings = Listings::default();
        let share = |listings: &mut Listings, text: &[u8]| listings.share(&made(text.to_vec())).unwrap();
        let (first, other, second) =
            (share(&mut listings, b"a"), share(&mut listings, b"b"), share(&mut listings, b"a"));
        assert!(Arc::ptr_eq(&first, &second) && other.bytes() == b"b" && first.hash() != other.hash());
        let known = Arc::downgrade(&first);
        drop((first, other));
        listings.forget_sent();
        assert_eq!((listings.sent.len(), known.strong_count()), (1, 2), "one is read still");
        drop(second);
        listings.forget_sent();
        assert_eq!((listings.sent.len(), known.strong_count()), (0, 0), "what is not sent any more is forgotten");
    }
}
