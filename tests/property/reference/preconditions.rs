//! Preconditions (RFC 9110, section 13) of a field section. The lines of a list have been joined, as section 5.3
//! allows; a date and If-Range are no lists, so two lines of them are no value at all.

use super::date;

/// Names in lower case with their values, in the order of the lines.
pub(crate) type Lines = Vec<(String, Vec<u8>)>;

/// What a representation has.
pub(crate) struct Current {
    pub(crate) is_weak: bool,
    /// Between the quotes
    pub(crate) opaque: Vec<u8>,
    pub(crate) modified: Option<i64>,
}

/// What preconditions lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Proceed,
    NotModified,
    Failed,
}

/// The first four steps of section 13.2.2 for a GET.
pub(crate) fn evaluate(lines: &Lines, current: &Current, now: i64) -> Outcome {
    let date = |name| only(lines, name).and_then(|value| date::parse(value, now));
    match (joined(lines, "if-match"), date("if-unmodified-since"), current.modified) {
        (Some(list), _, _) if !has_match(&list, current, true) => return Outcome::Failed,
        (None, Some(since), Some(modified)) if modified > since => return Outcome::Failed,
        _ => {}
    }
    match (joined(lines, "if-none-match"), date("if-modified-since"), current.modified) {
        (Some(list), _, _) if has_match(&list, current, false) => Outcome::NotModified,
        (None, Some(since), Some(modified)) if modified <= since => Outcome::NotModified,
        _ => Outcome::Proceed,
    }
}

/// Step 5: whether Range counts. A date has to be a minute old to be a strong validator (section 8.8.2.2).
pub(crate) fn range_applies(lines: &Lines, current: &Current, now: i64) -> bool {
    if values(lines, "if-range").is_empty() {
        return true;
    }
    let Some(value) = only(lines, "if-range") else { return false };
    if let (Some((is_weak, opaque)), false) = (entity_tag(value), current.is_weak) {
        return !is_weak && opaque == current.opaque;
    }
    match (date::parse(value, now), current.modified) {
        (Some(date), Some(modified)) => date == modified && now - modified >= 60,
        _ => false,
    }
}

/// The values of the lines of that name.
fn values<'a>(lines: &'a Lines, name: &str) -> Vec<&'a [u8]> {
    lines.iter().filter(|(known, _)| known == name).map(|(_, value)| &value[..]).collect()
}

/// The list that all lines of that name are.
fn joined(lines: &Lines, name: &str) -> Option<Vec<u8>> {
    let values = values(lines, name);
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// The value of the line of that name, where there is one alone.
fn only<'a>(lines: &'a Lines, name: &str) -> Option<&'a [u8]> {
    match values(lines, name)[..] {
        [value] => Some(value),
        _ => None,
    }
}

/// Whether `*` or a tag of the list is that of the current representation.
fn has_match(list: &[u8], current: &Current, is_strong: bool) -> bool {
    let is_current =
        |(is_weak, opaque): (bool, Vec<u8>)| opaque == current.opaque && !(is_strong && (is_weak || current.is_weak));
    list == b"*" || elements(list).iter().map_while(|element| entity_tag(element)).any(is_current)
}

/// The elements of a list, without empty ones. A comma within quotes separates nothing.
fn elements(list: &[u8]) -> Vec<Vec<u8>> {
    let mut elements = vec![Vec::new()];
    let mut is_quoted = false;
    for byte in list {
        is_quoted ^= *byte == b'"';
        match (byte, elements.last_mut()) {
            (b',', _) if !is_quoted => elements.push(Vec::new()),
            (_, Some(last)) => last.push(*byte),
            _ => {}
        }
    }
    let trimmed = elements.iter().map(|element| super::trimmed(element).to_vec());
    trimmed.filter(|element| !element.is_empty()).collect()
}

/// `[ "W/" ] DQUOTE *etagc DQUOTE` (section 8.8.3), and nothing else.
fn entity_tag(text: &[u8]) -> Option<(bool, Vec<u8>)> {
    let (is_weak, rest) = match text.strip_prefix(b"W/") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let opaque = rest.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let is_valid = opaque.iter().all(|byte| *byte > b' ' && *byte != b'"' && *byte != 0x7f);
    is_valid.then(|| (is_weak, opaque.to_vec()))
}
