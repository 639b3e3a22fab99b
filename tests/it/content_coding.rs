//! Content in a smaller coding: which one a client gets, and that it is never one of what the file held before.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::support::{Scratch, Server, eventually};
use crate::wire::{Response, exchange, get, is_entity_tag, request};

/// What the file of the tests holds.
const PLAIN: &str = "console.log(1)\n";

/// Three siblings of it. The server takes whoever put them there at their word, so that they can be told by their
/// content.
const SIBLINGS: [(&str, &str, &str); 3] =
    [("br", "app.js.br", "in br"), ("zstd", "app.js.zst", "in zstd"), ("gzip", "app.js.gz", "in gzip")];

pub(crate) fn set_age(path: &Path, seconds: u64) {
    let modified = SystemTime::now() - Duration::from_secs(seconds);
    File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(modified)).unwrap();
}

pub(crate) fn site() -> (Scratch, Server) {
    let directory = Scratch::with(&[("app.js", PLAIN), ("bare.js", PLAIN)]);
    for (_, name, content) in SIBLINGS {
        set_age(&directory.write(name, content), 1000);
    }
    set_age(&directory.join("app.js"), 1000 + 3600);
    let server = Server::of(&directory);
    (directory, server)
}

#[track_caller]
pub(crate) fn get_as(server: &Server, target: &str, accepted: &str) -> Response {
    let response = exchange(server, request("GET", target, &[&format!("Accept-Encoding: {accepted}")]));
    response.assert_status(200);
    response
}

fn coding(response: &Response) -> &str {
    response.field("Content-Encoding").unwrap_or("identity")
}

/// Waits for a response in this coding: what is new beside a file is looked for now and then.
#[track_caller]
fn await_coding(server: &Server, target: &str, accepted: &str, expected: &str) -> Response {
    eventually(expected, || coding(&get_as(server, target, accepted)) == expected);
    get_as(server, target, accepted)
}

#[test]
fn the_sibling_that_the_client_likes_best_is_sent() {
    let (_directory, server) = site();
    for (accepted, expected) in [
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=0.9, zstd;q=1, br;q=0.1", "zstd"),
        ("BR;q=0, GZIP;q=0.001, *;q=0", "gzip"),
        ("*", "br"),
        ("*, br;q=0", "zstd"),
        ("identity;q=0, *", "br"),
        ("br;q=0, zstd;q=0, gzip;q=0", "identity"),
        ("*;q=0", "identity"),
        ("identity, br;q=0.5", "identity"),
        ("br;q=nonsense", "identity"),
        ("deflate", "identity"),
        ("", "identity"),
    ] {
        let response = get_as(&server, "/app.js", accepted);
        assert_eq!(coding(&response), expected, "{accepted:?}: {response}");
        let content = SIBLINGS.iter().find(|(coding, ..)| *coding == expected).map_or(PLAIN, |(_, _, content)| content);
        response.assert_content(content);
    }
    get(&server, "/app.js").assert_content(PLAIN);
    let over_two_lines = ["Accept-Encoding: br;q=0.5", "accept-encoding: zstd"];
    assert_eq!(coding(&exchange(&server, request("GET", "/app.js", &over_two_lines))), "zstd");
    // There is none of this one.
    assert_eq!(coding(&get_as(&server, "/bare.js", "gzip, br")), "identity");
}

#[test]
fn each_coding_has_a_tag_of_its_own_and_all_say_that_it_was_chosen() {
    let (_directory, server) = site();
    let mut tags = Vec::new();
    for accepted in ["identity", "br", "zstd", "gzip"] {
        let lines = format!("Accept-Encoding: {accepted}");
        let response = get_as(&server, "/app.js", accepted);
        response.assert_field("Vary", "Accept-Encoding");
        response.assert_field("Content-Type", "text/javascript; charset=utf-8");
        response.assert_field("Accept-Ranges", "bytes");
        let tag = response.field("ETag").unwrap().to_owned();
        assert!(is_entity_tag(&tag) && !tag.starts_with("W/"), "{tag}");
        // HEAD tells the same, and so does 304 as far as it may.
        let mut peer = server.connect();
        peer.send(request("HEAD", "/app.js", &[&lines]));
        let head = peer.head();
        for name in ["ETag", "Vary", "Content-Encoding", "Content-Length", "Content-Type", "Last-Modified"] {
            assert_eq!(head.field(name), response.field(name), "{name}: {head}");
        }
        let conditional = [&*lines, &format!("If-None-Match: {tag}")];
        let unmodified = exchange(&server, request("GET", "/app.js", &conditional));
        unmodified.assert_status(304).assert_field("Vary", "Accept-Encoding").assert_field("ETag", &tag);
        assert_eq!(unmodified.field("Content-Encoding"), None, "{unmodified}");
        tags.push(tag);
    }
    // The tag of one says nothing of another.
    for tag in &tags[1..] {
        let conditional = format!("If-None-Match: {tag}");
        exchange(&server, request("GET", "/app.js", &[&conditional])).assert_status(200).assert_content(PLAIN);
    }
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{tags:?}");
}

#[test]
fn large_siblings_of_one_size_and_time_have_tags_of_their_own() {
    let directory = Scratch::new();
    for (name, byte) in [("large.js", "a"), ("large.js.br", "b"), ("large.js.gz", "c")] {
        let path = directory.write(name, byte.repeat(300_000));
        let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(784_111_777_000_000_001);
        File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(modified)).unwrap();
    }
    let server = Server::of(&directory);
    let responses = ["identity", "br", "gzip"].map(|accepted| get_as(&server, "/large.js", accepted));
    for (response, byte) in responses.iter().zip(["a", "b", "c"]) {
        response.assert_content(byte.repeat(300_000));
    }
    let [plain, br, gzip] = responses.map(|response| response.field("ETag").unwrap().to_owned());
    assert!(plain != br && plain != gzip && br != gzip, "{plain} {br} {gzip}");
}

#[test]
fn ranges_are_of_the_coded_bytes() {
    let (directory, server) = site();
    let whole = get_as(&server, "/app.js", "zstd");
    let part = exchange(&server, request("GET", "/app.js", &["Accept-Encoding: zstd", "Range: bytes=3-6"]));
    part.assert_status(206).assert_content("zstd").assert_field("Content-Range", "bytes 3-6/7");
    part.assert_field("Content-Encoding", "zstd").assert_field("Vary", "Accept-Encoding");
    assert_eq!(part.field("ETag"), whole.field("ETag"));
    // If-Range with the tag of another coding: the whole.
    let plain_tag = get(&server, "/app.js").field("ETag").unwrap().to_owned();
    let lines = ["Accept-Encoding: zstd", "Range: bytes=3-6", &format!("If-Range: {plain_tag}")];
    exchange(&server, request("GET", "/app.js", &lines)).assert_status(200).assert_content("in zstd");
    // Parts among several have the coding each: together they have none.
    directory.write("app.js.zst", "0123456789".repeat(100));
    let parts = exchange(&server, request("GET", "/app.js", &["Accept-Encoding: zstd", "Range: bytes=0-1,800-801"]));
    parts.assert_status(206).assert_field("Vary", "Accept-Encoding");
    assert_eq!(parts.field("Content-Encoding"), None, "{parts}");
    let text = parts.text();
    assert_eq!(text.matches("\r\nContent-Encoding: zstd\r\nContent-Type: text/javascript").count(), 2, "{text}");
    let beyond = exchange(&server, request("GET", "/app.js", &["Accept-Encoding: zstd", "Range: bytes=1000-"]));
    beyond.assert_status(416).assert_field("Content-Range", "bytes */1000");
}

#[test]
fn a_sibling_that_is_older_than_its_file_is_not_sent() {
    let (directory, server) = site();
    // What was written a moment ago is not kept, and looked for each time.
    let written = SystemTime::now();
    eventually("files that have settled", || written.elapsed().unwrap() > Duration::from_millis(50));
    assert_eq!(coding(&get_as(&server, "/app.js", "br, zstd, gzip")), "br");
    // One of them gets a time before that of the file, which shows at once.
    set_age(&directory.join("app.js.br"), 10_000);
    assert_eq!(coding(&get_as(&server, "/app.js", "br, zstd, gzip")), "zstd");
    // The file is written: from then on none of them is what it holds.
    directory.write("app.js", "new\n");
    let response = get_as(&server, "/app.js", "br, zstd, gzip");
    assert_eq!(coding(&response), "identity", "{response}");
    response.assert_content("new\n");
    // One of them is made again.
    directory.write("app.js.gz", "new in gzip");
    await_coding(&server, "/app.js", "br, zstd, gzip", "gzip").assert_content("new in gzip");
    // It is written over, and that shows at once.
    directory.write("app.js.gz", "newer in gzip");
    get_as(&server, "/app.js", "br, zstd, gzip").assert_content("newer in gzip");
    // It gets a time before that of the file.
    set_age(&directory.join("app.js.gz"), 100);
    assert_eq!(coding(&get_as(&server, "/app.js", "gzip")), "identity");
    // The same nanosecond is not before.
    let modified = fs::metadata(directory.join("app.js")).unwrap().modified().unwrap();
    let sibling = File::options().write(true).open(directory.join("app.js.zst")).unwrap();
    sibling.set_times(FileTimes::new().set_modified(modified)).unwrap();
    await_coding(&server, "/app.js", "br, zstd, gzip", "zstd");
    sibling.set_times(FileTimes::new().set_modified(modified - Duration::from_nanos(1))).unwrap();
    assert_eq!(coding(&get_as(&server, "/app.js", "br, zstd, gzip")), "identity");
}

#[test]
fn siblings_come_and_go() {
    let (directory, server) = site();
    for (coding_name, name, _) in SIBLINGS {
        assert_eq!(coding(&get_as(&server, "/app.js", "*")), coding_name);
        fs::remove_file(directory.join(name)).unwrap();
    }
    assert_eq!(coding(&get_as(&server, "/app.js", "*")), "identity");
    directory.write("app.js.br", "back");
    await_coding(&server, "/app.js", "*", "br").assert_content("back");
    // The file is gone: a sibling is a file of its own and nothing else.
    fs::remove_file(directory.join("app.js")).unwrap();
    exchange(&server, request("GET", "/app.js", &["Accept-Encoding: br"])).assert_status(404);
    let own = get_as(&server, "/app.js.br", "br");
    own.assert_content("back").assert_field("Content-Type", "application/brotli");
    assert_eq!((own.field("Content-Encoding"), own.field("Vary")), (None, None), "{own}");
}

#[test]
fn what_is_no_file_beneath_the_root_is_no_sibling() {
    let outside = Scratch::with(&[("secret", "secret")]);
    let directory = Scratch::with(&[("app.js", PLAIN), ("b.js", PLAIN), ("elsewhere/c", "linked")]);
    fs::create_dir(directory.join("app.js.br")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        directory.join("app.js.gz"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    symlink(outside.join("secret"), directory.join("b.js.br")).unwrap();
    symlink("elsewhere/c", directory.join("b.js.zst")).unwrap();
    let server = Server::of(&directory);
    get_as(&server, "/app.js", "br, zstd, gzip").assert_content(PLAIN);
    get_as(&server, "/b.js", "br").assert_content(PLAIN);
    let inside = get_as(&server, "/b.js", "br, zstd");
    assert_eq!(coding(&inside), "zstd");
    inside.assert_content("linked");
}

#[test]
fn what_is_compressed_already_is_left_as_it_is() {
    let files = ["a.png", "a.png.gz", "a.woff2", "a.woff2.br", "a.zip", "a.zip.gz", "a.bin", "a.bin.gz", "a.tar.gz"];
    let directory = Scratch::with(&files.map(|name| (name, name)));
    let server = Server::of(&directory);
    for target in ["/a.png", "/a.woff2", "/a.zip", "/a.tar.gz"] {
        let response = get_as(&server, target, "gzip, br");
        response.assert_content(&target[1..]);
        assert_eq!((response.field("Content-Encoding"), response.field("Vary")), (None, None), "{response}");
    }
    // Of a type that says nothing, who made the sibling knows.
    let response = get_as(&server, "/a.bin", "gzip, br");
    response.assert_content("a.bin.gz").assert_field("Content-Type", "application/octet-stream");
    assert_eq!(coding(&response), "gzip");
}

#[test]
fn an_index_and_a_fallback_have_siblings_too() {
    let directory = Scratch::with(&[
        ("index.html", "home"),
        ("index.html.br", "home in br"),
        ("dir/other.html", "other"),
        ("dir/other.html.gz", "other in gzip"),
    ]);
    let config = "listen = '127.0.0.1:0'\nindex = ['index.html', 'other.html']\n[[site]]\nroot = '.'\n\
                  fallback = 'index.html'\n";
    let server = Server::configured(&directory, config);
    for (target, content) in
        [("/", "home in br"), ("/index.html", "home in br"), ("/dir/", "other in gzip"), ("/any/path", "home in br")]
    {
        let response = get_as(&server, target, "br, gzip");
        response.assert_content(content).assert_field("Content-Type", "text/html; charset=utf-8");
        assert!(response.all("Vary").contains(&"Accept-Encoding"), "{response}");
    }
    assert_eq!(get_as(&server, "/any/path", "br").all("Vary"), ["Accept", "Accept-Encoding"]);
}

#[test]
fn a_site_may_do_without() {
    let directory = Scratch::with(&[("a/a.js", PLAIN), ("a/a.js.br", "in br")]);
    let config = "listen = '127.0.0.1:0'\ncompress = false\n[[site]]\nhosts = 'a'\nroot = 'a'\n\
                  [[site]]\nhosts = 'localhost'\nroot = 'a'\ncompress = true\n";
    let server = Server::configured(&directory, config);
    get_as(&server, "/a.js", "br").assert_content("in br");
    let response = exchange(&server, "GET /a.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
    response.assert_content(PLAIN);
    assert_eq!((response.field("Content-Encoding"), response.field("Vary")), (None, None), "{response}");
}

#[test]
fn what_is_not_kept_has_siblings_all_the_same() {
    let directory = Scratch::with(&[("app.js", PLAIN), ("app.js.br", "in br"), ("large.js", &"x".repeat(300_000))]);
    directory.write("large.js.gz", "y".repeat(280_000));
    let config = "listen = '127.0.0.1:0'\n[limits]\ncache_size = 0\n[[site]]\nroot = '.'\n";
    let server = Server::configured(&directory, config);
    for _ in 0..3 {
        get_as(&server, "/app.js", "br").assert_content("in br");
        get_as(&server, "/large.js", "gzip").assert_content("y".repeat(280_000));
        get(&server, "/app.js").assert_content(PLAIN);
    }
}

/// A directory on tmpfs, which cannot tell what is in memory. Removed when the test is over.
struct OnTmpfs(PathBuf);

impl Drop for OnTmpfs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_that_has_to_be_fetched_is_not_fetched_again_for_its_sibling() {
    let root = OnTmpfs(PathBuf::from(format!("/dev/shm/webserv-it-{}-siblings", std::process::id())));
    // Not every container has one.
    let Ok(()) = fs::create_dir(&root.0) else { return };
    fs::write(root.0.join("app.js"), PLAIN).unwrap();
    fs::write(root.0.join("app.js.zst"), "in zstd").unwrap();
    let config = format!("listen = '127.0.0.1:0'\n[limits]\ncache_size = 0\n[[site]]\nroot = '{}'\n", root.0.display());
    let directory = Scratch::new();
    let server = Server::configured(&directory, &config);
    for _ in 0..3 {
        get_as(&server, "/app.js", "br, zstd").assert_content("in zstd");
        get_as(&server, "/app.js", "br").assert_content(PLAIN);
    }
}
