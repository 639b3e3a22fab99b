//! Range requests (RFC 9110, section 14): which bytes of a representation were asked for.

use std::ops::Range;

/// What a Range field selects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection {
    /// The field is to be ignored: it is malformed, of another unit, or asks for more than one range.
    Whole,
    /// These bytes, at least one
    Part(Range<u64>),
    /// Nothing that there is
    Unsatisfiable,
}

/// What `value` selects of a representation of `complete_length` bytes.
pub fn select(value: &[u8], complete_length: u64) -> Selection {
    let Some(set) = value.split_at_checked(6).filter(|(unit, _)| unit.eq_ignore_ascii_case(b"bytes=")) else {
        return Selection::Whole;
    };
    let Some((first, last)) =
        std::str::from_utf8(set.1).ok().and_then(|spec| spec.trim_matches([' ', '\t']).split_once('-'))
    else {
        return Selection::Whole;
    };
    match (position(first), position(last)) {
        // A suffix-range: the last so many bytes.
        (Position::Absent, Position::At(0)) => Selection::Unsatisfiable,
        (Position::Absent, Position::At(_)) if complete_length == 0 => Selection::Unsatisfiable,
        (Position::Absent, Position::At(suffix)) => {
            Selection::Part(complete_length.saturating_sub(suffix)..complete_length)
        }
        (Position::At(first), Position::At(last)) if first > last => Selection::Whole,
        (Position::At(first), Position::Absent | Position::At(_)) if first >= complete_length => {
            Selection::Unsatisfiable
        }
        (Position::At(first), Position::Absent) => Selection::Part(first..complete_length),
        (Position::At(first), Position::At(last)) => {
            Selection::Part(first..last.saturating_add(1).min(complete_length))
        }
        _ => Selection::Whole,
    }
}

enum Position {
    Absent,
    At(u64),
    Malformed,
}

/// Digits, or nothing. A number beyond 64 bits lies beyond every representation, so the largest stands for it.
fn position(digits: &str) -> Position {
    if digits.is_empty() {
        return Position::Absent;
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Position::Malformed;
    }
    Position::At(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections() {
        use Selection::{Part, Unsatisfiable, Whole};
        for (value, length, expected) in [
            ("bytes=0-", 10, Part(0..10)),
            ("bytes=0-0", 10, Part(0..1)),
            ("Bytes=2-4", 10, Part(2..5)),
            ("bytes=2-99", 10, Part(2..10)),
            ("bytes= 2-3 ", 10, Part(2..4)),
            ("bytes=-3", 10, Part(7..10)),
            ("bytes=-99", 10, Part(0..10)),
            ("bytes=9-9", 10, Part(9..10)),
            ("bytes=0-99999999999999999999999", 10, Part(0..10)),
            ("bytes=-99999999999999999999999", 10, Part(0..10)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=99999999999999999999999-", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Unsatisfiable),
            ("bytes=4-2", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=1", 10, Whole),
            ("bytes=1-2-3", 10, Whole),
            ("bytes=0-0,2-2", 10, Whole),
            ("items=0-1", 10, Whole),
            ("bytes 0-1", 10, Whole),
            ("", 10, Whole),
        ] {
            assert_eq!(select(value.as_bytes(), length), expected, "{value:?} of {length}");
        }
        assert_eq!(select(b"bytes=\xff-1", 10), Whole);
    }
}
