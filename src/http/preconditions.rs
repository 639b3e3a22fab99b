//! Conditional requests (RFC 9110, section 13): the validators of a representation and the fields that ask about them.

use super::date::{self, UnixSeconds};
use super::fields::{FieldName, Fields, trim};
use super::request::Request;

/// An entity tag (section 8.8.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntityTag {
    /// Whether the tag may stand for two contents that differ.
    pub is_weak: bool,
    /// What stands between the quotes.
    pub opaque: String,
}

impl EntityTag {
    /// The tag as a field value: `W/"1a2b"`.
    pub fn to_field(&self) -> String {
        format!("{}\"{}\"", if self.is_weak { "W/" } else { "" }, self.opaque)
    }
}

/// What a representation can be told from others by (section 8.8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Validators {
    /// Always sent
    pub entity_tag: EntityTag,
    /// Absent where the file's time says nothing
    pub last_modified: Option<UnixSeconds>,
}

/// What the preconditions of a request make of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// As if there were none
    Proceed,
    /// 304
    NotModified,
    /// 412
    Failed,
}

/// Evaluates the preconditions of a GET or HEAD in the order of section 13.2.2, steps 1 to 4.
pub fn evaluate(request: &Request<'_>, validators: &Validators, now: UnixSeconds) -> Outcome {
    let fields = &request.fields;
    let date_of =
        |name| fields.value(name).filter(|_| !fields.is_repeated(name)).and_then(|value| date::parse(value, now));
    if fields.value(FieldName::IfMatch).is_some() {
        if !matches(fields, FieldName::IfMatch, &validators.entity_tag, Comparison::Strong) {
            return Outcome::Failed;
        }
    } else if let (Some(date), Some(modified)) = (date_of(FieldName::IfUnmodifiedSince), validators.last_modified)
        && modified > date
    {
        return Outcome::Failed;
    }
    if fields.value(FieldName::IfNoneMatch).is_some() {
        if matches(fields, FieldName::IfNoneMatch, &validators.entity_tag, Comparison::Weak) {
            return Outcome::NotModified;
        }
    } else if let (Some(date), Some(modified)) = (date_of(FieldName::IfModifiedSince), validators.last_modified)
        && modified <= date
    {
        return Outcome::NotModified;
    }
    Outcome::Proceed
}

/// Whether a Range field counts: step 5. A date is a strong validator only where it is older than the response, so that
/// a second write within its second cannot go unseen (section 8.8.2.2). That asks for a second; a minute leaves room
/// for file systems whose clock is another machine's.
pub fn range_applies(request: &Request<'_>, validators: &Validators, now: UnixSeconds) -> bool {
    let Some(value) = request.fields.value(FieldName::IfRange) else { return true };
    if request.fields.is_repeated(FieldName::IfRange) {
        return false;
    }
    if let Some((tag, [])) = split_tag(value) {
        return is_match(tag, &validators.entity_tag, Comparison::Strong);
    }
    match (date::parse(value, now), validators.last_modified) {
        (Some(date), Some(modified)) => date == modified && now - modified >= 60,
        _ => false,
    }
}

/// Section 8.8.3.2
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Whether `*` or one tag of the list matches. The lines of a field are one list (section 5.3), which ends where it is
/// malformed; `*` stands alone.
fn matches(fields: &Fields<'_>, name: FieldName, tag: &EntityTag, comparison: Comparison) -> bool {
    if fields.value(name) == Some(b"*") {
        return !fields.is_repeated(name);
    }
    for mut value in fields.values(name) {
        loop {
            while let [b' ' | b'\t' | b',', rest @ ..] = value {
                value = rest;
            }
            if value.is_empty() {
                break;
            }
            let Some((candidate, rest)) = split_tag(value) else { return false };
            value = trim(rest);
            if !matches!(value, [] | [b',', ..]) {
                return false;
            }
            if is_match(candidate, tag, comparison) {
                return true;
            }
        }
    }
    false
}

/// A tag as it stands in a field: whether it is weak, and its opaque part.
type ReceivedTag<'a> = (bool, &'a [u8]);

/// The tag that `value` starts with, and what follows it.
fn split_tag(value: &[u8]) -> Option<(ReceivedTag<'_>, &[u8])> {
    let (is_weak, rest) = match value.strip_prefix(b"W/") {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    let rest = rest.strip_prefix(b"\"")?;
    // White space is no part of a tag (section 8.8.3).
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b' ' | b'\t'))?;
    if rest.get(end) != Some(&b'"') {
        return None;
    }
    let (opaque, rest) = rest.split_at_checked(end)?;
    Some(((is_weak, opaque), rest.get(1..)?))
}

fn is_match((is_weak, opaque): ReceivedTag<'_>, tag: &EntityTag, comparison: Comparison) -> bool {
    let is_strong_enough = comparison == Comparison::Weak || !(is_weak || tag.is_weak);
    is_strong_enough && opaque == tag.opaque.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = 1_790_000_000;
    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn with_request<T>(fields: &str, check: impl Fn(&Request<'_>) -> T) -> T {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        check(&Request::parse(head.as_bytes(), 9).unwrap())
    }

    fn validators(is_weak: bool) -> Validators {
        let entity_tag = EntityTag { is_weak, opaque: "x,y".to_owned() };
        Validators { entity_tag, last_modified: date::parse(MODIFIED.as_bytes(), NOW) }
    }

    #[test]
    fn preconditions_in_their_order() {
        use Outcome::{Failed, NotModified, Proceed};
        for (fields, expected) in [
            (String::new(), Proceed),
            ("If-None-Match: \"x,y\"\r\n".to_owned(), NotModified),
            ("If-None-Match: W/\"x,y\"\r\n".to_owned(), NotModified),
            ("If-None-Match: *\r\n".to_owned(), NotModified),
            ("If-None-Match: \"a\", \"b\" ,, W/\"x,y\"\r\n".to_owned(), NotModified),
            ("If-None-Match: \"a\"\r\nIf-None-Match: \"x,y\"\r\n".to_owned(), NotModified),
            ("If-None-Match: \"z\"\r\n".to_owned(), Proceed),
            ("If-None-Match: *\r\nIf-None-Match: \"z\"\r\n".to_owned(), Proceed),
            ("If-None-Match: x,y\r\n".to_owned(), Proceed),
            ("If-None-Match: \"x,y\r\n".to_owned(), Proceed),
            ("If-None-Match:\r\n".to_owned(), Proceed),
            // An If-None-Match that does not match makes If-Modified-Since count for nothing.
            (format!("If-None-Match: \"z\"\r\nIf-Modified-Since: {MODIFIED}\r\n"), Proceed),
            (format!("If-Modified-Since: {MODIFIED}\r\n"), NotModified),
            (format!("If-Modified-Since: {BEFORE}\r\n"), Proceed),
            ("If-Modified-Since: never\r\n".to_owned(), Proceed),
            ("If-Match: \"x,y\"\r\n".to_owned(), Proceed),
            ("If-Match: *\r\n".to_owned(), Proceed),
            ("If-Match: W/\"x,y\"\r\n".to_owned(), Failed),
            ("If-Match: \"z\"\r\n".to_owned(), Failed),
            (format!("If-Unmodified-Since: {MODIFIED}\r\n"), Proceed),
            (format!("If-Unmodified-Since: {BEFORE}\r\n"), Failed),
            (format!("If-Match: \"x,y\"\r\nIf-Unmodified-Since: {BEFORE}\r\n"), Proceed),
            ("If-Match: \"x,y\"\r\nIf-None-Match: \"x,y\"\r\n".to_owned(), NotModified),
        ] {
            let outcome = with_request(&fields, |request| evaluate(request, &validators(false), NOW));
            assert_eq!(outcome, expected, "{fields:?}");
        }
        assert_eq!(with_request("If-Match: \"x,y\"\r\n", |r| evaluate(r, &validators(true), NOW)), Failed);
        assert_eq!(with_request("If-None-Match: \"x,y\"\r\n", |r| evaluate(r, &validators(true), NOW)), NotModified);
    }

    #[test]
    fn if_range_compares_strongly() {
        let modified = date::parse(MODIFIED.as_bytes(), NOW).unwrap();
        for (value, is_weak, age, expected) in [
            ("\"x,y\"", false, 0, true),
            ("\"x,y\"", true, 0, false),
            ("W/\"x,y\"", false, 0, false),
            ("\"z\"", false, 0, false),
            ("\"x,y\" ,", false, 0, false),
            (MODIFIED, false, 60, true),
            (MODIFIED, false, 59, false),
            (BEFORE, false, 99, false),
            ("x", false, 99, false),
        ] {
            let fields = format!("If-Range: {value}\r\n");
            let applies = with_request(&fields, |r| range_applies(r, &validators(is_weak), modified + age));
            assert_eq!(applies, expected, "{value} {is_weak} {age}");
        }
        assert!(with_request("", |request| range_applies(request, &validators(false), modified)));
    }
}
