//! Chunked content: sizes, extensions, line ends, trailers.

use super::{ALLOW, BEFORE_THE_ANSWER, Entry, INCOMPLETE, TOO_LARGE, long};

const AFTER_SIZE: &str = "\
    RFC 9112, 7.1.1: white space behind a size belongs to an extension, before its semicolon; readers part over all \
    else";
const LINE_FEED: &str = "\
    RFC 9112, 7.1: the lines of the coding end in CRLF; a lone LF may end a field line (2.2), need not, and two \
    readers that differ here see different requests";
const EXTENSION: &str = "RFC 9112, 7.1.1: an extension is tokens and quoted strings, without control characters";
const BARE_CR: &str = "RFC 9112, 2.2: a bare CR outside of content makes the element invalid";
const SIZE: &str = "RFC 9112, 7.1: a chunk size is hexadecimal digits and nothing else";
const TRAILER: &str =
    "RFC 9112, 7.1.2: a trailer section is field lines, held to the same grammar as those of the head";
const BOUNDED: &str = "\
    RFC 9112, 7.1.1: a server ought to limit the extensions of a request; trailers too, or content gets past its \
    limit";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\r\n0\r\n\r\n"),
    request!(
        "GET" "/a.txt", "Transfer-Encoding: chunked";
        "5\r\nhello\r\n0\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"
    ),
    request!(
        "POST" "/a.txt", "Transfer-Encoding: chunked";
        "5\r\nhello\r\n0\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    .because(ALLOW),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0005\r\nhello\r\n000\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5;x\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5;x=y;z=\"a;b\"\r\nhello\r\n0;last\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5 ;x\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5 \r\nhello\r\n0\r\n\r\n").because(AFTER_SIZE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; " 5\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5 x\r\nhello\r\n0\r\n\r\n").because(AFTER_SIZE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5;x\nhello\r\n0\r\n\r\n").because(LINE_FEED),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5;x\ry\r\nhello\r\n0\r\n\r\n").because(EXTENSION),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5;\x00\r\nhello\r\n0\r\n\r\n").because(EXTENSION),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\nhello\r\n0\r\n\r\n").because(LINE_FEED),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\n0\r\n\r\n").because(LINE_FEED),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhelloXX0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello!\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\rXhello\r\n0\r\n\r\n").because(BARE_CR),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\r\nhello\r\n0\r\n\r\n").because(BARE_CR),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\r\n0\n\n").because(LINE_FEED),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\r\n0\r\n\n").because(LINE_FEED),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0x5\r\nhello\r\n0\r\n\r\n").because(SIZE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "+5\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "-5\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5_0\r\nhello\r\n0\r\n\r\n").because(SIZE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "g\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; ";x\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "ffffffffffffffff\r\nhello\r\n0\r\n\r\n").because(TOO_LARGE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "200000\r\nhello").because(TOO_LARGE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhel").because(BEFORE_THE_ANSWER),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\r\n").because(BEFORE_THE_ANSWER),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\r\n").half_closed().because(INCOMPLETE),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "5\r\nhello\r\n0\r\n").because(BEFORE_THE_ANSWER),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\nTrailer: value\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\nHost: b\r\nContent-Length: 5\r\n\r\n"),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\nno colon\r\n\r\n").because(TRAILER),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\n folded: x\r\n\r\n").because(TRAILER),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\nX: y\n\r\n").because(LINE_FEED),
    request!("GET" "/a.txt", "Transfer-Encoding: chunked"; "0\r\nX: \x00\r\n\r\n").because(TRAILER),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0;", b"x", 20000, b"\r\n\r\n")
        .because(BOUNDED),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"y", 20000, b"\r\n\r\n")
        .because(BOUNDED),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 5000, b"0\r\n\r\n"),
];
