//! Accept-Encoding leads to the codings that the reference says, over any number of lines.

use webserv::http::Request;
use webserv::http::content_coding::accepted;

use crate::reference::accept_encoding::ranked;

/// Field lines that a request may have here.
const FIELDS_MAX: usize = 20;

const FRAGMENTS: &[super::Fragment] = &[
    ("gzip", 1),
    ("br", 1),
    ("zstd", 1),
    ("x-gzip", 1),
    ("identity", 1),
    ("*", 1),
    ("deflate", 1),
    (",", 1),
    (", ", 1),
    (";q=", 1),
    (" ; Q=", 1),
    (";", 1),
    ("q=", 1),
    ("=", 1),
    ("0", 1),
    ("1", 1),
    ("0.", 1),
    ("0.5", 1),
    ("0.501", 1),
    ("1.000", 1),
    ("0.0001", 1),
    (".", 1),
    ("9", 1),
    ("\t", 1),
    (" ", 1),
    ("GZIP", 1),
    ("X-", 1),
    ("\"", 1),
    ("gzip, deflate, br, zstd", 1),
    ("\r\nAccept-Encoding: ", 1),
    ("\r\naccept-encoding:", 1),
    ("\r\nAccept: br\r\nAccept-Encoding:", 1),
];

/// See the module.
pub(crate) fn check(data: &[u8]) {
    let Some((_, input)) = super::choice(data, FRAGMENTS) else { return };
    let head = [&b"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: "[..], &input, b"\r\n\r\n"].concat();
    // Only what a connection takes for a head is ever parsed: no stray LF, one empty line.
    let ends = head.split_inclusive(|byte| *byte == b'\n');
    let is_head = ends.clone().all(|line| line.ends_with(b"\r\n")) && ends.filter(|line| *line == b"\r\n").count() == 1;
    let Some(request) = Request::parse(&head, FIELDS_MAX).ok().filter(|_| is_head) else { return };

    let lines = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let is_it = line[..colon].eq_ignore_ascii_case(b"accept-encoding");
        is_it.then(|| crate::reference::trimmed(line[colon + 1..].strip_suffix(b"\r").unwrap_or_default()).to_vec())
    });
    let values: Vec<Vec<u8>> = lines.collect();
    let names: Vec<&str> = accepted(&request.fields).iter().flatten().map(|coding| coding.name()).collect();
    assert_eq!(names, ranked(&values), "{}", input.escape_ascii());
}
