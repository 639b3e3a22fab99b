//! The list of a directory as it is sent: asked of those who wait for the disk, and taken from them.

use std::rc::Rc;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::view::View;
use super::{Listing, form_of};
use crate::files::{Chore, Directory, Fetch, Fetched};
use crate::http::Request;
use crate::site::blame::{CHANGING, CROWDED, UNINDEXED, blame_unlistable};
use crate::site::found::Instead;
use crate::site::occasion::{Note, Occasion, Postponed, Ruling};
use crate::site::page::VARY;
use crate::site::path::SitePath;
use crate::site::representation::Representation;
use crate::site::rules::Rules;
use crate::site::select::{READS_MAX, Site};

/// The pages that are being sent, by their hash, so that many who read the same one slowly have one between them. They
/// are here until [`Listings::forget_sent`], which is to be called often enough.
#[derive(Debug, Default)]
pub(in crate::site) struct Listings {
    sent: Vec<(u128, Rc<[u8]>)>,
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
        let form = form_of(&request.fields);
        let view = View::of(request.path().and_then(|target| target.query));
        let listing = Listing::new(directory, self.number, path.as_bytes(), (form, view), self.shows_dotfiles);
        match occasion.fetched {
            Some(Fetched::Chore { chore, outcome }) if chore.key() == listing.key() => match outcome {
                Ok(page) => match listings.share(page) {
                    Some(page) => {
                        let content_type = form.content_type();
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
    /// A page, which is the one that others read by now where that is the same, and its hash. None where there is no
    /// room.
    fn share(&mut self, page: &[u8]) -> Option<(Rc<[u8]>, u128)> {
        let hash = xxh3_128(page);
        if let Some((_, same)) = self.sent.iter().find(|(other, _)| *other == hash) {
            return Some((Rc::clone(same), hash));
        }
        self.forget_sent();
        let held: usize = self.sent.iter().map(|(_, page)| page.len()).sum();
        if held + page.len() > SENT_MAX {
            return None;
        }
        let page: Rc<[u8]> = page.into();
        self.sent.push((hash, Rc::clone(&page)));
        Some((page, hash))
    }

    /// Gives back the memory of those that nobody reads any more.
    pub(in crate::site) fn forget_sent(&mut self) {
        self.sent.retain(|(_, page)| Rc::strong_count(page) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_there_is_room_for() {
        let mut listings = Listings::default();
        let pages = [1, 2, 3].map(|byte| vec![byte; SENT_MAX / 5 * 2]);
        let held: Vec<_> = pages[..2].iter().map(|page| listings.share(page).unwrap()).collect();
        assert!(listings.share(&pages[2]).is_none() && listings.share(&pages[0]).is_some());
        drop(held);
        assert!(listings.share(&pages[2]).is_some());
    }

    #[test]
    fn those_who_are_sent_the_same_page_have_one() {
        let mut listings = Listings::default();
        let (first, hash) = listings.share(b"a").unwrap();
        let (other, other_hash) = listings.share(b"b").unwrap();
        let (second, same_hash) = listings.share(b"a").unwrap();
        assert!(Rc::ptr_eq(&first, &second) && hash == same_hash && hash != other_hash && *other == *b"b");
        let known = Rc::downgrade(&first);
        drop((first, other));
        listings.forget_sent();
        assert_eq!((listings.sent.len(), known.strong_count()), (1, 2), "one is read still");
        drop(second);
        listings.forget_sent();
        assert_eq!((listings.sent.len(), known.strong_count()), (0, 0), "what is not sent any more is forgotten");
    }
}
