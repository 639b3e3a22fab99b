//! The list of a directory as what its URL gives: asked of those who wait for the disk, and taken from them.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::blame::{CHANGING, UNINDEXED, blame_unlistable};
use super::found::Found;
use super::listing::{Listing, Order, form_of};
use super::page::VARY;
use super::path::SitePath;
use super::representation::Representation;
use super::rules::Rules;
use super::select::{Occasion, Postponed, READS_MAX, Site};
use crate::files::{Chore, Directory, Fetch, Fetched};
use crate::http::{Request, Status};

/// The pages that are being sent, by their hash, so that many who read the same one slowly have one between them.
#[derive(Debug, Default)]
pub(super) struct Listings {
    sent: Vec<(u128, Weak<[u8]>)>,
}

impl Site {
    /// What a directory gives that has no index file: a page, once it has been made. Kept apart from the way of
    /// files, which is gone a hundred thousand times a second.
    #[cold]
    #[inline(never)]
    pub(super) fn list(
        &mut self,
        directory: Directory,
        path: SitePath<'_>,
        request: &Request<'_>,
        rules: &Rc<Rules>,
        occasion: Occasion<'_>,
    ) -> Found {
        if !rules.lists() {
            return Found::Nothing(Status::NotFound, UNINDEXED);
        }
        let form = form_of(&request.fields);
        let order = Order::of(request.path().and_then(|target| target.query));
        let listing = Listing::new(directory, self.number, path.as_bytes(), (form, order), self.shows_dotfiles);
        match occasion.fetched {
            Some(Fetched::Chore { chore, outcome }) if chore.key() == listing.key() => match outcome {
                Ok(page) => {
                    let page = self.listings.share(page);
                    let lines = [VARY, &rules.policy().lines(form)];
                    let rules = Rc::clone(rules);
                    Found::Representation(Rc::new(Representation::of_page(page, form.content_type(), lines, rules)))
                }
                Err(error) => blame_unlistable(error, path.as_bytes()).into(),
            },
            // Another directory has its path each time.
            _ if occasion.fetches >= READS_MAX => CHANGING.into(),
            _ => Found::Later(Postponed::Fetch(Fetch::Chore(Arc::new(listing)))),
        }
    }
}

impl Listings {
    /// A page, which is the one that others read by now where that is the same.
    fn share(&mut self, page: &[u8]) -> (Rc<[u8]>, u128) {
        let hash = xxh3_128(page);
        self.sent.retain(|(_, page)| page.strong_count() > 0);
        let same = self.sent.iter().find(|(other, _)| *other == hash).and_then(|(_, page)| page.upgrade());
        let page = same.unwrap_or_else(|| {
            let page: Rc<[u8]> = page.into();
            self.sent.push((hash, Rc::downgrade(&page)));
            page
        });
        (page, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_sent_the_same_page_have_one() {
        let mut listings = Listings::default();
        let (first, hash) = listings.share(b"a");
        let (other, other_hash) = listings.share(b"b");
        let (second, same_hash) = listings.share(b"a");
        assert!(Rc::ptr_eq(&first, &second) && hash == same_hash && hash != other_hash && *other == *b"b");
        drop((first, second));
        listings.share(b"b");
        assert_eq!(listings.sent.len(), 1, "what is not sent any more is forgotten");
    }
}
