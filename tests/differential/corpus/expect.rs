//! Expect: who is asked for content, and who is told that none is wanted.

use super::{Entry, raw};

const NO_CONTENT: &str = "RFC 9110, 10.1.1: 100 may be left out where no content is announced";
const FINAL_AT_ONCE: &str = "\
    RFC 9110, 10.1.1: a final status that the head alone decides is sent at once and no 100 asks for content that \
    nobody wants; the connection closes, for whether the content still comes is not known";
const TOO_LARGE: &str =
    "RFC 9110, 10.1.1: a final status that the head alone decides is sent at once; for too much content it is 413";
const UNKNOWN: &str = "RFC 9110, 10.1.1: another expectation may get 417, and a client that states one wants to know";
const WAITS_10: &str = "RFC 9110, 10.1.1: an expectation in HTTP/1.0 MUST be ignored, so the content is due first";
const EXPECT_10: &str = "RFC 9110, 10.1.1: an expectation in HTTP/1.0 MUST be ignored";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "Expect: 100-continue").because(NO_CONTENT),
    request!("GET" "/a.txt", "Expect: 100-continue", "Content-Length: 0").because(NO_CONTENT),
    request!("GET" "/a.txt", "Expect: 100-continue", "Content-Length: 5").because(FINAL_AT_ONCE),
    request!("GET" "/a.txt", "Expect: 100-continue", "Content-Length: 5"; "hello").because(FINAL_AT_ONCE),
    request!("GET" "/a.txt", "Expect: 100-Continue", "Content-Length: 5").because(FINAL_AT_ONCE),
    request!("POST" "/a.txt", "Expect: 100-continue", "Content-Length: 5").because(FINAL_AT_ONCE),
    request!("POST" "/a.txt", "Expect: 100-continue", "Content-Length: 5"; "hello").because(FINAL_AT_ONCE),
    request!(
        "POST" "/a.txt", "Expect: 100-continue", "Content-Length: 32";
        "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    .because(FINAL_AT_ONCE),
    request!("POST" "/a.txt", "Expect: 100-continue", "Transfer-Encoding: chunked").because(FINAL_AT_ONCE),
    request!("PUT" "/missing", "Expect: 100-continue", "Content-Length: 5").because(FINAL_AT_ONCE),
    request!("POST" "/a.txt", "Expect: 100-continue", "Content-Length: 2000000").because(TOO_LARGE),
    request!("GET" "/a.txt", "Expect: 200-ok").because(UNKNOWN),
    request!("GET" "/a.txt", "Expect: 100-continue, x").because(UNKNOWN),
    request!("GET" "/a.txt", "Expect: 100-continue;x").because(UNKNOWN),
    request!("GET" "/a.txt", "Expect:"),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").because(WAITS_10),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello").because(EXPECT_10),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nExpect: x\r\n\r\n"),
];
