//! RFC 9110, sections 9 and 10: methods, and the context of a message.

use super::notation::*;

/// IANA's registry of methods, but for GET, HEAD, OPTIONS and CONNECT.
const REGISTERED: &str = "\
    ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL \
    MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE \
    UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL";

/// A request of each.
fn registered() -> Input {
    let requests = REGISTERED.split(' ').map(|method| request(&format!("{method} /a.txt HTTP/1.1"), ""));
    requests.fold(Input::from(""), |all, request| all + request)
}

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> { vec![
    // RFC 9110, section 9: methods
    row("9110/9.1",   "a method that nobody knows",                    request("BREW /a.txt HTTP/1.1", ""),                     unknown_method()),
    row("9110/9.1",   "a method that nobody knows, of a missing file", request("BREW /missing HTTP/1.1", ""),                   unknown_method()),
    row("9110/9.1",   "a method in lower case is another",             request("options * HTTP/1.1", ""),                       bad("the request-target is neither a path nor a URL")),
    row("9110/9.1",   "HEAD in mixed case is another",                 request("Head /a.txt HTTP/1.1", ""),                     unknown_method()),
    row("9110/9.1",   "a method that only starts as GET does",         request("GETS /a.txt HTTP/1.1", ""),                     unknown_method()),
    row("9110/9.1",   "a method of special characters",                request("!#$%&'*+-.^_`|~ /a.txt HTTP/1.1", ""),          unknown_method()),
    row("9110/9.1",   "a method of 100 letters",                       request(&format!("{} /a.txt HTTP/1.1", "X".repeat(100)), ""), unknown_method()),
    row("9110/9.3.1", "GET",                                           request("GET /a.txt HTTP/1.1", ""),                      ok()),
    row("9110/9.3.1", "GET of what is not there",                      request("GET /missing HTTP/1.1", ""),                    missing()),
    row("9110/9.3.2", "HEAD",                                          request("HEAD /a.txt HTTP/1.1", ""),                     ok().head()),
    row("9110/9.3.2", "HEAD of an empty file",                         request("HEAD /empty.txt HTTP/1.1", ""),                 found("empty.txt").head()),
    row("9110/9.3.2", "HEAD of what is not there",                     request("HEAD /missing HTTP/1.1", ""),                   missing().head()),
    row("9110/9.3.2", "HEAD of a directory without its slash",         request("HEAD /sub HTTP/1.1", ""),                       moved("/sub/").head()),
    row("9110/9.3.2", "HEAD that is not modified",                     request("HEAD /a.txt HTTP/1.1", "If-None-Match: <tag>"), not_modified()),
    row("9110/9.3.2", "HEAD whose condition fails",                    request("HEAD /a.txt HTTP/1.1", "If-Match: \"a\""),      failed().head()),
    row("9110/9.3.2", "HEAD of a host that is not served",             "HEAD /a.txt HTTP/1.1\r\nHost: example.test\r\n\r\n",    misdirected().head()),
    row("9110/9.3.2", "HEAD in 1.0",                                   request("HEAD /a.txt HTTP/1.0", ""),                     ok().head().closes()),
    row("9110/9.3.2", "HEAD and then GET",                             request("HEAD /a.txt HTTP/1.1", "") + get(""),           ok().head().then(ok())),
    row("9110/9.3.2", "HEAD without Host",                             "HEAD /a.txt HTTP/1.1\r\n\r\n",                          bad("the Host field is missing").head()),
    row("9110/9.3.2", "HEAD of a version that is not spoken",          request("HEAD /a.txt HTTP/2.0", ""),                     refused(505, "this server speaks HTTP/1.0 and HTTP/1.1").head()),
    row("9110/9.3.3", "POST",                                          request("POST /a.txt HTTP/1.1", ""),                     not_allowed()),
    row("9110/9.3.3", "POST of what is not there",                     request("POST /missing HTTP/1.1", ""),                   not_allowed()),
    row("9110/9.3.3", "POST with content in chunks",                   request("POST /a.txt HTTP/1.1", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", not_allowed()),
    row("9110/9.3.4", "PUT",                                           request("PUT /a.txt HTTP/1.1", "Content-Length: 5") + "hello", not_allowed()),
    row("9110/9.3.4", "PUT with a range changes nothing",              request("PUT /a.txt HTTP/1.1", "Content-Range: bytes 0-4/10\r\nContent-Length: 5") + "hello", not_allowed()),
    row("9110/9.3.5", "DELETE",                                        request("DELETE /a.txt HTTP/1.1", ""),                   not_allowed()),
    row("9110/9.3.6", "CONNECT",                                       request("CONNECT localhost:80 HTTP/1.1", ""),            not_allowed().closes()),
    row("9110/9.3.6", "CONNECT and what was meant for the tunnel",     request("CONNECT localhost:80 HTTP/1.1", "") + get(""),  not_allowed().closes()),
    row("9110/9.3.7", "OPTIONS of a file",                             request("OPTIONS /a.txt HTTP/1.1", ""),                  options()),
    row("9110/9.3.7", "OPTIONS of what is not there",                  request("OPTIONS /missing HTTP/1.1", ""),                options()),
    row("9110/9.3.7", "OPTIONS of the server",                         request("OPTIONS * HTTP/1.1", ""),                       options()),
    row("9110/9.3.7", "OPTIONS with content",                          request("OPTIONS * HTTP/1.1", "Content-Length: 5") + "hello", options()),
    row("9110/9.3.7", "OPTIONS in 1.0",                                request("OPTIONS * HTTP/1.0", ""),                       options().closes()),
    row("9110/9.3.8", "TRACE sends nothing back",                      request("TRACE /a.txt HTTP/1.1", "Cookie: secret"),      not_allowed()),
    row("9110/9.3.8", "TRACK is not known",                            request("TRACK /a.txt HTTP/1.1", ""),                    unknown_method()),
    row("9110/9.3",   "PATCH",                                         request("PATCH /a.txt HTTP/1.1", ""),                    not_allowed()),
    row("9110/9.3",   "PROPFIND",                                      request("PROPFIND / HTTP/1.1", "Depth: 1"),              not_allowed()),
    row("9110/9.3",   "MKCOL",                                         request("MKCOL /new/ HTTP/1.1", ""),                     not_allowed()),
    row("9110/9.3",   "QUERY",                                         request("QUERY /a.txt HTTP/1.1", ""),                    not_allowed()),
    row("9110/9.3",   "every other method of the registry",            registered(),                                            not_allowed().times(REGISTERED.split(' ').count())),
    row("9110/9.3",   "PRI is the preface of HTTP/2 and no method",    request("PRI /a.txt HTTP/1.1", ""),                      unknown_method()),
    row("9110/9.3",   "another method may not override",               get("X-HTTP-Method-Override: DELETE"),                   ok()),

    // RFC 9110, section 10.1.1: Expect
    row("9110/10.1.1", "100-continue before content that is not wanted", get("Expect: 100-continue\r\nContent-Length: 5"),           ok().closes()),
    row("9110/10.1.1", "100-continue before content that is sent all the same", get("Expect: 100-continue\r\nContent-Length: 5") + "hello", ok().closes()),
    row("9110/10.1.1", "100-continue before chunks",                     get("Expect: 100-continue\r\nTransfer-Encoding: chunked"),  ok().closes()),
    row("9110/10.1.1", "100-continue and a method that is not allowed",  request("PUT /a.txt HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 5"), not_allowed().closes()),
    row("9110/10.1.1", "100-continue and content that is too long",      request("PUT /a.txt HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 9999999"), refused(413, "the content is longer than this server reads")),
    row("9110/10.1.1", "100-continue without content",                   get("Expect: 100-continue"),                                ok()),
    row("9110/10.1.1", "100-continue and no bytes of content",           get("Expect: 100-continue\r\nContent-Length: 0"),           ok()),
    row("9110/10.1.1", "100-continue in another case",                   get("Expect: 100-Continue\r\nContent-Length: 5"),           ok().closes()),
    row("9110/10.1.1", "100-continue in 1.0 is ignored",                 request("GET /a.txt HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 5") + "hello", ok().closes()),
    row("9110/10.1.1", "another expectation in 1.0 is ignored",          request("GET /a.txt HTTP/1.0", "Expect: tea"),              ok().closes()),
    row("9110/10.1.1", "another expectation",                            get("Expect: tea"),                                         refused(417, "100-continue is the only expectation known here")),
    row("9110/10.1.1", "another expectation of a HEAD",                  request("HEAD /a.txt HTTP/1.1", "Expect: tea"),             refused(417, "100-continue is the only expectation known here").head()),
    row("9110/10.1.1", "a list with another expectation",                get("Expect: 100-continue, tea"),                           refused(417, "100-continue is the only expectation known here")),
    row("9110/10.1.1", "another expectation on a second line",           get("Expect: 100-continue\r\nExpect: tea"),                 refused(417, "100-continue is the only expectation known here")),
    row("9110/10.1.1", "100-continue with a parameter",                  get("Expect: 100-continue;a=b"),                            refused(417, "100-continue is the only expectation known here")),
    row("9110/10.1.1", "a list of 100-continue alone",                   get("Expect: 100-continue, 100-continue"),                  ok()),
    row("9110/10.1.1", "a list of 100-continue with empty elements",     get("Expect: ,100-continue,"),                              ok()),
    row("9110/10.1.1", "100-continue on two lines",                      get("Expect: 100-continue\r\nExpect: 100-continue"),        ok()),
    row("9110/10.1.1", "an empty list expects nothing",                  get("Expect:"),                                             ok()),

    // RFC 9110, sections 10.1.2 to 10.2: what else is said
    row("9110/10.1.3", "Referer may be anything",                         get("Referer: nonsense"),                           ok()),
    row("9110/10.1.4", "TE is not used",                                  get("TE: trailers\r\nConnection: TE"),              ok()),
    row("9110/10.1.5", "User-Agent may be anything",                      get("User-Agent: () { :;}; echo"),                  ok()),
    row("9110/10.2.1", "Allow says what is allowed",                      request("DELETE /missing HTTP/1.1", ""),            not_allowed()),
    row("9110/10.2.2", "Location of a directory",                         target("/sub"),                                     moved("/sub/")),
    row("9110/10.2.2", "Location of a directory with a query",            target("/sub?a=b&c=%20"),                           moved("/sub/?a=b&c=%20")),
    row("9110/10.2.2", "Location of a directory with an empty query",     target("/sub?"),                                    moved("/sub/?")),
    row("9110/10.2.2", "Location of a directory within another",          target("/sub/deep"),                                moved("/sub/deep/")),
    row("9110/10.2.2", "Location by an absolute form",                    target("http://localhost/sub?a"),                   moved("/sub/?a")),
    row("9110/10.2.2", "Location of a name with a space",                 target("/a%20b"),                                   moved("/a%20b/")),
    row("9110/10.2.2", "Location of a name with a percent sign",          target("/50%25"),                                   moved("/50%25/")),
    row("9110/10.2.2", "Location of a name with a question mark",         target("/%3F"),                                     moved("/%3F/")),
    row("9110/10.2.2", "Location of a name that is no UTF-8",             target("/%ff"),                                     moved("/%FF/")),
    row("9110/10.2.2", "Location does not leave the site by two slashes", target("//evil.test"),                              moved("/evil.test/")),
    row("9110/10.2.2", "Location does not leave the site by three slashes", target("///evil.test"),                           moved("/evil.test/")),
    row("9110/10.2.2", "Location does not leave the site by a dot segment", target("/.//evil.test"),                          moved("/evil.test/")),
    row("9110/10.2.2", "Location does not leave the site by two dots",    target("/sub/..//evil.test"),                       moved("/evil.test/")),
    row("9110/10.2.2", "Location does not leave the site by a backslash", target("/%5Cevil.test"),                            moved("/%5Cevil.test/")),
    row("9110/10.2.2", "Location injects no field",                       target("/%0D%0AX:%20y"),                            moved("/%0D%0AX%3A%20y/")),
    row("9110/10.2.2", "Location injects no field by the query",          target("/sub?%0D%0AX:%20y"),                        moved("/sub/?%0D%0AX:%20y")),
    row("9110/10.2.2", "Location is a URI although the query was none",   target("/sub?{a}|[b]\\^`"),                         moved("/sub/?%7Ba%7D%7C%5Bb%5D%5C%5E%60")),
    row("9110/10.2.2", "Location names no host that was sent",            "GET /sub HTTP/1.1\r\nHost: a.localhost:1\r\n\r\n", moved("/sub/")),
    row("9110/10.2.4", "Server names no version",                         target("/missing"),                                 missing()),
] }
