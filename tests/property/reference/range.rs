//! Range fields (RFC 9110, section 14) as sets of bytes, one flag for each byte of the representation.

/// More ranges than this are answered with the whole.
const RANGES_MAX: usize = 200;

/// Gaps up to so many bytes are sent along.
const GAP_MAX: usize = 80;

/// The first and the last byte, both included, of each range that was asked for.
type Ranges = Vec<(u64, u64)>;

/// What a Range field comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Selected {
    Whole,
    Unsatisfiable,
    /// Each as its first byte and the byte behind it, in the order in which they are sent
    Parts(Vec<(usize, usize)>),
}

/// The ranges of a valid field that are not empty; `None` where it is no set of byte ranges.
pub(crate) fn ranges(value: &[u8], length: u64) -> Option<Ranges> {
    let text = str::from_utf8(value).ok()?;
    let equals = text.find('=')?;
    if !text[..equals].eq_ignore_ascii_case("bytes") {
        return None;
    }
    let specs: Vec<&str> = text[equals + 1..].split(',').map(|spec| spec.trim_matches([' ', '\t'])).collect();
    let specs: Vec<&str> = specs.into_iter().filter(|spec| !spec.is_empty()).collect();
    if specs.is_empty() || specs.len() > RANGES_MAX {
        return None;
    }
    let mut found = Ranges::new();
    for spec in specs {
        if !spec.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') || spec.matches('-').count() != 1 {
            return None;
        }
        let (first, last) = match spec.split_once('-')? {
            ("", "") => return None,
            ("", suffix) if number(suffix) == 0 => continue,
            // Satisfiable, but there is no part to be sent.
            ("", _) if length == 0 => return None,
            ("", suffix) => (length.saturating_sub(number(suffix)), length - 1),
            (first, "") => (number(first), u64::MAX),
            (first, last) if number(first) > number(last) => return None,
            (first, last) => (number(first), number(last)),
        };
        if first < length {
            found.push((first, last.min(length - 1)));
        }
    }
    Some(found)
}

/// What is sent of a representation of `length` bytes.
pub(crate) fn select(value: &[u8], length: usize) -> Selected {
    let Some(ranges) = ranges(value, length as u64) else { return Selected::Whole };
    let ranges: Vec<(usize, usize)> =
        ranges.iter().map(|(first, last)| (*first as usize, *last as usize + 1)).collect();
    if ranges.is_empty() {
        return Selected::Unsatisfiable;
    }
    if ranges.len() > 1 && ranges.iter().map(|(start, end)| end - start).sum::<usize>() > length {
        return Selected::Whole;
    }
    let mut is_sent = vec![false; length];
    for (start, end) in &ranges {
        is_sent[*start..*end].fill(true);
    }
    let asked: Vec<usize> = (0..length).filter(|byte| is_sent[*byte]).collect();
    for pair in asked.windows(2) {
        if pair[1] - pair[0] - 1 <= GAP_MAX {
            is_sent[pair[0]..pair[1]].fill(true);
        }
    }
    let starts = (0..length).filter(|byte| is_sent[*byte] && (*byte == 0 || !is_sent[byte - 1]));
    let run = |start: usize| (start, (start..length).find(|byte| !is_sent[*byte]).unwrap_or(length));
    let mut runs: Vec<(usize, usize)> = starts.map(run).collect();
    runs.sort_by_key(|run| ranges.iter().position(|range| (run.0..run.1).contains(&range.0)));
    Selected::Parts(runs)
}

/// The value of digits; numbers that 64 bits do not hold lie beyond every representation and are all the same.
fn number(digits: &str) -> u64 {
    digits.bytes().fold(0, |value: u64, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}
