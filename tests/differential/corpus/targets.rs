//! The request-target in its four forms, and the path in it.

use super::{Entry, LOCATION, long, raw};

const DOUBLE_SLASH: &str = "RFC 3986, 4.2: a Location that starts with two slashes would lead to a host of that name";
const ENCODED_SLASH: &str = "\
    RFC 3986, 2.2: an encoded slash is data and a slash a delimiter; as one they hide a segment from whoever checks \
    paths in front";
const DOT_SEGMENTS: &str = "RFC 3986, 5.2.4: dot segments end at the root; what is there was not found";
const ASCII: &str = "RFC 3986, 2: a URI is ASCII, and RFC 9112, 3.2 wants 400 for an invalid request line";
const NUL: &str =
    "RFC 3986, 7.3: an encoded NUL names no file and would cut the name short; the connection is in order and stays";
const PERCENT: &str = "RFC 3986, 2.1: a percent sign stands before two hexadecimal digits; RFC 9112, 3.2: 400";
const FRAGMENT: &str = "RFC 9110, 4.2.5 and 7.1: a fragment is no part of a request-target";
const EXCLUDED: &str = "\
    RFC 3986, 2 and appendix A: no URI holds this character, and RFC 9112, 3.2 wants 400 for an invalid request line; \
    those that browsers send as they are (WHATWG URL) pass, of which this is none where it stands here";
const DOTFILES: &str = "\
    no RFC, but this server's own policy: what starts with a dot, such as .env or .git, is seldom meant for \
    everybody; it is served where that is configured";
const LOCATION_OF_URI: &str = "\
    RFC 9110, 10.2.2 and RFC 3986, appendix A: Location is a URI or a part of one, so what browsers sent as it is goes \
    back encoded; that it is relative is allowed";
const FORMS: &str = "RFC 9112, 3.2: GET takes the origin form or the absolute form";
const ABSOLUTE: &str = "RFC 9112, 3.2.2: a server MUST accept the absolute form";
const HTTPS: &str = "\
    RFC 9110, 7.4: a request for an https resource MUST be rejected unless it came over a connection secured for \
    that origin, with 421 for instance";
const SCHEME: &str = "RFC 9110, 7.4: a request MUST be rejected where the requirements of its scheme are not met";
const AUTHORITY: &str = "RFC 9110, 4.2.1 and 4.2.4: an http URI has a host, a valid port and no userinfo";
const LONG_NAME: &str =
    "RFC 9110, 15.5.5: no file can have that name, so it was not found; nobody was forbidden anything";
const TOO_LONG: &str = "RFC 9112, 3: a request-target longer than what is read gets 414";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/"),
    request!("GET" "/?query"),
    request!("GET" "/a.txt?a?b=/../c"),
    request!("GET" "/missing"),
    request!("GET" "/a.txt/"),
    request!("GET" "/a.txt/more"),
    request!("GET" "/dir/"),
    request!("GET" "/dir").because(LOCATION),
    request!("GET" "/dir?query=1").because(LOCATION),
    request!("GET" "/dir?[x]|{y}\\^`").because(LOCATION_OF_URI),
    request!("GET" "//dir").because(DOUBLE_SLASH),
    request!("GET" "//example.test/..%2fdir").because(ENCODED_SLASH),
    request!("GET" "/dir/./../a.txt"),
    request!("GET" "/dir/../../../../outside.txt").because(DOT_SEGMENTS),
    request!("GET" "/../outside.txt").because(DOT_SEGMENTS),
    request!("GET" "/%2e%2e/outside.txt").because(DOT_SEGMENTS),
    request!("GET" "/..%2foutside.txt").because(ENCODED_SLASH),
    request!("GET" "/..%5coutside.txt"),
    request!("GET" "/dir/.."),
    request!("GET" "/dir/%2e"),
    request!("GET" "//a.txt"),
    request!("GET" "/dir//index.html"),
    request!("GET" "/dir%2findex.html").because(ENCODED_SLASH),
    request!("GET" "/%61.txt"),
    request!("GET" "/%2561.txt"),
    request!("GET" "/a%20b.txt"),
    request!("GET" "/a+b.txt"),
    request!("GET" "/%c3%a4.txt"),
    request!("GET" "/%C3%A4.txt"),
    raw(b"GET /\xc3\xa4.txt HTTP/1.1\r\nHost: a\r\n\r\n").because(ASCII),
    request!("GET" "/a.txt%00").because(NUL),
    request!("GET" "/a.txt%00.html").because(NUL),
    request!("GET" "/a%0d%0aX:y"),
    request!("GET" "/%").because(PERCENT),
    request!("GET" "/%4").because(PERCENT),
    request!("GET" "/%zz").because(PERCENT),
    request!("GET" "/a.txt?%zz").because(PERCENT),
    request!("GET" "/a.txt#fragment").because(FRAGMENT),
    request!("GET" "/a b.txt"),
    request!("GET" "/a\\b").because(EXCLUDED),
    request!("GET" "/a.txt?\"<>").because(EXCLUDED),
    request!("GET" "/a.txt?[x]|{y}^`"),
    raw(b"GET /a.txt?\x00 HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt?\x1b HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt?\x7f HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw(b"GET /a.txt?\xff HTTP/1.1\r\nHost: a\r\n\r\n").because(ASCII),
    request!("GET" "/.env").because(DOTFILES),
    request!("GET" "a.txt").because(FORMS),
    request!("GET" "*").because(FORMS),
    request!("GET" "a:80").because(FORMS),
    request!("GET" "http://a/a.txt").because(ABSOLUTE),
    request!("GET" "HTTP://a/a.txt").because(ABSOLUTE),
    request!("GET" "http://a").because(ABSOLUTE),
    request!("GET" "http://a?query").because(ABSOLUTE),
    request!("GET" "http://other/a.txt").because(ABSOLUTE),
    request!("GET" "https://a/a.txt").because(HTTPS),
    request!("GET" "ftp://a/a.txt").because(SCHEME),
    request!("GET" "http:///a.txt").because(AUTHORITY),
    request!("GET" "http://user@a/a.txt").because(AUTHORITY),
    request!("GET" "http://a:port/a.txt").because(AUTHORITY),
    request!("GET" "http:/a.txt").because(AUTHORITY),
    request!("GET" "http://[::1]/a.txt").because(ABSOLUTE),
    request!("GET" "http://[::1/a.txt").because(AUTHORITY),
    long(b"GET /", b"a", 4000, b" HTTP/1.1\r\nHost: a\r\n\r\n").because(LONG_NAME),
    long(b"GET /a.txt?", b"q", 8000, b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    long(b"GET /", b"a", 12000, b" HTTP/1.1\r\nHost: a\r\n\r\n").because(TOO_LONG),
    long(b"GET /", b"a", 40000, b" HTTP/1.1\r\nHost: a\r\n\r\n").because(TOO_LONG),
    long(b"GET /", b"dir/../", 500, b"a.txt HTTP/1.1\r\nHost: a\r\n\r\n"),
];
