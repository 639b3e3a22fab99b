//! Persistence: what keeps a connection and what ends it; several requests at once; half-closed clients.

use super::{ALLOW, Entry, INCOMPLETE, LOCATION, OPTIONS, long, raw};

const CLOSE_WINS: &str =
    "RFC 9112, 9.3: the connection does not persist where close is among the options, whatever else is";
const OPTIONS_UNKNOWN: &str =
    "RFC 9112, 9.3: HTTP/1.1 persists unless the option close is there, as a whole word in a list";
const UPGRADE: &str = "RFC 9110, 7.8: an upgrade may be ignored, and RFC 9113, 3.1 has withdrawn this one";
const UNKNOWN: &str = "RFC 9110, 9.1: a method that is not known gets 501";
const BAD_PATH: &str = "\
    RFC 3986, 7.3: an encoded NUL names no file: 400; where the request ends is not in doubt, so the connection \
    stays";
const ANY: &str = "RFC 9110, 13.1.2: * matches whatever is there";
const PERSISTS: &str = "RFC 9110, 13.1.1: 412 where no tag matches; RFC 9112, 9.3: what has no close in it goes on";
const EMPTY_LINES: &str = "RFC 9112, 2.2: empty lines before a request are ignored, and the request is awaited";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "Connection: close"),
    request!("GET" "/a.txt", "Connection: Close"),
    request!("GET" "/a.txt", "Connection: keep-alive"),
    request!("GET" "/a.txt", "Connection: keep-alive, close").because(CLOSE_WINS),
    request!("GET" "/a.txt", "Connection: x, close"),
    request!("GET" "/a.txt", "Connection: close, x"),
    request!("GET" "/a.txt", "Connection: close,keep-alive").because(CLOSE_WINS),
    request!("GET" "/a.txt", "Connection: keep-alive", "Connection: close"),
    request!("GET" "/a.txt", "Connection: close", "Connection: keep-alive").because(CLOSE_WINS),
    request!("GET" "/a.txt", "Connection: closed").because(OPTIONS_UNKNOWN),
    request!("GET" "/a.txt", "Connection: x").because(OPTIONS_UNKNOWN),
    request!("GET" "/a.txt", "Connection:").because(OPTIONS_UNKNOWN),
    request!("GET" "/a.txt", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
        .because(UPGRADE),
    request!("GET" "/a.txt", "Connection: Upgrade", "Upgrade: websocket").because(OPTIONS_UNKNOWN),
    request!("GET" "/a.txt", "Connection: Host").because(OPTIONS_UNKNOWN),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive, x\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n").because(CLOSE_WINS),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nConnection: close\r\n\r\n"),
    raw(b"GET /missing HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"),
    raw(b"HEAD /a.txt HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\n\r\nGET /b.txt HTTP/1.0\r\n\r\n"),
    request!("GET" "/a.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("HEAD" "/a.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/missing"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/dir"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(LOCATION),
    request!("POST" "/a.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(ALLOW),
    request!("OPTIONS" "/a.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(OPTIONS),
    request!("BREW" "/a.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(UNKNOWN),
    request!("GET" "/a.txt"; "GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        .because(BAD_PATH),
    request!("GET" "/a.txt"; "nonsense\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/a.txt"; "\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/a.txt"; "GET /b.txt HTT"),
    request!("GET" "/a.txt", "Connection: close"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/a.txt", "If-None-Match: *"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(ANY),
    request!("GET" "/a.txt", "Range: bytes=50-"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
    request!("GET" "/a.txt", "If-Match: \"x\""; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(PERSISTS),
    long(b"", b"GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n", 20, b""),
    request!("GET" "/a.txt").half_closed(),
    request!("GET" "/a.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").half_closed(),
    request!("GET" "/long.txt"; "GET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").half_closed(),
    request!("GET" "/a.txt"; "GET /b.txt HTT").half_closed().because(INCOMPLETE),
    raw(b"GET /a.txt HTT").half_closed().because(INCOMPLETE),
    raw(b"GET /a.txt HTT"),
    raw(b"").half_closed(),
    raw(b"\r\n").half_closed(),
    raw(b"\r\n\r\n").because(EMPTY_LINES),
];
