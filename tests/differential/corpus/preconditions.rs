//! Preconditions: tags, dates in three formats, and their order.

use super::{Entry, LOCATION, raw};

const WEAK: &str = "RFC 9110, 13.1.2: If-None-Match compares weakly";
const ANY: &str = "RFC 9110, 13.1.2: * matches whatever is there";
const LIST: &str = "RFC 9110, 13.1.2 and 5.3: If-None-Match is a list, over one line or several, and one match will do";
const QUOTES: &str = "RFC 9110, 8.8.3: the tag ends at the next quote, so the one that is there is not in the list";
const NOT_A_2XX: &str = "\
    RFC 9110, 13.2.1: preconditions count only where the answer without them would be 2xx or 412; a 405 names the \
    methods in Allow (15.5.6)";
const STRONG: &str =
    "RFC 9110, 13.1.1: If-Match compares strongly, so a weak tag never matches: 412, and the connection goes on";
const NO_MATCH: &str = "RFC 9110, 13.1.1: no tag of the list matches, so the answer is 412, and the connection goes on";
const MATCH_LIST: &str =
    "RFC 9110, 13.1.1 and 5.3: If-Match is a list, over one line or several, and one match will do";
const EARLIER: &str =
    "RFC 9110, 13.1.3: modified earlier than or at that date is not modified since; it is no exact match";
const OBSOLETE: &str = "RFC 9110, 5.6.7: a recipient MUST accept all three formats";
const BAD_DATE: &str = "RFC 9110, 13.1.3 and 13.1.4: what is no valid date, a list of dates too, MUST be ignored";
const UNMODIFIED: &str = "\
    RFC 9110, 13.1.4: modified after that date; the method MUST NOT be performed, 412 says so, and the connection \
    goes on";
const TAG_FIRST: &str = "RFC 9110, 13.1.3: If-Modified-Since MUST be ignored beside If-None-Match";
const IF_MATCH_FIRST: &str = "RFC 9110, 13.1.4: If-Unmodified-Since MUST be ignored beside If-Match";
const ORDER: &str = "RFC 9110, 13.2.2: If-Match and If-Unmodified-Since come first, and this one failed";

pub(super) const ENTRIES: &[Entry] = &[
    request!("GET" "/a.txt", "If-None-Match: <tag>"),
    request!("GET" "/a.txt", "If-None-Match: W/<tag>").because(WEAK),
    request!("GET" "/a.txt", "If-None-Match: *").because(ANY),
    request!("GET" "/missing", "If-None-Match: *"),
    request!("GET" "/a.txt", "If-None-Match: \"x\""),
    request!("GET" "/a.txt", "If-None-Match: \"x\", <tag>").because(LIST),
    request!("GET" "/a.txt", "If-None-Match: \"x\",<tag>,\"y\"").because(LIST),
    request!("GET" "/a.txt", "If-None-Match: , ,<tag>").because(LIST),
    request!("GET" "/a.txt", "If-None-Match: \"x\"", "If-None-Match: <tag>").because(LIST),
    request!("GET" "/a.txt", "If-None-Match: \"x, <tag>").because(QUOTES),
    request!("GET" "/a.txt", "If-None-Match: x"),
    request!("GET" "/a.txt", "If-None-Match:"),
    request!("HEAD" "/a.txt", "If-None-Match: <tag>"),
    request!("POST" "/a.txt", "If-None-Match: <tag>").because(NOT_A_2XX),
    request!("GET" "/dir", "If-None-Match: *").because(LOCATION),
    request!("GET" "/a.txt", "If-Match: <tag>"),
    request!("GET" "/a.txt", "If-Match: W/<tag>").because(STRONG),
    request!("GET" "/a.txt", "If-Match: *"),
    request!("GET" "/missing", "If-Match: *"),
    request!("GET" "/a.txt", "If-Match: \"x\"").because(NO_MATCH),
    request!("GET" "/a.txt", "If-Match: \"x\", <tag>"),
    request!("GET" "/a.txt", "If-Match: \"x\"", "If-Match: <tag>").because(MATCH_LIST),
    request!("GET" "/a.txt", "If-Match:").because(NO_MATCH),
    request!("HEAD" "/a.txt", "If-Match: \"x\"").because(NO_MATCH),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT"),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:38 GMT").because(EARLIER),
    request!("GET" "/a.txt", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT").because(OBSOLETE),
    request!("GET" "/a.txt", "If-Modified-Since: Sun Nov  6 08:49:37 1994").because(OBSOLETE),
    request!("GET" "/a.txt", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT").because(EARLIER),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37").because(BAD_DATE),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 +0000").because(BAD_DATE),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT; length=10").because(BAD_DATE),
    request!("GET" "/a.txt", "If-Modified-Since: Sun, 31 Feb 2021 00:00:00 GMT").because(BAD_DATE),
    request!("GET" "/a.txt", "If-Modified-Since: 784111777"),
    request!("GET" "/a.txt", "If-Modified-Since:"),
    request!(
        "GET" "/a.txt",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
    )
    .because(BAD_DATE),
    request!("HEAD" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
    request!("POST" "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT").because(NOT_A_2XX),
    request!("GET" "/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
    request!("GET" "/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT").because(UNMODIFIED),
    request!("GET" "/a.txt", "If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT").because(UNMODIFIED),
    request!("GET" "/a.txt", "If-Unmodified-Since: never").because(BAD_DATE),
    request!("GET" "/a.txt", "If-None-Match: \"x\"", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),
    request!("GET" "/a.txt", "If-None-Match: <tag>", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT")
        .because(TAG_FIRST),
    request!("GET" "/a.txt", "If-Match: <tag>", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT")
        .because(IF_MATCH_FIRST),
    request!("GET" "/a.txt", "If-Match: <tag>", "If-None-Match: <tag>"),
    request!("GET" "/a.txt", "If-Match: \"x\"", "If-None-Match: <tag>").because(ORDER),
    request!(
        "GET" "/a.txt",
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"
    )
    .because(ORDER),
    raw(b"GET /a.txt HTTP/1.0\r\nIf-None-Match: <tag>\r\n\r\n"),
];
