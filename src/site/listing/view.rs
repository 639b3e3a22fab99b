//! What of a directory is on a page: what the query of its URL says. A page begins behind an entry rather than at a
//! number, so that none is missed or told twice where others come and go, and no page takes more memory than the first.

use std::fmt::{self, Display, Formatter};

use percent_encoding::{percent_decode_str, percent_encode};

use super::order::Order;
use crate::files::{Entry, Kind, Timestamp};
use crate::site::path::ENCODED;

/// An order, and where in it the page begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct View {
    pub(super) order: Order,
    /// The last entry of the page before, as it was then
    pub(super) after: Option<Entry>,
}

impl View {
    /// `sort=-size&after=f.1024.0.0.name`. What is not known has no effect.
    pub(super) fn of(query: Option<&str>) -> View {
        let after = query.unwrap_or_default().split('&').find_map(|parameter| parameter.strip_prefix("after="));
        View { order: Order::of(query), after: after.and_then(read) }
    }

    /// Whether an entry is behind those of the pages before.
    pub(super) fn is_behind(&self, entry: &Entry) -> bool {
        self.after.as_ref().is_none_or(|after| self.order.compare(entry, after).is_gt())
    }
}

/// An entry as it was written below.
fn read(text: &str) -> Option<Entry> {
    let mut parts = text.splitn(5, '.');
    let mut next = || parts.next();
    let kind = match next()? {
        "d" => Kind::Directory,
        "f" => Kind::File,
        _ => return None,
    };
    let size = next()?.parse().ok()?;
    let modified = Timestamp { seconds: next()?.parse().ok()?, nanoseconds: next()?.parse().ok()? };
    Some(Entry { name: percent_decode_str(next()?).collect(), kind, size, modified })
}

/// The reference to the page behind an entry. No character in it needs to be escaped but the one of `separator`.
pub(super) struct NextPage<'a> {
    pub(super) order: Order,
    pub(super) last: &'a Entry,
    /// `&`, as it is written in the format of the page
    pub(super) separator: &'static str,
}

impl Display for NextPage<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let NextPage { order, last, separator } = self;
        let Entry { name, kind, size, modified: Timestamp { seconds, nanoseconds } } = last;
        let kind = match kind {
            Kind::Directory => "d",
            Kind::File => "f",
        };
        let name = percent_encode(name, ENCODED);
        write!(f, "?sort={}{separator}after={kind}.{size}.{seconds}.{nanoseconds}.{name}", order.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_where_the_one_before_has_ended() {
        let modified = Timestamp { seconds: -5, nanoseconds: 999_999_999 };
        for (kind, name) in [(Kind::File, &b"a.b &=%\xff\n"[..]), (Kind::Directory, b"."), (Kind::File, b"")] {
            let last = Entry { name: name.to_vec(), kind, size: u64::MAX, modified };
            let order = Order::of(Some("sort=-time"));
            let reference = NextPage { order, last: &last, separator: "&" }.to_string();
            assert_eq!(View::of(reference.strip_prefix('?')), View { order, after: Some(last) }, "{reference}");
        }
    }

    #[test]
    fn what_is_no_entry_has_no_effect() {
        for query in
            ["after=", "after=x.1.1.1.a", "after=f.1.1.1", "after=f.-1.1.1.a", "after=f.1.1.99999999999.a", "a"]
        {
            assert_eq!(View::of(Some(query)), View { order: Order::USUAL, after: None }, "{query}");
        }
        assert_eq!(View::of(None).after, None);
    }
}
