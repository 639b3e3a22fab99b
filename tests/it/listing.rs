//! Directories without an index file: what is listed of them, for whom, and whom it delays.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::clients::{alone, chromium, client};
use crate::support::{Finished, Scratch, Server, webserv};
use crate::wire::{Response, exchange, find, get, is_entity_tag, request};

const JSON: &str = "Accept: application/json";

/// What a browser says, and a program that takes what it gets.
const PERSON: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";
const PROGRAM: &str = "Accept: */*";

/// `webserv --listing DIR`
pub(crate) fn listing(directory: &Scratch) -> Server {
    Server::start(webserv().args(["-l", "127.0.0.1:0", "--listing"]).arg(directory.path()))
}

/// The references of a page to what is in the directory, in its order.
pub(crate) fn references(page: &Response) -> Vec<String> {
    let rows = page.text().lines().filter(|line| line.starts_with("<tr") && !line.contains("\"../\""));
    let reference = |row: &str| row.split("href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    rows.map(reference).collect()
}

#[test]
fn a_directory_is_listed_where_that_is_wanted() {
    let directory = Scratch::with(&[("a/file.txt", "x"), ("b/index.html", "home"), ("b/file.txt", "x")]);
    let wanting = "listen = '127.0.0.1:0'\nlisting = true\n[[site]]\nroot = 'a'\n";
    for (config, status) in [
        (wanting.to_owned(), 200),
        (wanting.replace("listing = true\n", ""), 404),
        (wanting.replace("[[site]]", "[[site]]\nlisting = false"), 404),
    ] {
        let server = Server::configured(&directory, &config);
        get(&server, "/").assert_status(status);
    }
    let by_path = "listen = '127.0.0.1:0'\nlisting = true\n[[site]]\nroot = '.'\nindex = []\n\
        [site.path.'/*']\nlisting = false\n[site.path.'/b/*']\nlisting = true\n";
    let server = Server::configured(&directory, by_path);
    for (path, status) in [("/", 404), ("/a/", 404), ("/b/", 200)] {
        get(&server, path).assert_status(status);
    }
    get(&Server::of(&directory), "/a/").assert_status(404);
    let server = listing(&directory);
    get(&server, "/a?sort=size").assert_status(301).assert_field("Location", "/a/?sort=size");
    get(&server, "/b/").assert_status(200).assert_content("home");
    assert_eq!(references(&get(&server, "/")), ["a/", "b/", "webserv.toml"]);
    assert_eq!(references(&get(&server, "/a/")), ["file.txt"]);
    get(&server, "/c/").assert_status(404);
    get(&server, "/a/file.txt/").assert_status(404);
    exchange(&server, request("POST", "/a/", &["Content-Length: 0"])).assert_status(405);
}

#[test]
fn it_is_a_representation_like_any_other() {
    let directory = Scratch::with(&[("a/file.txt", "x")]);
    let server = listing(&directory);
    for (accept, media_type) in [
        ("Accept: text/html", "text/html; charset=utf-8"),
        (JSON, "application/json"),
        ("Accept: */*", "text/html; charset=utf-8"),
    ] {
        let page = exchange(&server, request("GET", "/a/", &[accept]));
        page.assert_status(200).assert_field("Content-Type", media_type).assert_field("Cache-Control", "no-cache");
        page.assert_field("Vary", "Accept").assert_field("X-Content-Type-Options", "nosniff");
        assert_eq!(page.field("Content-Security-Policy").is_some(), accept != JSON);
        assert_eq!(page.field("Last-Modified"), None);
        let tag = page.field("ETag").unwrap();
        assert!(is_entity_tag(tag) && !tag.starts_with("W/"), "{tag}");

        let mut peer = server.connect();
        peer.send(request("HEAD", "/a/", &[accept]));
        let head = peer.head();
        let fields = |response: &Response| {
            let lines = String::from_utf8(response.head.clone()).unwrap();
            lines.lines().filter(|line| !line.starts_with("Date")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(fields(&head), fields(&page));

        let unmodified = peer.exchange(request("GET", "/a/", &[accept, &format!("If-None-Match: {tag}")]));
        unmodified.assert_status(304).assert_field("ETag", tag).assert_field("Vary", "Accept");
        let part = peer.exchange(request("GET", "/a/", &[accept, "Range: bytes=2-5"]));
        part.assert_status(206).assert_content(&page.content[2..6]);
        peer.exchange(request("GET", "/a/", &[accept, "If-Match: \"other\""])).assert_status(412);
    }
}

#[test]
fn all_pages_are_kept_from_doing_anything() {
    const SNIFFING: &str = "X-Content-Type-Options";
    const POLICY: &str = "Content-Security-Policy";
    let directory = Scratch::with(&[("a/file.txt", "x"), ("sorry.html", "own")]);
    let server = listing(&directory);
    let ask = |server: &Server, path: &str, accept: &str| exchange(server, request("GET", path, &[accept]));
    let browser = "Accept: text/html";
    let policy = ask(&server, "/a/", browser).field(POLICY).unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    for (path, status) in [("/a", 301), ("/missing", 404), ("/%", 400)] {
        let page = ask(&server, path, browser);
        page.assert_status(status).assert_field(POLICY, &policy).assert_field(SNIFFING, "nosniff");
        let line = ask(&server, path, "Accept: */*");
        line.assert_status(status).assert_field("Content-Type", "text/plain; charset=utf-8");
        line.assert_field(SNIFFING, "nosniff");
        assert_eq!((line.field(POLICY), line.text().lines().count()), (None, 1));
    }
    assert_eq!(ask(&server, "/a/file.txt", browser).field(POLICY), None);

    // What the config says of them counts, and is said once. A file that it has for an error is the author's own.
    let config = "listen = '127.0.0.1:0'\nlisting = true\n\
        headers = { content-security-policy = \"default-src 'self'\" }\n\
        [[site]]\nroot = '.'\nerrors = { 404 = 'sorry.html' }\n";
    let server = Server::configured(&directory, config);
    for (path, status) in [("/a/", 200), ("/a", 301), ("/missing", 404)] {
        let page = ask(&server, path, browser);
        page.assert_status(status).assert_field(POLICY, "default-src 'self'");
        assert_eq!(page.field(SNIFFING).is_some(), status != 404);
        let head = String::from_utf8(page.head.clone()).unwrap().to_ascii_lowercase();
        assert_eq!(head.matches("content-security-policy").count(), 1, "{head}");
    }
}

#[test]
fn it_shows_what_is_there_now() {
    let directory = Scratch::with(&[("a/file.txt", "x")]);
    let server = listing(&directory);
    let mut peer = server.connect();
    let mut tags = Vec::new();
    for (size, content) in ["x", "xx", "xxx"].into_iter().enumerate() {
        // In place: the directory is not touched.
        directory.write("a/file.txt", content);
        let page = peer.exchange(request("GET", "/a/", &[]));
        assert!(page.text().contains(&format!("title=\"{} bytes\"", size + 1)), "{}", page.text());
        tags.push(page.field("ETag").unwrap().to_owned());
    }
    tags.dedup();
    assert_eq!(tags.len(), 3);
    directory.write("a/other.txt", "");
    assert_eq!(references(&peer.exchange(request("GET", "/a/", &[]))), ["file.txt", "other.txt"]);
    directory.write("b/third.txt", "");
    fs::rename(directory.join("a"), directory.join("c")).unwrap();
    fs::rename(directory.join("b"), directory.join("a")).unwrap();
    assert_eq!(references(&peer.exchange(request("GET", "/a/", &[]))), ["third.txt"]);
    directory.write("a/index.html", "home");
    peer.exchange(request("GET", "/a/", &[])).assert_content("home");
    // Each is answered as of its own time, and in order, with what is not listed in between.
    let [list, file] = ["/c/", "/c/file.txt"].map(|target| request("GET", target, &[]));
    peer.send([&*list, &*file, &*list].concat());
    assert_eq!(references(&peer.response()), ["file.txt", "other.txt"]);
    peer.response().assert_content("xxx");
    assert_eq!(references(&peer.response()), ["file.txt", "other.txt"]);
}

#[test]
fn what_is_listed_can_be_asked_for_and_what_can_not_is_not_listed() {
    let directory = Scratch::with(&[
        ("secret", "outside"),
        ("www/a/.hidden", "h"),
        ("www/a/sub/x", "x"),
        ("www/.well-known/x", "x"),
    ]);
    let names: [&[u8]; 9] = [
        b"plain.txt",
        b"a:b",
        b"#?%20",
        b"<img src=x>.txt",
        b"\"'&.txt",
        b"new\nline\r\x1b",
        b"\xff\xfe",
        b" ",
        b"javascript:x",
    ];
    for name in names {
        directory.write(directory.join("www/a").join(OsStr::from_bytes(name)), name);
    }
    for (target, name) in [("plain.txt", "to-file"), ("sub", "to-sub"), ("../../secret", "out"), ("nowhere", "broken")]
    {
        symlink(target, directory.join("www/a").join(name)).unwrap();
    }
    mknodat(CWD, directory.join("www/a/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let config = |lines: &str| format!("listen = '127.0.0.1:0'\nlisting = true\n{lines}\n[[site]]\nroot = 'www'\n");
    for (lines, more) in [
        ("", &["to-sub/", "to-file"][..]),
        ("symlinks = 'deny'", &[]),
        ("symlinks = 'follow'\ndotfiles = true", &["to-sub/", "to-file", "out", ".hidden"]),
    ] {
        let server = Server::configured(&directory, &config(lines));
        for accept in ["Accept: text/html", JSON] {
            let page = exchange(&server, request("GET", "/a/", &[accept]));
            let mut listed = match accept {
                JSON => page
                    .text()
                    .split("\"href\":\"")
                    .skip(1)
                    .map(|rest| rest.split('"').next().unwrap().to_owned())
                    .collect(),
                _ => references(&page),
            };
            assert_eq!(listed.len(), names.len() + 1 + more.len(), "{lines}: {listed:?}");
            assert_eq!(more.iter().filter(|name| !listed.contains(&(**name).to_owned())).count(), 0, "{listed:?}");
            let mut contents: Vec<Vec<u8>> = Vec::new();
            listed.retain(|reference| !more.contains(&&**reference));
            for reference in &listed {
                let answer = get(&server, &format!("/a/{reference}"));
                answer.assert_status(200);
                contents.push(answer.content);
            }
            for name in names {
                assert!(contents.iter().any(|content| content == name), "{}", name.escape_ascii());
            }
            more.iter().for_each(|name| _ = get(&server, &format!("/a/{name}")).assert_status(200));
            assert!(accept == JSON || find(&page.content, b"<img").is_none());
        }
        get(&server, "/.well-known/").assert_status(200);
    }
}

/// Gets a list that takes long to be made, while another client is answered.
#[track_caller]
fn list_meanwhile(server: &Server, target: &str, accept: &str) -> Response {
    let mut reader = server.connect();
    let mut other = server.connect();
    let mut between = 0;
    let mut longest = Duration::ZERO;
    reader.send(request("GET", target, &[accept]));
    while reader.is_silent() {
        let start = Instant::now();
        other.exchange(request("GET", "/file.txt", &[])).assert_content("small");
        longest = longest.max(start.elapsed());
        between += 1;
    }
    let page = reader.response();
    page.assert_status(200);
    // One that is made by who serves is there before the first of these.
    assert!(between > 20, "{between} answers, the longest after {longest:?}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    eprintln!("{between} answers meanwhile, the longest after {longest:?}");
    page
}

#[test]
fn a_hundred_thousand_entries_delay_nobody() {
    const COUNT: usize = 100_000;
    let directory = Scratch::with(&[("file.txt", "small")]);
    fs::create_dir(directory.join("many")).unwrap();
    for number in 0..COUNT {
        File::create(directory.join(format!("many/{number:06}"))).unwrap();
    }
    let server = listing(&directory);
    get(&server, "/file.txt").assert_content("small");
    let page = list_meanwhile(&server, "/many/?sort=time", PERSON);
    assert_eq!(references(&page).len(), 10_000);
    assert!(page.text().contains("100,000 files. On this page: the first 10,000 by time"));
    let next =
        page.text().split_once("rel=\"next\" href=\"").unwrap().1.split('"').next().unwrap().replace("&amp;", "&");
    let next = references(&exchange(&server, request("GET", &format!("/many/{next}"), &[PERSON])));
    let on_both = HashSet::<String>::from_iter(references(&page)).intersection(&next.iter().cloned().collect()).count();
    assert_eq!((next.len(), on_both), (10_000, 0));

    // Neither does it take memory for each one who asks, or for each entry.
    let ask_often = |target: &str, accept: &str, length: usize| {
        let mut peers: Vec<_> = (0..50).map(|_| server.connect()).collect();
        peers.iter_mut().for_each(|peer| peer.send(request("GET", target, &[accept])));
        for peer in &mut peers {
            assert_eq!(peer.response().content.len(), length);
        }
        server.status_kib("VmHWM")
    };
    let peak = ask_often("/many/?sort=time", PERSON, page.content.len());
    assert!(peak < 40 * 1024, "{peak} KiB");

    // A program gets all of them at once.
    let page = list_meanwhile(&server, "/many/", PROGRAM);
    assert!(references(&page).iter().eq(&(0..COUNT).map(|number| format!("{number:06}")).collect::<Vec<_>>()));
    assert!(!page.text().contains("On this page") && !page.text().contains("rel=\"next\""));
    let json = list_meanwhile(&server, "/many/", JSON);
    assert_eq!(json.text().matches("\"href\"").count(), COUNT);
    let large = ask_often("/many/", PROGRAM, page.content.len());
    eprintln!("{peak} KiB with pages of 10,000 entries, {large} KiB with all of them on one");
    assert!(large < 100 * 1024, "{large} KiB");
}

#[test]
fn the_memory_of_lists_is_bounded_for_all_sites_and_given_back() {
    const SITES: usize = 5;
    let directory = Scratch::new();
    fs::create_dir_all(directory.join("www/many")).unwrap();
    for number in 0..4000 {
        File::create(directory.join(format!("www/many/{number:06}{}", "&".repeat(240)))).unwrap();
    }
    let site = |number| format!("[[site]]\nroot = 'www'\nhosts = ['h{number}.test']\n");
    let sites: String = (0..SITES).map(site).collect();
    directory.write("webserv.toml", format!("listen = '127.0.0.1:0'\nlisting = true\n{sites}"));
    // What is given back goes to the system at once.
    let tunables = "glibc.malloc.mmap_threshold=131072:glibc.malloc.trim_threshold=131072";
    let command = &mut webserv();
    let command = command.env("GLIBC_TUNABLES", tunables).current_dir(directory.path());
    let server = Server::start(command.args(["--config", "webserv.toml"]));
    let page = get(&server, "/many/").content.len() as u64 / 1024;
    assert!(page > 7 * 1024, "{page} KiB");
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.status_kib("RssAnon") > page / 2 {
        assert!(Instant::now() < deadline, "{} KiB", server.status_kib("RssAnon"));
        thread::yield_now();
    }

    // More than there is room for, each of another page, of which nothing is read.
    let mut peers = Vec::new();
    for number in 0..40 {
        let mut peer = server.connect();
        let target = format!("/many/?after=f.0.{number}.0.{number:03}a");
        peer.send(format!("GET {target} HTTP/1.1\r\nHost: h{}.test\r\n\r\n", number % SITES));
        peers.push(peer);
    }
    let statuses: Vec<u16> = peers.iter_mut().map(|peer| peer.head().status()).collect();
    let refused = statuses.iter().filter(|status| **status == 503).count();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)) && refused > 30, "{statuses:?}");
    drop(peers);
    let deadline = Instant::now() + Duration::from_secs(20);
    while get(&server, "/many/?after=f.0.0.0.000a").status() == 503 {
        assert!(Instant::now() < deadline, "there is no room for another");
    }
    let peak = server.status_kib("VmHWM");
    assert!(peak < 100 * 1024, "{peak} KiB");
}

/// A tree with names that have to be encoded, and what becomes of it where it is copied by the links of its pages.
const TREE: [(&str, &str); 4] = [("a b/c:d.txt", "one"), ("a b/e#f?.bin", "two"), ("g/h/i/j", "three"), ("k", "four")];

const MANY: usize = 10_050;

#[track_caller]
fn assert_mirrored(mirror: impl FnOnce(&str, &Path) -> Finished) -> Scratch {
    let _alone = alone();
    let directory = Scratch::with(&[("www/.l", "five")]);
    // More than a page for people has.
    fs::create_dir(directory.join("www/many")).unwrap();
    (0..MANY).for_each(|number| _ = File::create(directory.join(format!("www/many/{number}"))).unwrap());
    TREE.iter().for_each(|(name, content)| _ = directory.write(format!("www/{name}"), content));
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\nlisting = true\n[[site]]\nroot = 'www'\n");
    let copy = Scratch::new();
    let finished = mirror(&format!("http://{}/", server.address()), copy.path());
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for (name, content) in TREE {
        assert_eq!(fs::read_to_string(copy.join(name)).unwrap_or_default(), content, "{name}: {finished:?}");
    }
    assert!(!copy.join(".l").exists());
    copy
}

#[test]
#[ignore = "needs wget; .ci/run installs it and runs with --ignored"]
fn wget_mirrors_a_tree() {
    let copy = assert_mirrored(|url, copy| {
        let prefix = format!("--directory-prefix={}", copy.display());
        client("wget", &["--mirror", "--no-host-directories", "--no-verbose", &prefix, url])
    });
    // What sorts is no link, or each directory would be had six times.
    let names = |directory: &str| fs::read_dir(copy.join(directory)).unwrap().count();
    assert_eq!((names(""), names("a b"), names("g/h"), names("many")), (5, 3, 2, MANY + 1));
}

#[test]
#[ignore = "needs lftp; .ci/run installs it and runs with --ignored"]
fn lftp_mirrors_a_tree() {
    let copy = assert_mirrored(|url, copy| {
        let script = format!("set xfer:log no; open {url}; mirror . {}", copy.display());
        client("lftp", &["--norc", "-c", &script])
    });
    let names = |directory: &str| fs::read_dir(copy.join(directory)).unwrap().count();
    assert_eq!((names(""), names("a b"), names("g/h"), names("many")), (4, 2, 1, MANY));
}

#[test]
#[ignore = "needs chromium; .ci/run installs it and runs with --ignored"]
fn chromium_applies_the_style_and_runs_nothing() {
    let _alone = alone();
    let directory = Scratch::with(&[("www/<img src=x onerror=console.error(1)>", ""), ("www/a/b", "")]);
    let server = Server::configured(&directory, "listen = '127.0.0.1:0'\nlisting = true\n[[site]]\nroot = 'www'\n");
    for target in ["", "a/?sort=-size"] {
        let url = format!("http://{}/{target}", server.address());
        let finished = chromium(&url);
        assert!(finished.stdout.contains("</table>"), "{finished:?}");
        let console: Vec<_> = finished.stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(console.is_empty(), "{url}: {console:#?}");
    }
}
