//! Ranges: one, several, from the end, beyond it, and If-Range.

use super::{ALLOW, Entry, LOCATION, raw};

const INVALID: &str = "\
    RFC 9110, 14.1.1 and 14.2: a set with an invalid range in it may be ignored; the whole serves a client that \
    cannot ask, and 416 would serve nobody";
const LARGE: &str = "\
    RFC 9110, 14.1.2: large numbers MUST NOT overflow; beyond the end means up to the end, and a suffix longer than \
    all means all";
const CASE: &str = "RFC 9110, 14.1: range units are case-insensitive";
const UNIT: &str = "RFC 9110, 14.2: a unit that is not understood MUST be ignored, and so may what is no range at all";
const SPACE: &str = "RFC 9110, 14.1.2: the examples have a space there themselves";
const REPEATED: &str =
    "RFC 9110, 5.3: Range is no list, so two lines of it have no one meaning; 14.2: it may be ignored";
const EMPTY: &str = "\
    RFC 9110, 14.1.2: no first position lies within a representation of zero length, so the set is unsatisfiable: \
    416";
const EMPTY_SUFFIX: &str = "\
    RFC 9110, 14.1.2: a suffix that is not zero is satisfiable even in a representation of zero length, of which no \
    206 can be made; 14.2: Range may be ignored, so it is 200";
const GET_ONLY: &str = "RFC 9110, 14.2: Range MUST be ignored with any method but GET";
const LIST: &str = "RFC 9110, 5.6.1: white space around commas and empty elements MUST be accepted in a list";
const COALESCED: &str =
    "RFC 9110, 15.3.7.2: ranges that overlap, or lie closer than a part's own fields are long, may be sent as one";
const ABUSIVE: &str = "RFC 9110, 14.2 and 17.15: ranges that ask for the same bytes again and again may be ignored";
const IF_RANGE: &str = "RFC 9110, 13.1.5: Range MUST be ignored where the validator is not the current one";
const WEAK: &str = "RFC 9110, 13.1.5: If-Range compares strongly, so a weak tag never matches";
const EXACT: &str = "RFC 9110, 13.1.5: the date has to be that of Last-Modified exactly, or Range is ignored";
const PRECONDITION: &str =
    "RFC 9110, 14.2: preconditions come before Range, and this one failed; the connection goes on";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "Range: bytes=0-4"),
    request!("GET" "/a.txt", "Range: bytes=0-0"),
    request!("GET" "/a.txt", "Range: bytes=9-9"),
    request!("GET" "/a.txt", "Range: bytes=5-"),
    request!("GET" "/a.txt", "Range: bytes=0-"),
    request!("GET" "/a.txt", "Range: bytes=0-9"),
    request!("GET" "/a.txt", "Range: bytes=0-99"),
    request!("GET" "/a.txt", "Range: bytes=-3"),
    request!("GET" "/a.txt", "Range: bytes=-10"),
    request!("GET" "/a.txt", "Range: bytes=-99"),
    request!("GET" "/a.txt", "Range: bytes=-0"),
    request!("GET" "/a.txt", "Range: bytes=-").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes=10-"),
    request!("GET" "/a.txt", "Range: bytes=10-20"),
    request!("GET" "/a.txt", "Range: bytes=5-4").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes=18446744073709551615-"),
    request!("GET" "/a.txt", "Range: bytes=0-18446744073709551616").because(LARGE),
    request!("GET" "/a.txt", "Range: bytes=18446744073709551616-18446744073709551617"),
    request!("GET" "/a.txt", "Range: bytes=-18446744073709551616").because(LARGE),
    request!("GET" "/a.txt", "Range: Bytes=0-4").because(CASE),
    request!("GET" "/a.txt", "Range: bytes = 0-4").because(UNIT),
    request!("GET" "/a.txt", "Range: bytes= 0-4").because(SPACE),
    request!("GET" "/a.txt", "Range: bytes=0 - 4").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes=0-4x").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes=+0-4").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes=a-b").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes=").because(INVALID),
    request!("GET" "/a.txt", "Range: bytes").because(UNIT),
    request!("GET" "/a.txt", "Range: 0-4").because(UNIT),
    request!("GET" "/a.txt", "Range:").because(UNIT),
    request!("GET" "/a.txt", "Range: lines=0-4").because(UNIT),
    request!("GET" "/a.txt", "Range: bytes=0-4", "Range: bytes=5-9").because(REPEATED),
    request!("GET" "/empty.txt", "Range: bytes=0-").because(EMPTY),
    request!("GET" "/empty.txt", "Range: bytes=-1").because(EMPTY_SUFFIX),
    request!("GET" "/missing", "Range: bytes=0-4"),
    request!("GET" "/dir", "Range: bytes=0-4").because(LOCATION),
    request!("HEAD" "/a.txt", "Range: bytes=0-4").because(GET_ONLY),
    request!("HEAD" "/a.txt", "Range: bytes=50-").because(GET_ONLY),
    request!("POST" "/a.txt", "Range: bytes=0-4").because(ALLOW),
    raw(b"GET /a.txt HTTP/1.0\r\nRange: bytes=0-4\r\n\r\n"),
    request!("GET" "/long.txt", "Range: bytes=0-9,50000-50009"),
    request!("GET" "/long.txt", "Range: bytes=50000-50009,0-9"),
    request!("GET" "/long.txt", "Range: bytes=0-9, -10"),
    request!("GET" "/long.txt", "Range: bytes=0-9 ,\t50000-50009").because(LIST),
    request!("GET" "/long.txt", "Range: bytes=0-9,,50000-50009,").because(LIST),
    request!("GET" "/long.txt", "Range: bytes=0-9,200000-"),
    request!("GET" "/long.txt", "Range: bytes=200000-,300000-"),
    request!("GET" "/long.txt", "Range: bytes=0-9,x").because(INVALID),
    request!("GET" "/long.txt", "Range: bytes=0-9,9-5").because(INVALID),
    request!("GET" "/long.txt", "Range: bytes=0-9,5-19").because(COALESCED),
    request!("GET" "/long.txt", "Range: bytes=0-9,10-19").because(COALESCED),
    request!("GET" "/long.txt", "Range: bytes=0-9,0-9,0-9").because(COALESCED),
    request!("GET" "/long.txt", "Range: bytes=0-,0-,0-,0-,0-,0-,0-,0-").because(ABUSIVE),
    request!("GET" "/long.txt", "Range: bytes=0-,-100000").because(ABUSIVE),
    request!("GET" "/a.txt", "Range: bytes=0-0,9-9").because(COALESCED),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: <tag>"),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: \"x\"").because(IF_RANGE),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: W/<tag>").because(WEAK),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: Sun, 06 Nov 1994 08:49:37 GMT"),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: Sunday, 06-Nov-94 08:49:37 GMT"),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: Sun, 06 Nov 1994 08:49:36 GMT").because(EXACT),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: Sun, 06 Nov 1994 08:49:38 GMT").because(EXACT),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: x").because(IF_RANGE),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Range: <tag>, \"x\"").because(IF_RANGE),
    request!("GET" "/a.txt", "Range: bytes=50-", "If-Range: \"x\"").because(IF_RANGE),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-None-Match: <tag>"),
    request!("GET" "/a.txt", "Range: bytes=0-4", "If-Match: \"x\"").because(PRECONDITION),
    request!("GET" "/a.txt", "Range: bytes=50-", "If-None-Match: <tag>"),
    request!("GET" "/a.txt", "If-Range: <tag>"),
];
