//! Selected ranges lie within the representation, are not empty and do not overlap. They are the bytes that the
//! reference selects; for lengths that it has no flags for, no byte is left out that was asked for.

use webserv::http::range::{Selection, select};

use crate::reference::range::{self, Selected};

/// Lengths that are too long for a flag for each byte.
const LONG: [u64; 4] = [u64::MAX, u64::MAX - 1, 1 << 63, 10_000_000_000];

const FRAGMENTS: &[super::Fragment] = &[
    ("bytes=", 1),
    ("-", 1),
    (",", 1),
    (", ", 1),
    ("0-", 1),
    ("0-0", 1),
    ("-1", 1),
    ("-500", 1),
    ("99-", 1),
    ("100-199", 1),
    ("300-399,", 1),
    ("281-281,", 1),
    ("9", 19),
    ("18446744073709551615", 1),
    ("18446744073709551616", 1),
    ("9223372036854775807", 1),
    ("10000000000", 1),
    ("0", 30),
    ("0-0,", 66),
    ("1-1 ,\t", 10),
    ("items=", 1),
    ("Bytes=", 1),
    (" ", 1),
    ("+", 1),
    (",", 300),
];

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, input)) = super::choice(data, FRAGMENTS) else { return };
    let [length, value @ ..] = &input[..] else { return };
    if choice & 3 == 3 {
        check_long(value, LONG[usize::from(*length) % LONG.len()]);
        return;
    }
    // The digits and letters of a readable input are lengths of a few hundred.
    let length = usize::from(*length) * [10, 1, 0][choice & 3];
    let selection = select(value, length as u64);
    let parts = match &selection {
        Selection::Whole => None,
        Selection::Part(part) => Some(vec![part.clone()]),
        Selection::Parts(parts) => Some(parts.clone()),
        Selection::Unsatisfiable => Some(Vec::new()),
    };
    let parts = parts.map(|parts| parts.iter().map(|part| (part.start as usize, part.end as usize)).collect());
    let expected = match range::select(value, length) {
        Selected::Whole => None,
        Selected::Unsatisfiable => Some(Vec::new()),
        Selected::Parts(parts) => Some(parts),
    };
    assert_eq!(parts, expected, "{} of {length}", value.escape_ascii());
    check_shape(&selection, length as u64);
}

/// Parts are within bounds, not empty and disjoint, and there is more than one of them.
fn check_shape(selection: &Selection, length: u64) {
    let mut parts = match selection {
        Selection::Part(part) => vec![part.clone()],
        Selection::Parts(parts) => parts.clone(),
        Selection::Whole | Selection::Unsatisfiable => return,
    };
    assert_eq!(parts.len() > 1, matches!(selection, Selection::Parts(_)), "{selection:?}");
    assert!(parts.iter().all(|part| part.start < part.end && part.end <= length), "{selection:?} of {length}");
    parts.sort_by_key(|part| part.start);
    assert!(parts.windows(2).all(|pair| pair[0].end < pair[1].start), "{selection:?} overlaps or touches itself");
}

/// Every range that was asked for lies in one part, unless the whole is sent.
fn check_long(value: &[u8], length: u64) {
    let selection = select(value, length);
    check_shape(&selection, length);
    let parts = match (&selection, range::ranges(value, length)) {
        (Selection::Whole, None) => return,
        (Selection::Whole, Some(ranges)) => {
            let asked: u128 = ranges.iter().map(|(first, last)| u128::from(last - first) + 1).sum();
            assert!(asked > u128::from(length) && ranges.len() > 1, "{} of {length}", value.escape_ascii());
            return;
        }
        (Selection::Unsatisfiable, Some(ranges)) if ranges.is_empty() => return,
        (Selection::Part(part), Some(ranges)) => (vec![part.clone()], ranges),
        (Selection::Parts(parts), Some(ranges)) => (parts.clone(), ranges),
        (_, ranges) => panic!("{} of {length} is {selection:?}, not {ranges:?}", value.escape_ascii()),
    };
    let (parts, ranges) = parts;
    for (first, last) in &ranges {
        let holds = |part: &std::ops::Range<u64>| part.contains(first) && part.contains(last);
        assert!(parts.iter().any(holds), "{} of {length} is {selection:?}", value.escape_ascii());
    }
    let is_asked = |part: &std::ops::Range<u64>| {
        ranges.iter().any(|range| range.0 == part.start) && ranges.iter().any(|range| range.1 == part.end - 1)
    };
    assert!(parts.iter().all(is_asked), "{} of {length} is {selection:?}", value.escape_ascii());
}
