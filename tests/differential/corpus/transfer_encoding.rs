//! Transfer-Encoding: what it may say, and next to what.

use super::{BARE_LF, Entry, raw};

const OWS: &str = "RFC 9112, 5.1: spaces and tabs around a field value are no part of it";
const BOTH: &str = "\
    RFC 9112, 6.1 and 6.3: Content-Length beside Transfer-Encoding is a sign of smuggling; it may be rejected, and \
    the connection MUST close";
const FINAL: &str = "RFC 9112, 6.3: a request whose final coding is not chunked MUST get 400";
const UNKNOWN: &str = "RFC 9112, 6.1: a transfer coding that is not understood gets 501";
const TWICE: &str =
    "RFC 9112, 6.1: chunked MUST NOT be applied twice; which of the two ends the content is anybody's guess";
const EMPTY_ELEMENT: &str = "\
    RFC 9112, 6.3 and 11.2: what ends the content must not be in doubt; RFC 9110, 5.6.1 would have an empty element \
    ignored, yet some read a coding in it, so it gets 400";
const CONTROL: &str = "RFC 9110, 5.5: control characters make a field value invalid: 400";
const IN_10: &str = "RFC 9112, 6.1: Transfer-Encoding in HTTP/1.0 is faulty framing; the connection MUST close";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\n\r\n"),
    request!("GET" "/a.txt", "transfer-encoding: CHUNKED"; "0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding:\tchunked\t"; "0\r\n\r\n").because(OWS),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked", "Content-Length: 5"; "0\r\n\r\n").because(BOTH),
    request!("GET" "/a.txt", "Content-Length: 5", "Transfer-Encoding: chunked"; "0\r\n\r\n").because(BOTH),
    request!(
        "GET" "/a.txt", "Content-Length: 4", "Transfer-Encoding: chunked";
        "5c\r\nGET /b.txt HTTP/1.1\r\n\r\n0\r\n\r\n"
    )
    .because(BOTH),
    request!("GET" "/a.txt", "Content-Length: 0", "Transfer-Encoding: chunked"; "0\r\n\r\n").because(BOTH),
    request!("GET" "/a.txt", "Content-Length: x", "Transfer-Encoding: chunked"; "0\r\n\r\n").because(BOTH),
    request!("GET" "/a.txt", "Transfer-Encoding: identity").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: identity", "Content-Length: 5"; "hello").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding:"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: xchunked"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: gzip"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: gzip, chunked"; "0\r\n\r\n").because(UNKNOWN),
    request!("GET" "/a.txt", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"; "0\r\n\r\n").because(UNKNOWN),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked, gzip"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked, identity"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: identity, chunked"; "0\r\n\r\n").because(UNKNOWN),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked, chunked"; "0\r\n\r\n").because(TWICE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"; "0\r\n\r\n").because(TWICE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked", "Transfer-Encoding: x"; "0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: , chunked"; "0\r\n\r\n").because(EMPTY_ELEMENT),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked,"; "0\r\n\r\n").because(EMPTY_ELEMENT),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked;a=b"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: \"chunked\""; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked x"; "0\r\n\r\n").because(FINAL),
    request!("GET" "/a.txt", "Transfer-Encoding: \x0bchunked"; "0\r\n\r\n").because(CONTROL),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked\x0b"; "0\r\n\r\n").because(CONTROL),
    request!("GET" "/a.txt", "Transfer-Encoding : chunked"; "0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer_Encoding: chunked"; "0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding:\r\n chunked"; "0\r\n\r\n"),
    request!("GET" "/a.txt", "X: y\nTransfer-Encoding: chunked"; "0\r\n\r\n").because(BARE_LF),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").because(IN_10),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        .because(IN_10),
    request!("GET" "/a.txt", "TE: trailers, chunked"),
];
