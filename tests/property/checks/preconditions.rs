//! Preconditions and If-Range lead to what the reference says, for any field section that a request can have: lists of
//! entity tags over any number of lines, dates, and both.

use webserv::http::preconditions::{Outcome, evaluate, range_applies};
use webserv::http::{EntityTag, Request, Validators};

use crate::reference::preconditions::{self as reference, Current};

/// When the requests arrive: 2026-09-21.
const NOW: i64 = 1_790_000_000;

/// Field lines that a request may have here.
const FIELDS_MAX: usize = 20;

const FRAGMENTS: &[super::Fragment] = &[
    ("If-Match: ", 1),
    ("If-None-Match: ", 1),
    ("If-Modified-Since: ", 1),
    ("If-Unmodified-Since: ", 1),
    ("If-Range: ", 1),
    ("if-none-match:", 1),
    ("\r\n", 1),
    ("\"x,y\"", 1),
    ("W/\"x,y\"", 1),
    ("\"x\"", 1),
    ("\"\"", 1),
    ("\"", 1),
    ("W/", 1),
    ("w/", 1),
    ("*", 1),
    (",", 1),
    (", ", 1),
    ("\t", 1),
    ("x", 1),
    ("\u{e4}", 1),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 1),
    ("Sun, 06 Nov 1994 08:49:36 GMT", 1),
    ("Sunday, 06-Nov-94 08:49:38 GMT", 1),
    ("Mon, 21 Sep 2026 14:12:20 GMT", 1),
    ("Accept: \"x\"\r\n", 1),
    ("If-Modified-Since: Sun\r\nIf-Modified-Since: ", 1),
    ("If-Unmodified-Since: Sun\r\nIf-Unmodified-Since: ", 1),
    ("If-Range: Sun\r\nIf-Range: ", 1),
    ("06 Nov 1994 08:49:37 GMT", 1),
    ("06 Nov 1994 08:49:36 GMT", 1),
];

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((choice, input)) = super::choice(data, FRAGMENTS) else { return };
    let [chosen, section @ ..] = &input[..] else { return };
    let head = [&b"GET / HTTP/1.1\r\nHost: a\r\n"[..], section, b"\r\n"].concat();
    // Only what a connection takes for a head is ever parsed: no stray LF, one empty line.
    let ends = head.split_inclusive(|byte| *byte == b'\n');
    let is_head = ends.clone().all(|line| line.ends_with(b"\r\n")) && ends.filter(|line| *line == b"\r\n").count() == 1;
    let Some(request) = Request::parse(&head, FIELDS_MAX).ok().filter(|_| is_head) else { return };

    let opaque = ["x", "x,y", "", "x/y"][choice & 3];
    let modified =
        [Some(784_111_777), Some(784_111_776), Some(NOW - 59), Some(NOW - 60), None][usize::from(*chosen) % 5];
    let is_weak = chosen & 0x20 == 0; // an upper case letter
    let validators =
        Validators { entity_tag: EntityTag { is_weak, opaque: opaque.to_owned() }, last_modified: modified };
    let current = Current { is_weak, opaque: opaque.into(), modified };
    let lines = section.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
        Some((name, crate::reference::trimmed(line[colon + 1..].strip_suffix(b"\r")?).to_vec()))
    });
    let lines: reference::Lines = lines.collect();

    let outcome = match evaluate(&request, &validators, NOW) {
        Outcome::Proceed => reference::Outcome::Proceed,
        Outcome::NotModified => reference::Outcome::NotModified,
        Outcome::Failed => reference::Outcome::Failed,
    };
    let shown = section.escape_ascii();
    assert_eq!(outcome, reference::evaluate(&lines, &current, NOW), "{validators:?} and {shown}");
    let applies = range_applies(&request, &validators, NOW);
    assert_eq!(applies, reference::range_applies(&lines, &current, NOW), "Range, {validators:?} and {shown}");
}
