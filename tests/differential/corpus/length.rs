//! Content-Length: one number, and what follows it.

use super::{ALLOW, BEFORE_THE_ANSWER, Entry, INCOMPLETE, OPTIONS, TOO_LARGE, long};

const OWS: &str = "RFC 9112, 5.1: spaces around a field value are no part of it";
const REPEATED: &str =
    "RFC 9112, 6.3: lengths that differ are an unrecoverable error, and equal ones may be refused as well";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "Content-Length: 0"),
    request!("GET" "/a.txt", "Content-Length: 5"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5"; "helloGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/a.txt", "Content-Length: 5"; "hel").because(BEFORE_THE_ANSWER),
    request!("GET" "/a.txt", "Content-Length: 5"; "hel").half_closed().because(INCOMPLETE),
    request!("GET" "/a.txt", "Content-Length: 005"; "hello"),
    request!("GET" "/a.txt", "Content-Length:  5 "; "hello").because(OWS),
    request!("GET" "/a.txt", "Content-Length:"; "hello"),
    request!("GET" "/a.txt", "Content-Length: +5"; "hello"),
    request!("GET" "/a.txt", "Content-Length: -5"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5 5"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5,5"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5, 6"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5;x"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 0x5"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5.0"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5e0"; "hello"),
    request!("GET" "/a.txt", "Content-Length: \"5\""; "hello"),
    request!("GET" "/a.txt", "Content-Length: five"; "hello"),
    request!("GET" "/a.txt", "Content-Length: 5", "Content-Length: 5"; "hello").because(REPEATED),
    request!("GET" "/a.txt", "Content-Length: 5", "Content-Length: 6"; "hello").because(REPEATED),
    request!("GET" "/a.txt", "Content-Length: 5", "content-length: 0"; "hello").because(REPEATED),
    request!("GET" "/a.txt", "Content-Length : 5"; "hello"),
    request!("GET" "/a.txt", "Content_Length: 5"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/a.txt", "Content-Length: 18446744073709551615"; "hello").because(TOO_LARGE),
    request!("GET" "/a.txt", "Content-Length: 18446744073709551621"; "hello").because(TOO_LARGE),
    request!("GET" "/a.txt", "Content-Length: 99999999999999999999999999"; "hello").because(TOO_LARGE),
    request!("GET" "/a.txt", "Content-Length: 2000000"; "hello").because(TOO_LARGE),
    request!("POST" "/a.txt", "Content-Length: 2000000"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(TOO_LARGE),
    request!("POST" "/a.txt").because(ALLOW),
    request!("POST" "/a.txt", "Content-Length: 5"; "hello").because(ALLOW),
    request!("POST" "/a.txt", "Content-Length: 5"; "helloGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(ALLOW),
    request!("POST" "/a.txt", "Content-Length: 5"; "hel").because(BEFORE_THE_ANSWER),
    request!("OPTIONS" "/a.txt", "Content-Length: 5"; "helloGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(OPTIONS),
    request!("GET" "/missing", "Content-Length: 5"; "helloGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    long(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"0123456789", 10000, b""),
    long(
        b"GET /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
        b"0123456789",
        10000,
        b"GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
];
