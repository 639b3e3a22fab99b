//! The request line: its white space, its line end, its version.

use super::{BARE_LF, Entry, raw};

const EMPTY_LINES: &str =
    "RFC 9112, 2.2: at least one empty line before a request is ignored; a second one does no harm";
const BARE_CR: &str = "RFC 9112, 2.2: a bare CR outside of content makes the element invalid";
const ONE_SPACE: &str = "\
    RFC 9112, 3: the parts are one SP apart; splitting at other white space is allowed, and 3 names the smuggling \
    that comes of it";
const HTTP_09: &str = "\
    RFC 9112, 2.3 and 3: a request line ends in a version; an answer without a head is what HTTP/0.9 had, and can be \
    made to look like anything";
const MAJOR: &str = "RFC 9110, 15.6.6: 505 is the answer to a major version that is not supported";
const DIGITS: &str = "RFC 9112, 2.3: a version has one digit before the dot and one behind it";
const TOKEN: &str = "RFC 9110, 5.6.2 and 9.1: a method is a token, which has no parenthesis; RFC 9112, 3: 400";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt"),
    raw(b"\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(EMPTY_LINES),
    raw(b"\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(BARE_LF),
    raw(b"\rGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(BARE_CR),
    raw(b" GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET  /a.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(ONE_SPACE),
    raw(b"GET /a.txt  HTTP/1.1\r\nHost: a\r\n\r\n").because(ONE_SPACE),
    raw(b"GET /a.txt HTTP/1.1 \r\nHost: a\r\n\r\n").because(ONE_SPACE),
    raw(b"GET\t/a.txt\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt\x0bHTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\nHost: a\r\n\r\n").because(BARE_LF),
    raw(b"GET /a.txt HTTP/1.1\rHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt\r\n\r\n").because(HTTP_09),
    raw(b"GET /a.txt\r\nHost: a\r\n\r\n").because(HTTP_09),
    raw(b"GET /a.txt HTTP/0.9\r\nHost: a\r\n\r\n").because(MAJOR),
    raw(b"GET /a.txt HTTP/1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.2\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.9\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.10\r\nHost: a\r\n\r\n").because(DIGITS),
    raw(b"GET /a.txt HTTP/01.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.01\r\nHost: a\r\n\r\n").because(DIGITS),
    raw(b"GET /a.txt HTTP/2.0\r\nHost: a\r\n\r\n").because(MAJOR),
    raw(b"GET /a.txt HTTP/3\r\nHost: a\r\n\r\n").because(DIGITS),
    raw(b"GET /a.txt http/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTPS/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP /1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"/a.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"G(T /a.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(TOKEN),
    raw(b"G\x00T /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00").because(MAJOR),
    raw(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"),
];
