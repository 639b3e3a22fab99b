//! The rules of a config: what a site says about the answers it gives.

use crate::support::{Scratch, Server};
use crate::wire::{Response, exchange, get, request};

fn site() -> Scratch {
    Scratch::with(&[("www/a.txt", "0123456789"), ("www/dir/index.html", "d"), ("www/dir/a.txt", "a")])
}

/// The values of a field in the answer to a GET, in order.
#[track_caller]
fn values(response: &Response, name: &str) -> Vec<String> {
    response.all(name).into_iter().map(str::to_owned).collect()
}

#[test]
fn fields_stand_in_every_response() {
    let directory = site();
    let config = "
        listen = '127.0.0.1:0'
        headers = { X-Top = 'top', X-Both = 'top', X-Gone = 'top' }
        [[site]]
        root = 'www'
        headers = { x-both = 'site', X-GONE = '', Content-Language = 'en', Content-Security-Policy = \"default-src 'self'\" }
    ";
    let server = Server::configured(&directory, config);
    let tag = get(&server, "/a.txt").field("ETag").unwrap().to_owned();
    for (status, request) in [
        (200, request("GET", "/a.txt", &[])),
        (200, request("GET", "/a.txt", &[])),
        (200, request("GET", "/dir/", &[])),
        (206, request("GET", "/a.txt", &["Range: bytes=1-2"])),
        (206, request("GET", "/a.txt", &["Range: bytes=1-2,5-6"])),
        (204, request("OPTIONS", "*", &[])),
        (301, request("GET", "/dir", &[])),
        (304, request("GET", "/a.txt", &[&format!("If-None-Match: {tag}")])),
        (400, request("GET", "/%00", &[])),
        (400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        (404, request("GET", "/missing", &[])),
        (404, request("GET", "/missing", &["Accept: text/html"])),
        (405, request("POST", "/a.txt", &[])),
        (412, request("GET", "/a.txt", &["If-Match: \"other\""])),
        (416, request("GET", "/a.txt", &["Range: bytes=99-"])),
        (501, request("BREW", "/a.txt", &[])),
    ] {
        let response = exchange(&server, &request);
        response.assert_status(status).assert_field("X-Top", "top").assert_field("X-Both", "site");
        response.assert_field("Content-Security-Policy", "default-src 'self'");
        assert_eq!(response.field("X-Gone"), None, "{response}");
        // It describes the content, which a 304 has none of.
        assert_eq!(response.field("Content-Language"), (status != 304).then_some("en"), "{response}");
        assert_eq!(response.all("Cache-Control").len(), usize::from(status != 204), "{response}");
    }
    let mut peer = server.connect();
    peer.send(request("HEAD", "/a.txt", &[]));
    assert_eq!(values(&peer.head(), "X-Top"), ["top"]);
}

#[test]
fn fields_are_those_of_the_site_that_answers() {
    let directory = site();
    let config = "
        listen = '127.0.0.1:0'
        [[site]]
        root = 'www'
        hosts = 'a.test'
        headers = { X-Site = 'a' }
        [[site]]
        root = 'www'
        hosts = 'b.test'
        headers = { X-Site = 'b' }
    ";
    let server = Server::configured(&directory, config);
    for (host, name) in [("a.test", "a"), ("b.test", "b"), ("c.test", "a")] {
        for target in ["/a.txt", "/missing"] {
            let response = exchange(&server, format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            response.assert_field("X-Site", name);
        }
    }
}

#[test]
fn a_reload_brings_other_fields() {
    let directory = site();
    let config = |value| {
        format!("listen = '127.0.0.1:0'\n[[site]]\nhosts = 'a.test'\nroot = 'www'\nheaders = {{ X-A = '{value}' }}\n")
    };
    let mut server = Server::configured(&directory, &config("old"));
    let mut peer = server.connect();
    peer.exchange(request("GET", "/a.txt", &[])).assert_field("X-A", "old");
    directory.write("webserv.toml", config("new"));
    server.reload("~ rules of a.test");
    crate::support::eventually("the new field", || get(&server, "/a.txt").field("X-A") == Some("new"));
}
