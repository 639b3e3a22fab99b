//! RFC 9110, sections 5, 6, 8, 11 and 12: fields, messages, representations, authentication and negotiation.

use super::notation::*;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> { vec![
    // RFC 9110, section 5.1: field names
    row("9110/5.1", "names in another case",      "GET /a.txt HTTP/1.1\r\nhOsT: localhost\r\n\r\n", ok()),
    row("9110/5.1", "a field that nobody knows",  get("X-Anything: at all"),                        ok()),
    row("9110/5.1", "every character of a token", get("!#$%&'*+-.^_`|~09azAZ: y"),                  ok()),
    row("9110/5.1", "a parenthesis",              get("X(: y"),                                     bad("a field name is malformed")),
    row("9110/5.1", "a comma",                    get("X,Y: z"),                                    bad("a field name is malformed")),
    row("9110/5.1", "a slash",                    get("X/Y: z"),                                    bad("a field name is malformed")),
    row("9110/5.1", "at sign",                    get("X@: y"),                                     bad("a field name is malformed")),
    row("9110/5.1", "quotes",                     get("\"X\": y"),                                  bad("a field name is malformed")),
    row("9110/5.1", "a name beyond ASCII",        get("\u{e9}: y"),                                 bad("a field name is malformed")),
    row("9110/5.1", "NUL",                        get("X\0: y"),                                    bad("a field name is malformed")),
    row("9110/5.1", "DEL",                        get("X\x7f: y"),                                  bad("a field name is malformed")),

    // RFC 9110, sections 5.2 to 5.4: lines, order and limits
    row("9110/5.2", "a list over two lines",                        get("If-None-Match: \"a\"\r\nIf-None-Match: <tag>"), not_modified()),
    row("9110/5.2", "lines of one list with others between",        get("If-None-Match: \"a\"\r\nX: y\r\nIf-None-Match: <tag>"), not_modified()),
    row("9110/5.3", "the order of different fields does not count", "GET /a.txt HTTP/1.1\r\nRange: bytes=0-1\r\nHost: localhost\r\n\r\n", part("0-1")),
    row("9110/5.4", "a value of 15,000 bytes",                      get(&format!("X: {}", "y".repeat(15_000))),          ok()),
    row("9110/5.4", "fields of more than 16 KiB",                   get(&format!("X: {}", "y".repeat(17_000))),          refused(431, "the request head is too long")),
    row("9110/5.4", "many fields of more than 16 KiB",              get(&vec![format!("X: {}", "y".repeat(1_000)); 17].join("\r\n")), refused(431, "the request head is too long")),
    row("9110/5.4", "fields without end",                           Input::from(format!("GET /a.txt HTTP/1.1\r\nX: {}", "y".repeat(20_000))), refused(431, "the request head is too long")),
    row("9110/5.4", "a hundred fields",                             get(&vec!["X: y"; 99].join("\r\n")),                 ok()),
    row("9110/5.4", "a hundred and one fields",                     get(&vec!["X: y"; 100].join("\r\n")),                refused(431, "there are too many fields")),

    // RFC 9110, section 5.5: field values
    row("9110/5.5", "bytes beyond ASCII",      b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nX: \x80\xe9\xff\r\n\r\n", ok()),
    row("9110/5.5", "a tab within",            get("X: y\tz"),     ok()),
    row("9110/5.5", "NUL",                     get("X: y\0z"),     bad("a field value holds a control character")),
    row("9110/5.5", "a bell",                  get("X: \x07"),     bad("a field value holds a control character")),
    row("9110/5.5", "a vertical tab",          get("X: y\x0bz"),   bad("a field value holds a control character")),
    row("9110/5.5", "a form feed",             get("X: y\x0cz"),   bad("a field value holds a control character")),
    row("9110/5.5", "an escape of a terminal", get("X: \x1b[31m"), bad("a field value holds a control character")),
    row("9110/5.5", "DEL",                     get("X: \x7f"),     bad("a field value holds a control character")),

    // RFC 9110, section 5.6: lists and dates
    row("9110/5.6.1", "empty elements of a list",                         get("If-None-Match: , ,<tag>,"),                            not_modified()),
    row("9110/5.6.1", "empty elements of If-Match",                       get("If-Match: ,\t,<tag> ,"),                               ok()),
    row("9110/5.6.1", "empty elements around another tag of If-Match",    get("If-Match: , \"a\",,"),                                 failed()),
    row("9110/5.6.1", "empty elements of Accept",                         request("GET /missing HTTP/1.1", "Accept: ,, text/html ,\r\nConnection: close"), page(404, "There is no such file.").closes()),
    row("9110/5.6.1", "an empty list",                                    get("If-None-Match:"),                                      ok()),
    row("9110/5.6.4", "a comma within quotes is no separator",            get("If-None-Match: \"a,b\", <tag>"),                       not_modified()),
    row("9110/5.6.7", "IMF-fixdate",                                      get("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"),    not_modified()),
    row("9110/5.6.7", "the format of RFC 850",                            get("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"),   not_modified()),
    row("9110/5.6.7", "the format of asctime",                            get("If-Modified-Since: Sun Nov  6 08:49:37 1994"),         not_modified()),
    row("9110/5.6.7", "a year of two digits that is past",                get("If-Modified-Since: Sunday, 06-Nov-94 08:49:36 GMT"),   ok()),
    row("9110/5.6.7", "a year of two digits that is to come",             get("If-Modified-Since: Friday, 06-Nov-43 08:49:37 GMT"),   not_modified()),
    row("9110/5.6.7", "a second that is inserted",                        get("If-Modified-Since: Sat, 31 Dec 2016 23:59:60 GMT"),    not_modified()),
    row("9110/5.6.7", "no such second",                                   get("If-Modified-Since: Sat, 31 Dec 2016 23:59:61 GMT"),    ok()),
    row("9110/5.6.7", "the format of asctime with a zero before the day", get("If-Modified-Since: Sun Nov 06 08:49:37 1994"),         not_modified()),
    row("9110/5.6.7", "the day does not match the date",                  get("If-Modified-Since: Mon, 06 Nov 1994 08:49:37 GMT"),    ok()),
    row("9110/5.6.7", "another zone",                                     get("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 UTC"),    ok()),
    row("9110/5.6.7", "a zone in numbers",                                get("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 +0000"),  ok()),
    row("9110/5.6.7", "no zone",                                          get("If-Modified-Since: Sun, 06 Nov 1994 08:49:37"),        ok()),
    row("9110/5.6.7", "lower case",                                       get("If-Modified-Since: sun, 06 nov 1994 08:49:37 gmt"),    ok()),
    row("9110/5.6.7", "no such day",                                      get("If-Modified-Since: Sun, 31 Feb 2094 08:49:37 GMT"),    ok()),
    row("9110/5.6.7", "no such hour",                                     get("If-Modified-Since: Sun, 06 Nov 1994 24:49:37 GMT"),    ok()),
    row("9110/5.6.7", "a day of one digit",                               get("If-Modified-Since: Sun, 6 Nov 1994 08:49:37 GMT"),     ok()),
    row("9110/5.6.7", "a year of four digits in the format of RFC 850",   get("If-Modified-Since: Sunday, 06-Nov-1994 08:49:37 GMT"), ok()),
    row("9110/5.6.7", "the format of ISO 8601",                           get("If-Modified-Since: 1994-11-06T08:49:37Z"),             ok()),
    row("9110/5.6.7", "a number",                                         get("If-Modified-Since: 784111777"),                        ok()),
    row("9110/5.6.7", "zero",                                             get("If-Modified-Since: 0"),                                ok()),
    row("9110/5.6.7", "a word",                                           get("If-Modified-Since: yesterday"),                        ok()),

    // RFC 9110, section 6: messages
    row("9110/6.4",   "a response to HEAD has no content",        request("HEAD /a.txt HTTP/1.1", ""), ok().head()),
    row("9110/6.4.1", "a response without content has no length", get("If-None-Match: *"),             not_modified()),
    row("9110/6.5",   "Trailer announces what is not looked at",  get("Trailer: X\r\nTransfer-Encoding: chunked") + "0\r\nX: y\r\n\r\n", ok()),
    row("9110/6.6.1", "Date stands in an error too",              target("/missing"),                  missing()),
    row("9110/6.6.1", "Date of a request is not looked at",       get("Date: yesterday"),              ok()),

    // RFC 9110, section 8: representations
    row("9110/8.3",   "the type of a text, with its charset",           target("/a.txt"),                        ok()),
    row("9110/8.3",   "the type of a page",                             target("/sub/"),                         found("sub/index.html")),
    row("9110/8.3",   "a file without an extension",                    target("/README"),                       found("README")),
    row("9110/8.3",   "the type of a large file",                       request("HEAD /large.bin HTTP/1.1", ""), found("large.bin").head()),
    row("9110/8.3",   "the type of a request is not looked at",         get("Content-Type: nonsense"),           ok()),
    row("9110/8.4",   "a content coding of a request is not looked at", get("Content-Encoding: gzip\r\nContent-Length: 5") + "hello", ok()),
    row("9110/8.6",   "an empty file has a length",                     target("/empty.txt"),                    found("empty.txt")),
    row("9110/8.6",   "the length in a response to HEAD",               request("HEAD /long.txt HTTP/1.1", ""),  found("long.txt").head()),
    row("9110/8.8.2", "no Last-Modified where the time says nothing",   target("/undated.txt"),                  found("undated.txt")),
    row("9110/8.8.2", "nor in a part",                                  request("GET /undated.txt HTTP/1.1", "Range: bytes=2-4"), part_of("undated.txt", "2-4")),
    row("9110/8.8.2", "without Last-Modified no date is a condition",   request("GET /undated.txt HTTP/1.1", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), found("undated.txt")),
    row("9110/8.8.2", "nor is one against it",                          request("GET /undated.txt HTTP/1.1", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), found("undated.txt")),
    row("9110/8.8.3", "a tag is the hash of the content",               target("/b.txt"),                        found("b.txt")),
    row("9110/8.8.3", "an error has no tag",                            target("/missing"),                      missing()),

    // RFC 9110, section 11: authentication
    row("9110/11.6.2", "Authorization where none is asked for", get("Authorization: Basic dXNlcjpzZWNyZXQ="),       ok()),
    row("9110/11.7.2", "Proxy-Authorization is none of ours",   get("Proxy-Authorization: Basic dXNlcjpzZWNyZXQ="), ok()),

    // RFC 9110, section 12: content negotiation
    row("9110/12.4.1", "a type that there is not is given all the same", get("Accept: image/png"),                                  ok()),
    row("9110/12.5.1", "an error for a browser is a page",               request("GET /missing HTTP/1.1", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nConnection: close"), page(404, "There is no such file.").closes()),
    row("9110/12.5.1", "an error for anyone is a line",                  request("GET /missing HTTP/1.1", "Accept: */*"),           missing()),
    row("9110/12.5.1", "an error for whom a page is the last resort",    request("GET /missing HTTP/1.1", "Accept: text/plain\r\nAccept: TEXT/HTML;q=0.1\r\nConnection: close"), page(404, "There is no such file.").closes()),
    row("9110/12.5.1", "an error for whom no page will do",              request("GET /missing HTTP/1.1", "Accept: text/html;q=0"), missing()),
    row("9110/12.5.1", "the name of a parameter has no case",            request("GET /missing HTTP/1.1", "Accept: text/html;Q=0"), missing()),
    row("9110/12.5.1", "zero in full",                                   request("GET /missing HTTP/1.1", "Accept: text/html ; q=0.000"), missing()),
    row("9110/12.5.1", "a refusal for a browser is a page too",          get("Accept: text/html\r\nContent-Length: x"),            page(400, "Content-Length is not a number.").closes()),
    row("9110/12.5.1", "a refusal before all of Accept has come is a line", Input::from("GET /a.txt HTTP/1.1\r\nAccept: text/html\r\n").half_closed(), bad("the connection was closed before the request was complete")),
    row("9110/12.5.1", "an empty Accept",                                request("GET /missing HTTP/1.1", "Accept:"),               missing()),
    row("9110/12.5.2", "Accept-Charset is not looked at",                get("Accept-Charset: iso-8859-1"),                         ok()),
    row("9110/12.5.3", "identity will do where nothing is said",         get(""),                                                   ok()),
    row("9110/12.5.3", "identity is refused and there is nothing else",  get("Accept-Encoding: identity;q=0"),                      ok()),
    row("9110/12.5.4", "Accept-Language is not looked at",               get("Accept-Language: de"),                                ok()),
    row("9110/12.5.5", "Vary names what an error depends on",            target("/missing"),                                        missing()),
] }
