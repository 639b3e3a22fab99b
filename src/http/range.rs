//! Range requests (RFC 9110, section 14): which bytes of a representation were asked for.

use std::ops::Range;

/// Ranges of one request. More are no download but a burden.
const RANGES_MAX: usize = 200;

/// Ranges that are closer than this, in bytes, are sent as one: the head of a part costs more than the gap.
const GAP_MAX: u64 = 80;

/// What a Range field selects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection {
    /// Everything: the field is malformed, of another unit, or asks for more than there is.
    Whole,
    /// These bytes, at least one
    Part(Range<u64>),
    /// Several parts, each of at least one byte, none overlapping another
    Parts(Vec<Range<u64>>),
    /// Nothing that there is
    Unsatisfiable,
}

/// What `value` selects of a representation of `complete_length` bytes.
pub fn select(value: &[u8], complete_length: u64) -> Selection {
    let Some((unit, set)) = value.split_at_checked(6) else { return Selection::Whole };
    let Ok(set) = std::str::from_utf8(set) else { return Selection::Whole };
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return Selection::Whole;
    }
    let mut specs =
        set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty()).peekable();
    if specs.peek().is_none() {
        return Selection::Whole;
    }
    let mut first = None;
    let mut others = Vec::new();
    for (count, spec) in specs.enumerate() {
        let Some(spec) = RangeSpec::parse(spec) else { return Selection::Whole };
        match spec.range_of(complete_length) {
            // The last bytes of what has none are satisfiable, but no part (section 14.1.2).
            None if complete_length == 0 && matches!(spec, RangeSpec::SuffixRange(1..)) => return Selection::Whole,
            _ if count == RANGES_MAX => return Selection::Whole,
            None => {}
            Some(range) if first.is_none() => first = Some(range),
            Some(range) => others.push(range),
        }
    }
    match first {
        None => Selection::Unsatisfiable,
        Some(first) if others.is_empty() => Selection::Part(first),
        Some(first) => {
            others.insert(0, first);
            several(others, complete_length)
        }
    }
}

/// Several ranges, joined where they touch, in the order in which the first byte of each was asked for.
fn several(ranges: Vec<Range<u64>>, complete_length: u64) -> Selection {
    let asked: u64 = ranges.iter().map(|range| range.end - range.start).fold(0, u64::saturating_add);
    if asked > complete_length {
        // Some bytes more than once, and all in all more than a plain answer has.
        return Selection::Whole;
    }
    let mut ascending = ranges.clone();
    ascending.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(ascending.len());
    for range in ascending {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(GAP_MAX) => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined.sort_by_cached_key(|part| ranges.iter().position(|range| part.contains(&range.start)));
    match &*joined {
        [one] => Selection::Part(one.clone()),
        _ => Selection::Parts(joined),
    }
}

/// One range as it was written.
enum RangeSpec {
    /// The last so many bytes
    SuffixRange(u64),
    /// From a position on, up to and with another, if there is one
    IntRange(u64, Option<u64>),
}

impl RangeSpec {
    fn parse(text: &str) -> Option<RangeSpec> {
        let (first, last) = text.split_once('-')?;
        match (first, last) {
            ("", suffix) => Some(RangeSpec::SuffixRange(position(suffix)?)),
            (first, "") => Some(RangeSpec::IntRange(position(first)?, None)),
            (first, last) => {
                let (first, last) = (position(first)?, position(last)?);
                (first <= last).then_some(RangeSpec::IntRange(first, Some(last)))
            }
        }
    }

    /// The bytes that there are of it.
    fn range_of(&self, complete_length: u64) -> Option<Range<u64>> {
        let range = match *self {
            RangeSpec::SuffixRange(length) => complete_length.saturating_sub(length)..complete_length,
            RangeSpec::IntRange(first, None) => first..complete_length,
            RangeSpec::IntRange(first, Some(last)) => first..last.saturating_add(1).min(complete_length),
        };
        (!range.is_empty()).then_some(range)
    }
}

/// Digits. A number beyond 64 bits lies beyond every representation, so the largest stands for it.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range() {
        use Selection::{Part, Unsatisfiable, Whole};
        for (value, length, expected) in [
            ("bytes=0-", 10, Part(0..10)),
            ("bytes=0-0", 10, Part(0..1)),
            ("Bytes=2-4", 10, Part(2..5)),
            ("bytes=2-99", 10, Part(2..10)),
            ("bytes= 2-3 ", 10, Part(2..4)),
            ("bytes=,,2-3,", 10, Part(2..4)),
            ("bytes=-3", 10, Part(7..10)),
            ("bytes=-99", 10, Part(0..10)),
            ("bytes=9-9", 10, Part(9..10)),
            ("bytes=0-99999999999999999999999", 10, Part(0..10)),
            ("bytes=-99999999999999999999999", 10, Part(0..10)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Whole),
            ("bytes=-0", 0, Unsatisfiable),
            ("bytes=4-2", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes=,", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=--1", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=1", 10, Whole),
            ("bytes=1-2-3", 10, Whole),
            ("items=0-1", 10, Whole),
            ("bytes 0-1", 10, Whole),
            ("", 10, Whole),
        ] {
            assert_eq!(select(value.as_bytes(), length), expected, "{value:?} of {length}");
        }
        assert_eq!(select(b"bytes=\xff-1", 10), Whole);
    }

    #[test]
    fn several_ranges() {
        use Selection::{Part, Parts, Unsatisfiable, Whole};
        for (value, expected) in [
            ("bytes=0-9,500-509", Parts(vec![0..10, 500..510])),
            // In the order of the request, as long as none have to be joined.
            ("bytes=500-509, 0-9", Parts(vec![500..510, 0..10])),
            ("bytes=-10,0-9", Parts(vec![990..1000, 0..10])),
            ("bytes=0-9,2000-,500-509", Parts(vec![0..10, 500..510])),
            ("bytes=0-9,2000-", Part(0..10)),
            ("bytes=2000-,3000-", Unsatisfiable),
            ("bytes=0-9,90-99", Part(0..100)),
            ("bytes=0-9,91-99", Parts(vec![0..10, 91..100])),
            ("bytes=500-509,0-9,505-514", Parts(vec![500..515, 0..10])),
            ("bytes=0-9,0-9", Part(0..10)),
            ("bytes=0-,0-", Whole),
            ("bytes=0-999,5-5", Whole),
            ("bytes=0-9,x", Whole),
            ("bytes=0-9,9-0", Whole),
        ] {
            assert_eq!(select(value.as_bytes(), 1000), expected, "{value:?}");
        }
        let many = |count: u64| {
            let specs: Vec<_> = (0..count).map(|n| format!("{}-{}", n * 100, n * 100)).collect();
            select(format!("bytes={}", specs.join(",")).as_bytes(), 1_000_000)
        };
        assert!(matches!(many(200), Parts(parts) if parts.len() == 200));
        assert_eq!(many(201), Whole);
    }
}
