//! Files as they are asked for: methods, index files, redirects to the slash, names in any bytes, hidden files, types.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Scratch, Server, webserv};
use crate::wire::{Response, exchange, get, request};

fn site(files: &[(&str, &str)]) -> (Scratch, Server) {
    let directory = Scratch::with(files);
    let server = Server::of(&directory);
    (directory, server)
}

/// The response to a method on a connection of its own.
#[track_caller]
fn ask(server: &Server, method: &str, target: &str) -> Response {
    let mut peer = server.connect();
    peer.send(request(method, target, &[]));
    if method == "HEAD" { peer.head() } else { peer.response() }
}

/// The methods of an Allow field, in an order of our own.
#[track_caller]
fn allowed(response: &Response) -> Vec<&str> {
    let mut methods: Vec<_> = response.field("Allow").expect("Allow").split(", ").collect();
    methods.sort_unstable();
    methods
}

#[test]
fn a_get_is_answered_with_the_file() {
    let (_directory, server) = site(&[("hello.txt", "Hello, world\n")]);
    get(&server, "/hello.txt").assert_is(
        "HTTP/1.1 200 OK\r\n\
         Server: webserv\r\n\
         Date: *\r\n\
         Cache-Control: no-cache\r\n\
         ETag: *\r\n\
         Vary: Accept-Encoding\r\n\
         Last-Modified: *\r\n\
         Accept-Ranges: bytes\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: 13\r\n\
         \r\n\
         Hello, world\n",
    );
}

#[test]
fn head_gives_exactly_the_fields_of_get() {
    let (_directory, server) = site(&[("hello.txt", "Hello, world\n")]);
    for target in ["/hello.txt", "/missing"] {
        let mut peer = server.connect();
        let got = peer.exchange(request("GET", target, &[]));
        peer.send(request("HEAD", target, &[]));
        let head = peer.head();
        head.assert_is(&String::from_utf8(Response { content: Vec::new(), ..got }.masked()).unwrap());
        // Nothing follows that head but the next response.
        peer.exchange(request("GET", "/hello.txt", &[])).assert_content("Hello, world\n");
    }
}

#[test]
fn options_tells_the_methods() {
    let (_directory, server) = site(&[("a.txt", "a")]);
    for target in ["*", "/", "/a.txt"] {
        let response = ask(&server, "OPTIONS", target);
        assert_eq!(allowed(response.assert_status(204)), ["GET", "HEAD", "OPTIONS"]);
        assert_eq!(response.field("Content-Length"), None, "RFC 9110, section 8.6:\n{response}");
    }
}

#[test]
fn known_methods_are_refused_with_those_that_are_allowed() {
    let (_directory, server) = site(&[("a.txt", "a")]);
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let response = ask(&server, method, "/a.txt");
        assert_eq!(allowed(response.assert_status(405)), ["GET", "HEAD", "OPTIONS"]);
        assert!(response.text().contains("GET"), "says what is allowed: {response}");
    }
    ask(&server, "CONNECT", "localhost:80").assert_status(405);
}

#[test]
fn unknown_methods_are_not_implemented() {
    let (_directory, server) = site(&[("a.txt", "a")]);
    for method in ["BREW", "get", "G", "GETT"] {
        ask(&server, method, "/a.txt").assert_status(501);
    }
}

#[test]
fn what_is_not_there_is_404_and_the_error_fits_the_client() {
    let (_directory, server) = site(&[("a.txt", "a"), ("dir/index.html", "d")]);
    for target in ["/missing", "/a.txt/", "/a.txt/b", "/dir/missing", "/A.TXT", "/a.tx", "/a.txt%20"] {
        get(&server, target).assert_status(404);
    }
    let line = exchange(&server, request("GET", "/missing", &["Accept: */*"]));
    line.assert_status(404).assert_field("Content-Type", "text/plain; charset=utf-8");
    assert_eq!(line.text().lines().count(), 1, "one line for curl: {line}");
    let page = exchange(&server, request("GET", "/<xmp>", &["Accept: text/html,*/*;q=0.8"]));
    page.assert_status(400); // "<" is not part of any target
    let page = exchange(&server, request("GET", "/%3Cxmp%3E", &["Accept: text/html,*/*;q=0.8"]));
    page.assert_status(404).assert_field("Content-Type", "text/html; charset=utf-8");
    assert!(page.text().contains("404"), "{page}");
    assert!(!page.text().contains("xmp"), "what was asked for must not become markup: {page}");
}

#[test]
fn a_directory_is_answered_with_its_index() {
    let (_directory, server) =
        site(&[("index.html", "home"), ("sub/index.html", "sub"), ("bare/file.txt", "f"), ("odd/index.html/x", "x")]);
    get(&server, "/").assert_content("home").assert_field("Content-Type", "text/html; charset=utf-8");
    get(&server, "/sub/").assert_content("sub");
    get(&server, "/sub/index.html").assert_content("sub");
    // No index, no listing: nothing is told of what is there. An index that is a directory is none.
    get(&server, "/bare/").assert_status(404);
    get(&server, "/odd/").assert_status(404);
}

#[test]
fn the_index_can_have_other_names() {
    let directory = Scratch::with(&[("www/b.html", "b"), ("www/sub/a.html", "a"), ("www/sub/b.html", "b")]);
    let server = Server::configured(
        &directory,
        "listen = '127.0.0.1:0'\n[[site]]\nroot = 'www'\nindex = ['a.html', 'b.html']\n",
    );
    get(&server, "/").assert_content("b");
    get(&server, "/sub/").assert_content("a");
}

#[test]
fn a_directory_without_its_slash_redirects_and_keeps_the_query() {
    let (directory, server) = site(&[("dir/index.html", "d"), ("a b%/index.html", "p"), ("evil.test/index.html", "e")]);
    fs::create_dir(directory.join(OsStr::from_bytes(b"\xff"))).unwrap();
    for (target, location) in [
        ("/dir", "/dir/"),
        ("/dir?a=1&b=%20?", "/dir/?a=1&b=%20?"),
        ("/dir?", "/dir/?"),
        ("/%64ir", "/dir/"),
        ("/a%20b%25", "/a%20b%25/"),
        ("/%FF", "/%FF/"),
        ("/evil.test", "/evil.test/"),
    ] {
        get(&server, target).assert_status(301).assert_field("Location", location);
    }
    // A Location of "//evil.test/" would name another host.
    let response = get(&server, "//evil.test");
    let location = response.field("Location").unwrap_or("/");
    assert!(location.starts_with('/') && !location.starts_with("//"), "{response}");
    let response = get(&server, "/.//evil.test");
    let location = response.field("Location").unwrap_or("/");
    assert!(location.starts_with('/') && !location.starts_with("//"), "{response}");
}

#[test]
fn the_query_does_not_choose_the_file() {
    let (_directory, server) = site(&[("a.txt", "a"), ("a.txt?x", "other")]);
    for target in ["/a.txt?x", "/a.txt?", "/a.txt?%zz", "/a.txt?/../b", "/a.txt?a?b"] {
        // A query is not decoded, so it cannot be decoded wrongly, but for "%zz", which no target may contain.
        let status = if target.contains("%zz") { 400 } else { 200 };
        get(&server, target).assert_status(status);
    }
    get(&server, "/a.txt%3Fx").assert_content("other");
}

#[test]
fn names_are_decoded_once() {
    let (_directory, server) =
        site(&[("a b.txt", "space"), ("a%20b.txt", "percent"), ("a+b.txt", "plus"), ("caf\u{e9}.txt", "accent")]);
    for (target, content) in [
        ("/a%20b.txt", "space"),
        ("/a%2520b.txt", "percent"),
        ("/a+b.txt", "plus"),
        ("/a%2bb.txt", "plus"),
        ("/caf%C3%A9.txt", "accent"),
        ("/%63%61%66%c3%a9%2e%74%78%74", "accent"),
    ] {
        get(&server, target).assert_status(200).assert_content(content);
    }
    for target in ["/%", "/%2", "/%zz", "/a%00b", "/a%2Fb", "/a%2fb", "/%2f"] {
        get(&server, target).assert_status(400);
    }
}

#[test]
fn names_that_are_not_utf8_are_served() {
    let (directory, server) = site(&[]);
    directory.write(OsStr::from_bytes(b"\xff\xfe.txt"), "bytes");
    directory.write(OsStr::from_bytes(b"caf\xe9.txt"), "latin-1");
    directory.write("a\nb.txt", "line feed");
    get(&server, "/%FF%fe.txt").assert_status(200).assert_content("bytes");
    get(&server, "/caf%e9.txt").assert_status(200).assert_content("latin-1");
    get(&server, "/a%0Ab.txt").assert_status(200).assert_content("line feed");
}

#[test]
fn dot_segments_never_leave_the_root() {
    let directory = Scratch::with(&[("secret.txt", "secret"), ("www/a.txt", "a"), ("www/dir/b.txt", "b")]);
    let root = directory.join("www");
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&root));
    for (target, content) in
        [("/dir/../a.txt", "a"), ("/./a.txt", "a"), ("/dir/%2e%2E/a.txt", "a"), ("/../../a.txt", "a")]
    {
        get(&server, target).assert_status(200).assert_content(content);
    }
    for target in ["/../secret.txt", "/dir/../../secret.txt", "/%2e%2e/secret.txt", "/dir/..%5c..%5csecret.txt"] {
        get(&server, target).assert_status(404);
    }
    // An absolute name is none below the root.
    get(&server, "//etc/passwd").assert_status(404);
}

#[test]
fn symbolic_links_are_followed_inside_the_root_only() {
    let directory = Scratch::with(&[("secret.txt", "secret"), ("www/a.txt", "a"), ("www/dir/b.txt", "b")]);
    let root = directory.join("www");
    symlink("a.txt", root.join("inside.txt")).unwrap();
    symlink("../a.txt", root.join("dir/up.txt")).unwrap();
    symlink("../secret.txt", root.join("outside.txt")).unwrap();
    symlink(directory.join("secret.txt"), root.join("absolute.txt")).unwrap();
    symlink(root.join("dir"), root.join("absolute")).unwrap();
    symlink("..", root.join("parent")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&root));
    get(&server, "/inside.txt").assert_status(200).assert_content("a");
    get(&server, "/dir/up.txt").assert_status(200).assert_content("a");
    get(&server, "/absolute/b.txt").assert_status(200).assert_content("b");
    get(&server, "/absolute").assert_status(301).assert_field("Location", "/absolute/");
    for target in ["/outside.txt", "/absolute.txt", "/parent/secret.txt", "/parent/", "/loop"] {
        let response = get(&server, target);
        assert!(matches!(response.status(), 403 | 404), "{target} is not below the root:\n{response}");
        assert!(!response.text().contains("secret\n") && response.text() != "secret", "{response}");
    }
}

#[test]
fn what_is_no_file_is_never_read() {
    let (directory, server) = site(&[("a.txt", "a")]);
    // Opening a FIFO that nobody writes to would stop the only thread there is.
    mknodat(CWD, directory.join("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(directory.join("socket")).unwrap();
    for target in ["/fifo", "/socket"] {
        let response = get(&server, target);
        assert!(matches!(response.status(), 403 | 404), "{response}");
    }
    get(&server, "/a.txt").assert_status(200);
}

#[test]
fn dotfiles_are_hidden_and_well_known_is_not() {
    let files = [
        (".env", "secret"),
        (".git/config", "secret"),
        ("dir/.htaccess", "secret"),
        (".well-known/security.txt", "known"),
        (".well-known/.hidden", "secret"),
    ];
    let (_directory, server) = site(&files);
    for target in ["/.env", "/%2eenv", "/.git/config", "/.git", "/.git/", "/dir/.htaccess", "/.well-known/.hidden"] {
        get(&server, target).assert_status(404);
    }
    get(&server, "/.well-known/security.txt").assert_status(200).assert_content("known");
}

#[test]
fn content_types_are_those_that_browsers_need() {
    let (directory, server) = site(&[]);
    for (name, content_type) in [
        ("a.html", "text/html; charset=utf-8"),
        ("a.htm", "text/html; charset=utf-8"),
        ("a.HTML", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.map", "application/json"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.wasm", "application/wasm"),
        ("a.ts", "video/mp2t"), // a video that browsers know; TypeScript has no type
        ("a.svg", "image/svg+xml"),
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.avif", "image/avif"),
        ("a.webp", "image/webp"),
        ("a.woff2", "font/woff2"),
        ("a.mp4", "video/mp4"),
        ("a.pdf", "application/pdf"),
        ("a.bin", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
        ("noextension", "application/octet-stream"),
    ] {
        directory.write(name, "x");
        get(&server, &format!("/{name}")).assert_status(200).assert_field("Content-Type", content_type);
    }
}

#[test]
fn a_root_that_was_made_anew_is_the_one_that_is_served() {
    // What every build does that begins by removing its output, and every deployment that switches a link.
    let directory = Scratch::with(&[("dist/index.html", "old"), ("one/index.html", "1"), ("two/index.html", "2")]);
    let dist = directory.join("dist");
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&dist));
    get(&server, "/").assert_status(200).assert_content("old");
    fs::remove_dir_all(&dist).unwrap();
    get(&server, "/").assert_status(503);
    directory.write("dist/index.html", "new");
    get(&server, "/").assert_status(200).assert_content("new");

    let current = directory.join("current");
    symlink("one", &current).unwrap();
    let server = Server::start(webserv().args(["-l", "127.0.0.1:0"]).arg(&current));
    get(&server, "/").assert_status(200).assert_content("1");
    symlink("two", directory.join("next")).unwrap();
    fs::rename(directory.join("next"), &current).unwrap();
    get(&server, "/").assert_status(200).assert_content("2");
}

#[test]
fn files_of_every_size_arrive_whole() {
    let (directory, server) = site(&[]);
    let mut peer = server.connect();
    for length in [0, 1, 4095, 4096, 4097, 16_384, 65_537, 300_000, 3_000_001] {
        let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        directory.write("file.bin", &content);
        let response = peer.exchange(request("GET", "/file.bin", &[]));
        response.assert_status(200).assert_field("Content-Length", &length.to_string()).assert_content(&content);
    }
}
