//! Which fields stand in a response, by what it is: the same for all responses of a kind, as a rule, so that it is told
//! once in a table of its own rather than in every row.

use crate::corpus::{CACHE_CONTROL, NOT_MODIFIED, PARTS, UNSATISFIABLE};
use crate::outcome::Answer;

/// The fields that are looked for. Of Content-Type it is the media type too where that says how the content is packed.
const NAMES: [&str; 6] = ["Content-Type", "ETag", "Last-Modified", "Accept-Ranges", "Cache-Control", "Vary"];

/// The kinds of responses that carry them, in the order of the report, each with the reason why this server is right
/// where the others send other fields.
pub(crate) const KINDS: [(&str, &str); 5] = [
    ("200", CACHE_CONTROL),
    ("206 of one part", PARTS),
    ("206 of several parts", PARTS),
    ("304", NOT_MODIFIED),
    ("416", UNSATISFIABLE),
];

/// Which of the kinds the response is, and the fields that stand in it. Other responses are not looked at.
pub(crate) fn of(answer: &Answer<'_>) -> Option<(&'static str, String)> {
    let is_multipart = answer.is_multipart();
    let kind = match answer.status {
        "206" if is_multipart => "206 of several parts",
        "206" => "206 of one part",
        status => status,
    };
    let (kind, _) = KINDS.into_iter().find(|(known, _)| *known == kind)?;
    let told = |name: &'static str| match answer.field(&name.to_lowercase()) {
        Some(_) if name == "Content-Type" && is_multipart => Some("Content-Type: multipart/byteranges"),
        value => value.map(|_| name),
    };
    let fields: Vec<_> = NAMES.into_iter().filter_map(told).collect();
    Some((kind, if fields.is_empty() { "none".to_owned() } else { fields.join(", ") }))
}
