//! RFC 9112, section 9: how long a connection lives, and what is answered on it.

use super::notation::*;

#[rustfmt::skip]
pub(super) fn rows() -> Vec<Row> { vec![
    // RFC 9112, section 9.3: persistence
    row("9112/9.3", "1.1 persists",                        get(""),                                                    ok()),
    row("9112/9.3", "1.1 and keep-alive",                  get("Connection: keep-alive"),                              ok()),
    row("9112/9.3", "1.1 and close",                       get("Connection: close"),                                   ok().closes()),
    row("9112/9.3", "1.0 closes",                          request("GET /a.txt HTTP/1.0", ""),                         ok().closes()),
    row("9112/9.3", "1.0 and keep-alive",                  request("GET /a.txt HTTP/1.0", "Connection: keep-alive"),   ok().keeps_alive()),
    row("9112/9.3", "1.0 and keep-alive in another case",  request("GET /a.txt HTTP/1.0", "connection: Keep-Alive"),   ok().keeps_alive()),
    row("9112/9.3", "1.0 and the field Keep-Alive alone",  request("GET /a.txt HTTP/1.0", "Keep-Alive: timeout=5"),    ok().closes()),
    row("9112/9.3", "1.0 and keep-alive to a proxy",       request("GET /a.txt HTTP/1.0", "Proxy-Connection: keep-alive"), ok().closes()),
    row("9112/9.3", "1.0 and both",                        request("GET /a.txt HTTP/1.0", "Connection: keep-alive, close"), ok().closes()),
    row("9112/9.3", "1.0, keep-alive, and an error",       request("GET /missing HTTP/1.0", "Connection: keep-alive"), missing().keeps_alive()),
    row("9112/9.3", "1.0, keep-alive, and no content",     request("GET /a.txt HTTP/1.0", "Connection: keep-alive\r\nIf-None-Match: *"), not_modified().keeps_alive()),
    row("9112/9.3", "two requests of 1.0 with keep-alive", request("GET /a.txt HTTP/1.0", "Connection: keep-alive").times(2), ok().keeps_alive().times(2)),
    row("9112/9.3", "1.0 behind 1.1",                      get("") + request("GET /a.txt HTTP/1.0", ""),               ok().then(ok().closes())),
    row("9112/9.3", "1.1 behind 1.0 with keep-alive",      request("GET /a.txt HTTP/1.0", "Connection: keep-alive") + get(""), ok().keeps_alive().then(ok())),

    // RFC 9112, section 9.3.2: pipelining
    row("9112/9.3.2", "two requests",                               get("") + target("/sub/c.txt"),                     ok().then(found("sub/c.txt"))),
    row("9112/9.3.2", "a hundred requests",                         get("").times(100),                                 ok().times(100)),
    row("9112/9.3.2", "a hundred requests with content",            (get("Content-Length: 5") + "hello").times(100),    ok().times(100)),
    row("9112/9.3.2", "a hundred requests of all kinds",            (get("") + request("HEAD /a.txt HTTP/1.1", "") + target("/missing") + request("PUT /a.txt HTTP/1.1", "")).times(25), ok().then(ok().head()).then(missing()).then(not_allowed()).times(25)),
    row("9112/9.3.2", "a hundred requests and a half-close",        get("").times(100).half_closed(),                   ok().times(100)),
    row("9112/9.3.2", "a broken request in the middle",             get("").times(3) + get("Content-Length: x") + get("").times(3), ok().times(3).then(bad("Content-Length is not a number"))),
    row("9112/9.3.2", "a request with broken chunks in the middle", get("").times(3) + chunked("x") + get("").times(3), ok().times(3).then(bad("a chunk size is malformed"))),
    row("9112/9.3.2", "a close in the middle",                      get("").times(3) + get("Connection: close") + get("").times(3), ok().times(3).then(ok().closes())),
    row("9112/9.3.2", "garbage in the middle",                      get("") + "\x16\x03\x01" + get(""),                 ok().then(bad("this is no HTTP request"))),
    row("9112/9.3.2", "behind a file that is sent from the disk",   target("/large.bin") + get(""),                     found("large.bin").then(ok())),

    // RFC 9112, section 9.6: tear-down
    row("9112/9.6", "close in capitals",                           get("CONNECTION: CLOSE"),                                  ok().closes()),
    row("9112/9.6", "close behind another option",                 get("Connection: x, close"),                               ok().closes()),
    row("9112/9.6", "close before keep-alive",                     get("Connection: close, keep-alive"),                      ok().closes()),
    row("9112/9.6", "close behind keep-alive",                     get("Connection: keep-alive, close"),                      ok().closes()),
    row("9112/9.6", "close on a second line",                      get("Connection: keep-alive\r\nConnection: close"),        ok().closes()),
    row("9112/9.6", "close on the first line of two",              get("Connection: close\r\nConnection: keep-alive"),        ok().closes()),
    row("9112/9.6", "close on lines far apart",                    get("Connection: x\r\nA: b\r\nC: d\r\nConnection: close"), ok().closes()),
    row("9112/9.6", "close among empty elements",                  get("Connection: ,,\tclose ,"),                            ok().closes()),
    row("9112/9.6", "an option that only starts with close",       get("Connection: closed"),                                 ok()),
    row("9112/9.6", "an option that only ends with close",         get("Connection: x-close"),                                ok()),
    row("9112/9.6", "close to a proxy",                            get("Proxy-Connection: close"),                            ok()),
    row("9112/9.6", "an empty Connection",                         get("Connection:"),                                        ok()),
    row("9112/9.6", "close and no such file",                      request("GET /missing HTTP/1.1", "Connection: close"),     missing().closes()),
    row("9112/9.6", "close and no content",                        get("Connection: close\r\nIf-None-Match: *"),              not_modified().closes()),
    row("9112/9.6", "close and OPTIONS",                           request("OPTIONS * HTTP/1.1", "Connection: close"),        options().closes()),
    row("9112/9.6", "close and content",                           get("Connection: close\r\nContent-Length: 5") + "hello",   ok().closes()),
    row("9112/9.6", "a half-closed client gets its answer",        get("").half_closed(),                                     ok()),
    row("9112/9.6", "a half-closed client gets both answers",      (get("") + target("/large.bin")).half_closed(),            ok().then(found("large.bin"))),
    row("9112/9.6", "a client that sends nothing and half-closes", Input::from("").half_closed(),                             nothing()),
    row("9112/9.6", "a client of 1.0 that half-closes",            request("GET /a.txt HTTP/1.0", "").half_closed(),          ok().closes()),
    row("9112/9.6", "a refused upload that is sent all the same",  request("PUT /a.txt HTTP/1.1", "Content-Length: 4000000") + "x".repeat(4_000_000), refused(413, "the content is longer than this server reads")),
] }
