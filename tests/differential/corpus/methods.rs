//! Methods: which are served, and what the others are answered.

use super::{ALLOW, Entry, OPTIONS, raw};

const HEAD: &str = "\
    RFC 9110, 9.3.2 and 10.2.2: HEAD has the fields of GET, its length too; a relative Location is right by whatever \
    name the client came";
const ASTERISK: &str = "RFC 9110, 9.3.7: * asks about the server as a whole";
const BEFORE_PATH: &str = "\
    RFC 9110, 15.5.6: no resource here takes the method, whether it is there or not; 15.4.2: a 301 would have the \
    client try again, perhaps as GET";
const CONNECT: &str = "\
    RFC 9110, 9.3.6 and 15.5.6: a valid CONNECT to a server that is no proxy is a method that is not allowed; the \
    connection closes, since what follows is meant for the other end of a tunnel and must not be taken for requests";
const CONNECT_TARGET: &str = "\
    RFC 9110, 9.3.6: CONNECT takes host and port; without a valid port it MUST be rejected, as by 400; what follows \
    is no request, as behind any CONNECT";
const TRACE: &str = "\
    RFC 9110, 15.5.6: a 405 names in Allow all that the target supports; nginx refuses TRACE before it has looked \
    whether the connection persists, and so closes it, for which 9.3.8 gives no reason: a TRACE ends with its head";
const UNKNOWN: &str = "RFC 9110, 9.1: methods are case-sensitive tokens, and one that is not known gets 501";

pub(super) const ENTRIES: &[Entry] = &[
    request!("HEAD" "/a.txt"),
    request!("HEAD" "/"),
    request!("HEAD" "/missing"),
    request!("HEAD" "/dir").because(HEAD),
    request!("HEAD" "/empty.txt"),
    request!("OPTIONS" "/a.txt").because(OPTIONS),
    request!("OPTIONS" "/missing").because(OPTIONS),
    request!("OPTIONS" "*").because(ASTERISK),
    request!("OPTIONS" "http://a").because(OPTIONS),
    request!("POST" "/missing").because(BEFORE_PATH),
    request!("POST" "/dir").because(BEFORE_PATH),
    request!("PUT" "/a.txt", "Content-Length: 1"; "x").because(ALLOW),
    request!("DELETE" "/a.txt").because(ALLOW),
    request!("PATCH" "/a.txt", "Content-Length: 1"; "x").because(ALLOW),
    request!("TRACE" "/a.txt", "Cookie: secret").because(TRACE),
    request!("CONNECT" "a:80").because(CONNECT),
    raw(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\nGET /b.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(CONNECT),
    request!("CONNECT" "/a.txt").because(CONNECT_TARGET),
    request!("CONNECT" "a").because(CONNECT_TARGET),
    request!("PROPFIND" "/").because(ALLOW),
    request!("MKCOL" "/new/").because(BEFORE_PATH),
    request!("QUERY" "/a.txt", "Content-Length: 1"; "x").because(ALLOW),
    request!("BREW" "/a.txt").because(UNKNOWN),
    request!("get" "/a.txt").because(UNKNOWN),
    request!("Get" "/a.txt").because(UNKNOWN),
    request!("GETX" "/a.txt").because(UNKNOWN),
    request!("G-E_T!" "/a.txt").because(UNKNOWN),
    request!("AVERYLONGMETHODNAMETHATNOBODYHASEVERHEARDOF" "/a.txt").because(UNKNOWN),
    raw(b"HEAD /a.txt HTTP/1.0\r\n\r\n"),
    raw(b"POST /a.txt HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello").because(ALLOW),
];
