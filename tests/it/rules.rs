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
        headers = { x-both = 'site', X-GONE = '', Content-Language = 'en', \
                    Content-Security-Policy = \"default-src 'self'\" }
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
    server.reload("~ headers of a.test");
    crate::support::eventually("the new field", || get(&server, "/a.txt").field("X-A") == Some("new"));
}

#[test]
fn the_most_specific_cache_rule_counts_for_what_is_sent_of_a_file() {
    let directory = site();
    directory.write("www/assets/a.iso", "iso");
    directory.write("www/assets/v1/a.txt", "text");
    directory.write("www/b.iso", "iso");
    directory.write("www/sp ace", "x");
    let config = "
        listen = '127.0.0.1:0'
        cache = { '*' = 'max-age=1', '*.iso' = 'max-age=2', '/assets/*' = 'max-age=3', '/dir/*' = 'max-age=9' }
        [[site]]
        root = 'www'
        index = ['missing.html', 'index.html']
        cache = { '/assets/v1/*' = 'max-age=4', '/assets/v1/a.txt' = 'no-store', '/dir/*' = '', \
                  '/dir/' = 'max-age=5', '/sp%20ace' = 'max-age=6' }
    ";
    let server = Server::configured(&directory, config);
    for (target, value) in [
        ("/a.txt", "max-age=1"),
        ("/b.iso", "max-age=2"),
        ("/assets/a.iso", "max-age=3"),
        ("/assets/v1/a.txt", "no-store"),
        ("/assets/v1/../v1/%61.txt", "no-store"),
        ("/dir/", "max-age=5"),
        ("/dir/index.html", "max-age=1"),
        ("/dir/", "max-age=5"),
        ("/dir/a.txt", "max-age=1"),
        ("/sp%20ace", "max-age=6"),
    ] {
        // Twice: what is found in memory has the same rules.
        for _ in 0..2 {
            get(&server, target).assert_status(200).assert_field("Cache-Control", value);
        }
    }
    let tag = get(&server, "/assets/a.iso").field("ETag").unwrap().to_owned();
    for (status, target, line, value) in [
        (206, "/assets/a.iso", "Range: bytes=0-0", "max-age=3"),
        (206, "/assets/v1/a.txt", "Range: bytes=0-0,2-2", "no-store"),
        (304, "/assets/a.iso", &*format!("If-None-Match: {tag}"), "max-age=3"),
        (404, "/assets/missing", "Accept: */*", "no-cache"),
        (412, "/assets/a.iso", "If-Match: \"other\"", "no-cache"),
        (301, "/assets", "Accept: */*", "no-cache"),
    ] {
        let response = exchange(&server, request("GET", target, &[line]));
        response.assert_status(status).assert_field("Cache-Control", value);
    }
}

#[test]
fn types_and_charset_are_the_config_s() {
    let directory = site();
    for name in ["a.WASM", "a.special", "a.css", "a.html"] {
        directory.write(format!("www/{name}"), "x");
    }
    let config = "
        listen = '127.0.0.1:0'
        types = { special = 'text/x-top', css = 'text/x-css' }
        charset = 'latin1'
        [[site]]
        hosts = 'a.test'
        root = 'www'
        types = { wasm = 'application/x-wasm', SPECIAL = 'text/x-special', html = 'text/html; charset=koi8-r' }
        [[site]]
        hosts = 'b.test'
        root = 'www'
        charset = ''
    ";
    let server = Server::configured(&directory, config);
    for (host, name, expected) in [
        ("a.test", "a.txt", "text/plain; charset=latin1"),
        ("a.test", "a.WASM", "application/x-wasm"),
        ("a.test", "a.special", "text/x-special; charset=latin1"),
        ("a.test", "a.css", "text/x-css; charset=latin1"),
        ("a.test", "a.html", "text/html; charset=koi8-r"),
        ("b.test", "a.txt", "text/plain"),
        ("b.test", "a.special", "text/x-top"),
    ] {
        let response = exchange(&server, format!("GET /{name} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        response.assert_status(200).assert_field("Content-Type", expected);
    }
}

#[test]
fn redirects_win_over_files_and_answer_every_method() {
    let directory = site();
    let config = "
        listen = '127.0.0.1:0'
        index = ['missing.html', 'index.html']
        headers = { X-A = 'a' }
        [[site]]
        root = 'www'
        [site.redirects]
        '/a.txt' = '/new'
        '/posts/*' = '/articles/*'
        '/posts/one' = { to = '/1', status = 301 }
        '/303' = { to = '/x', status = 303 }
        '/307' = { to = '/x?own', status = 307 }
        '/308' = { to = 'https://other.test/x#part', status = 308 }
        '/sp%20ace/*' = 'https://other.test/*/end'
        '/dir/index.html' = '/dir/'
        '/find/*' = '/search?q=*'
    ";
    let server = Server::configured(&directory, config);
    for (target, status, location) in [
        ("/a.txt", 302, "/new"),
        ("/%61.txt?b=c", 302, "/new?b=c"),
        ("/posts/two/three", 302, "/articles/two/three"),
        ("/posts/", 302, "/articles/"),
        ("/posts//evil.test/%3Fx", 302, "/articles/evil.test/%3Fx"),
        ("/posts/../posts/%0d%0aX:y", 302, "/articles/%0D%0AX:y"),
        ("/posts/a:b@c;v=1,%2B%23", 302, "/articles/a:b@c;v=1,+%23"),
        ("/find/a=b&c", 302, "/search?q=a%3Db%26c"),
        ("/posts/one?q", 301, "/1?q"),
        ("/303", 303, "/x"),
        ("/307?q", 307, "/x?own"),
        ("/308?q", 308, "https://other.test/x?q#part"),
        ("/sp%20ace/a%20b?", 302, "https://other.test/a%20b/end?"),
        ("/find/a/b?c", 302, "/search?q=a/b"),
    ] {
        for method in ["GET", "POST", "OPTIONS", "DELETE", "BREW"] {
            let response = exchange(&server, request(method, target, &[]));
            response.assert_status(status).assert_field("Location", location).assert_field("X-A", "a");
        }
        let mut peer = server.connect();
        peer.send(request("HEAD", target, &[]));
        peer.head().assert_status(status).assert_field("Location", location);
    }
    // What stands for its directory is not what has its name.
    for _ in 0..2 {
        get(&server, "/dir/").assert_status(200).assert_content("d");
        get(&server, "/dir/index.html").assert_status(302).assert_field("Location", "/dir/");
    }
    for target in ["/posts", "/find", "/a.txt/"] {
        assert_eq!(get(&server, target).field("Location"), None, "{target}");
    }
}

#[test]
fn pages_of_the_site_say_what_went_wrong() {
    let directory = site();
    directory.write("www/404.html", "nothing here");
    directory.write("www/.pages/4xx.txt", "your fault");
    directory.write("www/large.html", "x".repeat(300_000));
    let config = "
        listen = '127.0.0.1:0'
        errors = { 404 = 'top.html', 4xx = '/.pages/4xx.txt', 416 = 'large.html' }
        [[site]]
        root = 'www'
        headers = { X-A = 'a' }
        errors = { 404 = '404.html', 412 = 'missing.html', 501 = 'missing.html' }
        cache = { '*' = 'max-age=5' }
    ";
    let mut server = Server::configured(&directory, config);
    let large = "x".repeat(300_000);
    for (status, request, content, media_type) in [
        (404, request("GET", "/missing", &[]), "nothing here", "text/html; charset=utf-8"),
        (404, request("GET", "/missing", &["Range: bytes=0-1"]), "nothing here", "text/html; charset=utf-8"),
        (404, request("GET", "/missing", &["Accept: text/html"]), "nothing here", "text/html; charset=utf-8"),
        (404, request("GET", "/missing", &["If-None-Match: *"]), "nothing here", "text/html; charset=utf-8"),
        (405, request("DELETE", "/a.txt", &[]), "your fault", "text/plain; charset=utf-8"),
        (400, request("GET", "/%00", &[]), "your fault", "text/plain; charset=utf-8"),
        (416, request("GET", "/a.txt", &["Range: bytes=99-"]), &large, "text/html; charset=utf-8"),
    ] {
        for _ in 0..2 {
            let response = exchange(&server, &request);
            response.assert_status(status).assert_content(content).assert_field("Content-Type", media_type);
            response.assert_field("X-A", "a").assert_field("Cache-Control", "no-cache");
            for name in ["ETag", "Last-Modified", "Accept-Ranges"] {
                assert_eq!(response.field(name), None, "{response}");
            }
            assert_eq!(response.field("Allow").is_some(), status == 405, "{response}");
            assert_eq!(response.field("Content-Range").is_some(), status == 416, "{response}");
        }
    }
    // What is refused before it is known which site it is for, which the config cannot have a page for.
    for (status, request) in [
        (413, request("POST", "/", &["Content-Length: 99999999"])),
        (414, request("GET", &format!("/{}", "a".repeat(9000)), &[])),
        (417, request("GET", "/", &["Expect: something"])),
        (431, request("GET", "/", &[&format!("X: {}", "a".repeat(20_000))])),
        (505, request("GET", "/", &[]).replace("HTTP/1.1", "HTTP/2.0")),
    ] {
        let content = exchange(&server, request).assert_status(status).text().to_owned();
        assert!(content.starts_with(&status.to_string()), "{content}");
    }
    let mut peer = server.connect();
    peer.send(request("HEAD", "/missing", &[]));
    peer.head().assert_status(404).assert_field("Content-Length", "12");
    // What is hidden stays so by its own name, and what a page is changes with its file.
    get(&server, "/.pages/4xx.txt").assert_status(404);
    get(&server, "/404.html").assert_status(200).assert_field("Cache-Control", "max-age=5");
    directory.write("www/404.html", "now for something else");
    get(&server, "/missing").assert_status(404).assert_content("now for something else");
    // Where there is no page, ours is there; that is told once.
    for _ in 0..3 {
        let response = exchange(&server, request("GET", "/a.txt", &["If-Match: \"x\""]));
        response
            .assert_status(412)
            .assert_content("412 Precondition Failed: the file is not what the request is about\n");
    }
    exchange(&server, request("BREW", "/", &[])).assert_status(501);
    server.process.stderr.line_with("the file missing.html that site 1 answers with cannot be sent");
    let finished = server.stop();
    assert_eq!(finished.stderr.matches("the file missing.html").count(), 1, "{}", finished.stderr);
}

#[test]
fn a_fallback_is_for_what_looks_like_a_page() {
    let directory = site();
    directory.write("www/app.html", "app");
    directory.write("www/empty/a.css", "css");
    let config = "
        listen = '127.0.0.1:0'
        [[site]]
        root = 'www'
        fallback = 'app.html'
        errors = { 404 = 'a.txt' }
        headers = { Vary = 'Origin' }
        cache = { '/assets/*' = 'immutable', '/app.html' = 'max-age=7' }
    ";
    let server = Server::configured(&directory, config);
    let html = "Accept: text/html,*/*;q=0.8";
    for (target, lines, is_app) in [
        ("/some/page", &[][..], true),
        ("/some/page/", &[], true),
        ("/empty/", &[], true),
        ("/assets/page", &[], true),
        ("/v1.2/page", &[], true),
        ("/missing.js", &[], false),
        ("/missing.js", &["Accept: text/html;q=0"], false),
        ("/missing.js", &[html], true),
        ("/", &[html], true),
    ] {
        for _ in 0..2 {
            let response = exchange(&server, request("GET", target, lines));
            if is_app {
                response.assert_status(200).assert_content("app").assert_field("Cache-Control", "max-age=7");
                assert_eq!(values(&response, "Vary"), ["Accept", "Origin", "Accept-Encoding"], "{response}");
                assert!(response.field("ETag").is_some(), "{response}");
            } else {
                response.assert_status(404).assert_content("0123456789");
                assert_eq!(values(&response, "Vary"), ["Origin", "Accept"], "{response}");
            }
        }
    }
    get(&server, "/a.txt").assert_status(200).assert_content("0123456789");
    exchange(&server, request("POST", "/some/page", &[])).assert_status(405);
    let tag = get(&server, "/page").field("ETag").unwrap().to_owned();
    exchange(&server, request("GET", "/other", &[&format!("If-None-Match: {tag}")])).assert_status(304);
    // What is there now was not before.
    directory.write("www/some/page", "page");
    get(&server, "/some/page").assert_status(200).assert_content("page");
}
