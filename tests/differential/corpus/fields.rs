//! Field lines: names, white space, line ends, folding, control bytes, limits.

use super::{BARE_LF, Entry, INCOMPLETE, long, raw};

const FOLDING: &str = "\
    RFC 9112, 5.2: line folding is obsolete, and a server rejects it with 400 or replaces it; readers that do \
    neither part here";
const NO_COLON: &str = "RFC 9112, 5: a field line has a colon; 2.2: what does not match the grammar gets 400";
const NAME: &str = "RFC 9110, 5.1: a field name is a token, which has no such character";
const CONTROL: &str =
    "RFC 9110, 5.5: control characters make a field value invalid, and CR is dangerous wherever it stands";
const ROOM: &str = "RFC 9110, 5.4: there is no limit but the server's own, and this is within ours";
const TOO_MANY: &str =
    "RFC 6585, 5: 431 tells the client that its fields are too large or too many, which 400 does not";

pub(super) const ENTRIES: &[Entry] = &[
    raw(b"GET /a.txt HTTP/1.1\r\nHost : a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\n Host: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n").because(FOLDING),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\r\n\tfolded\r\n\r\n").because(FOLDING),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\n\r\n").because(FOLDING),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nx\r\n\r\n").because(NO_COLON),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX:y\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX:\t y \t \r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX(: y\r\n\r\n").because(NAME),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX/Y: z\r\n\r\n").because(NAME),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX\"Y\": z\r\n\r\n").because(NAME),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX_Y: z\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09: z\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX\xe4: y\r\n\r\n").because(NAME),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: \xe4\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: \xff\xfe\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX\x00: y\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x08b\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x0bb\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x0cb\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x1bb\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\tb\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: a\r\r\n\r\n").because(CONTROL),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\nX: y\r\n\r\n").because(BARE_LF),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\n\r\n").because(BARE_LF),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\n").because(BARE_LF),
    raw(b"GET /a.txt HTTP/1.1\nHost: a\n\n").because(BARE_LF),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\r\rY: z\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\nGET /b.txt HTTP/1.1\nHost: a\n\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: y\r\n").half_closed().because(INCOMPLETE),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: ", b"y", 7000, b"\r\n\r\n"),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: ", b"y", 14000, b"\r\n\r\n").because(ROOM),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nX: ", b"y", 70000, b"\r\n\r\n").because(TOO_MANY),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", 90, b"\r\n"),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", 200, b"\r\n").because(TOO_MANY),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n", 2000, b"\r\n").because(TOO_MANY),
];
