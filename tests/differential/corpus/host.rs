//! The Host field: there once, and a host.

use super::{Entry, LOCATION, raw};

const MISSING: &str = "RFC 9112, 3.2: a request of HTTP/1.1 without Host MUST get 400";
const EMPTY: &str = "RFC 9110, 4.2.1: an http URI with an empty host is invalid, so no such Host is";
const REPEATED: &str = "RFC 9112, 3.2: any request with more than one Host line MUST get 400";
const INVALID: &str = "RFC 9112, 3.2: a Host with an invalid value MUST get 400";
const USERINFO: &str =
    "RFC 9110, 7.2: Host is uri-host and port, without userinfo; RFC 9112, 3.2: an invalid Host MUST get 400";
const PORT: &str =
    "RFC 9110, 7.2 and RFC 3986, 3.2.3: a port is digits and nothing else; RFC 9112, 3.2: an invalid Host MUST get 400";
const PORT_TOO_LARGE: &str = "\
    stricter than RFC 3986, 3.2.3, whose port is any number of digits: none of TCP's is beyond 65535, so nobody came \
    by this one, and a reader that keeps 16 bits of it would see another";
const DOTS: &str =
    "RFC 3986, 3.2.2: a registered name may hold dots in a row; it only picks a site, and never becomes a path";
const ENCODED_NAME: &str = "\
    RFC 3986, 3.2.2: names for DNS are letters, digits and hyphens; one reader would decode this and see another \
    host";
const OWS: &str = "RFC 9112, 5.1: spaces and tabs around a field value are no part of it";

pub(super) const ENTRIES: &[Entry] = &[
    raw(b"GET /a.txt HTTP/1.1\r\n\r\n").because(MISSING),
    raw(b"GET /a.txt HTTP/1.0\r\n\r\n"),
    raw(b"GET http://a/a.txt HTTP/1.1\r\n\r\n").because(MISSING),
    raw(b"GET /a.txt HTTP/1.1\r\nHost:\r\n\r\n").because(EMPTY),
    raw(b"GET /a.txt HTTP/1.0\r\nHost:\r\n\r\n").because(EMPTY),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").because(REPEATED),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").because(REPEATED),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\r\nhOsT: b\r\n\r\n").because(REPEATED),
    raw(b"GET /a.txt HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n").because(REPEATED),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a, b\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a/b\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: user@a\r\n\r\n").because(USERINFO),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: http://a\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a:80\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a:\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a:port\r\n\r\n").because(PORT),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a:99999\r\n\r\n").because(PORT_TOO_LARGE),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a:-1\r\n\r\n").because(PORT),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: :80\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: A.Example.\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a..b\r\n\r\n").because(DOTS),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: ..\r\n\r\n").because(DOTS),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a%41\r\n\r\n").because(ENCODED_NAME),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a_b\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: [::1]\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: [::1\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: [a]\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: ::1\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n").because(INVALID),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: a\x00b\r\n\r\n"),
    raw(b"GET /a.txt HTTP/1.1\r\nHost: \t a \t\r\n\r\n").because(OWS),
    raw(b"GET /dir HTTP/1.1\r\nHost: evil.test\r\n\r\n").because(LOCATION),
];
