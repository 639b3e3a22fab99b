//! In which order the entries of a listing stand: what the query of its URL says.

use std::cmp::Ordering;

use crate::files::{Entry, Kind};

/// Directories first, and then by this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Order {
    pub(super) by: By,
    pub(super) direction: Direction,
}

/// What entries are compared by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    Name,
    Size,
    Time,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// All orders, by their names.
const ORDERS: [(&str, Order); 6] = [
    ("name", Order { by: By::Name, direction: Direction::Ascending }),
    ("-name", Order { by: By::Name, direction: Direction::Descending }),
    ("size", Order { by: By::Size, direction: Direction::Ascending }),
    ("-size", Order { by: By::Size, direction: Direction::Descending }),
    ("time", Order { by: By::Time, direction: Direction::Ascending }),
    ("-time", Order { by: By::Time, direction: Direction::Descending }),
];

impl Order {
    /// Where nothing is asked for.
    pub(super) const USUAL: Order = Order { by: By::Name, direction: Direction::Ascending };

    /// `sort=size`, or `sort=-size` for the other way round. What is not known has no effect.
    pub(super) fn of(query: Option<&str>) -> Order {
        let mut parameters = query.unwrap_or_default().split('&');
        let value = parameters.find_map(|parameter| parameter.strip_prefix("sort="));
        value.and_then(|value| ORDERS.iter().find(|(name, _)| *name == value)).map_or(Order::USUAL, |(_, order)| *order)
    }

    /// Where the heading of a column leads to from here: the other way round where it is this one already, else what
    /// one wants to see first of it.
    pub(super) fn next(self, by: By) -> Order {
        let direction = match (self.by == by, self.direction, by) {
            (true, Direction::Ascending, _) | (false, _, By::Size | By::Time) => Direction::Descending,
            (true, Direction::Descending, _) | (false, _, By::Name) => Direction::Ascending,
        };
        Order { by, direction }
    }

    /// Its name in a query.
    pub(super) fn name(self) -> &'static str {
        ORDERS.iter().find(|(_, order)| *order == self).map_or("", |(name, _)| name)
    }

    /// Which of two comes first. No two names are the same, so that there is one order.
    pub(super) fn compare(self, a: &Entry, b: &Entry) -> Ordering {
        let names = || natural(&a.name, &b.name).then_with(|| a.name.cmp(&b.name));
        let (values, ties) = match self.by {
            By::Name => (names(), Ordering::Equal),
            By::Size => (a.size.cmp(&b.size), names()),
            By::Time => (a.modified.cmp(&b.modified), names()),
        };
        let directed = match self.direction {
            Direction::Ascending => values,
            Direction::Descending => values.reverse(),
        };
        let is_file = |entry: &Entry| entry.kind == Kind::File;
        is_file(a).cmp(&is_file(b)).then(directed).then(ties)
    }
}

/// As people count: `file2` before `file10`, and letters without case.
fn natural(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (Some((first, a_rest)), Some((second, b_rest))) = (a.split_first(), b.split_first()) else {
            return a.len().cmp(&b.len());
        };
        let ordering = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, rest) = split_number(a);
            let (other, other_rest) = split_number(b);
            (a, b) = (rest, other_rest);
            number.len().cmp(&other.len()).then_with(|| number.cmp(other))
        } else {
            (a, b) = (a_rest, b_rest);
            first.to_ascii_lowercase().cmp(&second.to_ascii_lowercase())
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

/// The digits at the start, without leading zeros, and what follows them.
fn split_number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    let zeros = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    (digits.get(zeros..).unwrap_or_default(), rest)
}
