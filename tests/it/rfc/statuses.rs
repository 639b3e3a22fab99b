//! RFC 9110, section 15: one row for each status that a request can bring about, and what each does to the connection.

use super::notation::*;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> { vec![
    row("9110/15.2",    "no interim response is sent, to nobody",    get("Expect: 100-continue"),                   ok()),
    row("9110/15.3.1",  "200",                                       get(""),                                       ok()),
    row("9110/15.3.5",  "204",                                       request("OPTIONS /a.txt HTTP/1.1", ""),        options()),
    row("9110/15.3.7",  "206",                                       get("Range: bytes=0-0"),                       part("0-0")),
    row("9110/15.4.2",  "301",                                       target("/sub"),                                moved("/sub/")),
    row("9110/15.4.2",  "301 and then a request",                    target("/sub") + get(""),                      moved("/sub/").then(ok())),
    row("9110/15.4.5",  "304 has the fields that a cache needs",     get("If-None-Match: <tag>"),                   not_modified()),
    row("9110/15.4.5",  "304 and then a request",                    get("If-None-Match: <tag>") + get(""),         not_modified().then(ok())),
    row("9110/15.4.5",  "304 to a large file",                       request("GET /large.bin HTTP/1.1", "If-None-Match: \"2ebc98a1.1-493e0\"") + get(""), not_modified_of("large.bin").then(ok())),
    row("9110/15.5.1",  "400 where the message is broken",           get("X"),                                      bad("a field name is malformed")),
    row("9110/15.5.1",  "400 where the message is whole: the connection stays", target("/%00") + get(""),           error(400, "the path holds an encoded slash or NUL").then(ok())),
    row("9110/15.5.5",  "404 of a file",                             target("/missing"),                            missing()),
    row("9110/15.5.5",  "404 of a directory without an index",       target("/bare/"),                              error(404, "this directory has no index file")),
    row("9110/15.5.5",  "404 of a directory that is none",           target("/missing/"),                           missing()),
    row("9110/15.5.5",  "404 below a file",                          target("/a.txt/b"),                            missing()),
    row("9110/15.5.5",  "404 of a name that is too long for a file", target(&format!("/{}", "n".repeat(300))),      missing()),
    row("9110/15.5.5",  "404 of a path that is too long for a file", target(&"/n".repeat(3000)),                    missing()),
    row("9110/15.5.5",  "404 and then a request",                    target("/missing") + get(""),                  missing().then(ok())),
    row("9110/15.5.6",  "405 and then a request",                    request("PUT /a.txt HTTP/1.1", "") + get(""),  not_allowed().then(ok())),
    row("9110/15.5.13", "412 and then a request",                    get("If-Match: \"a\"") + get(""),              failed().then(ok())),
    row("9110/15.5.14", "413",                                       get("Content-Length: 1048577"),                refused(413, "the content is longer than this server reads")),
    row("9110/15.5.15", "414",                                       target(&format!("/{}", "a".repeat(8192))),     refused(414, "the request-target is over 8 KiB")),
    row("9110/15.5.17", "416",                                       get("Range: bytes=10-"),                       unsatisfiable("a.txt")),
    row("9110/15.5.18", "417",                                       get("Expect: tea"),                            refused(417, "100-continue is the only expectation known here")),
    row("9110/15.5.20", "421 and then a request",                    host("example.test") + get(""),                misdirected().then(ok())),
    row("9110/15.6.2",  "501 and then a request",                    request("BREW /a.txt HTTP/1.1", "") + get(""), unknown_method().then(ok())),
    row("9110/15.6.2",  "501 where a coding is not known: the end is not either", get("Transfer-Encoding: br, chunked"), refused(501, "chunked is the only transfer coding known here")),
    row("9110/15.6.6",  "505",                                       request("GET /a.txt HTTP/2.0", ""),            refused(505, "this server speaks HTTP/1.0 and HTTP/1.1")),
] }
